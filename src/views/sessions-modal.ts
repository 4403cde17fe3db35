import type { ModalView } from "@slack/types";

import type { AccessUser, ActiveSession } from "../api/cloudflare.ts";
import { bySoonestEnd, countApps } from "../lookup/facts.ts";
import { plural } from "../words.ts";
import { context, plain, section } from "./blocks.ts";
import { sessionTable } from "./session-table.ts";
import { escape, when } from "./text.ts";

const MAX_ROWS = 40;

/** All active sessions of a user, soonest to expire first. */
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
              `*${escape(user.email)}*: ${plural(sorted.length, "active session")} on ${plural(countApps(sorted), "app")} (${when(now, "time")})`,
            ),
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
