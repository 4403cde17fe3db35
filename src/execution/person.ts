import { randomUUID } from "node:crypto";

import { checkTarget } from "../actions/check-target.ts";
import { actionOf } from "../actions/index.ts";
import type { Look, Verification } from "../actions/define.ts";
import { recordedRays, recordedReceipt, type Receipt } from "../actions/receipt.ts";
import type { Cloudflare } from "../api/cloudflare.ts";
import type { Standing } from "../approvals/facts.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { appendAudit, type AuditEntry, BOT } from "../audit/append.ts";
import type { AuditEvent } from "../audit/events.ts";
import type { Log } from "../log/log.ts";
import { auditOfUser, changeRequest } from "../requests/change.ts";
import { LeaseLostError, type Lease } from "../requests/lease.ts";
import { unlockTarget } from "../requests/locks.ts";
import { readPause } from "../requests/pause.ts";
import { othersOf, planFor, type Plan } from "../requests/plan.ts";
import type { NewPost } from "../requests/posts.ts";
import type { Request, Result } from "../requests/request.ts";
import { changeTarget, type Outcome, type TargetChange, type TargetRow } from "../requests/targets.ts";
import { moveRequest } from "../requests/transition.ts";
import { transact } from "../store/transact.ts";
import { FRESH_MS, heldByCopy, pausedBy, permitSend, type PermitDeps, type Refusal } from "./permit.ts";
import { lookDelays } from "./pace.ts";
import {
  backOffMs,
  judgeFailure,
  lookNow,
  readBefore,
  type Before,
  type Failed,
  type Reading,
} from "./reads.ts";

export interface PersonDeps extends PermitDeps {
  cloudflare: Cloudflare;
  log: Log;
  /** Brings the card and the thread up to date; never waits for Slack. */
  publish(request: Request): void;
  /** Waits between looks at Cloudflare until what was done shows; together the time a check may take. */
  verifyDelaysMs: readonly number[];
  /** Answers that this process has and could not record, by the call that they are to: see callKey. */
  unrecorded: Map<string, AuditEntry>;
  /** Does work as a step that is told of: see ops/traces. */
  step?: (<T>(name: string, work: () => Promise<T>) => Promise<T>) | undefined;
}

/** What every step for one user is made under. */
export interface Run {
  deps: PersonDeps;
  lease: Lease;
  request: Request;
  standing: () => Promise<Standing>;
  /** What was read of the first user at the click that approved it, once; null: nothing, or too long ago. */
  takeAhead: () => Promise<Before> | null;
  /** How long Cloudflare took to show the first user as done, milliseconds; 0: at once, or not shown so far. */
  lagMs: number;
}

/** After so many calls, or looks after an unclear one that told nothing, a user is given up. */
const MAX_ATTEMPTS = 8;

/**
 * Brings one user of a request a step further, from what the row says of them. What is `sending` is looked at first:
 * no one knows whether that call took effect. Every write is made under the lease.
 * @returns why nothing was sent, where that concerns the whole request.
 * @throws LeaseLostError
 */
export async function advancePerson(run: Run, row: TargetRow): Promise<Refusal | null> {
  const person = { ...run, row, plan: planFor(run.request.plan, row.target) };
  switch (row.state) {
    case "waiting":
      return begin(person);
    case "sending":
      return settle(person);
    case "sent":
      return look(person);
    case "done":
    case "failed":
    case "stopped":
      return null;
  }
}

interface Person extends Run {
  row: TargetRow;
  plan: Plan;
}

