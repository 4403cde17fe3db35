import PQueue from "p-queue";

import { actionOf } from "../actions/index.ts";
import { voidAs } from "../approvals/click.ts";
import { BOT } from "../audit/append.ts";
import { clockOf } from "../store/clock.ts";
import { transact } from "../store/transact.ts";
import { changeRequest, type Writer } from "../requests/change.ts";
import { LeaseLostError, takeLease, type Lease } from "../requests/lease.ts";
import { readPause } from "../requests/pause.ts";
import { othersOf } from "../requests/plan.ts";
import type { NewPost } from "../requests/posts.ts";
import { readRequest } from "../requests/repository.ts";
import { isFinal, type BulkProgress, type Held, type Request, type Result } from "../requests/request.ts";
import {
  changeTarget,
  countTargets,
  findLastDue,
  findNextDue,
  isUntouched,
  readTargets,
  STOPPED_NOTE,
  stopWaiting,
  type TargetRow,
} from "../requests/targets.ts";
import { moveRequest } from "../requests/transition.ts";
import { noteBlockEnd } from "./block-ends.ts";
import type { Standing } from "../approvals/facts.ts";
import type { ReadAhead } from "./ahead.ts";
import { pausedBy, readStanding, renewStanding, type Refusal } from "./permit.ts";
import { advancePerson, type PersonDeps, type Run } from "./person.ts";
import { BEGIN_SIZE, eachOf, estimateLeftMs, LANES, paceAfter, type Pace } from "./pace.ts";
import { judgeEnd, toFailurePages, toProgress } from "./result.ts";
import { lockWatching, watchRevoked, type NewWatch } from "../watch/watch.ts";
import { endUnproven, findUnproven, UNPROVEN } from "./unproven.ts";

export interface ExecutionDeps extends PersonDeps {
  /** When each request's progress was last put on its card, epoch milliseconds. */
  toldAt: Map<string, number>;
  /** How fast each request about several users goes. */
  paces: Map<string, Pace>;
  /** What clicks in this process have read for what they began. */
  readAhead: Pick<ReadAhead, "take">;
  /** The process is to end: what is begun is finished, nothing more is begun. */
  isStopping(): boolean;
}

/** The first look is at once; two minutes in all: the session list may lag a revocation by about a minute. */
export const VERIFY_DELAYS_MS: readonly number[] = [
  1000, 2000, 3000, 4000, 5000, 10_000, 15_000, 20_000, 30_000, 30_000,
];

/** Users that are looked at again together. */
const LOOK_SIZE = 40;
/** Slack takes about 50 edits a minute; the end is always shown. */
const PROGRESS_MS = 3000;
/** What was read for a judgement serves everyone of a round for so long. */
const STANDING_MS = 2000;
/** What is kept back is looked at again: soon where it goes on any moment, else at a slower pace. */
const BUSY_MS = 1000;
const LATE_BUSY_MS = 5000;
const HELD_MS = 15_000;
/** What could not be checked for so long is no longer what was approved. */
const UNCHECKED_MS = 24 * 60 * 60_000;
/** So often is read again what was too old by the time of the call. */
const MAX_STALE = 3;
const TOO_SLOW = "Slack or Cloudflare is too slow to check the approvers";
/** So many errors of ours in a row, and the request ends in words. */
const MAX_FAILURES = 5;

/**
 * Carries out an approved request as far as it goes now, under a lease: its first user alone, then, once that is
 * verified, the others as the rate limit allows. How far each user is stands in a table, so that a process that dies
 * anywhere, or is frozen, leaves it to another. A request about one user is a round of one.
 * @param isForced also before it is due
 * @returns when to come back, epoch milliseconds; null when there is nothing to come back for
 */
export async function executeRequest(
  deps: ExecutionDeps,
  id: string,
  isForced = false,
): Promise<number | null> {
  const { db, now } = deps;
  const lease = await takeLease(db, "execution", id, now, (eb) =>
    eb.and([
      eb("status", "in", ["approved", "executing", "unknown"]),
      ...(isForced ? [] : [eb("execution_due", "<=", clockOf(db, now()))]),
    ]),
  );
  if (lease === null) return null;
  try {
    return await executeUnder(deps, lease);
  } finally {
    lease.letGo();
  }
}

