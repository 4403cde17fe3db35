import type {
  AccessUser,
  CallOptions,
  Cloudflare,
  RiskScore,
  RiskSummaryUser,
} from "../../api/cloudflare.ts";
import { orNull } from "../../api/errors.ts";

const RANKS = { high: 3, medium: 2, low: 1 };

/** The highest level first; of one level who has the most events, then who had the latest. */
export function riskiestFirst(users: readonly RiskSummaryUser[]): RiskSummaryUser[] {
  const rank = ({ level }: RiskSummaryUser): number => (level === null ? 0 : RANKS[level]);
  return users.toSorted(
    (a, b) =>
      rank(b) - rank(a) ||
      (b.eventCount ?? 0) - (a.eventCount ?? 0) ||
      (b.lastEventAt ?? 0) - (a.lastEventAt ?? 0),
  );
}

/**
 * The score behind a row of the account's summary, and the Access user it is about: by id where both APIs have the
 * same, else the one user of that address. Null for either that does not exist, or no longer.
 */
export async function readScored(
  cloudflare: Cloudflare,
  riskUserId: string,
  call?: CallOptions,
): Promise<{ user: AccessUser | null; risk: RiskScore | null }> {
  const [risk, sameId] = await Promise.all([
    orNull(cloudflare.riskScoring.get(riskUserId, call)),
    orNull(cloudflare.accessUsers.get(riskUserId, call)),
  ]);
  if (sameId !== null || risk === null || risk.email === null) return { user: sameId, risk };
  const [user, ...others] = await cloudflare.accessUsers.findByEmail(risk.email, call);
  return { user: user === undefined || others.length > 0 ? null : user, risk };
}