async function begin(person: Person): Promise<Refusal | null> {
  const { deps, request, plan } = person;
  // Both are seen again before the call; seen here, nothing is read for a call that is not sent.
  const pause = await readPause(deps.db);
  if (pause !== null) return pausedBy(pause);
  const behind = await heldByCopy(deps, deps.db);
  if (behind !== null) return behind;
  const [{ check, baseline: before, readAt }] = await Promise.all([
    readBeforeCall(person),
    person.standing(),
  ]);
  if (!check.ok) {
    const failure = { why: check.why, next: check.next };
    const isVoid = check.isUnread !== true && othersOf(request.plan).length === 0;
    if (isVoid) {
      await write(person, { set: { state: "waiting" }, event: "target.checked", data: { ...check } });
      return { kind: "void", ...failure };
    }
    return end(person, {
      outcome: { failure },
      note: check.why,
      event: "target.checked",
      data: { ...check },
    });
  }
  // What is urgent is not held up by a read for the look afterwards: that one says what it could not compare with.
  if (!before.ok && actionOf(plan).isUrgent !== true)
    return end(person, {
      outcome: { failure: before },
      note: before.why,
      event: "target.checked",
      data: { ...before },
    });
  // Read with the rest; where that took long, once more.
  const standing = await person.standing();
  return send(person, { check, baseline: before.ok ? before.value : null, standing, readAt });
}

/** What stood before the first attempt stays the baseline of all. */
async function readBeforeCall({ deps, request, row, plan, takeAhead }: Person): Promise<Before> {
  const { cloudflare, now } = deps;
  if (row.baseline !== null) {
    const readAt = now();
    return {
      check: await checkTarget(cloudflare, plan),
      baseline: { ok: true, value: row.baseline },
      readAt,
    };
  }
  const isFirst = row.position === 0;
  return (
    (isFirst ? takeAhead() : null) ??
    readBefore(cloudflare, plan, { evidence: isFirst ? request.evidence : null, now })
  );
}

/** Sent before, and no one knows what came of it: what is done already is not done twice. */
async function settle(person: Person): Promise<Refusal | null> {
  const { deps, row, plan } = person;
  if (row.answeredAt === null) await tellCut(person);
  const seen = await lookAt(person);
  const { isUrgent = false } = actionOf(plan);
  if (seen.ok && seen.value.confirmed && (seen.value.provesCall || !isUrgent))
    return reconcile(person, seen.value);
  if (person.request.stop !== undefined) return giveUpSending(person, STOPPED, seen);
  // Done twice, a containment harms no one; everything else is sent again only after a look.
  if (!seen.ok && !isUrgent) return lookAgain(person, seen.why);
  const readAt = deps.now();
  const [check] = await Promise.all([checkTarget(deps.cloudflare, plan), person.standing()]);
  if (!check.ok) return giveUpSending(person, check, seen);
  const standing = await person.standing();
  const refusal = await send(person, { check, baseline: row.baseline, standing, readAt, isAgain: seen.ok });
  return refusal?.kind === "void" ? giveUpSending(person, refusal, seen) : refusal;
}

async function send(
  person: Person,
  {
    isAgain = false,
    ...input
  }: {
    check: Parameters<typeof permitSend>[2]["check"];
    baseline: unknown;
    standing: Standing;
    readAt: number;
    isAgain?: boolean;
  },
): Promise<Refusal | null> {
  const { deps, lease, row, plan } = person;
  const { cloudflare, now } = deps;
  const sentAt = row.sentAt ?? cloudflare.serverTime(now());
  const isCurrent = startTimer(now);
  const refusal = await permitSend(deps, lease, { ...input, row, plan, sentAt });
  // An unclear call is looked into to its end all the same.
  if (refusal?.kind === "protected" && row.state === "sending")
    return { kind: "void", why: `${PROTECTED_NOTE}.`, next: "Check the user." };
  if (refusal?.kind === "protected")
    return end(person, {
      note: PROTECTED_NOTE,
      event: "target.protected",
      data: { why: PROTECTED_NOTE, policy_hash: deps.policy.hash() },
    });
  if (refusal !== null) return refusal;
  const sent: Person = {
    ...person,
    row: { ...row, state: "sending", attempts: row.attempts + 1, sentAt, baseline: input.baseline },
  };
  let answer: Answer;
  try {
    const calling = actionOf(plan).execute(cloudflare, plan, { isCurrent });
    // What the permit and the click wrote is posted beside the call, which goes out first.
    if (row.position === 0) setImmediate(deps.publish, person.request);
    answer = { ok: true, receipt: await calling };
  } catch (error) {
    answer = toAnswer(sent, error);
  }
  return recordAnswer(sent, answer, { wasUnclear: row.state === "sending", isAgain });
}