async function executeUnder(deps: ExecutionDeps, lease: Lease): Promise<number | null> {
  const { db, now, log } = deps;
  const { id } = lease.request;
  let due: number | null;
  let failures = 0;
  try {
    due = await advance(deps, lease);
  } catch (error) {
    log.error({ err: error, requestId: id }, "execution failed, it is tried again");
    // Lost, or someone changed a user meanwhile (a stop): given back if it is still ours, and looked at again.
    if (error instanceof LeaseLostError) {
      const released = await lease.release({ set: { execution_due: now() } });
      return released === null ? null : now();
    }
    failures = lease.request.failures + 1;
    due = now() + Math.min(1000 * 4 ** (failures - 1), 60_000);
    if (failures >= MAX_FAILURES && (await endInError(deps, lease, error))) due = null;
  }
  // What was stopped meanwhile is ended now, and not when the next attempt would be due.
  const isStoppedSince = lease.request.stop === undefined && (await readRequest(db, id))?.stop !== undefined;
  if (due !== null && isStoppedSince) due = now();
  await lease.release({ set: { execution_due: due, execution_failures: failures } });
  return due;
}

async function advance(deps: ExecutionDeps, lease: Lease): Promise<number | null> {
  const { db, now } = deps;
  const { id, plan } = lease.request;
  const ahead = deps.readAhead.take(lease.request);
  let before = ahead.before;
  let standing: Promise<Standing> | undefined;
  let readAt = 0;
  let stale = 0;
  if (ahead.standing !== null) {
    readAt = ahead.standing.facts.gatheredAt;
    standing = renewStanding(deps, ahead.standing);
    // Heard by who judges by it, where it comes to that.
    standing.catch(() => {});
  }
  const { findings, isTold } = await findUnproven(deps, lease);
  // Told before: what was sent is looked into to its end, and nothing else is sent.
  if (findings.length > 0 && !isTold) {
    const due = await heed(deps, lease, { kind: "unproven", findings });
    if (due !== "go on") return due;
  }
  for (;;) {
    // Left to the next process, or to another one.
    if (deps.isStopping()) return now();
    const request = await mustRead(deps, id);
    if (isFinal(request.status)) return null;
    const [first] = await readTargets(db, id, { limit: 1 });
    if (first === undefined) throw new Error(`${id} has no users`);
    const run: Run = {
      deps,
      lease,
      request,
      lagMs: lagOf(first),
      standing() {
        if (standing === undefined || now() - readAt > STANDING_MS) {
          readAt = now();
          standing = readStanding(deps, request);
        }
        return standing;
      },
      takeAhead() {
        const taken = before;
        before = null;
        return taken;
      },
    };
    let next: { due: number } | Refusal | null;
    if (isOpen(first)) next = await advanceFirst(run, deps, first);
    else if (othersOf(plan).length > 0 && (await maySettleFirst(deps, lease, request, first)))
      next = await advanceOthers(run, deps);
    else next = { due: Infinity };
    if (next === null) continue;
    if ("due" in next) {
      if (next.due < Infinity) return next.due;
      return finish(deps, lease);
    }
    stale = next.kind === "stale" ? stale + 1 : 0;
    if (next.kind === "stale") standing = undefined;
    const due = await heed(deps, lease, stale < MAX_STALE ? next : { kind: "hold", why: TOO_SLOW });
    if (due !== "go on") return due;
  }
}

function isOpen({ state }: TargetRow): boolean {
  return state === "waiting" || state === "sending" || state === "sent";
}

/** @returns null to go on at once. */
async function advanceFirst(
  run: Run,
  deps: ExecutionDeps,
  first: TargetRow,
): Promise<{ due: number } | Refusal | null> {
  if (first.dueAt > deps.now()) return { due: first.dueAt };
  const startedAt = performance.now();
  const { cloudflare } = deps;
  const isUrgent = actionOf(run.request.plan).isUrgent === true;
  const client = isUrgent ? cloudflare.urgent : cloudflare;
  const refusal = await advancePerson({ ...run, deps: { ...deps, cloudflare: client } }, first);
  if (refusal === null && first.state === "waiting") {
    deps.paces.set(run.request.id, { ...UNMEASURED, beginMs: eachOf(performance.now() - startedAt, 1) });
  }
  return refusal;
}

