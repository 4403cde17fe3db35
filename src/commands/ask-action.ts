import type { Deps } from "../deps.ts";
import type { Who } from "../lookup/who.ts";
import { askFor } from "../requests/ask.ts";
import type { ActionName, RevokeOptions } from "../requests/plan.ts";
import { askedMessage } from "../views/asked.ts";
import { askModal } from "../views/ask-modal.ts";
import type { CommandContext } from "./define.ts";

/**
 * What every subcommand that changes something does: with all it needs it goes straight to a request and answers
 * with a link to the card; without, it opens the form with what was typed filled in.
 */
export async function askAction(
  { deps, asker, channelId, reply, openModal }: CommandContext,
  input: {
    action: ActionName;
    who: Who | undefined;
    reason: string | undefined;
    options: Partial<RevokeOptions>;
  },
): Promise<void> {
  const { action, who, options, reason } = input;
  const { requireReason } = deps.policy.current().action(action);
  if (who === undefined || (requireReason && reason === undefined)) {
    // Slack's trigger lasts three seconds: the form opens before Cloudflare is asked anything.
    await openModal(
      askModal({
        action,
        subject: { kind: "typed", text: who === undefined ? "" : await whoText(deps, who) },
        options,
        reason,
        originChannel: channelId,
        requireReason,
      }),
    );
    return;
  }
  await reply(
    askedMessage(
      await askFor(deps, { action, who, options, reason: reason ?? "", asker, originChannel: channelId }),
    ),
  );
}

/** A `<who>` for a form's first field, where a mention has to be an address that a person can read. */
async function whoText({ directory }: Deps, who: Who): Promise<string> {
  switch (who.kind) {
    case "email":
      return who.email;
    case "id":
      return who.id;
    case "mention":
      return (await directory.person(who.userId))?.email ?? "";
  }
}
