import type { Deps } from "../deps.ts";
import type { Message } from "../views/blocks.ts";

/** Tells the approvals channel something that belongs to no request. @returns whether Slack took it. */
export async function announce(
  { slack, policy, log }: Pick<Deps, "slack" | "policy" | "log">,
  message: Message,
): Promise<boolean> {
  try {
    await slack.interactive.chat.postMessage({
      channel: policy.current().approvalsChannel,
      text: message.text,
      blocks: message.blocks,
    });
    return true;
  } catch (error) {
    // What it tells of is done and recorded; who did it is told that the channel was not.
    log.warn({ err: error }, "the approvals channel was not told");
    return false;
  }
}