/** The first one is over: whether the others follow, which is told once. */
async function maySettleFirst(
  deps: ExecutionDeps,
  lease: Lease,
  request: Request,
  first: TargetRow,
): Promise<boolean> {
  if (first.state !== "done") {
    const note = first.state === "stopped" ? STOPPED_NOTE : "the first user was not verified";
    await writeUnder(deps, lease, (trx) => stopWaiting(trx, request.id, note));
    return true;
  }
  const { verification, receipt } = first.outcome;
  if (request.result.bulk !== undefined || verification === undefined) return true;
  const roomMs = deps.cloudflare.budget.msUntilRoom(BEGIN_SIZE * callsEach(request));
  const bulk = await measure(deps, request, roomMs < PROGRESS_MS ? null : deps.now() + roomMs);
  await tell(deps, lease, { ...request.result, ...(receipt === undefined ? {} : { receipt }), bulk }, [
    {
      key: "first-verified",
      surface: "thread",
      data: { kind: "first-verified", verification, others: othersOf(request.plan).length },
    },
  ]);
  deps.toldAt.set(request.id, deps.now());
  return true;
}

/** Takes up some of those who are due, as far as the budget of calls goes, and shows how far it is. */
async function advanceOthers(run: Run, deps: ExecutionDeps): Promise<{ due: number } | Refusal | null> {
  const { request } = run;
  const { db, now, cloudflare } = deps;
  const { id } = request;
  const pause = await readPause(db);
  const due = await takeDue(deps, id, pause !== null);
  if (due.length === 0) {
    const next = await findNextDue(db, id, pause === null ? ["waiting", "sending", "sent"] : ["sent"]);
    if (next !== null) return { due: await showWait(run, deps, next, null) };
    const isLeft = pause !== null && (await findNextDue(db, id)) !== null;
    return isLeft ? pausedBy(pause) : { due: Infinity };
  }
  const roomMs = cloudflare.budget.msUntilRoom(due.length * callsEach(request));
  if (roomMs > 0) return { due: await showWait(run, deps, now() + roomMs, now() + roomMs) };

  const startedAt = performance.now();
  const queue = new PQueue({ concurrency: LANES });
  const bulk: Run = { ...run, deps: { ...deps, cloudflare: cloudflare.bulk } };
  const refusals = await queue.addAll(
    due.map((row) => async () => (deps.isStopping() ? null : advancePerson(bulk, row))),
  );
  notePace(deps, id, due, performance.now() - startedAt);
  await show(run, deps, null);
  const refusal = refusals.find((one) => one !== null && one.kind !== "busy") ?? null;
  // Another request is at work on some of them: they come later, and hold up no one else.
  for (const [index, one] of refusals.entries()) if (one?.kind === "busy") await postpone(run, due[index]);
  return refusal;
}

/** Remembers how long a round took for each of its users. */
function notePace({ paces }: ExecutionDeps, id: string, due: readonly TargetRow[], ms: number): void {
  const before = paces.get(id) ?? UNMEASURED;
  const each = eachOf(ms, due.length);
  const isLook = due.every(({ state }) => state === "sent");
  paces.set(
    id,
    isLook
      ? { ...before, lookMs: paceAfter(before.lookMs, each) }
      : { ...before, beginMs: paceAfter(before.beginMs, each) },
  );
}

const UNMEASURED: Pace = { beginMs: null, lookMs: null };

/** How long Cloudflare took to show the first user as done, milliseconds; 0: at the first look, or not so far. */
function lagOf({ state, looks, answeredAt, outcome: { verification } }: TargetRow): number {
  if (state !== "done" || looks === 0 || answeredAt === null || verification === undefined) return 0;
  return Math.max(0, verification.checkedAt - answeredAt);
}

