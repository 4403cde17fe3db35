import type { BlockBaseline } from "../actions/block/call.ts";
import type { FrozenList } from "../actions/block/options.ts";
import type { RevokeBaseline } from "../actions/revoke/call.ts";
import { appendAudit, BOT } from "../audit/append.ts";
import { auditOfUser, type Writer } from "../requests/change.ts";
import type { Plan } from "../requests/plan.ts";
import { addPosts, type NewPost } from "../requests/posts.ts";
import type { ProofRow } from "../requests/proof.ts";
import { readRequest } from "../requests/repository.ts";
import type { Request } from "../requests/request.ts";
import { readTargets } from "../requests/targets.ts";

/** A block that ends by itself: docs/adr/0029-blocks-that-end.md. */
export interface BlockEnd {
  requestId: string;
  listId: string;
  /** In lower case. */
  email: string;
  /** When the approval says that it ends, epoch milliseconds. */
  endsAt: number;
  dueAt: number;
  isOpen: boolean;
  attempts: number;
}

/**
 * What follows from a block or an unblock that succeeded, in the transaction that says so: earlier ends of the same
 * block no longer count, and one that was approved with this block is written down, with the row of the record that
 * proves it.
 */
export async function noteBlockEnd(trx: Writer, request: Request, at: number): Promise<void> {
  const { plan } = request;
  const listId = listOf(plan);
  if (request.status !== "succeeded" || listId === null) return;
  // Revoked though the list refused them: nothing about the list is new.
  if (plan.action === "revoke" && (await wasListRefused(trx, request.id))) return;
  const email = plan.target.email.trim().toLowerCase();
  const earlier = await readOpen(trx, listId, email);
  const forMs = forMsOf(plan);
  const endsAt = forMs === undefined ? null : (request.startedAt ?? at) + forMs;
  for (const { requestId } of earlier) {
    const old = await readRequest(trx, requestId);
    if (old === null) continue;
    const isUnblocked = plan.action === "unblock";
    await closeBlockEnd(trx, old, { at, why: isUnblocked ? "unblocked" : "replaced", by: request.id }, [
      {
        key: "block-replaced",
        surface: "thread",
        data: { kind: "block-replaced", by: request.id, isUnblocked, until: endsAt },
      },
    ]);
  }
  const was = plan.action === "unblock" ? undefined : earlier.at(-1)?.endsAt;
  if (endsAt === null) {
    const data = was === undefined ? null : ({ kind: "block-without-end", was } as const);
    if (data !== null) await addPosts(trx, request.id, at, [{ key: data.kind, surface: "thread", data }]);
    return;
  }
  const [row] = await readTargets(trx, request.id, { limit: 1 });
  const baseline = baselineOf(plan, row?.baseline ?? null);
  // Someone else put them there, or may have: that is not taken back by a time that was approved for this block.
  if (baseline === null || (baseline.isListed && earlier.length === 0)) {
    const data = { kind: "block-stays", until: endsAt, isUnknown: baseline === null } as const;
    await addPosts(trx, request.id, at, [{ key: "block-stays", surface: "thread", data }]);
    return;
  }
  await trx
    .insertInto("block_ends")
    .values({
      request_id: request.id,
      list_id: listId,
      email,
      ends_at: endsAt,
      due_at: endsAt,
      state: "open",
    })
    .onConflict((conflict) => conflict.column("request_id").doNothing())
    .execute();
  await addPosts(trx, request.id, at, [
    {
      key: "block-until",
      surface: "thread",
      data: { kind: "block-until", until: endsAt, ...(was !== undefined && { was }) },
    },
  ]);
  const data = { list: listId, ends_at: endsAt, plan_hash: request.planHash };
  await appendAudit(trx, auditOfUser(request, plan.target, { at, actor: BOT, event: "block.timed", data }));
}

