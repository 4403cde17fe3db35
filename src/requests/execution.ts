import { isCloudflareFailure } from "../api/errors.ts";
import { appendAudit, BOT, readRequestAudit, type AuditRow } from "../audit/append.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { actionOf } from "./actions/index.ts";
import type { Verification } from "./actions/define.ts";
import {
  attemptCall,
  backOffMs,
  checkTarget,
  isUnclear,
  lookBack,
  readVerification,
  wasCut,
  type Accepted,
  type CallOutcome,
} from "./attempt.ts";
import { runBulk } from "./bulk/run.ts";
import { passGate } from "./gate.ts";
import { tellAccepted, tellCut, tellWaiting } from "./call-news.ts";
import { holdIfPaused, isOurs } from "./hold.ts";
import { othersOf } from "./plan.ts";
import type { NewPost } from "./posts.ts";
import { isFinal, type Result } from "./request.ts";
import { mustRead, parkIfStopping, tell, type ExecutionDeps, type Step } from "./steps.ts";
import { moveRequest } from "./transition.ts";

/** The first look is at once; two minutes in all: the session list may lag a revocation by about a minute. */
export const VERIFY_DELAYS_MS: readonly number[] = [
  1000, 2000, 3000, 4000, 5000, 10_000, 15_000, 20_000, 30_000, 30_000,
];

const MAX_ATTEMPTS = 8;

type Prepared =
  /** `only`: why nothing may be sent (again); what was sent before is looked into. */
  | { ok: true; baseline: unknown; sentAt: number; only?: { why: string; next: string } }
  | { ok: false; to: "voided" | "failed"; why: string; next: string };
type Ready = Extract<Prepared, { ok: true }>;
type Called = { accepted: Accepted | null; mayHaveHappened: boolean; failure: Result["failure"] | null };
type Looked = { verification: Verification | null; trouble: string | null };
export type Ended = { to: "succeeded" | "failed" | "voided"; result: Result };

/**
 * Carries out one approved request: check the target, call, verify, report. Each step is kept when it is done,
 * so that a process that dies anywhere goes on from there; each can be done twice without harm. Waits are the
 * engine's: they survive a restart and hold no worker.
 */
export async function runExecution(deps: ExecutionDeps, requestId: string, step: Step): Promise<void> {
  // The engine hands out runs as long as anything is enqueued, also while it winds down.
  await parkIfStopping(deps, step);
  if (!(await passGate(deps, requestId, step))) return;
  // Read outside of a step: a plan is frozen, so it says the same at every replay.
  const { plan } = await mustRead(deps, requestId);
  if (othersOf(plan).length > 0) {
    await runBulk(deps, requestId, step, () => runOne(deps, requestId, step));
    return;
  }
  const ended = await runOne(deps, requestId, step);
  if (ended === null) return;
  await step.run({ name: "finish" }, () => finish(deps, requestId, ended));
}

/** The plan's target, up to the end of the last look; null when it is kept before anything is sent (again). */
async function runOne(deps: ExecutionDeps, requestId: string, step: Step): Promise<Ended | null> {
  const ready = await step.run({ name: "prepare" }, () => prepare(deps, requestId));
  if (!ready.ok) return { to: ready.to, result: { failure: { why: ready.why, next: ready.next } } };

  const called = await call(deps, requestId, ready, step);
  if (called === null) return null;
  const { accepted, mayHaveHappened, failure } = called;
  if (accepted === null && !mayHaveHappened)
    return { to: "failed", result: { failure: failure ?? UNEXPLAINED } };
  if (accepted !== null)
    await step.run({ name: "tell-accepted" }, () => tellAccepted(deps, requestId, accepted));

  const looked = await look(deps, requestId, ready, step);
  const result: Result = { verification: summarise(looked, deps.now()) };
  if (accepted !== null) result.receipt = { cfRay: accepted.cfRay, at: accepted.at };
  if (accepted !== null || looked.verification?.confirmed === true) return { to: "succeeded", result };
  return { to: "failed", result: { ...result, failure: failure ?? UNEXPLAINED } };
}

const STOPPED = { why: "It was stopped before anything was sent.", next: "Ask again if it is still needed." };

const UNEXPLAINED = { why: "Cloudflare did not accept the call.", next: "Look at the user and ask again." };

/** The call, again and again while that makes sense, with waits in between. */
async function call(
  deps: ExecutionDeps,
  requestId: string,
  ready: Ready,
  step: Step,
): Promise<Called | null> {
  let mayHaveHappened = false;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const tried = await step.run({ name: `call-${attempt}` }, async () => {
      const trail = await readRequestAudit(deps.db, requestId);
      return {
        outcome: await tryCall(deps, requestId, { ready, trail, attempt }),
        wasUnclear: isUnclear(trail),
      };
    });
    const { outcome } = tried;
    mayHaveHappened ||= tried.wasUnclear;
    if (outcome.kind === "left") return null;
    if (outcome.kind === "stopped") return { accepted: null, mayHaveHappened: false, failure: STOPPED };
    if (outcome.kind === "accepted") return { accepted: outcome, mayHaveHappened, failure: null };
    if (outcome.kind === "refused") {
      mayHaveHappened ||= outcome.isPartly === true;
      return { accepted: null, mayHaveHappened, failure: { why: outcome.why, next: outcome.next } };
    }
    mayHaveHappened ||= outcome.unknown;
    if (attempt === MAX_ATTEMPTS) {
      const why = `After ${MAX_ATTEMPTS} attempts: ${outcome.why}.`;
      return {
        accepted: null,
        mayHaveHappened,
        failure: { why, next: "Ask again when Cloudflare answers, or do it in the dashboard." },
      };
    }
    await step.run({ name: `tell-waiting-${attempt}` }, () => tellWaiting(deps, requestId, attempt, outcome));
    await step.sleep(`wait-${attempt}`, `${outcome.afterMs}ms`);
  }
  return { accepted: null, mayHaveHappened, failure: null };
}

