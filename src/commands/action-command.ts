import type { Asked } from "../actions/define.ts";
import { formOf, type AnyAction } from "../actions/index.ts";
import { askFor } from "../asking/ask.ts";
import { keepTyped } from "../asking/keep-typed.ts";
import { UnknownUsersError } from "../asking/unknown-users.ts";
import type { Wish } from "../requests/plan.ts";
import { askedMessage } from "../views/request/asked.ts";
import { unknownUsersMessage } from "../views/request/unknown-users.ts";
import type { CommandContext } from "./define.ts";
import { seal, type AnyCommand } from "./registry.ts";

/** The subcommand that asks for an action. */
export function actionCommand({ name, command }: AnyAction): AnyCommand {
  const { read, ...words } = command;
  return seal({
    ...words,
    name,
    group: "Respond",
    role: "operator",
    changes: true,
    args: { ...words.args, reason: { kind: "text", summary: "why, for the approvers and the record" } },
    run: (context, { reason, ...args }) =>
      ask(context, { ...read(args), reason: typeof reason === "string" ? reason : undefined }),
  });
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
