import PQueue from "p-queue";

import { BOT } from "../../audit/append.ts";
import { holdIfPaused } from "../hold.ts";
import { readPause } from "../pause.ts";
import { othersOf } from "../plan.ts";
import type { NewPost } from "../posts.ts";
import type { BulkProgress, Request, Result } from "../request.ts";
import { mustRead, parkIfStopping, tell, type ExecutionDeps, type Step } from "../steps.ts";
import { reportProgress } from "../store.ts";
import { releaseTarget } from "../target-locks.ts";
import { moveRequest } from "../transition.ts";
import { judgeEnd, toFailurePages, toProgress } from "./result.ts";
import { advanceRow, auditUnverified, auditVerified } from "./row.ts";
import {
  countTargets,
  findNextDue,
  moveTarget,
  readTargets,
  STOPPED_NOTE,
  stopWaiting,
  type TargetRow,
} from "./targets.ts";

/** How the first user ended, who is treated like the only one of another request. */
export interface First {
  to: "succeeded" | "failed" | "voided";
  result: Result;
}

/** Users that one step begins with, or looks at again: a step is what a crash repeats at most. */
const BEGIN_SIZE = 10;
const LOOK_SIZE = 40;
/** At most so many are under way at the same time. */
const CONCURRENCY = 4;

/**
 * The engine takes 1,000 step attempts in a run: a round is one, and its wait another. 500 users take about 50
 * rounds, and some more for the looks and the rate limit.
 */
const MAX_ROUNDS = 300;
/** A wait is cut into pieces, so that a stop is seen soon; later ones are longer, so that the rounds last. */
const WAIT_MS = 15_000;
const LATE_WAIT_MS = 60_000;
const LATE_ROUND = 100;

/** Slack takes about 50 edits a minute; the end is always shown. */
const PROGRESS_MS = 3000;

interface Round {
  isDone: boolean;
  /** zt-bot is paused: what was sent has been looked at, and nobody else is begun. */
  isHeld?: boolean;
  waitMs: number;
}

/**
 * Carries out a request about several users: the first one alone, like any single one; then, if that is verified,
 * the others as the rate limit allows. How far each user is stands in a table: a process that dies anywhere goes on
 * from there.
 */
export async function runBulk(
  deps: ExecutionDeps,
  requestId: string,
  step: Step,
  runFirst: () => Promise<First | null>,
): Promise<void> {
  const before = await step.run({ name: "claim-first" }, () => claimFirst(deps, requestId));
  let goesOn = before === "done";
  if (before === "ours") {
    const first = await runFirst();
    if (first === null) return;
    goesOn = await step.run({ name: "settle-first" }, () => settleFirst(deps, requestId, first));
  }
  if (goesOn && !(await runRounds(deps, requestId, step))) return;
  await step.run({ name: "finish" }, () => finish(deps, requestId));
}

/** The others, a few in each step, until none is left. @returns false when the rest is kept for another run. */
async function runRounds(deps: ExecutionDeps, requestId: string, step: Step): Promise<boolean> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    await parkIfStopping(deps, step);
    const { isDone, isHeld, waitMs } = await step.run({ name: `round-${round}` }, () =>
      advance(deps, requestId),
    );
    if (isHeld === true) return false;
    if (isDone) return true;
    const longest = round < LATE_ROUND ? WAIT_MS : LATE_WAIT_MS;
    if (waitMs > 0) await step.sleep(`round-wait-${round}`, `${Math.min(waitMs, longest)}ms`);
  }
  return true;
}

/** Ours to call for, done by an earlier run, or over before it began. */
async function claimFirst({ db, now }: ExecutionDeps, id: string): Promise<"ours" | "done" | "over"> {
  const sentAt = now();
  const set = { sent_at: sentAt, attempts: 1 };
  if (await moveTarget(db, id, 0, { from: ["waiting", "sending"], to: "sending", set })) return "ours";
  const [first] = await readTargets(db, id, { limit: 1 });
  return first?.state === "done" ? "done" : "over";
}