/** First those of whom nobody knows what came of the call, then the next ones, then those to look at again. */
async function takeDue({ db, now }: ExecutionDeps, id: string, isPaused: boolean): Promise<TargetRow[]> {
  const dueBy = now();
  const looks = () => readTargets(db, id, { states: ["sent"], dueBy, limit: LOOK_SIZE });
  if (isPaused) return looks();
  const unclear = await readTargets(db, id, { states: ["sending"], dueBy, limit: BEGIN_SIZE });
  const fresh = await readTargets(db, id, { states: ["waiting"], dueBy, limit: BEGIN_SIZE - unclear.length });
  if (unclear.length + fresh.length > 0) return [...unclear, ...fresh];
  return looks();
}

async function postpone({ deps, lease, request }: Run, row: TargetRow | undefined): Promise<void> {
  if (row === undefined) return;
  const { position, state } = row;
  const set = { state, due_at: deps.now() + 2 * BUSY_MS };
  await writeUnder(deps, lease, (trx) => changeTarget(trx, request.id, { position, from: [state], set }));
}

/** A change of users alone, under the lease. @throws LeaseLostError */
async function writeUnder(
  { db, now }: Pick<ExecutionDeps, "db" | "now">,
  { request: { id }, isHeld }: Lease,
  write: (trx: Writer) => Promise<unknown>,
): Promise<void> {
  await transact(db, async (trx) => {
    const held = await changeRequest(trx, { id, at: now(), where: isHeld, isShown: false });
    if (held === null) throw new LeaseLostError(id);
    await write(trx);
  });
}

/** What a refusal means for the whole request. @returns when to come back; or to go on at once. */
async function heed(deps: ExecutionDeps, lease: Lease, refusal: Refusal): Promise<number | null | "go on"> {
  const { now } = deps;
  const request = await mustRead(deps, lease.request.id);
  switch (refusal.kind) {
    case "stale":
    case "protected":
      return "go on";
    case "lost": {
      await lease.keep();
      if (isFinal(request.status)) return null;
      if (request.stop === undefined) return now() + BUSY_MS;
      // The stop came while a call was under way that had no effect: it waits again, and is not going to be begun.
      await writeUnder(deps, lease, (trx) => stopWaiting(trx, request.id, STOPPED_NOTE));
      return "go on";
    }
    case "paused":
      await hold(deps, lease, request, { code: "paused", why: refusal.why });
      return now() + HELD_MS;
    case "copy-behind":
    case "busy": {
      const code = refusal.kind === "busy" ? "target-busy" : refusal.kind;
      await hold(deps, lease, request, { code, why: refusal.why });
      const since = request.held?.code === code ? request.held.since : now();
      return now() + (now() - since < 30 * BUSY_MS ? BUSY_MS : LATE_BUSY_MS);
    }
    case "hold":
      if (request.held?.code !== "unchecked" || now() - request.held.since < UNCHECKED_MS) {
        await hold(deps, lease, request, { code: "unchecked", why: refusal.why });
        return now() + HELD_MS;
      }
      return giveUp(deps, lease, request, {
        why: `On hold for a day: ${refusal.why}`,
        next: "Request it again.",
      });
    case "void":
      return giveUp(deps, lease, request, refusal);
    case "unproven":
      if (await endUnproven(deps, lease, request, refusal.findings)) return null;
      return lookInto(deps, lease, request, UNPROVEN);
  }
}

/**
 * The approval does not hold. Where nothing took effect, the request is void; otherwise what was sent is looked into
 * to its end, and no one else is begun.
 */
async function giveUp(
  deps: ExecutionDeps,
  lease: Lease,
  request: Request,
  { why, next }: { why: string; next: string },
): Promise<number | null | "go on"> {
  const { db, now } = deps;
  if (isUntouched(await countTargets(db, request.id)) && request.status !== "unknown") {
    const moved = await moveRequest(db, request.id, {
      ...voidAs({ why, next }, now()),
      where: lease.isHeld,
      actor: BOT,
      data: { why },
    });
    if (moved !== null) deps.publish(moved);
    return null;
  }
  return lookInto(deps, lease, request, { why, next });
}

