import type { Request } from "../../requests/request.ts";
import type { Target } from "../../requests/target.ts";
import type { TargetRow } from "../../requests/targets.ts";
import type { Standing } from "../chips.ts";
import type { IncidentFacts } from "../facts.ts";
import type { Gap } from "../gaps.ts";
import type { IncidentEntry } from "../incident.ts";
import { notesOf, type Note as FollowedNote } from "../notes.ts";

/** A request of an incident, with each of the people it is about. */
export interface StoryRequest {
  request: Request;
  headline: string;
  targets: TargetRow[];
}

/** All that an incident's story is made of, as it was read. */
export interface StoryFacts extends IncidentFacts {
  /** Who belonged to it and was removed. */
  removed: Target[];
  /** The oldest first. */
  entries: IncidentEntry[];
  /** Every request that belongs to it, the oldest first. */
  told: StoryRequest[];
}

/** What the story comes to, the most pressing first. */
export type StoryVerdict =
  | "closed"
  | "closed-with-gaps"
  | "contained"
  /** Someone signed in again after a verified revocation. */
  | "back"
  | "not-contained"
  /** No required gap is open, and some are unknown. */
  | "unknown";

/** Times are milliseconds; null: it did not happen. */
export interface Figures {
  toFirstContainment: number | null;
  toContainment: number | null;
  toClose: number | null;
  requests: number;
  /** Done, and seen to be so. */
  verified: number;
  /** Accepted by Cloudflare, and not seen to be done. */
  unconfirmed: number;
  denied: number;
  failed: number;
  /** Cancelled, expired or voided: nothing was done. */
  dropped: number;
  /** Not over yet. */
  open: number;
  breakGlass: number;
  /** How often it was no longer contained. */
  reopenings: number;
  notes: number;
}

export interface Note {
  at: number;
  /** Who wrote it, and who added it where that is someone else. */
  by: string;
  addedBy: string | null;
  text: string;
}

/** An incident's story as data: views draw it, the export holds it. */
export interface Story extends StoryFacts {
  /** Epoch milliseconds: as it stood then. */
  at: number;
  verdict: StoryVerdict;
  /** The people with a gap that the policy calls required, those with an open one first. */
  concerned: Target[];
  /** What is left of everyone: open and unknown gaps. */
  gaps: { target: Target; gap: Gap; isRequired: boolean }[];
  notes: Note[];
  figures: Figures;
}

/** Tells an incident's story from its facts. Pure; what was not read is an unknown gap in it, never a closed one. */
export function tellStory(facts: StoryFacts, at: number): Story {
  const { people, required, entries } = facts;
  const gaps = people.flatMap(({ person: { target }, state }) =>
    state.gaps.map((gap) => ({ target, gap, isRequired: required.includes(gap.kind) })),
  );
  const concerned = people
    .filter(({ state }) => state.gaps.some(({ kind }) => required.includes(kind)))
    .toSorted((a, b) => Number(isOpen(b.state.gaps)) - Number(isOpen(a.state.gaps)))
    .map(({ person }) => person.target);
  const notes = notesOf(entries).flatMap(toldNote);
  return {
    ...facts,
    people: people.toSorted(
      (a, b) => STANDINGS.indexOf(a.state.standing) - STANDINGS.indexOf(b.state.standing),
    ),
    at,
    verdict: judgeStory(facts, concerned.length > 0),
    concerned,
    gaps,
    notes,
    figures: countFigures(facts, notes.length),
  };
}

/** The most pressing first. */
const STANDINGS: readonly Standing[] = ["back", "open", "unknown", "in-progress", "waiting", "contained"];

function isOpen(gaps: readonly Gap[]): boolean {
  return gaps.some(({ is }) => is === "open");
}

function judgeStory({ incident, people, required, isContained }: StoryFacts, hasGaps: boolean): StoryVerdict {
  if (incident.status === "closed") return hasGaps ? "closed-with-gaps" : "closed";
  if (isContained) return "contained";
  if (people.some(({ state }) => state.standing === "back")) return "back";
  const isLeft = people.some(({ state }) =>
    state.gaps.some(({ kind, is }) => is === "open" && required.includes(kind)),
  );
  return isLeft || people.length === 0 ? "not-contained" : "unknown";
}

/** Of a note that was taken back nothing is told; what its author deleted in Slack stays in the record alone. */
function toldNote({ at, actor, author = actor, note, state }: FollowedNote): Note[] {
  if (state === "withdrawn") return [];
  const text = state === "deleted" ? "(deleted in Slack; the audit record keeps it)" : note;
  return [{ at, by: author, addedBy: author === actor ? null : actor, text }];
}

function countFigures({ incident, told, entries }: StoryFacts, notes: number): Figures {
  const { openedAt, firstContainedAt, containedAt, closed } = incident;
  const since = (at: number | null) => (at === null ? null : at - openedAt);
  const count = (is: (request: Request) => boolean) => told.filter(({ request }) => is(request)).length;
  const isConfirmed = ({ result }: Request) => result.verification?.confirmed === true;
  return {
    toFirstContainment: since(firstContainedAt),
    toContainment: since(containedAt),
    toClose: since(closed?.at ?? null),
    requests: told.length,
    verified: count((one) => one.status === "succeeded" && isConfirmed(one)),
    unconfirmed: count((one) => one.status === "succeeded" && !isConfirmed(one)),
    denied: count(({ status }) => status === "denied"),
    failed: count(({ status }) => status === "failed"),
    dropped: count(({ status }) => status === "cancelled" || status === "expired" || status === "voided"),
    open: count(({ status }) => OPEN.has(status)),
    breakGlass: count(({ breakGlass }) => breakGlass !== null),
    reopenings: entries.filter(({ data }) => data["event"] === "incident.not-contained").length,
    notes,
  };
}

const OPEN: ReadonlySet<string> = new Set(["pending", "approved", "executing", "unknown"]);
