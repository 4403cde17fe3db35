import type { Deps } from "../deps.ts";
import type { Message } from "../views/blocks.ts";
import { post, type MessagePlace } from "./messages.ts";

/** Tells the approvals channel something that belongs to no request. @returns null when Slack did not take it. */
export async function announce(
  { slack, policy, log }: Pick<Deps, "slack" | "policy" | "log">,
  message: Message,
): Promise<MessagePlace | null> {
  try {
    return await post(slack.interactive, policy.current().approvalsChannel, message);
  } catch (error) {
    // What it tells of is done and recorded; who did it is told that the channel was not.
    log.warn({ err: error }, "the approvals channel was not told");
    return null;
  }
}
