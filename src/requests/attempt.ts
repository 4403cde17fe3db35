import { isCloudflareFailure, type CloudflareFailure } from "../api/errors.ts";
import type { Cloudflare } from "../api/cloudflare.ts";
import { appendAudit, BOT, type AuditRow } from "../audit/append.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import type { Db } from "../store/open.ts";
import { actionOf } from "./actions/index.ts";
import { checkSameUser } from "./actions/same-user.ts";
import type { TargetCheck, Verification } from "./actions/define.ts";
import { recordedRays, recordedReceipt } from "./actions/receipt.ts";
import { planFor, type Target } from "./plan.ts";
import type { Request } from "./request.ts";

/** The steps of an execution, one attempt each; the workflow repeats and orders them. None throws for what Cloudflare answers. */
export interface AttemptDeps {
  db: Db;
  cloudflare: Cloudflare;
  now(): number;
}

/** Is what was approved still what would be done? */
export async function checkTarget({ cloudflare }: AttemptDeps, request: Request): Promise<TargetCheck> {
  const { target } = request.plan;
  const action = actionOf(request.plan);
  try {
    if (action.checkTarget !== undefined) return await action.checkTarget(cloudflare, request.plan);
    return await checkSameUser(cloudflare, target);
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    if (error.kind === "not-found") return await explainGone(cloudflare, target);
    // A containment is not held up because a read failed: the call itself names the user by e-mail and id.
    if (action.effect === "contains") return { ok: true };
    const { why } = describeFailure(error);
    return {
      ok: false,
      isUnread: true,
      why: `Nobody could look whether it is still what was approved. ${why}`,
      next: "Ask again when Cloudflare answers.",
    };
  }
}

/** The user id is gone. Somebody else may have the address by now: they are not who was approved. */
async function explainGone(cloudflare: Cloudflare, { id, email }: Target): Promise<TargetCheck> {
  const others = await cloudflare.accessUsers.findByEmail(email).catch(() => []);
  const [other] = others.filter((user) => user.id !== id);
  if (other === undefined) {
    return {
      ok: false,
      why: `${email} is no longer an Access user of this account.`,
      next: "There is nothing left to do for this user.",
    };
  }
  return {
    ok: false,
    why: `${email} now is another Access user (${other.id}) than the one that was approved (${id}).`,
    next: "Look the user up again and make a new request.",
  };
}

export type CallOutcome =
  /** `isAgain`: the call before it had no clear answer, and had not taken effect. `wasSo`: nothing was left to do. */
  | {
      kind: "accepted";
      cfRay: string | null;
      at: number;
      reconciled: boolean;
      isAgain?: true;
      wasSo?: true;
    }
  /** Worth another attempt after `afterMs`; `unknown` when this one may have taken effect. */
  | { kind: "again"; unknown: boolean; why: string; afterMs: number; at: number }
  /** `isPartly`: of several calls, those before the one that was refused were accepted. */
  | { kind: "refused"; why: string; next: string; at: number; isPartly?: true };

export type Accepted = Extract<CallOutcome, { kind: "accepted" }>;
export type Again = Extract<CallOutcome, { kind: "again" }>;

export type LookBack =
  | Accepted
  /** Nothing was sent so far. */
  | { kind: "nothing-sent" }
  /** It was sent, and does not show. */
  | { kind: "not-done" }
  /** It was sent, and nobody can look whether it is done. */
  | { kind: "unread"; why: string };

/**
 * When an earlier attempt was sent and its answer never recorded (the process died, or nobody answered), Cloudflare is
 * looked at: what is already done is not done twice. It changes nothing there. `trail`: the request's audit rows.
 */
export async function lookBack(
  deps: AttemptDeps,
  request: Request,
  trail: readonly AuditRow[],
  baseline: unknown,
  attempt: number,
): Promise<LookBack> {
  const { now } = deps;
  const known = findAcceptance(trail);
  if (known !== null) return known;
  const firstSent = trail.find((row) => row.event === "call.sent");
  if (firstSent === undefined) return { kind: "nothing-sent" };
  const seen = await readVerification(deps, request, baseline, firstSent.at);
  if (!seen.ok) return { kind: "unread", why: seen.why };
  if (!seen.verification.confirmed) return { kind: "not-done" };
  await record(deps, request, attempt, "call.reconciled", { ...seen.verification });
  return { kind: "accepted", cfRay: null, at: now(), reconciled: true };
}

/** Whether the last call that was sent has no recorded answer, not even that there was none. */
export function wasCut(trail: readonly AuditRow[]): boolean {
  const events = trail.map(({ event }) => event);
  return events.lastIndexOf("call.sent") > events.lastIndexOf("call.answered");
}

