import { actionOf, actionsThat } from "../actions/index.ts";
import type { TargetCheck } from "../actions/define.ts";
import { appendAudit, BOT } from "../audit/append.ts";
import { findCopyTrouble, type CopyRequired } from "../audit/forward/lag.ts";
import { gatherFactsOrSilence, renewRisks, type FactsDeps, type Standing } from "../approvals/facts.ts";
import type { Facts } from "../approvals/eligibility.ts";
import { judgeExecution, judgeTargets, type ExecutionVerdict } from "../approvals/votes.ts";
import { clockOf } from "../store/clock.ts";
import type { Db } from "../store/open.ts";
import { transact } from "../store/transact.ts";
import { auditOfUser, changeRequest, type Writer } from "../requests/change.ts";
import { LEASE_MS, type Lease } from "../requests/lease.ts";
import { lockTarget } from "../requests/locks.ts";
import { readPause, type Pause } from "../requests/pause.ts";
import {
  affectedBy,
  othersOf,
  targetsOf,
  type ActionName,
  type Plan,
  type Target,
} from "../requests/plan.ts";
import type { NewPost } from "../requests/posts.ts";
import { findContradictions, findContradictionsOfUser, readProof } from "../requests/proof.ts";
import type { Request } from "../requests/request.ts";
import { changeTarget, type TargetRow } from "../requests/targets.ts";
import { moveRequest } from "../requests/transition.ts";

export interface PermitDeps extends FactsDeps {
  db: Db;
  /** Without it, calls are sent however far the forwarded copy of the record is behind. */
  copyRequired?: CopyRequired;
}

/** Older than this, what was read is read again before anything is sent. */
export const FRESH_MS = 5000;

/** Reads, for the transaction that sends, what it cannot read itself. */
export async function readStanding(deps: PermitDeps, request: Request): Promise<Standing> {
  const policyHash = deps.policy.hash();
  return { facts: await gatherFactsOrSilence(deps, request), policyHash };
}

/** The same, from what was read at the click a moment ago, with what zt-bot did to those people since. */
export async function renewStanding(deps: PermitDeps, { facts, policyHash }: Standing): Promise<Standing> {
  return { facts: await renewRisks(deps, facts), policyHash };
}

/** Why nothing is sent now. */
export type Refusal =
  /** Stopped, over, or another replica's by now. */
  | { kind: "lost" }
  /** What it was judged by is too old: read again. */
  | { kind: "stale" }
  | { kind: "paused" | "copy-behind" | "hold" | "busy"; why: string }
  /** Of several users, this one alone may not be touched. */
  | { kind: "protected" }
  | { kind: "void"; why: string; next: string }
  /** What the tables say is not what the record says. */
  | { kind: "unproven"; findings: readonly string[] };

export function pausedBy({ reason }: Pause): Refusal {
  return { kind: "paused", why: `zt-bot is paused: ${reason}` };
}

/** Whether a call has to wait for the forwarded copy of the record. */
export async function heldByCopy(
  { copyRequired, now }: Pick<PermitDeps, "copyRequired" | "now">,
  db: Writer,
): Promise<Refusal | null> {
  const why = copyRequired === undefined ? null : await findCopyTrouble(db, copyRequired, now());
  return why === null ? null : { kind: "copy-behind", why };
}

/** Rolls the transaction back: a refusal leaves nothing behind. */
class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}

export interface Sending {
  row: TargetRow;
  /** What would be sent, of this user alone. */
  plan: Plan;
  baseline: unknown;
  check: TargetCheck;
  /** When the first of what was read of this user was asked for, epoch milliseconds. */
  readAt: number;
  standing: Standing;
  /** Of the first attempt, by Cloudflare's clock. */
  sentAt: number;
}

/**
 * May this call be sent now? One transaction that asks everything again: our lease, the state, a stop, whether the
 * record proves what the tables say, the approval as it counts now, the pause, the copy of the record, and that no other
 * request is at work on the user. It either records the call as sent, and the request as begun, or refuses and writes
 * nothing. The end of a block asks the same in end-block.ts.
 */
export async function permitSend(deps: PermitDeps, lease: Lease, sending: Sending): Promise<Refusal | null> {
  try {
    await transact(deps.db, (trx) => record(deps, trx, lease, sending));
    return null;
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal;
    throw error;
  }
}