const STOPPED = { why: "It was stopped.", next: "Request it again if it is still needed." };

const PROTECTED_NOTE = "protected by the policy since this was requested: request them separately";

/** A process that was frozen after its permit must not send on waking: two clocks, as either may stand still. */
function startTimer(now: () => number): () => boolean {
  const [wall, ticks] = [now(), performance.now()];
  return () => Math.max(now() - wall, performance.now() - ticks) < FRESH_MS;
}

type Answer = { ok: true; receipt: Receipt } | { ok: false; failed: Failed; data: Record<string, unknown> };

function toAnswer({ deps, row, request }: Person, error: unknown): Answer {
  if (isCloudflareFailure(error)) {
    return {
      ok: false,
      failed: judgeFailure(error, row.attempts, deps.now()),
      data: {
        error: error.kind,
        status: error.status,
        ...recordedRays(error),
        applied: error.applied,
        ...("codes" in error ? { codes: error.codes } : {}),
      },
    };
  }
  // An error of ours: it may have come after the call went out, so that it is looked into and not sent again.
  const reference = randomUUID().slice(0, 8);
  deps.log.error({ err: error, requestId: request.id, reference }, "call ended in an error");
  const why = `zt-bot had an internal error (reference ${reference})`;
  const next = "Check the user, and give the reference to the people who run zt-bot.";
  return {
    ok: false,
    failed: { kind: "refused", why, next, isPartly: true },
    data: { error: "internal", applied: "maybe" },
  };
}

async function recordAnswer(
  person: Person,
  answer: Answer,
  { wasUnclear, isAgain }: { wasUnclear: boolean; isAgain: boolean },
): Promise<Refusal | null> {
  const { deps, row } = person;
  const at = deps.now();
  const attempt = row.attempts;
  const answered = { event: "call.answered", answered_at: at } as const;
  if (answer.ok) {
    const { cfRay, wasSo } = answer.receipt;
    const outcome: Outcome = { receipt: { cfRay, at } };
    const news = {
      cfRay,
      reconciled: false,
      ...(isAgain ? { isAgain } : {}),
      ...(wasSo === undefined ? {} : { wasSo }),
    };
    await write(person, {
      set: { state: "sent", answered_at: at, outcome, cf_ray: cfRay, due_at: 0 },
      // The card says so until the end.
      ...(row.position === 0 ? { result: { ...person.request.result, receipt: { cfRay, at } } } : {}),
      event: answered.event,
      data: { attempt, ...recordedReceipt(answer.receipt) },
      posts: toThread(person, { kind: "call-accepted", at, call: callOf(person), ...news }),
    });
    return look({ ...person, row: { ...row, state: "sent", answeredAt: at, outcome } });
  }
  const { failed } = answer;
  const data = { attempt, ok: false, ...answer.data };
  if (failed.kind === "refused") {
    const failure = { why: failed.why, next: failed.next };
    const mayHaveHappened = failed.isPartly || wasUnclear;
    if (!mayHaveHappened)
      return end(person, { outcome: { failure }, note: failed.why, ...answered, data, isUntouched: true });
    return lookOn(person, failure, { ...answered, data });
  }
  const isUnclear = failed.isUnclear || wasUnclear;
  const attempts = failed.isUnsent === true && !failed.isUnclear ? attempt - 1 : attempt;
  if (attempts >= MAX_ATTEMPTS) {
    const why = `After ${attempt} attempts: ${failed.why}.`;
    const failure = { why, next: "Retry when Cloudflare answers, or do it in the dashboard." };
    if (!isUnclear)
      return end(person, { outcome: { failure }, note: why, ...answered, data, isUntouched: true });
    return lookOn(person, failure, { ...answered, data });
  }
  await write(person, {
    // What certainly had no effect is as if it had not been sent: a stop still reaches it.
    set: isUnclear
      ? { state: "sending", attempts, answered_at: at, due_at: at + failed.afterMs }
      : { state: "waiting", attempts, sent_at: null, due_at: at + failed.afterMs },
    event: answered.event,
    data,
    ...waitingNews(person, failed),
  });
  return null;
}

