import type { KnownBlock, ModalView } from "@slack/types";

import type { AccessUser, ActiveSession } from "../api/cloudflare.ts";
import { bySoonestEnd, onApps } from "../lookup/facts.ts";
import { plural } from "../words.ts";
import { context, plain, section } from "./blocks.ts";
import { appNames } from "./session-table.ts";
import { escape, when } from "./text.ts";

const MAX_ROWS = 40;
/** A row takes up to 330 characters, a section 3,000. */
const ROWS_PER_SECTION = 8;
const MAX_APPS = 8;

/** All active sessions of a user, soonest to expire first. Slack draws tables in messages only. */
export function sessionsModal(user: AccessUser, sessions: readonly ActiveSession[], now: number): ModalView {
  const sorted = bySoonestEnd(sessions);
  const left = sorted.length - MAX_ROWS;
  return {
    type: "modal",
    title: plain("Active sessions", 24),
    close: plain("Close", 24),
    blocks:
      sorted.length === 0
        ? [
            section(`*${escape(user.email)}* has no active session (${when(now, "time")}).`),
            context("Whoever holds a token may still be let in for up to 30 seconds after a revocation."),
          ]
        : [
            section(
              `*${escape(user.email)}*: ${plural(sorted.length, "active session")}${onApps(sorted)} (${when(now, "time")})`,
            ),
            ...sessionRows(sorted.slice(0, MAX_ROWS)),
            ...(left > 0
              ? [
                  context(
                    `${plural(left, "session")} more ${left === 1 ? "is" : "are"} not shown: those that expire last`,
                  ),
                ]
              : []),
          ],
  };
}

function sessionRows(sessions: readonly ActiveSession[]): KnownBlock[] {
  const rows = sessions.map((session) => {
    const since = session.issuedAt === null ? "not said" : when(session.issuedAt);
    const until = session.expiresAt === null ? "not said" : when(session.expiresAt);
    return `• *${escape(appNames(session, MAX_APPS), 150)}*\n      since ${since}, until ${until}`;
  });
  const sections: KnownBlock[] = [];
  for (let at = 0; at < rows.length; at += ROWS_PER_SECTION)
    sections.push(section(rows.slice(at, at + ROWS_PER_SECTION).join("\n")));
  return sections;
}
