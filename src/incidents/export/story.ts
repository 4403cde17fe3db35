import type { Verification } from "../../actions/define.ts";
import type { ChainedRow, Link } from "../../audit/chain.ts";
import { newestVotes } from "../../requests/request.ts";
import type { Target } from "../../requests/target.ts";
import type { IncidentEntry } from "../incident.ts";
import { keyOfNote, noteOf } from "../notes.ts";
import type { Figures, Story, StoryRequest, StoryVerdict } from "../summary/story.ts";

/** A moment in UTC, ISO 8601. */
type Time = string;

/** Who did something, a Slack user id, and when. */
interface By {
  by: string;
  at: Time;
}

/** What an export holds besides the record's rows: plain data that its hash is made of, and that reads without zt-bot. */
export interface ExportStory {
  incident: {
    id: string;
    title: string;
    status: "open" | "closed";
    severity: number;
    owner: string | null;
    opened: By;
    closed: By | null;
    first_contained_at: Time | null;
    contained_at: Time | null;
  };
  exported: By;
  verdict: StoryVerdict;
  figures: Figures;
  people: ExportPerson[];
  removed: Target[];
  requests: ExportRequest[];
  /** The story in its order. */
  entries: (Omit<IncidentEntry, "at" | "key"> & { at: Time })[];
  /** The names of the Slack users in it, as far as Slack said them. */
  names: Record<string, string>;
  record: {
    /** The newest row of the record when this was read. */
    up_to: number;
    /** Each row about this incident and its requests. */
    rows: Link[];
    /** Rows before this one were archived, and are not in here; null: none were. */
    archived_before: number | null;
  };
}

interface ExportPerson extends Target {
  standing: string;
  added_at: Time;
  /** When Cloudflare was last read for them; null: never. */
  read_at: Time | null;
  gaps: { kind: string; is: "open" | "unknown"; words: string; is_required: boolean }[];
}

export interface ExportRequest {
  id: string;
  action: string;
  headline: string;
  reason: string;
  requested: By;
  status: string;
  approvals: By[];
  decided: By | null;
  decision_reason: string | null;
  break_glass: (By & { reason: string }) | null;
  /** Calls that were sent to Cloudflare, and those of them without a clear answer that it was done; older exports do not say. */
  calls?: { sent: number; failed: number };
  review: (By & { verdict: string; note: string }) | null;
  outcome: ExportOutcome;
  /** `attempts`: calls, and looks after an unclear one that told nothing; older exports do not say. */
  people: (Target & { state: string; attempts?: number; sent_at: Time | null; outcome: ExportOutcome })[];
}

/** What came of it: what was seen and whether that verifies it, or why it failed. */
interface ExportOutcome {
  seen: string | null;
  verified_at: Time | null;
  failed: string | null;
}

interface ExportInput {
  story: Story;
  exported: { by: string; at: number };
  /** A gap in plain words. */
  gapWords(gap: Story["gaps"][number]["gap"]): string;
  names: Record<string, string>;
  /** The record's rows about it. */
  rows: readonly Pick<ChainedRow, "request_id" | "event" | "data">[];
  record: ExportStory["record"];
}

/** The plain data of an export. Pure. */
export function exportStory({ story, exported, gapWords, names, rows, record }: ExportInput): ExportStory {
  const { incident, people, removed, entries, told, verdict, figures, required } = story;
  return {
    incident: {
      id: incident.id,
      title: incident.title,
      status: incident.status,
      severity: incident.severity,
      owner: incident.owner,
      opened: { by: incident.openedBy, at: iso(incident.openedAt) },
      closed: byOf(incident.closed),
      first_contained_at: isoOr(incident.firstContainedAt),
      contained_at: isoOr(incident.containedAt),
    },
    exported: { by: exported.by, at: iso(exported.at) },
    verdict,
    figures,
    people: people.map(({ person, state }) => ({
      ...person.target,
      standing: state.standing,
      added_at: iso(person.addedAt),
      read_at: isoOr(person.seen?.readAt ?? null),
      gaps: state.gaps.map((gap) => ({
        kind: gap.kind,
        is: gap.is,
        words: gapWords(gap),
        is_required: required.includes(gap.kind),
      })),
    })),
    removed,
    requests: told.map((one) => requestOf(one, rows)),
    entries: foldNotes(entries).map(({ seq, kind, at, actor, requestId, data }) => ({
      seq,
      kind,
      at: iso(at),
      actor,
      requestId,
      data,
    })),
    names,
    record,
  };
}

