import { recordedRays, recordedReceipt } from "../actions/receipt.ts";
import { takeOffList } from "../actions/block/call.ts";
import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { appendAudit, BOT } from "../audit/append.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { findOpenIncidentsOf } from "../incidents/queries.ts";
import { followRequest } from "../incidents/requests.ts";
import { findOnList } from "../lookup/block-list.ts";
import type { Log } from "../log/log.ts";
import { auditOfUser, changeRequest, type Writer } from "../requests/change.ts";
import { LEASE_MS, takeLease, type Lease } from "../requests/lease.ts";
import { lockTarget, unlockTargets } from "../requests/locks.ts";
import { addPosts, type Meanwhile, type NewPost, type PostData } from "../requests/posts.ts";
import { findContradictions, readProof } from "../requests/proof.ts";
import type { Request } from "../requests/request.ts";
import { clockOf } from "../store/clock.ts";
import { transact } from "../store/transact.ts";
import {
  closeBlockEnd,
  findEndContradictions,
  frozenListOf,
  readBlockEnd,
  type BlockEnd,
} from "./block-ends.ts";
import { FRESH_MS, heldByCopy, recordSent, type PermitDeps } from "./permit.ts";

export interface EndBlockDeps extends PermitDeps {
  cloudflare: Cloudflare;
  log: Log;
  publish(request: Pick<Request, "id">): void;
}

const SOON_MS = 2000;
const HELD_MS = 15_000;
const MAX_WAIT_MS = 5 * 60_000;
/** So late, the thread says why. */
const LATE_MS = 60_000;
/** So late, it is left to people: what has stood for a day longer is no longer what was approved. */
const GIVE_UP_MS = 24 * 60 * 60_000;

/**
 * Ends a block at its time, as it was approved: takes the address off the list, and looks whether it is gone. Under the
 * request's lease, so that of all replicas one does it, and only where the record proves the approval, its time, and
 * that zt-bot put the address there. Safe at any step to be begun again.
 * @returns when to come back, epoch milliseconds; null when there is nothing to come back for.
 */
export async function endBlock(deps: EndBlockDeps, id: string): Promise<number | null> {
  const { db, now } = deps;
  const lease = await takeLease(db, "execution", id, now);
  if (lease === null) return null;
  let due: number | null = null;
  try {
    const end = await readBlockEnd(db, id);
    if (end?.isOpen === true && end.dueAt <= now()) due = await advance(deps, lease, end);
  } finally {
    await lease.release();
  }
  deps.publish({ id });
  return due;
}

/** Why nothing is sent now. */
class HeldError extends Error {
  override readonly name = "HeldError";
}

async function advance(deps: EndBlockDeps, lease: Lease, end: BlockEnd): Promise<number | null> {
  const { db, now, cloudflare } = deps;
  let sent: Sent | null;
  try {
    sent = await transact(db, (trx) => permitEnd(deps, trx, lease, end));
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
    return wait(deps, lease, end, error.message, HELD_MS);
  }
  if (sent === null) return null;
  const { request, attempt, isCurrent } = sent;
  const { plan } = request;
  const { listId } = end;
  const record = (data: Record<string, unknown>) =>
    appendAudit(
      db,
      auditOfUser(request, plan.target, {
        at: now(),
        actor: BOT,
        event: "call.answered",
        data: { attempt, ...data },
      }),
    );
  try {
    const receipt = await takeOffList(cloudflare, listId, plan.target.email, { isCurrent });
    await record(recordedReceipt(receipt));
    const left = await findOnList(cloudflare, listId, plan.target.email);
    if (left.length === 0) {
      const wasSo = receipt.wasSo === true && attempt === 1;
      await close(
        deps,
        lease,
        { why: wasSo ? "off the list before" : "time" },
        { kind: "block-end", at: now(), wasSo },
      );
      return null;
    }
    return await wait(deps, lease, end, "Cloudflare still shows them on the list", backOffMs(attempt));
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    const { kind, status, applied } = error;
    await record({ ok: false, error: kind, status, applied, ...recordedRays(error) });
    return wait(deps, lease, end, describeFailure(error).brief, backOffMs(attempt));
  }
}

function backOffMs(attempt: number): number {
  return Math.min(SOON_MS * 2 ** (attempt - 1), MAX_WAIT_MS);
}

interface Sent {
  request: Request;
  attempt: number;
  isCurrent(): boolean;
}

/**
 * May it be sent now? As permit.ts asks for a request's own call, in one transaction that records `call.sent` or writes
 * nothing. @returns null when it is over, which is told. @throws HeldError
 */