/** No one else is begun or called for again; what was sent is looked for until the time is up. */
async function lookInto(
  deps: ExecutionDeps,
  lease: Lease,
  request: Request,
  { why, next }: { why: string; next: string },
): Promise<"go on"> {
  const unclear = await readTargets(deps.db, request.id, { states: ["sending"] });
  await writeUnder(deps, lease, async (trx) => {
    await stopWaiting(trx, request.id, `not begun: ${why}`);
    const set = { state: "sent", outcome: { failure: { why, next } }, due_at: 0 } as const;
    for (const { position } of unclear)
      await changeTarget(trx, request.id, { position, from: ["sending"], set });
  });
  return "go on";
}

/** Keeps a request with its reason; told (by the card, the thread and the record) when the reason is a new one. */
async function hold(
  deps: ExecutionDeps,
  lease: Lease,
  request: Request,
  reason: Pick<Held, "code" | "why">,
): Promise<void> {
  const { code, why } = reason;
  if (request.held?.code === code && request.held.why === why) return;
  const at = deps.now();
  const held: Held = { code, why, since: at };
  const changed = await changeRequest(deps.db, {
    id: request.id,
    at,
    actor: BOT,
    where: (eb) => eb.and([lease.isHeld(eb), eb("status", "in", ["approved", "executing", "unknown"])]),
    set: { held: JSON.stringify(held) },
    event: "request.held",
    data: { code, why },
    posts: [{ key: `held-${at}`, surface: "thread", data: { kind: "held", at, why, code } }],
  });
  if (changed !== null) deps.publish(changed);
}

/** Read who it is and what they have, call, look whether it is so. */
function callsEach(request: Request): number {
  return 2 + 2 * callsToLook(request);
}

/** Registrations are read apart from sessions. */
function callsToLook({ plan }: Request): number {
  return plan.action === "revoke" && plan.options.devices ? 2 : 1;
}

/** Puts a wait on the card if it is long enough to be noticed. @returns when to come back. */
async function showWait(
  run: Run,
  deps: ExecutionDeps,
  until: number,
  limitUntil: number | null,
): Promise<number> {
  if (until - deps.now() < PROGRESS_MS) return until;
  const shownAt = await show(run, deps, limitUntil);
  // Shown less than three seconds ago: comes back for that first.
  return shownAt ?? until;
}

/** Puts the progress on the card, if the last time is long enough ago. @returns when it may be, otherwise. */
async function show(
  { lease, request }: Run,
  deps: ExecutionDeps,
  waitsUntil: number | null,
): Promise<number | null> {
  const { now, toldAt } = deps;
  const showAt = (toldAt.get(request.id) ?? 0) + PROGRESS_MS;
  if (showAt > now()) return showAt;
  toldAt.set(request.id, now());
  await tell(deps, lease, { ...request.result, bulk: await measure(deps, request, waitsUntil) }, []);
  return null;
}

async function tell(deps: ExecutionDeps, lease: Lease, result: Result, posts: NewPost[]): Promise<void> {
  const { id } = lease.request;
  const change = { id, at: deps.now(), where: lease.isHeld, set: { result: JSON.stringify(result) }, posts };
  const changed = await changeRequest(deps.db, change);
  if (changed === null) throw new LeaseLostError(id);
  deps.publish(changed);
}

async function measure(
  { db, now, cloudflare, paces }: ExecutionDeps,
  request: Request,
  waitsUntil: number | null,
): Promise<BulkProgress> {
  const [counts, [first], lastLookAt] = await Promise.all([
    countTargets(db, request.id),
    readTargets(db, request.id, { limit: 1 }),
    findLastDue(db, request.id, ["sending", "sent"]),
  ]);
  const at = now();
  const work = {
    waiting: request.stop === undefined ? counts.waiting : 0,
    unverified: counts.sending + counts.sent,
    callsToBegin: callsEach(request),
    callsToLook: callsToLook(request),
    lagMs: first === undefined ? 0 : lagOf(first),
    lookInMs: Math.max(0, (lastLookAt ?? at) - at),
  };
  const pace = paces.get(request.id) ?? UNMEASURED;
  const leftMs = estimateLeftMs(work, pace, cloudflare.budget.estimateMs);
  return toProgress(counts, { endsAt: at + Math.round(leftMs), waitsUntil });
}

