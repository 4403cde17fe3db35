import type { Asker, Deps } from "../deps.ts";

/** What the record holds of everything that a person does. */
type AuditContext = {
  channel: string | null;
  surface: Asker["surface"];
  policy_hash: string;
  /** The Enterprise organization that Slack named with it; absent outside of one. */
  enterprise_id?: string;
};

/** From where somebody does something, and under which policy. */
export function auditContextOf(
  { policy }: Pick<Deps, "policy">,
  { channelId, surface, enterpriseId }: Asker,
): AuditContext {
  return {
    channel: channelId,
    surface,
    policy_hash: policy.hash(),
    ...(enterpriseId !== undefined && { enterprise_id: enterpriseId }),
  };
}
