import { randomInt } from "node:crypto";

import type { Selectable } from "kysely";

import type { AccessUser } from "../api/cloudflare.ts";
import type { Target } from "../requests/target.ts";
import type { IncidentEntriesTable, IncidentPeopleTable, IncidentsTable } from "../store/schema.ts";
import type { PersonSeen, Said } from "./gaps.ts";

/** What a team works on together: some people, everything that is done about them, and notes; told in one thread. */
export interface Incident {
  id: string;
  teamId: string;
  title: string;
  status: "open" | "closed";
  severity: Severity;
  /** A Slack user id; null: no one owns it. */
  owner: string | null;
  channel: string;
  openedBy: string;
  openedAt: number;
  closed: { by: string; at: number } | null;
  /** When the first request that takes access away from one of its people was verified; null: none was. */
  firstContainedAt: number | null;
  /** Since when no required gap is left; null: one is, or it is unknown. */
  containedAt: number | null;
}

/** 1 is the worst. */
export const SEVERITIES = [1, 2, 3, 4] as const;
export type Severity = (typeof SEVERITIES)[number];
export const DEFAULT_SEVERITY: Severity = 3;

/** More are not read again and again, nor do they fit on one message. */
export const MAX_PEOPLE = 50;
export const MAX_TITLE = 120;
export const MAX_NOTE = 2000;

/** Someone an incident is about. */
export interface IncidentPerson {
  target: Target;
  /** Their row in Cloudflare's list of users when they were added. */
  profile: AccessUser;
  addedAt: number;
  /** null: nothing was read of them yet. */
  seen: PersonSeen | null;
  /** Who says that their account is disabled at the identity provider; null: no one does. */
  idpDisabled: Said | null;
}

/** Something that belongs to an incident's story. `data` depends on the kind. */
export interface IncidentEntry {
  seq: number;
  key: string;
  kind: "note" | "amendment" | "request" | "event";
  at: number;
  /** A Slack user id, or BOT. */
  actor: string;
  requestId: string | null;
  data: Record<string, unknown>;
}

/** As in requests' ids: no letter is taken for a digit. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** `INC-7K3M2`: short enough to say and to type on a phone, one in 33 million. */
export function createIncidentId(): string {
  return `INC-${Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("")}`;
}

/** Whether a word is an incident's id, in either case. */
export function isIncidentId(word: string): boolean {
  return /^INC-[0-9A-HJKMNP-TV-Z]{5}$/i.test(word);
}

/** What was typed as a severity, 1 to 4; null for anything else. */
export function readSeverity(typed: string): Severity | null {
  return SEVERITIES.find((one) => String(one) === typed.trim().replace(/^sev-?/i, "")) ?? null;
}

export function incidentOf(row: Selectable<IncidentsTable>): Incident {
  return {
    id: row.id,
    teamId: row.team_id,
    title: row.title,
    status: row.status === "closed" ? "closed" : "open",
    severity: SEVERITIES.find((one) => one === row.severity) ?? DEFAULT_SEVERITY,
    owner: row.owner,
    channel: row.channel,
    openedBy: row.opened_by,
    openedAt: row.opened_at,
    closed:
      row.closed_by === null || row.closed_at === null ? null : { by: row.closed_by, at: row.closed_at },
    firstContainedAt: row.first_contained_at,
    containedAt: row.contained_at,
  };
}

export function personOf(row: Selectable<IncidentPeopleTable>): IncidentPerson {
  return {
    target: { id: row.target_id, email: row.email, name: row.name },
    profile: JSON.parse(row.profile) as AccessUser,
    addedAt: row.added_at,
    seen: row.seen === null ? null : (JSON.parse(row.seen) as PersonSeen),
    idpDisabled:
      row.idp_disabled_by === null || row.idp_disabled_at === null
        ? null
        : { by: row.idp_disabled_by, at: row.idp_disabled_at },
  };
}

export function entryOf(row: Selectable<IncidentEntriesTable>): IncidentEntry {
  return {
    seq: row.seq,
    key: row.key,
    kind: row.kind as IncidentEntry["kind"],
    at: row.at,
    actor: row.actor,
    requestId: row.request_id,
    data: JSON.parse(row.data) as Record<string, unknown>,
  };
}