/** The list that a plan changes; null where it changes none. */
export function frozenListOf(plan: Plan): Pick<FrozenList, "id" | "name"> | null {
  if (plan.action === "block" || plan.action === "unblock") return plan.options.list;
  return plan.action === "revoke" ? (plan.options.block ?? null) : null;
}

function listOf(plan: Plan): string | null {
  return frozenListOf(plan)?.id ?? null;
}

/** How long a plan's block lasts; undefined: until someone unblocks them, or it is none. */
function forMsOf(plan: Plan): number | undefined {
  if (plan.action === "block") return plan.options.forMs;
  return plan.action === "revoke" ? plan.options.blockForMs : undefined;
}

/** Whether they were on the list before; null: unknown. */
function baselineOf(plan: Plan, baseline: unknown): BlockBaseline | null {
  return plan.action === "revoke"
    ? ((baseline as RevokeBaseline | null)?.listed ?? null)
    : (baseline as BlockBaseline | null);
}

/** Whether the last answer was a list that refused them while their sessions ended. */
async function wasListRefused(trx: Writer, requestId: string): Promise<boolean> {
  const row = await trx
    .selectFrom("audit")
    .select("data")
    .where("request_id", "=", requestId)
    .where("event", "=", "call.answered")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined && (JSON.parse(row.data) as { refused_step?: string }).refused_step !== undefined;
}

/** The end is over, however: written with its row of the record and what is told of it. */
export async function closeBlockEnd(
  trx: Writer,
  request: Request,
  { at, ...data }: { at: number; why: string; by?: string; findings?: readonly string[] },
  posts: readonly NewPost[],
): Promise<void> {
  await trx.updateTable("block_ends").set({ state: "ended" }).where("request_id", "=", request.id).execute();
  await addPosts(trx, request.id, at, posts);
  const entry = { at, actor: BOT, event: "block.ended", data } as const;
  await appendAudit(trx, auditOfUser(request, request.plan.target, entry));
}

async function readOpen(trx: Writer, listId: string, email: string): Promise<BlockEnd[]> {
  const rows = await trx
    .selectFrom("block_ends")
    .selectAll()
    .where("list_id", "=", listId)
    .where("email", "=", email)
    .where("state", "=", "open")
    .orderBy("ends_at")
    .execute();
  return rows.map(fromRow);
}

export async function readBlockEnd(db: Writer, requestId: string): Promise<BlockEnd | null> {
  const row = await db
    .selectFrom("block_ends")
    .selectAll()
    .where("request_id", "=", requestId)
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

function fromRow(row: {
  request_id: string;
  list_id: string;
  email: string;
  ends_at: number;
  due_at: number;
  state: string;
  attempts: number;
}): BlockEnd {
  return {
    requestId: row.request_id,
    listId: row.list_id,
    email: row.email,
    endsAt: row.ends_at,
    dueAt: row.due_at,
    isOpen: row.state === "open",
    attempts: row.attempts,
  };
}

/**
 * Where the row of a block's end says something else than the record: that it was approved, carried out, by zt-bot
 * itself, and is not over. None where the record proves it.
 */
export function findEndContradictions(request: Request, end: BlockEnd, rows: readonly ProofRow[]): string[] {
  const timed = rows.findLast(({ event }) => event === "block.timed");
  const begun = rows.find(({ event }) => event === "request.executing");
  const { plan } = request;
  const forMs = forMsOf(plan);
  if (forMs === undefined || timed === undefined || begun === undefined)
    return ["the record has no block that ends by itself"];
  return [
    ...(request.status === "succeeded" ? [] : ["the block did not succeed"]),
    ...(rows.some(({ event }) => event === "block.ended") ? ["the record says that this block is over"] : []),
    ...(end.endsAt === begun.at + forMs && timed.data["ends_at"] === end.endsAt
      ? []
      : ["when the block ends is not what was approved"]),
    ...(end.listId === listOf(plan) &&
    timed.data["list"] === end.listId &&
    end.email === plan.target.email.trim().toLowerCase()
      ? []
      : ["whom it is about, or which list, is not what was approved"]),
  ];
}