/**
 * The call has no recorded answer: the process ended before, or the database did not take it. Everyone is told which it
 * was as far as this process knows, and an answer that it still has is recorded now.
 */
async function tellCut(person: Person): Promise<void> {
  const { deps, row, request, lease } = person;
  const late = deps.unrecorded.get(callKey(person));
  const at = deps.now();
  const why = late === undefined ? "zt-bot was stopped or lost its database" : "the database did not take it";
  const moved = await transact(deps.db, async (trx) => {
    const told =
      row.position > 0
        ? null
        : await moveRequest(trx, request.id, {
            to: "unknown",
            actor: BOT,
            at,
            where: lease.isHeld,
            data: { why: `the answer could not be recorded: ${why}` },
            posts: toThread(person, {
              kind: "call-cut",
              at,
              call: callOf(person),
              ...(late === undefined ? {} : { isUnrecorded: true }),
            }),
          });
    if (late !== undefined) await appendAudit(trx, late);
    return told;
  });
  deps.unrecorded.delete(callKey(person));
  if (moved !== null) deps.publish(moved);
}

function callKey({ request, row }: Pick<Person, "request" | "row">): string {
  return `${request.id} ${row.position} ${row.attempts}`;
}

/** The unclear call is seen to have taken effect. */
async function reconcile(person: Person, seen: Look): Promise<null> {
  const at = person.deps.now();
  const verification = verificationOf(seen);
  await end(person, {
    state: "done",
    outcome: { receipt: { cfRay: null, at }, verification },
    note: noteOf(verification),
    event: "call.reconciled",
    data: seenOf(verification),
    posts: toThread(person, {
      kind: "call-accepted",
      at,
      call: callOf(person),
      cfRay: null,
      reconciled: true,
    }),
  });
  return null;
}

/** It can't be seen what came of the unclear call: looked at again later, and given up in the end. */
async function lookAgain(person: Person, why: string): Promise<Refusal | null> {
  const { row, deps } = person;
  const attempts = row.attempts + 1;
  const failed: Failed = {
    kind: "again",
    isUnclear: true,
    why: `Can't read Cloudflare: ${why}`,
    afterMs: backOffMs(attempts),
  };
  if (attempts < MAX_ATTEMPTS) {
    const set = {
      state: "sending",
      attempts,
      answered_at: deps.now(),
      due_at: deps.now() + failed.afterMs,
    } as const;
    await write(person, { set, ...waitingNews(person, failed) });
    return null;
  }
  const note = `No clear answer, it may be done: ${failed.why}`;
  const failure = { why: note, next: "Check the user in the dashboard." };
  return end(person, {
    // Without what was seen, the card would say that nothing was done.
    outcome: { failure, verification: unread(null, why, deps.now()) },
    note,
    event: "target.verified",
    data: { confirmed: false, summary: note },
  });
}

/** The unclear call is not sent again: what came of it is looked for until the time is up. */
function giveUpSending(
  person: Person,
  { why, next }: { why: string; next: string },
  seen: Reading<Look>,
): Promise<Refusal | null> {
  const doubt = seen.ok ? "it does not show so far" : `Cloudflare can't be read (${seen.why})`;
  return lookOn(person, {
    why: `The call had no clear answer, ${doubt}. It is not sent again. ${why}`,
    next,
  });
}

async function lookOn(
  person: Person,
  failure: { why: string; next: string },
  audit: { event?: AuditEvent; data?: Record<string, unknown> } = {},
): Promise<Refusal | null> {
  const answeredAt = person.deps.now();
  const outcome = { failure };
  await write(person, {
    set: { state: "sent", answered_at: answeredAt, outcome, due_at: 0 },
    ...pick(audit),
  });
  return look({ ...person, row: { ...person.row, state: "sent", answeredAt, outcome } });
}