/**
 * Notes as they are now: of one that was deleted or taken back its text is in none of the entries. What was written first
 * stays in the record's rows.
 */
function foldNotes(entries: readonly IncidentEntry[]): IncidentEntry[] {
  const amendments = Map.groupBy(
    entries.filter(({ kind }) => kind === "amendment"),
    (entry) => keyOfNote(entry.key),
  );
  return entries.map((entry) => {
    const { kind, data } = entry;
    if (kind === "amendment") return { ...entry, data: { event: data["event"] } };
    const now = kind === "note" ? noteOf([entry, ...(amendments.get(entry.key) ?? [])]) : null;
    if (now === null || now.state === "noted") return now === null ? entry : withNote(entry, now.note);
    return withNote(entry, now.state === "edited" ? now.note : undefined, now.state);
  });
}

function withNote(entry: IncidentEntry, note: string | undefined, state?: string): IncidentEntry {
  const { note: _before, ...data } = entry.data;
  return {
    ...entry,
    data: { ...data, ...(note !== undefined && { note }), ...(state !== undefined && { state }) },
  };
}

function requestOf({ request, headline, targets }: StoryRequest, rows: ExportInput["rows"]): ExportRequest {
  const { breakGlass, review, result } = request;
  return {
    id: request.id,
    action: request.plan.action,
    headline,
    reason: request.reason,
    requested: { by: request.requesterId, at: iso(request.createdAt) },
    status: request.status,
    approvals: newestVotes(request.votes).map(({ by, at }) => ({ by, at: iso(at) })),
    decided:
      request.decidedBy === null || request.decidedAt === null
        ? null
        : { by: request.decidedBy, at: iso(request.decidedAt) },
    decision_reason: request.decisionReason,
    break_glass:
      breakGlass === null ? null : { by: breakGlass.by, at: iso(breakGlass.at), reason: breakGlass.reason },
    review:
      review === null
        ? null
        : { by: review.by, at: iso(review.at), verdict: review.verdict, note: review.note },
    calls: countCalls(rows.filter((row) => row.request_id === request.id)),
    outcome: outcomeOf(result.verification, result.failure?.why),
    people: targets.map(({ target, state, attempts, sentAt, outcome, note }) => ({
      ...target,
      state,
      attempts,
      sent_at: isoOr(sentAt),
      outcome: outcomeOf(outcome.verification, outcome.failure?.why ?? note ?? undefined),
    })),
  };
}

function countCalls(rows: ExportInput["rows"]): { sent: number; failed: number } {
  const sent = rows.filter(({ event }) => event === "call.sent").length;
  const isDone = ({ event, data }: (typeof rows)[number]) =>
    event === "call.answered" && (JSON.parse(data) as { ok?: unknown }).ok === true;
  // Some may have been archived.
  return { sent, failed: Math.max(0, sent - rows.filter(isDone).length) };
}

function outcomeOf(verification: Verification | undefined, failed: string | undefined): ExportOutcome {
  return {
    seen: verification?.summary ?? null,
    verified_at: verification?.confirmed === true ? iso(verification.checkedAt) : null,
    failed: failed ?? null,
  };
}

/** Every Slack user whom the story names. */
export function actorsOf({ incident, entries, told }: Story, exportedBy: string): string[] {
  const ids = [
    exportedBy,
    incident.openedBy,
    incident.owner,
    incident.closed?.by,
    ...entries.flatMap(({ actor, data }) => [actor, data["author"], data["owner"]]),
    ...told.flatMap(({ request }) => [
      request.requesterId,
      request.decidedBy,
      request.breakGlass?.by,
      request.review?.by,
      ...request.votes.map(({ by }) => by),
    ]),
  ];
  return [...new Set(ids.filter((id): id is string => typeof id === "string" && /^[UW][A-Z0-9]+$/.test(id)))];
}

function byOf(done: { by: string; at: number } | null): By | null {
  return done === null ? null : { by: done.by, at: iso(done.at) };
}

function isoOr(at: number | null): Time | null {
  return at === null ? null : iso(at);
}

function iso(at: number): Time {
  return new Date(at).toISOString();
}