async function record(deps: PermitDeps, trx: Writer, lease: Lease, sending: Sending): Promise<void> {
  const { row, plan, standing, baseline, check, readAt, sentAt } = sending;
  const at = deps.now();
  const { id } = lease.request;
  const change = { id, at, actor: BOT, where: lease.isHeld };
  const request = await changeRequest(trx, {
    ...change,
    isShown: false,
    // Renewed, so that no one takes over before the permit itself is too old.
    set: { execution_until: clockOf(deps.db, at, LEASE_MS) },
    where: (eb) =>
      eb.and([
        lease.isHeld(eb),
        eb("status", "in", ["approved", "executing", "unknown"]),
        eb("stopped_by", "is", null),
      ]),
  });
  if (request === null) throw new RefusedError({ kind: "lost" });
  if (at - standing.facts.gatheredAt > FRESH_MS || standing.policyHash !== deps.policy.hash())
    throw new RefusedError({ kind: "stale" });
  const findings = [
    ...findContradictions(request, await readProof(trx, id)),
    ...(await findContradictionsOfUser(trx, request, row, plan)),
  ];
  if (findings.length > 0) throw new RefusedError({ kind: "unproven", findings });
  const verdict = judge(at, request, row, standing);
  if (verdict.kind !== "go") throw new RefusedError(verdict);
  // Before anything is recorded here: what this call adds does not count.
  const behind = await heldByCopy(deps, trx);
  if (behind !== null) throw new RefusedError(behind);
  const since = await findContainmentSince(trx, request, row);
  if (since !== null) throw new RefusedError(since);
  // Of a whole device, everyone who uses it.
  for (const one of [row.target, ...affectedBy(plan).slice(targetsOf(plan).length)]) {
    const holder = await lockTarget(trx, one, id, at);
    if (holder === id) continue;
    const why = `another request is working on the same user${holder === "" ? "" : `: ${holder}`}`;
    throw new RefusedError({ kind: "busy", why });
  }
  // What was read of this user before that is no longer how they stand.
  if (await isCalledSince(trx, row.target, id, readAt)) throw new RefusedError({ kind: "stale" });
  const attempt = row.attempts + 1;
  const isTaken = await changeTarget(trx, id, {
    position: row.position,
    from: [row.state],
    set: {
      state: "sending",
      attempts: attempt,
      sent_at: sentAt,
      answered_at: null,
      baseline: baseline === null ? null : JSON.stringify(baseline),
      due_at: 0,
    },
  });
  if (!isTaken) throw new RefusedError({ kind: "lost" });

  // From here on the chain's head is ours: a pause waits for it, or we see the pause.
  const call = actionOf(plan).callText(plan);
  const posts: NewPost[] =
    row.position === 0
      ? [{ key: "call-started", surface: "thread", data: { kind: "call-started", at, call } }]
      : [];
  if (request.status === "approved") {
    const unchecked = verdict.unchecked === null ? {} : { unchecked: verdict.unchecked };
    const data = { counting: verdict.counting.map(({ by }) => by), ...unchecked };
    await moveRequest(trx, id, { ...change, to: "executing", data, posts });
  } else if (request.held !== null) {
    await changeRequest(trx, { ...change, set: { held: null }, event: "request.unheld", posts });
  } else if (posts.length > 0) await changeRequest(trx, { ...change, posts });
  const entry = { at, actor: BOT };
  if (row.position === 0)
    await appendAudit(
      trx,
      auditOfUser(request, row.target, { ...entry, event: "target.checked", data: { ...check } }),
    );
  const { action, options } = plan;
  const pause = await recordSent(trx, request, row.target, { at, attempt, call, action, options });
  if (pause !== null) throw new RefusedError(pausedBy(pause));
}

/**
 * The one writer of `call.sent`, as the last step of a transaction that has asked everything else: the chain's head is
 * ours from here on, so a pause waits for this transaction, or is seen.
 * @returns the pause, for which the transaction has to be rolled back; null where there is none.
 */
export async function recordSent(
  trx: Writer,
  request: Request,
  target: Target,
  {
    at,
    ...call
  }: { at: number; attempt: number; call: string; action: ActionName } & Record<string, unknown>,
): Promise<Pause | null> {
  const data = { ...call, account_id: request.plan.accountId, plan_hash: request.planHash };
  await appendAudit(trx, auditOfUser(request, target, { at, actor: BOT, event: "call.sent", data }));
  return readPause(trx);
}

/** Does the approval hold? Of several that have begun, one who is protected by now is left out, and the others go on. */
function judge(at: number, request: Request, { target }: TargetRow, standing: Standing): Judged {
  const facts: Facts = { ...standing.facts, request, now: at };
  if (othersOf(request.plan).length === 0 || request.status === "approved") return judgeExecution(facts);
  return judgeTargets(facts, [target])?.kind === "void"
    ? { kind: "protected" }
    : judgeExecution(facts, [target]);
}

type Judged = ExecutionVerdict | { kind: "protected" };

/** Whether another request changed something of this user after they were read: epoch milliseconds. */
async function isCalledSince(trx: Writer, target: Target, id: string, readAt: number): Promise<boolean> {
  // Someone who is to be created has no id, and nobody else has changed anything of them.
  if (target.id === "") return false;
  const other = await trx
    .selectFrom("request_targets")
    .select("request_id")
    .where("target_id", "=", target.id)
    .where("request_id", "!=", id)
    .where("answered_at", ">=", readAt)
    .executeTakeFirst();
  return other !== undefined;
}

/** What gives access back is void once the user was contained after it was asked for. */
async function findContainmentSince(
  trx: Writer,
  request: Request,
  { target }: TargetRow,
): Promise<Extract<Refusal, { kind: "void" }> | null> {
  if (actionOf(request.plan).voidsAfterContainment !== true) return null;
  const later = await trx
    .selectFrom("request_targets")
    .innerJoin("requests", "requests.id", "request_targets.request_id")
    .select("requests.id")
    .where("request_targets.target_id", "=", target.id)
    .where("requests.action", "in", actionsThat("takes"))
    .where("request_targets.state", "in", ["sending", "sent", "done", "failed"])
    .where("request_targets.sent_at", "is not", null)
    .where((eb) =>
      eb.or([
        eb("requests.started_at", ">", request.createdAt),
        eb("request_targets.sent_at", ">", request.createdAt),
      ]),
    )
    .executeTakeFirst();
  if (later === undefined) return null;
  return {
    kind: "void",
    why: `${later.id} took this user's access away after this was requested`,
    next: "Check the user, then request it again if they should get access back.",
  };
}
