import type { AccessUser, ActiveSession } from "../api/cloudflare.ts";
import { bySoonestEnd, countApps } from "../lookup/facts.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { sessionTable } from "./session-table.ts";
import { escape, when } from "./text.ts";

/** Slack refuses a message past about 13,200 characters of blocks; a row takes up to 300. */
const MAX_ROWS = 25;

/** All active sessions of a user, soonest to expire first. A message: Slack draws no tables in modals. */
export function sessionsMessage(user: AccessUser, sessions: readonly ActiveSession[], now: number): Message {
  const email = escape(user.email, 254);
  const sorted = bySoonestEnd(sessions);
  if (sorted.length === 0) {
    return {
      text: `${email} has no active session`,
      blocks: [
        section(`*${email}* has no active session (${when(now, "time")}).`),
        context("Whoever holds a token may still be let in for up to 30 seconds after a revocation."),
      ],
    };
  }
  const title = `${plural(sorted.length, "active session")} on ${plural(countApps(sorted), "app")}`;
  const left = sorted.length - MAX_ROWS;
  return {
    text: `${email}: ${title}`,
    blocks: [
      section(`*${email}*: ${title} (${when(now, "time")})`),
      sessionTable(sorted, MAX_ROWS),
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
