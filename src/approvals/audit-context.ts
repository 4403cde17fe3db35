import type { Asker, Deps } from "../deps.ts";

/** What the record holds of everything that a person does: from where, and under which policy. */
export function auditContextOf(
  { policy }: Pick<Deps, "policy">,
  { channelId, surface }: Asker,
): { channel: string | null; surface: Asker["surface"]; policy_hash: string } {
  return { channel: channelId, surface, policy_hash: policy.hash() };
}
