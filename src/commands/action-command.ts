import type { Button } from "@slack/types";

import type { Asked } from "../actions/define.ts";
import { formOf, type AnyAction } from "../actions/index.ts";
import type { AccessUser } from "../api/cloudflare.ts";
import { askFor } from "../asking/ask.ts";
import { keepTyped } from "../asking/keep-typed.ts";
import { UnknownUsersError } from "../asking/unknown-users.ts";
import { saveDraft } from "../requests/drafts.ts";
import type { ActionName, Wish } from "../requests/plan.ts";
import { formButton } from "../views/forms/button.ts";
import { askedMessage } from "../views/request/asked.ts";
import { unknownUsersMessage } from "../views/request/unknown-users.ts";
import type { CommandContext } from "./define.ts";
import { seal, type AnyCommand } from "./registry.ts";

/** The subcommand that asks for an action. */
export function actionCommand({ name, command }: AnyAction): AnyCommand {
  const { read, ...words } = command;
  return seal(
    {
      ...words,
      name,
      group: "Respond",
      role: "operator",
      changes: true,
      args: { ...words.args, reason: { kind: "text", summary: "why, for the approvers and the record" } },
      run: (context, { reason, ...args }) =>
        ask(context, { ...read(args), reason: typeof reason === "string" ? reason : undefined }),
    },
    (context, users, args) => formButtons(context, name, users, args),
  );
}

/** Buttons that open the action's form for one of these users: what else was typed waits for them in a draft. */
async function formButtons(
  { deps, asker }: CommandContext,
  action: ActionName,
  users: readonly AccessUser[],
  { devices, warpReauth, block, for: duration, reason }: Readonly<Record<string, unknown>>,
): Promise<Button[]> {
  const typed = {
    devices: devices === true,
    warpReauth: warpReauth === true,
    ...(block === true ? { block } : {}),
    ...(typeof duration === "string" ? { duration } : {}),
    reason: typeof reason === "string" ? reason : "",
  };
  const isEmpty = Object.values(typed).every((one) => one === false || one === "");
  const draft = isEmpty
    ? {}
    : { draft: await saveDraft(deps.db, asker.userId, deps.now(), { users: [], ...typed }) };
  return users.map((user, index) =>
    formButton(
      "Choose…",
      action,
      `pick-${index}`,
      { user: user.id, ...draft },
      `Choose ${user.email || user.id}`,
    ),
  );
}

interface AskInput extends Asked<Wish> {
  reason: string | undefined;
}

/**
 * With all it needs it goes straight to a request and answers with a link to the card; without, it opens the form
 * with what was typed filled in.
 */
async function ask(
  { deps, asker, channelId, reply, openForm }: CommandContext,
  input: AskInput,
): Promise<void> {
  const { who = null, wish, reason } = input;
  const { requireReason } = deps.policy.current().action(wish.action);
  const isSeveral = wish.action === "revoke" && wish.several !== undefined;
  const isWhoMissing = who === null && !isSeveral && formOf(wish.action).about === "user";
  if (isWhoMissing || input.isIncomplete === true || (requireReason && reason === undefined)) {
    await openForm({ action: wish.action, who, prefill: wish, reason: reason ?? "" });
    return;
  }
  try {
    const asked = await askFor(deps, { wish, who, reason: reason ?? "", asker, originChannel: channelId });
    await reply(askedMessage(asked));
  } catch (error) {
    if (!(error instanceof UnknownUsersError) || wish.action !== "revoke") throw error;
    const several = [...(who === null ? [] : [who]), ...(wish.several ?? [])];
    const typed = { wish: { ...wish, several }, reason: reason ?? "" };
    await reply(unknownUsersMessage(error, await keepTyped(deps, asker, error, typed)));
  }
}
