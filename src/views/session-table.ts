import type { TableBlock } from "@slack/types";

import type { ActiveSession } from "../api/cloudflare.ts";
import { dateCell, table, textCell } from "./cells.ts";
import { duration, named } from "./text.ts";

/**
 * Sessions as a table, soonest to expire first: applications, since, until. Pass them sorted; `max` rows are
 * drawn and the caller says how many are left out. With `now` the time that each has left is said as well.
 */
export function sessionTable(sessions: readonly ActiveSession[], max: number, now?: number): TableBlock {
  return table(
    ["Apps", "Since", "Until"],
    sessions
      .slice(0, max)
      .map((session) => [
        textCell(appNames(session), 140),
        dateCell(session.issuedAt),
        dateCell(
          session.expiresAt,
          now === undefined || session.expiresAt === null
            ? {}
            : { after: ` (${timeLeft(session.expiresAt, now)})` },
        ),
      ]),
  );
}

/** The first three applications of a session by name, and how many more. */
export function appNames(session: ActiveSession): string {
  const names = session.apps.map((app) => named(app.name, named(app.hostname, "unnamed app", 40), 40));
  if (names.length === 0) return "no app yet";
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} +${names.length - 3}` : shown;
}

/** `3 h left`, or that it is over. */
export function timeLeft(expiresAt: number, now: number): string {
  return expiresAt <= now ? "over now" : `${duration(expiresAt - now)} left`;
}
