import { createHash } from "node:crypto";

import { subHours } from "date-fns/subHours";

import type { ActiveSession, FailedLogin, RiskScore } from "../api/cloudflare.ts";
import { plural } from "../words.ts";

/** What follows from a summary's data: pure, so that plans and views draw the same conclusions. */

/** The failed log-ins of the last 24 hours, newest first. */
export function recentFailures(failedLogins: readonly FailedLogin[], now: number): FailedLogin[] {
  const since = subHours(now, 24).getTime();
  return failedLogins
    .filter((login) => login.at !== null && login.at >= since)
    .toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

/** How many different applications these sessions are open on. One that has neither id nor name counts by itself. */
export function countApps(sessions: readonly ActiveSession[]): number {
  const apps = sessions.flatMap((session) => session.apps);
  return new Set(apps.map((app) => app.uid ?? app.name ?? app.hostname ?? app)).size;
}

/** ` on 5 apps`, to stand after a number of sessions; a session may be open before its first application is. */
export function onApps(sessions: readonly ActiveSession[]): string {
  const apps = countApps(sessions);
  return apps === 0 ? ", on no app yet" : ` on ${plural(apps, "app")}`;
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
