import type { Selectable } from "kysely";

import type { UserSummary } from "../lookup/summary.ts";
import type { RequestsTable } from "../store/schema.ts";
import type { Verification } from "../actions/define.ts";
import { NewerRequestError } from "./newer-request.ts";
import { hashPlan, parsePlan, type Plan } from "./plan.ts";

export const STATUSES = [
  "pending",
  "approved",
  "denied",
  "cancelled",
  "expired",
  "voided",
  "executing",
  "unknown",
  "succeeded",
  "failed",
] as const;
export type Status = (typeof STATUSES)[number];

/** What came of the execution, as it grows. */
export interface Result {
  /** Cloudflare's acceptance of the call. */
  receipt?: { cfRay: string | null; at: number };
  verification?: Verification;
  /** Why it failed, in words for people. */
  failure?: { why: string; next: string };
  /** How far it is, where several users are meant. */
  bulk?: BulkProgress;
}

/** Counts of users; those that are in none of the groups are still to be done. */
export interface BulkProgress {
  total: number;
  /** Accepted by Cloudflare and seen to be so. */
  done: number;
  failed: number;
  /** Not touched, and not going to be. */
  untouched: number;
  /** When it is probably finished, epoch milliseconds; null when it is, or when nobody can tell. */
  endsAt: number | null;
  /** Waits for Cloudflare's rate limit until then (epoch milliseconds). */
  waitsUntil: number | null;
}

/** Somebody's agreement. */
export interface Vote {
  /** A Slack user id; everybody is of the home workspace, which is checked at the click. */
  by: string;
  at: number;
  /** The user id or user group by which the policy named them then. Absent in older ones. */
  via?: string;
  /** Why it is not known whether they are at risk themselves; absent when it is. */
  unchecked?: string;
  /** The authenticator whose code came with it; absent where none was asked for. */
  stepUp?: string;
}

/** Of each person the newest vote: what was given long ago may be given again. */
export function newestVotes(votes: readonly Vote[]): Vote[] {
  return votes.filter((vote, index) => !votes.slice(index + 1).some(({ by }) => by === vote.by));
}

/** What keeps an approved request from being carried out now. */
export interface Held {
  code: "paused" | "target-busy" | "unchecked" | "copy-behind";
  /** In words for people. */
  why: string;
  since: number;
}

/** Somebody acted alone. */
export interface BreakGlassUse {
  by: string;
  at: number;
  reason: string;
  /** As in a vote. */
  via?: string;
  /** Why it is not known whether they are at risk themselves; absent when it is. */
  unchecked?: string;
  /** As in a vote. */
  stepUp?: string;
}

/** What somebody else says afterwards of an action that one person did alone. */
export interface Review {
  by: string;
  at: number;
  verdict: "justified" | "not-justified";
  note: string;
}

export interface Request {
  id: string;
  teamId: string;
  plan: Plan;
  planHash: string;
  /** null for somebody who was only to be created. */
  evidence: UserSummary | null;
  requesterId: string;
  originChannel: string;
  reason: string;
  status: Status;
  result: Result;
  createdAt: number;
  expiresAt: number;
  decidedAt: number | null;
  decidedBy: string | null;
  decisionReason: string | null;
  startedAt: number | null;
  finishedAt: number | null;
  version: number;
  cardVersion: number;
  card: { channel: string; ts: string | null; attemptedAt: number | null };
  /** What keeps its messages from Slack (a code: see slackTroubleOf), and since when; absent otherwise. */
  deliveryFailure?: { code: string; since: number };
  /** Somebody stopped it while it was carried out; absent otherwise. */
  stop?: { by: string; at: number };
  /** In order; only ever added to. Whether they still count is judged each time. */
  votes: readonly Vote[];
  /** A target was protected when it was asked for. */
  isProtected: boolean;
  held: Held | null;
  /** Tokens of the leases on it: see lease.ts. */
  fences: { execution: number; publishing: number };
  /** How often in a row carrying it out ended in an error of ours. */
  failures: number;
  reminders: number;
  nudgeAt: number | null;
  escalatedAt: number | null;
  nobodyThereAt: number | null;
  breakGlass: BreakGlassUse | null;
  review: Review | null;
  reviewDue: number | null;
  /** Who signed in again since it took their access away, and was not expected to; null: no one was seen to. */
  back: Back | null;
}

/** `people`: how many of those whom a request is about; `since`: when the first of them came. */
export interface Back {
  since: number;
  people: number;
}

/** A row as the rest of the code knows it. @throws NewerRequestError, or Error that names the request when its plan cannot be read. */
export function fromRow(row: Selectable<RequestsTable>): Request {
  return {
    id: row.id,
    teamId: row.team_id,
    plan: readPlan(row),
    planHash: row.plan_hash,
    evidence: JSON.parse(row.evidence) as UserSummary | null,
    requesterId: row.requester_id,
    originChannel: row.origin_channel,
    reason: row.reason,
    status: row.status as Status,
    result: row.result === null ? {} : (JSON.parse(row.result) as Result),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    decisionReason: row.decision_reason,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    version: row.version,
    cardVersion: row.card_version,
    card: { channel: row.card_channel, ts: row.card_ts, attemptedAt: row.card_attempted_at },
    ...(row.trouble === null || row.trouble_since === null
      ? {}
      : { deliveryFailure: { code: row.trouble, since: row.trouble_since } }),
    ...(row.stopped_by === null || row.stopped_at === null
      ? {}
      : { stop: { by: row.stopped_by, at: row.stopped_at } }),
    votes: JSON.parse(row.votes) as Vote[],
    isProtected: row.is_protected === 1,
    held: row.held === null ? null : (JSON.parse(row.held) as Held),
    fences: { execution: row.execution_fence, publishing: row.publishing_fence },
    failures: row.execution_failures,
    reminders: row.reminders,
    nudgeAt: row.nudge_at,
    escalatedAt: row.escalated_at,
    nobodyThereAt: row.nobody_there_at,
    breakGlass: row.break_glass === null ? null : (JSON.parse(row.break_glass) as BreakGlassUse),
    review: row.review === null ? null : (JSON.parse(row.review) as Review),
    reviewDue: row.review_due,
    back: row.back === null ? null : (JSON.parse(row.back) as Back),
  };
}

/** The same, in a list: none for a request that is left to a newer version. */
export function fromRowIfKnown(row: Selectable<RequestsTable>): Request[] {
  try {
    return [fromRow(row)];
  } catch (error) {
    if (error instanceof NewerRequestError) return [];
    throw error;
  }
}

function readPlan({
  id,
  plan,
  plan_hash,
}: Pick<Selectable<RequestsTable>, "id" | "plan" | "plan_hash">): Plan {
  let stored: unknown;
  try {
    stored = JSON.parse(plan);
    return parsePlan(stored);
  } catch (error) {
    // It is as it was written: what wrote it knew more.
    if (stored !== undefined && hashPlan(stored) === plan_hash) throw new NewerRequestError(id, error);
    throw new Error(`the stored plan of request ${id} cannot be read`, { cause: error });
  }
}

/** Approved or begun, and kept from going on: what is not done yet can still be taken back. */
export function isHeldBack({ status, held }: Pick<Request, "status" | "held">): boolean {
  return held !== null && (status === "approved" || status === "executing" || status === "unknown");
}

/** Nothing more will happen to a request in one of these. */
export function isFinal(status: Status): boolean {
  return (
    status === "denied" ||
    status === "cancelled" ||
    status === "expired" ||
    status === "voided" ||
    status === "succeeded" ||
    status === "failed"
  );
}
