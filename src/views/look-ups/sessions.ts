import type { ActionsBlock, PlainTextOption, TableBlock } from "@slack/types";

import type { AccessUser, ActiveSession } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { bySoonestEnd, onApps } from "../../lookup/facts.ts";
import { digestOf } from "../../lookup/session-ref.ts";
import { plural } from "../../pluralize.ts";
import { context, plain, type Message } from "../blocks.ts";
import { shortDateCell, table, textCell } from "../cells.ts";
import { firstOf } from "../fit.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { packParams, SCREEN_PREFIX } from "../screen-button.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { duration, escape, named, when } from "../text.ts";

/** The menu of the sessions shown; its options carry the user's id and the session's nonce. */
export const PICK_SESSION = `${SCREEN_PREFIX}sessions:one`;

/** Slack refuses a message past about 13,200 characters of blocks; a row takes up to 300. */
const PAGE_SIZE = 20;

/** Slack takes no more in the value of an option. */
const MAX_OPTION = 75;

/** All active sessions of a user, soonest to expire first. A message: Slack draws no tables in modals. */
export function sessionsMessage(
  user: AccessUser,
  sessions: readonly ActiveSession[],
  { now, page: asked = 1 }: { now: number; page?: number },
): Message {
  const head = subjectOf(user);
  if (sessions.length === 0) {
    const next = context(
      "After a revocation a token can still be accepted for up to 30 seconds.",
      `→ \`/zt identity ${whoOf(user)}\` shows their identity when last seen.`,
    );
    return emptyMessage(head, " has no active session", now, next, toSummary(user));
  }
  const title = `${plural(sessions.length, "active session")}${onApps(sessions)}`;
  const page = pageOf(bySoonestEnd(sessions), asked, PAGE_SIZE);
  return listMessage(
    { head, title, now, page, lineOf },
    [sessionTable(page.items, now), ...sessionMenu(user, page.items, now)],
    toSummary(user, pagingButtons("sessions", { user: user.id }, page)),
  );
}

/** Sessions as a table of three narrow columns: applications, since when, how long they last. */
function sessionTable(sessions: readonly ActiveSession[], now: number): TableBlock {
  const rows = sessions.map((session) => [
    textCell(appNames(session), 140),
    shortDateCell(session.issuedAt, now),
    textCell(session.expiresAt === null ? "unknown" : leftText(session.expiresAt, now)),
  ]);
  return table(["Apps", "Since", "Left"], rows);
}

function leftText(expiresAt: number, now: number): string {
  return expiresAt <= now ? "none" : duration(expiresAt - now);
}

/** The first three applications of a session by name, and how many more. */
export function appNames(session: ActiveSession): string {
  if (session.apps === null) return "apps unknown";
  const names = session.apps.map((app) => named(app.name, named(app.hostname, "unnamed app", 40), 40));
  return names.length === 0 ? "no app yet" : firstOf(names, 3);
}

/** `3 h left`, or that it is over. */
export function timeLeft(expiresAt: number, now: number): string {
  return expiresAt <= now ? "over" : `${duration(expiresAt - now)} left`;
}

/** One of the sessions shown, to be seen in full; those without a nonce cannot be read. */
function sessionMenu(user: AccessUser, sessions: readonly ActiveSession[], now: number): ActionsBlock[] {
  const options = sessions.flatMap((session) =>
    session.nonce === null ? [] : [optionOf(user, session, { nonce: session.nonce, now })],
  );
  if (options.length === 0) return [];
  const placeholder = plain("Show one in full…");
  const menu = { type: "static_select" as const, action_id: PICK_SESSION, placeholder, options };
  return [{ type: "actions", block_id: "pick_session", elements: [menu] }];
}

function optionOf(
  user: AccessUser,
  session: ActiveSession,
  { nonce, now }: { nonce: string; now: number },
): PlainTextOption {
  const value = packParams({ user: user.id, nonce });
  return {
    text: plain(appNames(session), 75),
    // Text of an option holds no date in the reader's zone.
    description: plain(
      session.issuedAt === null ? "start unknown" : `since ${duration(now - session.issuedAt)} ago`,
      75,
    ),
    value: value.length <= MAX_OPTION ? value : packParams({ user: user.id, session: digestOf(nonce) }),
  };
}

function lineOf(session: ActiveSession): string {
  return compact(
    escape(appNames(session)),
    session.issuedAt !== null && `since ${when(session.issuedAt)}`,
    session.expiresAt !== null && `until ${when(session.expiresAt)}`,
  ).join(", ");
}