async function permitEnd(
  deps: EndBlockDeps,
  trx: Writer,
  lease: Lease,
  { requestId: id }: BlockEnd,
): Promise<Sent | null> {
  const at = deps.now();
  const set = { execution_until: clockOf(deps.db, at, LEASE_MS) };
  const request = await changeRequest(trx, { id, at, where: lease.isHeld, isShown: false, set });
  const end = await readBlockEnd(trx, id);
  if (request === null || end?.isOpen !== true) return null;
  const { plan } = request;
  const proof = await readProof(trx, id);
  const findings = [...findContradictions(request, proof), ...findEndContradictions(request, end, proof)];
  const list = frozenListOf(plan);
  if (findings.length > 0 || list === null) {
    await closeBlockEnd(trx, request, { at, why: "unproven", findings }, [
      { key: "block-end-unproven", surface: "thread", data: { kind: "unproven", at, findings } },
    ]);
    return null;
  }
  const behind = await heldByCopy(deps, trx);
  if (behind !== null && "why" in behind) throw new HeldError(behind.why);
  const holder = await lockTarget(trx, plan.target, id, at);
  if (holder !== id) throw new HeldError(`another request is working on the same user: ${holder}`);
  const attempt = end.attempts + 1;
  await trx.updateTable("block_ends").set({ attempts: attempt }).where("request_id", "=", id).execute();
  const call = `list “${list.name}”: remove ${plan.target.email}`;
  const by = "the end of the block";
  const pause = await recordSent(trx, request, plan.target, { at, attempt, call, action: "unblock", by });
  if (pause !== null) throw new HeldError(`zt-bot is paused: ${pause.reason}`);
  const [wall, ticks] = [deps.now(), performance.now()];
  return {
    request,
    attempt,
    isCurrent: () => Math.max(deps.now() - wall, performance.now() - ticks) < FRESH_MS,
  };
}

/** It is tried again, told once where it is late, and left to people after a day. */
async function wait(
  deps: EndBlockDeps,
  lease: Lease,
  { requestId: id, endsAt }: BlockEnd,
  why: string,
  afterMs: number,
): Promise<number | null> {
  const at = deps.now();
  if (at - endsAt > GIVE_UP_MS) {
    await close(deps, lease, { why: `given up: ${why}` }, { kind: "block-end-failed", at, why });
    return null;
  }
  const due = at + afterMs;
  await transact(deps.db, async (trx) => {
    const held = await changeRequest(trx, { id, at, where: lease.isHeld, isShown: false });
    if (held === null) return;
    await trx.updateTable("block_ends").set({ due_at: due }).where("request_id", "=", id).execute();
    await unlockTargets(trx, id);
    if (at - endsAt <= LATE_MS) return;
    const data = { kind: "block-end-late", at, why } as const;
    await addPosts(trx, id, at, [{ key: "block-end-late", surface: "thread", data }]);
  });
  return due;
}

async function close(
  { db, now }: EndBlockDeps,
  lease: Lease,
  data: { why: string },
  post: Extract<PostData, { kind: "block-end" | "block-end-failed" }>,
): Promise<void> {
  const { id } = lease.request;
  await transact(db, async (trx) => {
    const at = now();
    const request = await changeRequest(trx, { id, at, where: lease.isHeld });
    if (request === null) return;
    let said: PostData = post;
    if (post.kind === "block-end") {
      const meanwhile = await readMeanwhile(trx, request);
      if (meanwhile !== null) said = { ...post, meanwhile };
      await followRequest(trx, request, { event: "block.ended", actor: BOT, at });
    }
    await unlockTargets(trx, id);
    const told: NewPost[] = [
      { key: post.kind, surface: "thread", data: said },
      { key: `${post.kind}-dm`, surface: "dm", data: said },
    ];
    await closeBlockEnd(trx, request, { at, ...data }, told);
  });
}

/** Whether they were revoked again since the block was requested, or an incident about them is open; null: neither. */
async function readMeanwhile(trx: Writer, { id, createdAt, plan }: Request): Promise<Meanwhile | null> {
  const revoked = await trx
    .selectFrom("request_targets")
    .innerJoin("requests", "requests.id", "request_targets.request_id")
    .select(["requests.id", "request_targets.sent_at as at"])
    .where("request_targets.target_id", "=", plan.target.id)
    .where("request_targets.sent_at", "is not", null)
    .where("requests.action", "=", "revoke")
    .where("requests.id", "!=", id)
    .where("requests.created_at", ">=", createdAt)
    .orderBy("requests.created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  const incidents = await findOpenIncidentsOf(trx, plan.target.id);
  if (revoked === undefined && incidents.length === 0) return null;
  const { at = null } = revoked ?? {};
  return {
    revoked: revoked === undefined || at === null ? null : { id: revoked.id, at },
    incidents: incidents.map((one) => one.id),
  };
}
