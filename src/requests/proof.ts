import { createHash } from "node:crypto";

import type { Kysely, Transaction } from "kysely";

import { type ChainedRow, hashRow, START } from "../audit/chain.ts";
import { canonicalJson } from "../canonical-json.ts";
import { compact } from "../compact.ts";
import type { Database } from "../store/schema.ts";
import { hashPlan, planFor, targetsOf, type Plan } from "./plan.ts";
import type { Request, Status, Vote } from "./request.ts";
import type { TargetRow } from "./targets.ts";

/** A row of the record that says something of what a request may do. */
export interface ProofRow {
  seq: number;
  at: number;
  team_id: string | null;
  actor: string;
  event: string;
  data: Record<string, unknown>;
  /** Its hash is that of its content, and the rows beside it in the chain fit it. */
  isWhole: boolean;
}

/** Each state of a request, by the row that tells of it. */
const STATE_OF: Readonly<Record<string, Status>> = {
  "request.created": "pending",
  "request.approved": "approved",
  "request.denied": "denied",
  "request.cancelled": "cancelled",
  "request.expired": "expired",
  "request.voided": "voided",
  "request.executing": "executing",
  "request.unknown": "unknown",
  "request.succeeded": "succeeded",
  "request.failed": "failed",
};

/** The rows that prove a request; of several users, each call has rows as well, which are not among them. */
export const PROVING: readonly string[] = [
  ...Object.keys(STATE_OF),
  "request.voted",
  "request.stopped",
  "request.escalated",
  "request.reviewed",
  "request.unproven",
];

/**
 * The rows that prove one request, in their order, each held against its own content and the rows beside it. One
 * statement, so that nobody appends between the two. By an index: what it costs does not grow with the record.
 */
export async function readProof(
  db: Kysely<Database> | Transaction<Database>,
  requestId: string,
): Promise<ProofRow[]> {
  const rows = await db
    .selectFrom("audit")
    .leftJoin("audit as before", (join) =>
      join.on((eb) => eb("before.seq", "=", eb(eb.ref("audit.seq"), "-", 1))),
    )
    .leftJoin("audit as after", (join) =>
      join.on((eb) => eb("after.seq", "=", eb(eb.ref("audit.seq"), "+", 1))),
    )
    .leftJoin("audit_head as head", (join) => join.on("head.id", "=", 1))
    .selectAll("audit")
    .select([
      "before.hash as before_hash",
      "after.prev_hash as after_hash",
      "head.seq as head_seq",
      "head.hash as head_hash",
    ])
    .where("audit.request_id", "=", requestId)
    .where("audit.event", "in", PROVING)
    .execute();
  // Sorted here: asked to, SQLite would go through all rows of the request in their order instead.
  return rows
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ before_hash, after_hash, head_seq, head_hash, ...row }) => ({
      ...toProof(row),
      isWhole:
        hashRow(row) === row.hash &&
        row.prev_hash === (row.seq === 1 ? START.hash : before_hash) &&
        row.hash === (after_hash ?? (head_seq === row.seq ? head_hash : null)),
    }));
}

/** A row of a chain that is checked elsewhere. */
export function toProof({ seq, at, team_id, actor, event, data }: ChainedRow): ProofRow {
  return { seq, at, team_id, actor, event, data: parseData(data), isWhole: true };
}