/** Looks once whether what was sent shows. */
async function look(person: Person): Promise<null> {
  const { deps, row } = person;
  const seen = await (deps.step?.("zt.verify", () => lookAt(person)) ?? lookAt(person));
  const last = row.outcome.verification ?? null;
  const { failure } = row.outcome;
  // Where the call was not accepted, that nothing is left to see is no proof that it took effect.
  const isProof = (look: Look): boolean =>
    failure === undefined || look.provesCall || actionOf(person.plan).isUrgent !== true;
  if (seen.ok && seen.value.confirmed && isProof(seen.value)) {
    const verification = verificationOf(seen.value);
    return end(person, {
      state: "done",
      outcome: { ...row.outcome, verification },
      note: noteOf(verification),
      event: "target.verified",
      data: seenOf(verification),
    });
  }
  const shown = seen.ok ? verificationOf(seen.value) : unread(last, seen.why, deps.now());
  const verification = shown.confirmed
    ? { ...shown, confirmed: false, notes: [...shown.notes, NO_PROOF] }
    : shown;
  const outcome = { ...row.outcome, verification };
  const delay = delaysOf(person)[row.looks];
  if (delay !== undefined) {
    const due_at = deps.now() + delay;
    // A look that failed says nothing new: what was last seen stays.
    const set = {
      state: "sent",
      looks: row.looks + 1,
      due_at,
      checked: verification.summary,
      outcome: seen.ok ? outcome : row.outcome,
    } as const;
    await write(person, { set });
    return null;
  }
  const note = failure?.why ?? `accepted by Cloudflare, not confirmed: ${verification.summary}`;
  return end(person, { outcome, note, event: "target.verified", data: seenOf(verification) });
}

const NO_PROOF = "that is no proof that the call took effect";

function lookAt({ deps, row, plan }: Person): Promise<Reading<Look>> {
  const { cloudflare, now } = deps;
  return lookNow(cloudflare, plan, {
    baseline: row.baseline,
    sentAt: row.sentAt ?? cloudflare.serverTime(now()),
    now: now(),
  });
}

function delaysOf({ deps: { verifyDelaysMs }, row, lagMs }: Person): readonly number[] {
  if (row.position === 0) return verifyDelaysMs;
  const inAllMs = verifyDelaysMs.reduce((sum, ms) => sum + ms, 0);
  return lookDelays(inAllMs, lagMs);
}

function unread(last: Verification | null, why: string, now: number): Verification {
  if (last === null) return { confirmed: false, summary: `unknown: ${why}`, notes: [], checkedAt: now };
  return { ...last, notes: [...last.notes, `the last look failed: ${why}`] };
}

function verificationOf({ confirmed, summary, notes, checkedAt }: Look): Verification {
  return { confirmed, summary, notes, checkedAt };
}

function noteOf({ notes }: Verification): string | null {
  return notes.length === 0 ? null : notes.join("; ");
}

/** The moment of the look is the row's own. */
function seenOf({ confirmed, summary, notes }: Verification): Record<string, unknown> {
  return { confirmed, summary, ...(notes.length === 0 ? {} : { notes }) };
}

function callOf({ plan }: Person): string {
  return actionOf(plan).callText(plan);
}

/** Of several, the thread follows the first one only. */
function toThread({ row }: Person, data: NewPost["data"], key: string = data.kind): NewPost[] {
  return row.position === 0 ? [{ key, surface: "thread", data }] : [];
}