async function finish(deps: ExecutionDeps, lease: Lease): Promise<null> {
  const { db, now } = deps;
  const request = await mustRead(deps, lease.request.id);
  const rows = await readTargets(db, request.id);
  const { to, result } = judgeEnd(request, rows, toProgress(await countTargets(db, request.id)), now());
  // What was seen of one user stands in the last message: of several, it says who failed.
  const pages: NewPost[] =
    result.bulk === undefined
      ? []
      : toFailurePages(rows).map((data) => ({ key: `failures-${data.page}`, surface: "thread", data }));
  await endAs(deps, lease, { to, result }, pages, rows);
  return null;
}

async function endAs(
  deps: ExecutionDeps,
  lease: Lease,
  { to, result }: { to: "succeeded" | "failed"; result: Result },
  pages: NewPost[],
  rows: readonly TargetRow[] = [],
): Promise<boolean> {
  const { id } = lease.request;
  const at = deps.now();
  const moved = await transact(deps.db, async (trx) => {
    await lockWatching(trx, id, toWatch(deps, lease.request, rows));
    const ended = await moveRequest(trx, id, {
      to,
      actor: BOT,
      at,
      where: lease.isHeld,
      result,
      data: { ...result },
      also: (request, inside) => watchRevoked(inside, request, toWatch(deps, request, rows)),
      posts: [
        ...pages,
        { key: "summary", surface: "thread", data: { kind: "summary" } },
        { key: "outcome", surface: "dm", data: { kind: "outcome" } },
      ],
    });
    if (ended !== null) await noteBlockEnd(trx, ended, at);
    return ended;
  });
  deps.toldAt.delete(id);
  deps.paces.delete(id);
  if (moved !== null) deps.publish(moved);
  return moved !== null;
}

/** Of those whose access is gone for certain, each: whether they come back is looked for, as the policy says. */
function toWatch({ policy, now }: ExecutionDeps, request: Request, rows: readonly TargetRow[]): NewWatch[] {
  const { afterRevokeMs } = policy.current().watch;
  if (request.plan.action !== "revoke" || afterRevokeMs === null) return [];
  const { teamId, requesterId } = request;
  return rows.flatMap(({ state, sentAt, outcome, target }) =>
    state === "done" && sentAt !== null && outcome.verification?.confirmed === true
      ? {
          teamId,
          who: target,
          askedBy: requesterId,
          tells: [requesterId],
          since: sentAt,
          at: now(),
          ms: afterRevokeMs,
        }
      : [],
  );
}

/** Errors of ours that do not pass: the people who wait are told, with what is known of each user. */
async function endInError(deps: ExecutionDeps, lease: Lease, error: unknown): Promise<boolean> {
  const why = `zt-bot failed ${MAX_FAILURES} times in a row (${error instanceof Error ? error.name : "unknown error"}). The log has the errors for ${lease.request.id}`;
  const next = "Check the user in the dashboard: what was sent before may be done.";
  try {
    const { id, plan, result } = lease.request;
    const counts = await countTargets(deps.db, id);
    const unseen = { confirmed: false, summary: "could not be checked", notes: [], checkedAt: deps.now() };
    const known: Result = {
      ...result,
      ...(isUntouched(counts) ? {} : { verification: unseen }),
      ...(othersOf(plan).length === 0 ? {} : { bulk: toProgress(counts) }),
    };
    return await endAs(deps, lease, { to: "failed", result: { ...known, failure: { why, next } } }, []);
  } catch (writing) {
    // The database itself, most likely: it is tried again until that is fixed.
    deps.log.error({ err: writing, requestId: lease.request.id }, "the end could not be written");
    return false;
  }
}

async function mustRead({ db }: Pick<ExecutionDeps, "db">, id: string): Promise<Request> {
  const request = await readRequest(db, id);
  if (request === null) throw new Error(`request ${id} is gone`);
  return request;
}
