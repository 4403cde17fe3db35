import { appendAudit, storable } from "../audit/append.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Db } from "../store/open.ts";
import { transact } from "../store/transact.ts";
import { followRequest } from "../incidents/requests.ts";
import { addTargets } from "./targets.ts";
import { changeRequest, type Condition } from "./change.ts";
import { createRequestId, hashPlan, targetsOf, type Plan } from "./plan.ts";
import { addPosts, type NewPost } from "./posts.ts";
import { hashEvidence } from "./proof.ts";
import { fromRow, type Request } from "./request.ts";

export interface NewRequest {
  teamId: string;
  plan: Plan;
  evidence: UserSummary | null;
  requesterId: string;
  originChannel: string;
  cardChannel: string;
  reason: string;
  isProtected: boolean;
  /** When who has not answered is reminded first; null: never. */
  nudgeAt: number | null;
  /** For the record: see approvals/audit-context.ts. */
  auditContext?: Record<string, unknown>;
  at: number;
  expiresAt: number;
  posts: NewPost[];
}

/** Another request with the very same plan is open. */
export class AlreadyOpenError extends Error {
  override readonly name = "AlreadyOpenError";
}

/**
 * Writes a pending request, its audit row and its first messages in one transaction.
 * @throws AlreadyOpenError, also for the later of two who ask at once: see findOpen.
 */
export async function insertRequest(db: Db, input: NewRequest): Promise<Request> {
  return transact(db, async (trx) => {
    const planHash = hashPlan(input.plan);
    // The record has to say the same of it as the table.
    const reason = storable(input.reason);
    const row = await trx
      .insertInto("requests")
      .values({
        id: createRequestId(),
        team_id: input.teamId,
        action: input.plan.action,
        plan: canonicalJson(input.plan),
        plan_hash: planHash,
        evidence: JSON.stringify(input.evidence),
        target_id: input.plan.target.id,
        target_email: input.plan.target.email,
        requester_id: input.requesterId,
        origin_channel: input.originChannel,
        reason,
        status: "pending",
        result: null,
        created_at: input.at,
        expires_at: input.expiresAt,
        decided_at: null,
        decided_by: null,
        decision_reason: null,
        started_at: null,
        finished_at: null,
        version: 1,
        card_version: 0,
        card_channel: input.cardChannel,
        card_ts: null,
        card_attempted_at: null,
        publishing_until: null,
        is_protected: input.isProtected ? 1 : 0,
        once: 1,
        nudge_at: input.nudgeAt,
        trouble: null,
        trouble_since: null,
      })
      // The one constraint that a new request can meet: its id is random.
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new AlreadyOpenError(`a request with the plan ${planHash} is open`);
    const request = fromRow(row);
    await addTargets(trx, request.id, targetsOf(input.plan));
    const created = { event: "request.created", actor: input.requesterId, at: input.at } as const;
    await followRequest(trx, request, created);
    await appendAudit(trx, {
      teamId: input.teamId,
      requestId: request.id,
      ...created,
      data: {
        plan: input.plan,
        plan_hash: planHash,
        reason,
        evidence_hash: hashEvidence(input.evidence),
        expires_at: input.expiresAt,
        ...(input.isProtected ? { protected: true } : {}),
        ...input.auditContext,
        channel: input.originChannel,
      },
    });
    await addPosts(trx, request.id, input.at, input.posts);
    return request;
  });
}

export async function readRequest(db: Db, id: string): Promise<Request | null> {
  const row = await db.selectFrom("requests").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Shows every request that waits again: what its card says of the policy may have changed. */
export async function touchPending(db: Db, at: number): Promise<void> {
  const rows = await db.selectFrom("requests").select("id").where("status", "=", "pending").execute();
  const isPending: Condition = (eb) => eb("status", "=", "pending");
  for (const { id } of rows) await changeRequest(db, { id, at, where: isPending });
}