/** @returns whether the others may follow. */
async function settleFirst(deps: ExecutionDeps, id: string, { result }: First): Promise<boolean> {
  const { db } = deps;
  const request = await mustRead(deps, id);
  const { verification, receipt, failure } = result;
  const cfRay = receipt === undefined ? {} : { cf_ray: receipt.cfRay };
  const isDone = verification?.confirmed === true;
  const seen = verification === undefined ? null : `not confirmed: ${verification.summary}`;
  const checked = verification === undefined ? {} : { checked: verification.summary };
  const notes = isDone && verification.notes.length > 0 ? verification.notes.join("; ") : null;
  const isUntouched = request.stop !== undefined && receipt === undefined && verification === undefined;
  await moveTarget(db, id, 0, {
    from: ["sending"],
    to: isDone ? "done" : isUntouched ? "stopped" : "failed",
    set: {
      ...cfRay,
      ...checked,
      note: isDone ? notes : isUntouched ? STOPPED_NOTE : (failure?.why ?? seen ?? "not verified"),
    },
    // The end of a single request holds this; the end of one about several holds the counts.
    ...(verification === undefined
      ? {}
      : { audit: auditVerified(deps, request, request.plan.target, verification) }),
  });
  // The others are each taken as they come; this one is free for whoever else is after them.
  await releaseTarget(db, request.plan.target, id);
  if (!isDone) {
    await stopWaiting(db, id, isUntouched ? STOPPED_NOTE : "the first user was not verified");
    return false;
  }
  const roomMs = deps.cloudflare.budget.msUntilRoom(BEGIN_SIZE * callsEach(request));
  const progress = await measure(deps, request, roomMs < PROGRESS_MS ? null : deps.now() + roomMs);
  await tell(
    deps,
    id,
    { kind: "first-verified", verification, others: othersOf(request.plan).length },
    { ...request.result, bulk: progress },
  );
  deps.toldAt.set(id, deps.now());
  return true;
}

/** One step: takes up whoever is due, as far as the budget of calls goes, and shows how far it is. */
async function advance(deps: ExecutionDeps, id: string): Promise<Round> {
  const { db, now, policy, cloudflare, verifyDelaysMs, isStopping } = deps;
  const request = await mustRead(deps, id);
  if (request.stop !== undefined) await stopWaiting(db, id, STOPPED_NOTE);
  const isPaused = (await readPause(db)) !== null;
  const due = await takeDue(deps, id, isPaused);
  if (due.length === 0) {
    const next = await findNextDue(db, id, isPaused ? ["sent"] : ["waiting", "sending", "sent"]);
    if (next === null && isPaused && (await holdIfPaused(deps, request)))
      return { isDone: false, isHeld: true, waitMs: 0 };
    if (next === null) return { isDone: !isPaused, waitMs: 0 };
    return { isDone: false, waitMs: await showWait(deps, request, next, null) };
  }
  const roomMs = cloudflare.budget.msUntilRoom(due.length * callsEach(request));
  if (roomMs > 0)
    return { isDone: false, waitMs: await showWait(deps, request, now() + roomMs, now() + roomMs) };

  const verifyMs = verifyDelaysMs.reduce((sum, ms) => sum + ms, 0);
  const row = { db, now, policy, cloudflare: cloudflare.bulk, verifyMs };
  const queue = new PQueue({ concurrency: CONCURRENCY });
  // Whoever is not begun when the process is to end stays as they are, for the round after the restart.
  await queue.addAll(
    due.map((one) => async () => {
      if (!isStopping()) await advanceRow(row, request, one);
    }),
  );
  await show(deps, request, null);
  return { isDone: false, waitMs: 0 };
}

/** First those of whom nobody knows what came of the call, then the next ones, then those to look at again. */
async function takeDue({ db, now }: ExecutionDeps, id: string, isPaused: boolean): Promise<TargetRow[]> {
  const dueBy = now();
  const looks = () => readTargets(db, id, { states: ["sent"], dueBy, limit: LOOK_SIZE });
  if (isPaused) return looks();
  const unclear = await readTargets(db, id, { states: ["sending"], dueBy, limit: BEGIN_SIZE });
  const fresh = await readTargets(db, id, {
    states: ["waiting"],
    dueBy,
    limit: BEGIN_SIZE - unclear.length,
  });
  if (unclear.length + fresh.length > 0) return [...unclear, ...fresh];
  return looks();
}