/** One attempt, unless there is a reason to send nothing (any more). */
async function tryCall(
  deps: ExecutionDeps,
  requestId: string,
  { ready, trail, attempt }: { ready: Ready; trail: readonly AuditRow[]; attempt: number },
): Promise<CallOutcome | { kind: "stopped" } | { kind: "left" }> {
  const request = await mustRead(deps, requestId);
  // Another run has it, or it is over.
  if (!isOurs(deps, request) || isFinal(request.status)) return { kind: "left" };
  // Stopped before the first of several was reached: nobody is touched.
  if (request.stop !== undefined && !isUnclear(trail)) return { kind: "stopped" };
  if (wasCut(trail)) await tellCut(deps, request);
  // A look sends nothing: what came to pass before a pause is told even so.
  const seen = await lookBack(deps, request, trail, ready.baseline, attempt);
  if (seen.kind === "accepted") return seen;
  if (ready.only !== undefined) return { kind: "refused", ...ready.only, at: deps.now() };
  if (await holdIfPaused(deps, request)) return { kind: "left" };
  // Done twice, a containment harms nobody; what may give access back is not done blindly.
  if (seen.kind === "unread" && actionOf(request.plan).effect !== "contains") {
    const why = `What Cloudflare shows could not be read: ${seen.why}`;
    return { kind: "again", unknown: true, why, afterMs: backOffMs(attempt), at: deps.now() };
  }
  const outcome = await attemptCall(deps, request, attempt);
  if (outcome.kind !== "accepted" || seen.kind !== "not-done" || !isUnclear(trail)) return outcome;
  return { ...outcome, isAgain: true };
}

/** What was accepted, or may have happened: looks until it shows or the time is up. */
async function look(
  deps: ExecutionDeps,
  requestId: string,
  ready: { baseline: unknown; sentAt: number },
  step: Step,
): Promise<Looked> {
  let looked: Looked = { verification: null, trouble: null };
  for (const [index, delay] of [0, ...deps.verifyDelaysMs].entries()) {
    if (delay > 0) await step.sleep(`verify-wait-${index}`, `${delay}ms`);
    const reading = await step.run({ name: `verify-${index}` }, async () =>
      readVerification(deps, await mustRead(deps, requestId), ready.baseline, ready.sentAt),
    );
    looked = reading.ok
      ? { verification: reading.verification, trouble: null }
      : { verification: looked.verification, trouble: reading.why };
    if (reading.ok && reading.verification.confirmed) break;
  }
  return looked;
}

function summarise({ verification, trouble }: Looked, now: number): Verification {
  if (verification === null) {
    return {
      confirmed: false,
      summary: `could not be read: ${trouble ?? "no answer"}`,
      notes: [],
      checkedAt: now,
    };
  }
  if (trouble === null) return verification;
  return { ...verification, notes: [...verification.notes, `the last look failed: ${trouble}`] };
}

/**
 * The last look before the call: is it still the same user, and what stands there now? Where it was sent already (a
 * run before this one was held), what stood there before is known, and whatever is found now ends nothing: the call
 * may have changed it.
 */
async function prepare(deps: ExecutionDeps, id: string): Promise<Prepared> {
  const { db, now } = deps;
  const request = await mustRead(deps, id);
  const wasSent = (await readRequestAudit(db, id)).some((row) => row.event === "call.sent");
  const target = await checkTarget(deps, request);
  await appendAudit(db, {
    at: now(),
    teamId: request.teamId,
    requestId: id,
    actor: BOT,
    event: "target.checked",
    data: { ...target, target: request.plan.target.email, target_id: request.plan.target.id },
  });
  const { before } = request.result;
  if (wasSent && before !== undefined) {
    const ready = { ok: true, baseline: before.baseline, sentAt: before.at } as const;
    return target.ok ? ready : { ...ready, only: { why: target.why, next: target.next } };
  }
  if (!target.ok) return { ...target, to: target.isUnread === true || wasSent ? "failed" : "voided" };
  const action = actionOf(request.plan);
  try {
    const baseline = await action.readBaseline(deps.cloudflare, request.plan);
    const sentAt = now();
    await tell(
      deps,
      id,
      { kind: "call-started", at: sentAt, call: action.callText(request.plan) },
      { ...request.result, before: { baseline, at: sentAt } },
    );
    return { ok: true, baseline, sentAt };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    const { why, next } = describeFailure(error);
    return { ok: false, to: "failed", why, next };
  }
}

async function finish(deps: ExecutionDeps, id: string, { to, result }: Ended): Promise<void> {
  const { verification } = result;
  const posts: NewPost[] = [
    { key: "summary", surface: "thread", data: { kind: "summary" } },
    { key: "outcome", surface: "dm", data: { kind: "outcome" } },
  ];
  if (verification !== undefined)
    posts.unshift({ key: "verification", surface: "thread", data: { kind: "verification", verification } });
  const moved = await moveRequest(deps.db, id, {
    to,
    actor: BOT,
    at: deps.now(),
    result,
    ...(to === "voided" && result.failure !== undefined ? { reason: result.failure.why } : {}),
    data: { ...result },
    posts,
  });
  if (moved !== null) await deps.publish(moved);
}
