import type { ActionsBlock, PlainTextOption } from "@slack/types";

import type { AccessUser, ActiveSession } from "../api/cloudflare.ts";
import { bySoonestEnd, onApps } from "../lookup/facts.ts";
import { digestOf } from "../lookup/session-ref.ts";
import { plural } from "../words.ts";
import { context, plain, section, type Message } from "./blocks.ts";
import { fitLines } from "./fit.ts";
import { pageOf, pagingButtons, rangeText } from "./paging.ts";
import { packParams, SCREEN_PREFIX } from "./screen-button.ts";
import { appNames, sessionTable } from "./session-table.ts";
import { subjectOf, toSummary, whoOf } from "./subject.ts";
import { escape, utc, when } from "./text.ts";

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
  { now, page = 1 }: { now: number; page?: number },
): Message {
  const who = subjectOf(user);
  if (sessions.length === 0) {
    return {
      text: `${who} has no active session`,
      blocks: [
        section(`*${who}* has no active session (${when(now, "time")}).`),
        context(
          "Whoever holds a token may still be let in for up to 30 seconds after a revocation.",
          `→ \`/zt identity ${whoOf(user)}\` shows how they were last seen.`,
        ),
        toSummary(user),
      ],
    };
  }
  const title = `${plural(sessions.length, "active session")}${onApps(sessions)}`;
  const shown = pageOf(bySoonestEnd(sessions), page, PAGE_SIZE);
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  return {
    text: fitLines([`${who}: ${title}${range}`, ...shown.items.map(lineOf)], 3000),
    blocks: [
      section(`*${who}*: ${title}${range} (${when(now, "time")})`),
      sessionTable(shown.items, PAGE_SIZE, now),
      ...sessionMenu(user, shown.items),
      toSummary(
        user,
        pagingButtons("sessions", { user: user.id }, { page: shown.page, hasNext: shown.page < shown.pages }),
      ),
    ],
  };
}

/** One of the sessions shown, to be seen in full; those without a nonce cannot be asked for. */
function sessionMenu(user: AccessUser, sessions: readonly ActiveSession[]): ActionsBlock[] {
  const options = sessions.flatMap((session) =>
    session.nonce === null ? [] : [optionOf(user, session, session.nonce)],
  );
  if (options.length === 0) return [];
  return [
    {
      type: "actions",
      block_id: "pick_session",
      elements: [
        {
          type: "static_select",
          action_id: PICK_SESSION,
          placeholder: plain("Show one in full…"),
          options,
        },
      ],
    },
  ];
}

function optionOf(user: AccessUser, session: ActiveSession, nonce: string): PlainTextOption {
  const value = packParams({ user: user.id, nonce });
  return {
    text: plain(appNames(session), 75),
    // Text of an option holds no date in the reader's zone.
    description: plain(session.issuedAt === null ? "start not said" : `since ${utc(session.issuedAt)}`, 75),
    value: value.length <= MAX_OPTION ? value : packParams({ user: user.id, session: digestOf(nonce) }),
  };
}

function lineOf(session: ActiveSession): string {
  return [
    escape(appNames(session)),
    ...(session.issuedAt === null ? [] : [`since ${utc(session.issuedAt)}`]),
    ...(session.expiresAt === null ? [] : [`until ${utc(session.expiresAt)}`]),
  ].join(", ");
}