/** Look who it is, call, look whether it is so; registrations are a list of their own. */
function callsEach({ plan }: Request): number {
  return plan.action === "revoke" && plan.options.devices ? 4 : 3;
}

/** Puts a wait on the card if it is long enough to be noticed. @returns how long to wait now. */
async function showWait(
  deps: ExecutionDeps,
  request: Request,
  until: number,
  limitUntil: number | null,
): Promise<number> {
  const waitMs = Math.max(until - deps.now(), 1);
  if (waitMs < PROGRESS_MS) return waitMs;
  const shownIn = await show(deps, request, limitUntil);
  // Shown less than three seconds ago: waits for that first, and comes back.
  return shownIn > 0 ? shownIn : waitMs;
}

/** Puts the progress on the card, if the last time is long enough ago. @returns milliseconds until it may be. */
async function show(deps: ExecutionDeps, request: Request, waitsUntil: number | null): Promise<number> {
  const { db, now, toldAt } = deps;
  const shownIn = (toldAt.get(request.id) ?? 0) + PROGRESS_MS - now();
  if (shownIn > 0) return shownIn;
  toldAt.set(request.id, now());
  const bulk = await measure(deps, request, waitsUntil);
  await reportProgress(db, request.id, now(), { posts: [], result: { ...request.result, bulk } });
  await deps.publish(await mustRead(deps, request.id));
  return 0;
}

/** Where only the budget is known and nothing was measured yet: about what a user takes with a near Cloudflare. */
const MS_EACH = 200;

async function measure(
  { db, now, cloudflare }: ExecutionDeps,
  request: Request,
  waitsUntil: number | null = null,
): Promise<BulkProgress> {
  const counts = await countTargets(db, request.id);
  const untouched = request.stop === undefined ? counts.waiting : 0;
  const looks = counts.sending + counts.sent;
  const calls = untouched * callsEach(request) + looks;
  const leftMs = Math.max(cloudflare.budget.estimateMs(calls), (untouched + looks) * MS_EACH);
  return toProgress(counts, { endsAt: now() + leftMs, waitsUntil });
}

async function finish(deps: ExecutionDeps, id: string): Promise<void> {
  const { db, now } = deps;
  const request = await mustRead(deps, id);
  await closeOpen(deps, request);
  const rows = await readTargets(db, id);
  const progress = toProgress(await countTargets(db, id));
  const { to, result } = judgeEnd(request, rows, progress, now());
  const pages = toFailurePages(rows).map((data): NewPost => ({
    key: `failures-${data.page}`,
    surface: "thread",
    data,
  }));
  const moved = await moveRequest(db, id, {
    to,
    actor: BOT,
    at: now(),
    result,
    data: { ...result },
    posts: [
      ...pages,
      { key: "summary", surface: "thread", data: { kind: "summary" } },
      { key: "outcome", surface: "dm", data: { kind: "outcome" } },
    ],
  });
  deps.toldAt.delete(id);
  if (moved !== null) await deps.publish(moved);
}

/** Whoever is still open when it ends is told as what they are: not touched, or not confirmed. */
async function closeOpen(deps: ExecutionDeps, request: Request): Promise<void> {
  const { db } = deps;
  const { id, stop } = request;
  await stopWaiting(db, id, stop === undefined ? "given up: it took too long" : STOPPED_NOTE);
  const open = await readTargets(db, id, { states: ["sending", "sent"] });
  for (const { position, state, target } of open) {
    const note =
      state === "sent" ? "accepted by Cloudflare, not confirmed" : "no clear answer, it may be done";
    const audit = auditUnverified(deps, request, target, note);
    await moveTarget(db, id, position, { from: [state], to: "failed", set: { note }, audit });
  }
}
