import type { Updateable } from "kysely";

import { appendAudit } from "../audit/append.ts";
import type { Db } from "../store/open.ts";
import type { RequestsTable } from "../store/schema.ts";
import { STOPPED_NOTE, stopWaiting } from "./bulk/targets.ts";
import { addPosts, type NewPost } from "./posts.ts";
import { fromRow, type Request, type Result, type Status } from "./request.ts";

/** From which states each state is reached. What is not written here cannot happen. */
const REACHED_FROM: Record<Exclude<Status, "pending">, readonly Status[]> = {
  approved: ["pending"],
  denied: ["pending"],
  cancelled: ["pending"],
  expired: ["pending"],
  executing: ["approved"],
  unknown: ["executing"],
  succeeded: ["executing", "unknown"],
  failed: ["executing", "unknown"],
};

export interface Transition {
  to: Exclude<Status, "pending">;
  actor: string;
  at: number;
  /** What the audit row holds beside the states. */
  data?: Record<string, unknown>;
  reason?: string;
  result?: Result;
  posts?: NewPost[];
}

/**
 * Moves a request to another state if it still is in one that leads there: one conditional UPDATE together with
 * its audit row and the messages that tell of it, in one transaction. Deadlines are part of the condition: a
 * decision at or after `expires_at` loses whatever the card in Slack still shows, and only then can it expire.
 * @returns the request as it now is, or null when somebody or something else was first.
 */
export async function moveRequest(db: Db, id: string, transition: Transition): Promise<Request | null> {
  return db.transaction().execute(async (trx) => {
    const update = trx
      .updateTable("requests")
      .set((eb) => ({ ...columnsOf(transition), version: eb("version", "+", 1) }))
      .where("id", "=", id)
      .where("status", "in", REACHED_FROM[transition.to])
      .$if(
        transition.to === "approved" || transition.to === "denied" || transition.to === "cancelled",
        (query) => query.where("expires_at", ">", transition.at),
      )
      .$if(transition.to === "expired", (query) => query.where("expires_at", "<=", transition.at))
      .returningAll();
    const row = await update.executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    await appendAudit(trx, {
      at: transition.at,
      teamId: request.teamId,
      requestId: id,
      actor: transition.actor,
      event: `request.${transition.to}`,
      data: {
        plan_hash: request.planHash,
        requester: request.requesterId,
        target: request.plan.target.email,
        target_id: request.plan.target.id,
        ...(transition.reason === undefined ? {} : { reason: transition.reason }),
        ...transition.data,
      },
    });
    await addPosts(trx, id, transition.at, transition.posts ?? []);
    return request;
  });
}

/**
 * Stops a request about several users, once: whoever was not touched yet is not going to be, from this write on.
 * The state stays: what is under way is finished, and then it ends by itself.
 * @returns the request as it now is, or null when it is over or was stopped before.
 */
export async function stopRequest(db: Db, id: string, actor: string, at: number): Promise<Request | null> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("requests")
      .set((eb) => ({ stopped_by: actor, stopped_at: at, version: eb("version", "+", 1) }))
      .where("id", "=", id)
      .where("status", "in", ["approved", "executing", "unknown"])
      .where("stopped_by", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const request = fromRow(row);
    await stopWaiting(trx, id, STOPPED_NOTE);
    await appendAudit(trx, {
      at,
      teamId: request.teamId,
      requestId: id,
      actor,
      event: "request.stopped",
      data: { plan_hash: request.planHash },
    });
    await addPosts(trx, id, at, [
      { key: "stopped", surface: "thread", data: { kind: "stopped", by: actor, at } },
    ]);
    return request;
  });
}

function columnsOf(transition: Transition): Updateable<RequestsTable> {
  const columns: Updateable<RequestsTable> = { status: transition.to };
  if (transition.result !== undefined) columns.result = JSON.stringify(transition.result);
  switch (transition.to) {
    case "approved":
    case "denied":
    case "cancelled":
    case "expired":
      return {
        ...columns,
        decided_at: transition.at,
        decided_by: transition.actor,
        decision_reason: transition.reason ?? null,
      };
    case "executing":
      return { ...columns, started_at: transition.at };
    case "succeeded":
    case "failed":
      return { ...columns, finished_at: transition.at };
    case "unknown":
      return columns;
  }
}