/** What is no object was not written by zt-bot: it proves nothing. */
function parseData(text: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** How a request stands by the record; undefined where that says nothing of it. */
export function recordedState(rows: readonly ProofRow[]): Status | undefined {
  const last = rows.findLast(({ event }) => Object.hasOwn(STATE_OF, event));
  return last === undefined ? undefined : STATE_OF[last.event];
}

/** SHA-256 of what was known of the target when it was asked for: how many have to approve depends on it. */
export function hashEvidence(evidence: Request["evidence"]): string {
  return sha256(JSON.parse(JSON.stringify(evidence)));
}

function sha256(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/**
 * Where a request's row says something else than the record, in words; none where the record proves it. Anyone who can
 * write to the database can make a row say anything, and the record is what they can't rewrite without it showing.
 * What a row of an older version does not hold is not compared; a creation that is not in the record proves nothing.
 */
export function findContradictions(request: Request, rows: readonly ProofRow[]): string[] {
  const [created, ...again] = rows.filter(({ event }) => event === "request.created");
  if (created === undefined) return ["the record has no row that says it was asked for"];
  const broken = rows.find(({ isWhole }) => !isWhole);
  const state = recordedState(rows);
  return compact(
    broken !== undefined && `row ${broken.seq} of the record, which tells of it, is not as it was written`,
    again.length > 0 && "the record says twice that it was asked for",
    wrongPlan(request, created) && "its plan is not the one that was asked for",
    (created.actor !== request.requesterId || created.team_id !== request.teamId) &&
      "it was requested by someone else",
    (created.at !== request.createdAt || differs(created, "expires_at", request.expiresAt)) &&
      "its deadline is not the one it was given",
    differs(created, "reason", request.reason) && "its reason is not the one that was given",
    (created.data["protected"] === true) !== request.isProtected &&
      "whether its target is protected is not what was found when it was asked for",
    typeof created.data["evidence_hash"] === "string" &&
      created.data["evidence_hash"] !== hashEvidence(request.evidence) &&
      "what was known of its target is not what was read when it was asked for",
    isOther(rows, "request.escalated", request.escalatedAt) &&
      "when further people were asked is not what the record says",
    state !== request.status && `it stands as ${request.status}, and the record says ${state ?? "nothing"}`,
    wrongVotes(request, rows),
    wrongApproval(request, rows),
    wrongReview(request, rows) && "what was said of it afterwards is not in the record",
    isOther(rows, "request.stopped", request.stop?.at ?? null) &&
      "that it was stopped is not what the record says",
  );
}

function wrongPlan(request: Request, { data }: ProofRow): boolean {
  const { plan, plan_hash } = data;
  const recorded = compact<unknown>(plan_hash, plan !== undefined && sha256(plan));
  return (
    [hashPlan(request.plan), ...recorded].some((hash) => hash !== request.planHash) || recorded.length === 0
  );
}

function differs({ data }: ProofRow, name: string, value: unknown): boolean {
  return data[name] !== undefined && data[name] !== value;
}

/** Is the moment of the only such row another one; or is there one, and no moment, or the other way round? */
function isOther(rows: readonly ProofRow[], event: string, at: number | null): boolean {
  return (rows.find((row) => row.event === event)?.at ?? null) !== at;
}

/** Between the judgement of a click and its row in the record lies no more than this. */
const SLACK_MS = 60_000;

function isAbout(at: number, row: ProofRow): boolean {
  return Math.abs(at - row.at) <= SLACK_MS;
}

function isOfPlan({ planHash }: Request, { data }: ProofRow): boolean {
  return (data["plan_hash"] ?? planHash) === planHash;
}

function wrongVotes(request: Request, rows: readonly ProofRow[]): string[] {
  const cast = rows.filter(
    (row) =>
      row.event === "request.voted" || (row.event === "request.approved" && row.data["break_glass"] !== true),
  );
  const isProven = ({ by, at, via, stepUp }: Vote): boolean =>
    cast.some(
      (row) =>
        row.actor === by &&
        isAbout(at, row) &&
        (row.data["via"] ?? undefined) === via &&
        (row.data["step_up"] ?? undefined) === stepUp &&
        isOfPlan(request, row),
    );
  return request.votes
    .filter((vote) => !isProven(vote))
    .map(({ by }) => `the record has no approval by ${by} of this plan at that time`);
}

function wrongApproval(request: Request, rows: readonly ProofRow[]): string[] {
  const [approved, ...again] = rows.filter(({ event }) => event === "request.approved");
  const { breakGlass, decidedBy, decidedAt } = request;
  const isAlone = approved?.data["break_glass"] === true;
  const isSame =
    !isAlone ||
    (breakGlass !== null &&
      approved.actor === breakGlass.by &&
      isAbout(breakGlass.at, approved) &&
      !differs(approved, "reason", breakGlass.reason) &&
      (approved.data["via"] ?? undefined) === breakGlass.via &&
      (approved.data["step_up"] ?? undefined) === breakGlass.stepUp &&
      isOfPlan(request, approved));
  return compact(
    again.length > 0 && "the record says twice that it was approved",
    approved !== undefined &&
      (approved.actor !== decidedBy || approved.at !== decidedAt) &&
      "who approved it, or when, is not what the record says",
    (isAlone !== (breakGlass !== null) || !isSame) &&
      "the record differs about break-glass: whether, who and why",
  );
}

function wrongReview(request: Request, rows: readonly ProofRow[]): boolean {
  const reviewed = rows.find(({ event }) => event === "request.reviewed");
  const { review, reviewDue, breakGlass } = request;
  if (review === null) return reviewed !== undefined || (breakGlass !== null && reviewDue === null);
  return (
    reviewed === undefined ||
    reviewed.actor !== review.by ||
    !isAbout(review.at, reviewed) ||
    differs(reviewed, "verdict", review.verdict)
  );
}

/**
 * The same of the one user whom a call is about: they are the one of the plan, at that place, `plan` is what was
 * approved of them, and the record does not say that it was done already.
 */
export async function findContradictionsOfUser(
  db: Kysely<Database> | Transaction<Database>,
  request: Request,
  { position, target, state }: TargetRow,
  plan: Plan,
): Promise<string[]> {
  const planned = targetsOf(request.plan)[position];
  const isPlanned = planned !== undefined && canonicalJson(planned) === canonicalJson(target);
  if (!isPlanned) return [`user ${position + 1} of it is not the one who was asked for`];
  return compact(
    canonicalJson(plan) !== canonicalJson(planFor(request.plan, target)) &&
      "what would be sent is not the plan that was asked for",
    state === "waiting" &&
      (await wasAccepted(db, request.id, target.id)) &&
      `user ${position + 1} of it stands as not called for, and the record has the call and its answer`,
  );
}

async function wasAccepted(
  db: Kysely<Database> | Transaction<Database>,
  requestId: string,
  targetId: string,
): Promise<boolean> {
  const rows = await db
    .selectFrom("audit")
    .select(["event", "data"])
    .where("request_id", "=", requestId)
    .where("event", "in", ["call.answered", "call.reconciled"])
    // As in audit/search.ts: of several users only the rows of this one are read.
    .where("data", "like", `%"target_id":${JSON.stringify(targetId)}%`)
    .execute();
  return rows.some(({ event, data }) => event === "call.reconciled" || parseData(data)["ok"] === true);
}

/** Does the record say that anything was sent for this request? */
export async function wasCalled(db: Kysely<Database>, requestId: string): Promise<boolean> {
  const row = await db
    .selectFrom("audit")
    .select("seq")
    .where("request_id", "=", requestId)
    .where("event", "=", "call.sent")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
