import { createHash } from "node:crypto";

import { subHours } from "date-fns/subHours";

import type { ActiveSession, FailedLogin, Registration, RiskScore } from "../api/cloudflare.ts";
import { plural } from "../pluralize.ts";
import type { Listed } from "./block-list.ts";
import type { Blocked, Part, UserSummary } from "./summary.ts";

/** What follows from a summary's data: pure, so that plans and views draw the same conclusions. */

/** Whether the block list keeps someone out: being on a list that nothing enforces is no block. null: unknown. */
export function isKeptOut({ isListed, enforcedBy }: Listed): boolean | null {
  if (!isListed || enforcedBy === "nothing") return false;
  return enforcedBy === "unknown" ? null : true;
}

/** A list that was changed takes effect everywhere within this time. */
const SPREADS_WITHIN_MS = 60_000;

/** Whether someone whom the list keeps out since then (null: unknown) signed in all the same, at this time. */
export function gotInThough(blockedSince: number | null, at: number): boolean {
  return blockedSince !== null && at - blockedSince > SPREADS_WITHIN_MS;
}

/** How they stand on the block list, where they were on it when the summary was read, and at this time still are; else null. */
export function listedIn(summary: UserSummary | null, at: number): Blocked | null {
  const { blocked } = summary ?? {};
  if (blocked?.ok !== true || !blocked.value.isListed) return null;
  const { until } = blocked.value;
  return until === null || until > at ? blocked.value : null;
}

/** The same where the list keeps them out. */
export function blockIn(summary: UserSummary | null, at: number): Blocked | null {
  const listed = listedIn(summary, at);
  return listed !== null && isKeptOut(listed) === true ? listed : null;
}

/** The failed sign-ins of the last 24 hours, newest first. Those without a time are not among them: see `undatedText`. */
export function recentFailures(failedLogins: readonly FailedLogin[], now: number): FailedLogin[] {
  const since = subHours(now, 24).getTime();
  return failedLogins
    .filter((login) => login.at !== null && login.at >= since)
    .toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

/** `, 2 without a time`, to stand after a number of failed sign-ins: each of them may be from today. */
export function undatedText(failedLogins: readonly FailedLogin[]): string {
  const undated = failedLogins.filter((login) => login.at === null).length;
  return undated === 0 ? "" : `, ${undated.toLocaleString("en-US")} without a time`;
}

/** How many different applications these sessions are open on. One that has neither id nor name counts by itself. */
export function countApps(sessions: readonly ActiveSession[]): number {
  const apps = sessions.flatMap((session) => session.apps ?? []);
  return new Set(apps.map((app) => app.uid ?? app.name ?? app.hostname ?? app)).size;
}

/** ` on 5 apps`, to stand after a number of sessions; a session may be open before its first application is. Nothing after none. */
export function onApps(sessions: readonly ActiveSession[]): string {
  if (sessions.length === 0) return "";
  const apps = countApps(sessions);
  const isAll = sessions.every((session) => session.apps !== null);
  if (apps === 0) return isAll ? ", on no app yet" : "";
  return ` on ${isAll ? "" : "at least "}${plural(apps, "app")}`;
}

/** `3 registered devices`; of a list that was cut only the least is known. */
export function countDevices(part: Part<Registration[]> & { ok: true }, one = "registered device"): string {
  return `${part.isComplete === false ? "more than " : ""}${plural(part.value.length, one)}`;
}

/** Soonest to expire first; those without an end come last. */
export function bySoonestEnd(sessions: readonly ActiveSession[]): ActiveSession[] {
  return sessions.toSorted(
    (a, b) => (a.expiresAt ?? Number.MAX_SAFE_INTEGER) - (b.expiresAt ?? Number.MAX_SAFE_INTEGER),
  );
}

export interface RiskEventGroup {
  /** Another one as soon as there is one more event of the kind: a judgement holds for what was looked at. */
  key: string;
  /** "unnamed event" where Cloudflare gives none. */
  name: string;
  count: number;
  /** Of the newest, epoch milliseconds. */
  lastAt: number | null;
  level: string | null;
}

/** Nobody judges more than this one by one, and no form has the room; the rarest are judged together. */
export const MAX_RISK_KINDS = 60;

/** Risk events of one kind together, the newest kind first: they are judged by kind, not one by one. */
export function groupRiskEvents(events: RiskScore["events"]): RiskEventGroup[] {
  const kinds = [...Map.groupBy(events, (event) => event.name ?? "unnamed event")]
    .map(([name, same]) => groupOf(name, same))
    .toSorted((a, b) => (b.lastAt ?? 0) - (a.lastAt ?? 0));
  if (kinds.length <= MAX_RISK_KINDS) return kinds;
  const shown = kinds.slice(0, MAX_RISK_KINDS - 1);
  const names = new Set(shown.map((kind) => kind.name));
  const rest = events.filter((event) => !names.has(event.name ?? "unnamed event"));
  return [...shown, groupOf(`${plural(kinds.length - shown.length, "other kind")} of events`, rest)];
}

function groupOf(name: string, same: RiskScore["events"]): RiskEventGroup {
  const newest = same.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0))[0];
  const seen = [name, ...same.map((event) => String(event.id ?? event.at)).toSorted()];
  return {
    key: createHash("sha256").update(JSON.stringify(seen)).digest("hex").slice(0, 12),
    name,
    count: same.length,
    lastAt: newest?.at ?? null,
    level: newest?.level ?? null,
  };
}
