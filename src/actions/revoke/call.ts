import type { ActiveSession, CallOptions, Cloudflare } from "../../api/cloudflare.ts";
import { NotFoundError } from "../../api/errors.ts";
import { UserError } from "../../errors.ts";
import { allRegistrations } from "../../lookup/registrations.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { readOrNull, type PlanInput } from "../define.ts";
import type { Receipt } from "../receipt.ts";
import type { RevokeOptions, RevokePlan, RevokeWish } from "./options.ts";

/** What tells old from new afterwards. */
export interface RevokeBaseline {
  /** May be more than there are nonces: Cloudflare leaves one out now and then. null: could not be read. */
  sessionCount: number | null;
  sessionNonces: string[];
  /** When the last of these sessions expires by itself, by Cloudflare's clock; null: unknown. */
  lastExpiry?: number | null;
  /** Where none is listed: when each expires (null: unknown) that was seen at the request and is not known to have ended. */
  unlisted?: (number | null)[];
  /** null: could not be read. */
  registrationIds: string[] | null;
}

/** @throws UserError for a user without an email address: the call names the user by it. */
export function prepare({
  target,
  others = [],
  leftOut = [],
  wish: { devices, warpReauth },
}: PlanInput<RevokeWish>): Promise<RevokeOptions> {
  const nameless = [target, ...others].find(({ email }) => email.trim() === "");
  if (nameless !== undefined) {
    throw new UserError({
      what: `The Access user ${nameless.id} has no email address, so zt-bot can't revoke their sessions.`,
      next: "Revoke them in the Cloudflare dashboard: Zero Trust, My Team, Users.",
    });
  }
  return Promise.resolve({
    devices,
    warpReauth,
    ...(others.length === 0 ? {} : { others: [...others] }),
    ...(leftOut.length === 0 ? {} : { leftOut: [...leftOut] }),
  });
}

export async function readBaseline(
  cloudflare: Cloudflare,
  { target, options }: RevokePlan,
  evidence: UserSummary | null,
): Promise<RevokeBaseline> {
  const [sessions, registrations] = await Promise.all([
    readOrNull(cloudflare.accessUsers.activeSessions(target.id)),
    options.devices ? readOrNull(allRegistrations(cloudflare, target.id, "active")) : [],
  ]);
  const seen = evidence?.user.id === target.id && evidence.sessions.ok ? evidence.sessions.value : [];
  const expiries = (sessions ?? []).map(({ expiresAt }) => expiresAt);
  return {
    sessionCount: sessions?.length ?? null,
    sessionNonces: (sessions ?? []).flatMap(({ nonce }) => nonce ?? []),
    lastExpiry: expiries.reduce<number | null>(
      (last, at) => (at === null ? last : Math.max(last ?? 0, at)),
      null,
    ),
    unlisted: sessions?.length === 0 ? await findUnlisted(cloudflare, target.id, seen) : [],
    registrationIds: registrations?.map(({ id }) => id) ?? null,
  };
}

/** Past this, the others are assumed to have ended like these. */
const MAX_LOOKS = 3;

/** The list has none of the sessions that were seen before: each is read alone. */
async function findUnlisted(
  cloudflare: Cloudflare,
  userId: string,
  seen: readonly ActiveSession[],
): Promise<(number | null)[]> {
  const found = await Promise.all(
    seen.slice(0, MAX_LOOKS).map(async ({ nonce, expiresAt }) => {
      const hasEnded = nonce !== null && (await readOrNull(isOver(cloudflare, userId, nonce))) === true;
      return hasEnded ? [] : [expiresAt];
    }),
  );
  return found.flat();
}

async function isOver(cloudflare: Cloudflare, userId: string, nonce: string): Promise<boolean> {
  try {
    return (await cloudflare.accessUsers.activeSession(userId, nonce)).isActive === false;
  } catch (error) {
    if (error instanceof NotFoundError) return true;
    throw error;
  }
}

export function execute(cloudflare: Cloudflare, plan: RevokePlan, call?: CallOptions): Promise<Receipt> {
  const { devices, warpReauth } = plan.options;
  return cloudflare.organizations.revokeUser(
    { email: plan.target.email, userUid: plan.target.id, devices, warpSessionReauth: warpReauth },
    call,
  );
}
