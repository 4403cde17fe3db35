import type { AccessUser, ActiveSession } from "../api/cloudflare.ts";
import { bySoonestEnd, onApps } from "../lookup/facts.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { pageOf, pagingButtons, rangeText } from "./paging.ts";
import { sessionTable } from "./session-table.ts";
import { escape, when } from "./text.ts";

/** Slack refuses a message past about 13,200 characters of blocks; a row takes up to 300. */
const PAGE_SIZE = 20;

/** All active sessions of a user, soonest to expire first. A message: Slack draws no tables in modals. */
export function sessionsMessage(
  user: AccessUser,
  sessions: readonly ActiveSession[],
  { now, page = 1 }: { now: number; page?: number },
): Message {
  const email = escape(user.email, 254);
  if (sessions.length === 0) {
    return {
      text: `${email} has no active session`,
      blocks: [
        section(`*${email}* has no active session (${when(now, "time")}).`),
        context("Whoever holds a token may still be let in for up to 30 seconds after a revocation."),
      ],
    };
  }
  const title = `${plural(sessions.length, "active session")}${onApps(sessions)}`;
  const shown = pageOf(bySoonestEnd(sessions), page, PAGE_SIZE);
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  return {
    text: `${email}: ${title}${range}`,
    blocks: [
      section(`*${email}*: ${title}${range} (${when(now, "time")})`),
      sessionTable(shown.items, PAGE_SIZE),
      ...pagingButtons(
        "sessions",
        { user: user.id },
        { page: shown.page, hasNext: shown.page < shown.pages },
      ),
    ],
  };
}