/** No clear answer, or none yet. Only what a reader would ask about is told: a thread full of back-off is no story. */
function waitingNews(
  person: Person,
  { why, afterMs, isUnclear, isUnsent }: Extract<Failed, { kind: "again" }>,
): Pick<Write, "posts" | "isUnknown" | "why"> {
  const at = person.deps.now();
  const { attempts } = person.row;
  const data = {
    kind: "call-waiting",
    at,
    call: callOf(person),
    why,
    retryAt: at + afterMs,
    isUnknown: isUnclear,
  } as const;
  // A call whose turn came too late was never sent: Cloudflare has said nothing, and it is sent a second later.
  const isTold = isUnclear || (isUnsent !== true && (attempts === 1 || afterMs > 20_000));
  return {
    posts: isTold ? toThread(person, data, `call-waiting-${attempts}`) : [],
    isUnknown: isUnclear && person.row.position === 0,
    why,
  };
}

interface Write {
  set: TargetChange;
  event?: AuditEvent;
  data?: Record<string, unknown>;
  posts?: readonly NewPost[];
  /** The request has no clear answer from now on, for this reason. */
  isUnknown?: boolean;
  why?: string;
  /** Of the request, as far as it is known. */
  result?: Result;
}

function pick({ event, data }: { event?: AuditEvent; data?: Record<string, unknown> }): {
  event?: AuditEvent;
  data?: Record<string, unknown>;
} {
  return { ...(event === undefined ? {} : { event }), ...(data === undefined ? {} : { data }) };
}

/** Over for this user, who is free for other requests from now on. */
async function end(
  person: Person,
  {
    state = "failed",
    outcome = {},
    note,
    posts = [],
    event,
    data = {},
    isUntouched = false,
  }: {
    state?: "done" | "failed";
    outcome?: Outcome;
    note: string | null;
    event: AuditEvent;
    data?: Record<string, unknown>;
    posts?: readonly NewPost[];
    /** Nothing that was sent took effect: as if nothing had been sent. */
    isUntouched?: boolean;
  },
): Promise<null> {
  const checked = outcome.verification === undefined ? {} : { checked: outcome.verification.summary };
  const sent = isUntouched ? { sent_at: null } : {};
  await write(person, { set: { state, outcome, note, ...checked, ...sent }, event, data, posts });
  return null;
}

/** One user's change with its audit row and messages, under the lease. @throws LeaseLostError */
async function write(
  { deps, lease, request, row }: Person,
  { set, event, data = {}, posts = [], isUnknown = false, why, result }: Write,
): Promise<void> {
  const at = deps.now();
  const { id } = request;
  const entry = { at, actor: BOT, event: event ?? "target.checked" };
  const writing = transact(deps.db, async (trx) => {
    const known = result === undefined ? {} : { set: { result: JSON.stringify(result) } };
    const change = { id, at, actor: BOT, where: lease.isHeld, ...known };
    const told = { ...change, posts: [...posts], isShown: posts.length > 0 };
    // The request's row first: it is the lease, and the first lock of everyone who changes anything of it.
    const changed = await changeRequest(trx, isUnknown ? { ...change, isShown: false } : told);
    if (changed === null) throw new LeaseLostError(id);
    const isTaken = await changeTarget(trx, id, { position: row.position, from: [row.state], set });
    if (!isTaken) throw new LeaseLostError(id);
    if (set.state !== "sending" && set.state !== "sent") await unlockTarget(trx, row.target, id);
    if (event !== undefined) await appendAudit(trx, auditOfUser(request, row.target, { ...entry, data }));
    if (!isUnknown) return posts.length > 0 ? changed : null;
    const moved = await moveRequest(trx, id, {
      ...told,
      to: "unknown",
      data: why === undefined ? {} : { why },
    });
    return moved ?? changeRequest(trx, told);
  });
  const shown = await writing.catch(async (error: unknown) => {
    if (event !== "call.answered") throw error;
    // What Cloudflare said is recorded even so; what became of the request is the other replica's to say.
    const late = auditOfUser(request, row.target, { ...entry, data: { ...data, late: true } });
    if (error instanceof LeaseLostError) await appendAudit(deps.db, late);
    else deps.unrecorded.set(callKey({ request, row }), late);
    throw error;
  });
  if (shown !== null) deps.publish(shown);
}
