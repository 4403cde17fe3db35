import type { Who } from "../lookup/who.ts";
import { askFor } from "../requests/ask.ts";
import { saveDraft } from "../requests/drafts.ts";
import type { Wish, WishFor } from "../requests/plan.ts";
import { UnknownUsersError } from "../requests/unknown-users.ts";
import { askedMessage } from "../views/asked.ts";
import { unknownUsersMessage } from "../views/unknown-users.ts";
import type { CommandContext } from "./define.ts";

export interface AskInput {
  who: Who | null;
  reason: string | undefined;
  /** What was typed. */
  wish: Wish;
  /** Something beside whom and why is missing that the form asks for. */
  isIncomplete?: boolean;
}

/**
 * What every subcommand that changes something does: with all it needs it goes straight to a request and answers
 * with a link to the card; without, it opens the form with what was typed filled in.
 */
export async function askAction(
  { deps, asker, channelId, reply, openForm }: CommandContext,
  input: AskInput,
): Promise<void> {
  const { who, wish, reason } = input;
  const { requireReason } = deps.policy.current().action(wish.action);
  const isSeveral = wish.action === "revoke" && wish.several !== undefined;
  const isWhoMissing = who === null && !isSeveral && wish.action !== "create-user";
  if (isWhoMissing || input.isIncomplete === true || (requireReason && reason === undefined)) {
    await openForm({ action: wish.action, who, prefill: wish, reason: reason ?? "" });
    return;
  }
  try {
    const asked = await askFor(deps, { wish, who, reason: reason ?? "", asker, originChannel: channelId });
    await reply(askedMessage(asked));
  } catch (error) {
    if (!(error instanceof UnknownUsersError) || wish.action !== "revoke") throw error;
    const draftId = error.found.length === 0 ? null : await keepKnown(deps, asker, error, input);
    await reply(unknownUsersMessage(error, draftId));
  }
}

/** Those who are known, for the button that goes on with them. */
function keepKnown(
  { db, now }: CommandContext["deps"],
  asker: CommandContext["asker"],
  { found }: UnknownUsersError,
  { wish, reason }: AskInput,
): Promise<string> {
  const { devices = false, warpReauth = false } = wish as Partial<WishFor<"revoke">>;
  const users = found.map(({ email }) => email);
  return saveDraft(db, asker.userId, now(), { users, devices, warpReauth, reason: reason ?? "" });
}