/** Whether something was sent of which nobody was told whether it took effect. */
export function isUnclear(trail: readonly AuditRow[]): boolean {
  return (
    wasCut(trail) || trail.some(({ event, data }) => event === "call.answered" && data["applied"] === "maybe")
  );
}

/** One attempt at the call, recorded before it is sent and after. Look back first. */
export async function attemptCall(
  deps: AttemptDeps,
  request: Request,
  attempt: number,
): Promise<CallOutcome> {
  const { cloudflare, now } = deps;
  await record(deps, request, attempt, "call.sent", recordedCall(request));
  try {
    const receipt = await actionOf(request.plan).execute(cloudflare, request.plan);
    await record(deps, request, attempt, "call.answered", recordedReceipt(receipt));
    const wasSo = receipt.wasSo === undefined ? {} : { wasSo: receipt.wasSo };
    return { kind: "accepted", cfRay: receipt.cfRay, at: now(), reconciled: false, ...wasSo };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    await record(deps, request, attempt, "call.answered", {
      ok: false,
      error: error.kind,
      status: error.status,
      ...recordedRays(error),
      applied: error.applied,
      ...("codes" in error ? { codes: error.codes } : {}),
    });
    return judgeFailure(error, attempt, now());
  }
}

function record(
  { db, now }: AttemptDeps,
  { id, teamId, plan }: Request,
  attempt: number,
  event: string,
  data: Record<string, unknown>,
): Promise<unknown> {
  return appendAudit(db, {
    at: now(),
    teamId,
    requestId: id,
    actor: BOT,
    event,
    data: { attempt, target: plan.target.email, target_id: plan.target.id, ...data },
  });
}

/** What the record holds of a call that is about to be sent: of the user it names, and of nobody else. */
export function recordedCall({ plan, planHash }: Request): Record<string, unknown> {
  const { action, accountId, options } = planFor(plan, plan.target);
  return {
    call: actionOf(plan).callText(plan),
    action,
    account_id: accountId,
    options,
    plan_hash: planHash,
  };
}

/** The process died after the answer was recorded and before the step was kept: what is in the record is so. */
function findAcceptance(trail: readonly AuditRow[]): Accepted | null {
  const row = trail.find(
    ({ event, data }) => event === "call.reconciled" || (event === "call.answered" && data["ok"] === true),
  );
  if (row === undefined) return null;
  const cfRay = row.data["cf_ray"];
  return {
    kind: "accepted",
    cfRay: typeof cfRay === "string" ? cfRay : null,
    at: row.at,
    reconciled: row.event === "call.reconciled",
    ...(row.data["was_so"] === true ? { wasSo: true } : {}),
  };
}

/**
 * 429, 5xx and network trouble are worth another attempt; other refusals are final. An answer that cannot be read
 * is none: the call may have taken effect, which the next attempt looks at first.
 */
export function judgeFailure(error: CloudflareFailure, attempt: number, now: number): CallOutcome {
  const { brief, why, next } = describeFailure(error);
  const isPassing =
    error.kind === "rate-limited" ||
    error.kind === "network" ||
    error.kind === "timeout" ||
    error.kind === "aborted" ||
    error.applied === "maybe" ||
    (error.status ?? 0) >= 500;
  if (!isPassing) {
    return {
      kind: "refused",
      why,
      next,
      at: now,
      ...(error.earlierRays.length > 0 ? { isPartly: true } : {}),
    };
  }
  const afterMs =
    error.kind === "rate-limited" && error.retryAt !== null
      ? Math.min(Math.max(error.retryAt - now, 1000), 5 * 60_000)
      : backOffMs(attempt);
  return { kind: "again", unknown: error.applied === "maybe", why: brief, afterMs, at: now };
}

/** How long to wait after so many attempts. */
export function backOffMs(attempt: number): number {
  return Math.min(1000 * 2 ** (attempt - 1), 30_000);
}

export type VerificationReading =
  | { ok: true; verification: Verification }
  | { ok: false; why: string; at: number };

/** Looks once at what Cloudflare shows now. */
export async function readVerification(
  { cloudflare, now }: AttemptDeps,
  request: Request,
  baseline: unknown,
  sentAt: number,
): Promise<VerificationReading> {
  try {
    return {
      ok: true,
      verification: await actionOf(request.plan).verify(cloudflare, request.plan, baseline, sentAt, now()),
    };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return { ok: false, why: describeFailure(error).brief, at: now() };
  }
}
