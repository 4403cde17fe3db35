import { UserError } from "../errors.ts";
import type { ChannelReading, Channels } from "../slack/channels.ts";
import { describeSlackTrouble, SHARED_OUTSIDE } from "../slack-trouble.ts";
import { capitalize } from "../pluralize.ts";

/** Why no card may be posted to the approvals channel. */
export interface ChannelRefusal {
  kind: "shared" | "unknown";
  what: string;
  /** What fixes it. */
  next: string;
}

/**
 * May cards be posted there? A card says who is being looked into, and why: outside the organization no one may read
 * that. Where Slack can't say, what it said within the last day holds; without that, the answer is no
 * (docs/adr/0018-approvals-channel.md). `channel`: as it is named in words.
 */
export function refuseChannel(
  { audience, trouble }: ChannelReading,
  channel = "the approvals channel",
): ChannelRefusal | null {
  const isShared = audience?.isShared === true;
  if (audience !== null && !isShared) return null;
  const { why, next } = describeSlackTrouble(isShared ? SHARED_OUTSIDE : (trouble ?? ""), channel);
  if (isShared) return { kind: "shared", what: why, next: next ?? "" };
  return {
    kind: "unknown",
    what: `it is unknown who reads ${channel}: ${next === null ? `Slack did not answer (${trouble})` : why}`,
    next: next ?? "try again in a minute",
  };
}

/**
 * Asked before a request is made, as a channel may have been shared since the policy was read.
 * @throws UserError when no card may be posted there.
 */
export function checkChannel(reading: ChannelReading): void {
  const refusal = refuseChannel(reading);
  if (refusal === null) return;
  throw new UserError({
    what: `Not requested: ${refusal.what}.`,
    why: "A card says who is being investigated, and why. Only your organization may read that.",
    next: `${capitalize(refusal.next)}. If it can't wait, do it in the Cloudflare dashboard.`,
  });
}

/**
 * Why a policy must not be put in force, as lines for who wrote it; none where it may.
 * `inForce`: the channel of the policy that is in force; null at start. With the same channel a new policy takes
 * effect whatever is wrong with it, as it may be about to remove an approver: nothing is asked there meanwhile.
 */
export async function findChannelProblems(
  channels: Channels,
  { file, channel, inForce }: { file: string; channel: string; inForce: string | null },
): Promise<string[]> {
  if (channel === inForce) return [];
  const reading = await channels.read(channel);
  const refusal = refuseChannel(reading);
  if (refusal === null) return [];
  // At start an outage of Slack must not keep what is approved from being carried out. Nothing is asked meanwhile.
  const isSettled = refusal.kind === "shared" || reading.trouble === "missing_scope";
  if (inForce === null && !isSettled) return [];
  return [`${file}: channels.approvals ${channel}: ${refusal.what}. Next: ${refusal.next}`];
}
