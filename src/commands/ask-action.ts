import type { Who } from "../lookup/who.ts";
import { askFor } from "../requests/ask.ts";
import type { Wish } from "../requests/plan.ts";
import { askedMessage } from "../views/asked.ts";
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
  const isWhoMissing = who === null && wish.action !== "create-user";
  if (isWhoMissing || input.isIncomplete === true || (requireReason && reason === undefined)) {
    await openForm({ action: wish.action, who, prefill: wish, reason: reason ?? "" });
    return;
  }
  await reply(
    askedMessage(await askFor(deps, { wish, who, reason: reason ?? "", asker, originChannel: channelId })),
  );
}
