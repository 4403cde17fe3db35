import type { ActiveSession, CallOptions, Cloudflare } from "../../api/cloudflare.ts";
import { isCloudflareFailure, NotFoundError, type CloudflareFailure } from "../../api/errors.ts";
import { UserError } from "../../errors.ts";
import { allRegistrations } from "../../lookup/registrations.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { readOrNull, type PlanInput } from "../define.ts";
import { addToList, readListed, requireBlockList, type BlockBaseline } from "../block/call.ts";
import { freezeList, parseFor } from "../block/options.ts";
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
  /** Where they are blocked too: whether they were on the list; null: could not be read. */
  listed?: BlockBaseline | null;
}

/** @throws UserError for a user without an email address: the call names the user by it. */
export async function prepare({
  cloudflare,
  target,
  others = [],
  leftOut = [],
  wish: { devices, warpReauth, block: alsoBlock = false, duration },
  block,
}: PlanInput<RevokeWish>): Promise<RevokeOptions> {
  const nameless = [target, ...others].find(({ email }) => email.trim() === "");
  if (nameless !== undefined) {
    throw new UserError({
      what: `The Access user ${nameless.id} has no email address, so zt-bot can't revoke their sessions.`,
      next: "Revoke them in the Cloudflare dashboard: Zero Trust, My Team, Users.",
    });
  }
  if (alsoBlock && others.length > 0) {
    throw new UserError({
      what: "--block takes one person.",
      next: "Request the revocation without it, then /zt block for each.",
    });
  }
  if (duration !== undefined && !alsoBlock) {
    throw new UserError({
      what: "--for goes with --block: sessions end for good.",
      next: "Add --block, or leave --for out.",
    });
  }
  const blockForMs = duration === undefined ? undefined : parseFor(duration);
  return {
    devices,
    warpReauth,
    ...(blockForMs === undefined ? {} : { blockForMs }),
    ...(alsoBlock ? { block: freezeList(await requireBlockList(cloudflare, block, target)) } : {}),
    ...(!alsoBlock && block !== null ? { canBlock: true } : {}),
    ...(others.length === 0 ? {} : { others: [...others] }),
    ...(leftOut.length === 0 ? {} : { leftOut: [...leftOut] }),
  };
}

export async function readBaseline(
  cloudflare: Cloudflare,
  { target, options }: RevokePlan,
  evidence: UserSummary | null,
): Promise<RevokeBaseline> {
  const { block } = options;
  const [sessions, registrations, listed] = await Promise.all([
    readOrNull(cloudflare.accessUsers.activeSessions(target.id)),
    options.devices ? readOrNull(allRegistrations(cloudflare, target.id, "active")) : [],
    block === undefined ? undefined : readListed(cloudflare, block.id, target.email),
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
    ...(listed === undefined ? {} : { listed }),
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

/**
 * One attempt: first the list, so that no one signs in between the two, then the revocation, whatever became of the
 * list. What the list refused for good shows in the look afterwards; anything else is tried again, with both.
 */
export async function execute(
  cloudflare: Cloudflare,
  plan: RevokePlan,
  call?: CallOptions,
): Promise<Receipt> {
  const { block } = plan.options;
  if (block === undefined) return revokeSessions(cloudflare, plan, call);
  const listed = await attempt(addToList(cloudflare, block.id, plan.target.email, call));
  const revoked = await attempt(revokeSessions(cloudflare, plan, call));
  const accepted = [listed, revoked].flatMap((step) => (step.ok ? [step.receipt] : []));
  const rays = accepted.flatMap(({ cfRay }) => cfRay ?? []);
  if (!revoked.ok) throw Object.assign(revoked.error, { earlierRays: rays });
  if (listed.ok) return { ...revoked.receipt, ...(rays.length > 1 ? { cfRays: rays } : {}) };
  if (isFinal(listed.error)) return { ...revoked.receipt, refusedStep: listed.error.call };
  throw Object.assign(listed.error, { earlierRays: rays });
}

type Step = { ok: true; receipt: Receipt } | { ok: false; error: CloudflareFailure };

async function attempt(step: Promise<Receipt>): Promise<Step> {
  try {
    return { ok: true, receipt: await step };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return { ok: false, error };
  }
}

/** Asked again, Cloudflare would say the same: a list that is full or gone, a permission that is missing. */
function isFinal({ applied, kind, status }: CloudflareFailure): boolean {
  const isRefusal =
    kind === "rejected" ||
    kind === "http" ||
    kind === "not-found" ||
    kind === "permission" ||
    kind === "not-enabled";
  return applied === "no" && isRefusal && (status ?? 0) < 500;
}

function revokeSessions(cloudflare: Cloudflare, plan: RevokePlan, call?: CallOptions): Promise<Receipt> {
  const { devices, warpReauth } = plan.options;
  return cloudflare.organizations.revokeUser(
    { email: plan.target.email, userUid: plan.target.id, devices, warpSessionReauth: warpReauth },
    call,
  );
}
