import type { Kysely, Transaction } from "kysely";

import { actionOf } from "../actions/index.ts";
import type { Request, Status } from "../requests/request.ts";
import { isFinal } from "../requests/request.ts";
import type { TargetState } from "../requests/targets.ts";
import type { Database } from "../store/schema.ts";
import { changeReply, changeThread } from "../threads/thread.ts";
import type { PersonFacts, PersonRequest, PersonReturn } from "./gaps.ts";
import { addEntry, lockIncidents } from "./change.ts";

type Trx = Transaction<Database>;

/** What is told of a request in the threads of its people's incidents: no more than a reader needs to follow. */
const TOLD = new Set([
  "request.created",
  "request.approved",
  "request.denied",
  "request.cancelled",
  "request.expired",
  "request.voided",
  "request.held",
  "request.unknown",
  "request.stopped",
  "request.succeeded",
  "request.failed",
  "request.reviewed",
  "request.unproven",
  "block.ended",
]);

/** What an incident's head says of its open requests changes with these as well; its thread has no line of them. */
const SHOWN = new Set(["request.voted", "request.unheld", "request.executing"]);

/**
 * Tells the incidents of a request's people that it changed, in the transaction of that change: open ones that they
 * belong to now, and those that heard of the request before, also when they are closed by now. Before the record is
 * appended to, as its head is the last lock.
 */
export async function followRequest(
  trx: Trx,
  request: Request,
  { event, actor, at }: { event: string; actor: string; at: number },
): Promise<void> {
  const isTold = TOLD.has(event);
  if (!isTold && !SHOWN.has(event)) return;
  const ids = await findIncidentsOf(trx, request.id);
  // All of them before any thread: who changes an incident holds its row, and then wants its thread.
  await lockIncidents(trx, ids);
  if (!isTold) {
    for (const id of ids) await changeThread(trx, id, at);
    return;
  }
  const isOver = isFinal(request.status) || request.status === "unknown";
  // A review changes nothing of what was done.
  if (isOver && event !== "request.reviewed") await lookAgain(trx, ids, request.id, at);
  for (const id of ids) {
    const key = `${event}:${request.id}${event === "request.held" ? `:${at}` : ""}`;
    const data = { event, reason: request.decisionReason };
    if (!(await addEntry(trx, id, at, { key, kind: "request", actor, requestId: request.id, data })))
      continue;
    await changeThread(trx, id, at, [
      { key, data: { kind: "request", requestId: request.id, event, actor, at } },
    ]);
    const isVerified = event === "request.succeeded" && request.result.verification?.confirmed === true;
    if (isVerified && actionOf(request.plan).access === "takes")
      await trx
        .updateTable("incidents")
        .set({ first_contained_at: at })
        .where("id", "=", id)
        .where("first_contained_at", "is", null)
        .execute();
  }
}

/** The card is in Slack by now: the line that told of the request links to it. */
export async function linkCard(trx: Trx, request: Request): Promise<void> {
  const rows = await trx
    .selectFrom("incident_entries")
    .select(["incident_id", "key", "actor", "at", "data"])
    .where("request_id", "=", request.id)
    .execute();
  for (const { incident_id, key, actor, at, data } of rows) {
    const { event } = JSON.parse(data) as { event: string };
    await changeReply(trx, incident_id, {
      key,
      data: { kind: "request", requestId: request.id, event, actor, at },
    });
  }
}

async function findIncidentsOf(trx: Trx, requestId: string): Promise<string[]> {
  const [open, told] = [
    await trx
      .selectFrom("request_targets")
      .innerJoin("incident_people", "incident_people.target_id", "request_targets.target_id")
      .innerJoin("incidents", "incidents.id", "incident_people.incident_id")
      .select("incidents.id")
      .distinct()
      .where("request_targets.request_id", "=", requestId)
      .where("incident_people.removed_at", "is", null)
      .where("incidents.status", "=", "open")
      .execute(),
    await trx
      .selectFrom("incident_entries")
      .select("incident_id as id")
      .distinct()
      .where("request_id", "=", requestId)
      .execute(),
  ];
  return [...new Set([...open, ...told].map(({ id }) => id))];
}

async function lookAgain(trx: Trx, ids: readonly string[], requestId: string, at: number): Promise<void> {
  if (ids.length === 0) return;
  await trx
    .updateTable("incident_people")
    .set({ look_due: at })
    .where("incident_id", "in", ids)
    .where("removed_at", "is", null)
    .where("target_id", "in", (eb) =>
      eb.selectFrom("request_targets").select("target_id").where("request_id", "=", requestId),
    )
    .execute();
}

/** Requests about someone that were made so long before an incident was opened belong to it as well. */
export const BEFORE_MS = 24 * 60 * 60_000;

/** What happened about these people since a day before the incident was opened: of each, by their id. */
export async function readHistory(
  db: Kysely<Database> | Trx,
  targetIds: readonly string[],
  openedAt: number,
): Promise<(targetId: string) => Pick<PersonFacts, "requests" | "returns">> {
  const since = openedAt - BEFORE_MS;
  // One after another: a transaction has one connection.
  const requests = await readRequestsOf(db, targetIds, since);
  const returns = await readReturnsOf(db, targetIds, since);
  return (id) => ({ requests: requests.get(id) ?? [], returns: returns.get(id) ?? [] });
}

/** Their sign-ins that a watch saw. */
async function readReturnsOf(
  db: Kysely<Database> | Trx,
  targetIds: readonly string[],
  since: number,
): Promise<Map<string, PersonReturn[]>> {
  if (targetIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("watch_events")
    .innerJoin("watches", "watches.id", "watch_events.watch_id")
    .select(["watches.user_id", "watch_events.at", "watch_events.expected_by"])
    .where("watches.user_id", "in", targetIds)
    .where("watch_events.is_return", "=", 1)
    .where("watch_events.at", ">=", since)
    .execute();
  return Map.groupBy(
    rows.map((row) => ({ targetId: row.user_id, at: row.at, isExpected: row.expected_by !== null })),
    ({ targetId }) => targetId,
  );
}

async function readRequestsOf(
  db: Kysely<Database> | Trx,
  targetIds: readonly string[],
  since: number,
): Promise<Map<string, PersonRequest[]>> {
  if (targetIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("request_targets")
    .innerJoin("requests", "requests.id", "request_targets.request_id")
    .select([
      "request_targets.target_id",
      "request_targets.state",
      "request_targets.sent_at",
      "requests.id",
      "requests.action",
      "requests.status",
      "requests.created_at",
    ])
    .where("request_targets.target_id", "in", targetIds)
    .where("requests.created_at", ">=", since)
    .execute();
  return Map.groupBy(
    rows.map((row) => ({
      targetId: row.target_id,
      id: row.id,
      action: row.action,
      takesAccess: actionOf({ action: row.action as Request["plan"]["action"] }).access === "takes",
      status: row.status as Status,
      state: row.state as TargetState,
      createdAt: row.created_at,
      sentAt: row.sent_at,
    })),
    ({ targetId }) => targetId,
  );
}
