import type { KnownBlock } from "@slack/types";

import type { AccessRequest, AccessUser } from "../api/cloudflare.ts";
import {
  countByDomain,
  countResults,
  MAX_DAYS,
  MAX_REQUESTS,
  spelledOtherwise,
  type LogIns,
} from "../lookup/log-ins.ts";
import { list, plural } from "../words.ts";
import { actions, context, section, type Message } from "./blocks.ts";
import { codeCell, dateCell, table, textCell, type Cell } from "./cells.ts";
import { fitLines } from "./fit.ts";
import { pageOf, pagingButtons, rangeText } from "./paging.ts";
import { screenButton } from "./screen-button.ts";
import { subjectOf, toSummary, whoOf } from "./subject.ts";
import { code, escape, named, utc, when } from "./text.ts";

const PAGE_SIZE = 20;
const MAX_APPS = 5;

export interface LogInsProps extends LogIns {
  /** How many days it goes back. */
  days: number;
  now: number;
  page?: number;
}

/** `/zt log-ins`: a user's Access requests, allowed and denied, newest first, by result and by application. */
export function logInsMessage(
  user: AccessUser,
  { items, complete, days, now, page = 1 }: LogInsProps,
): Message {
  const who = subjectOf(user);
  const span = spanText(days);
  if (items.length === 0) {
    return {
      text: `${who} made no Access request in the ${span}`,
      blocks: [
        section(`*${who}* made no Access request in the ${span} (${when(now, "time")}).`),
        context(
          days < MAX_DAYS
            ? `→ \`/zt log-ins ${whoOf(user)} --days ${MAX_DAYS}\` looks further back.`
            : `→ A session from before may still be open: \`/zt sessions ${whoOf(user)}\`.`,
        ),
        toSummary(user, furtherBack(user, days)),
      ],
    };
  }
  const shown = pageOf(items, page, PAGE_SIZE);
  const title = `${plural(items.length, "Access request")} in the ${span}: ${resultsText(items)}`;
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  const notes = notesOf(user, items, complete);
  return {
    text: fitLines([`${who}: ${title}${range}`, ...notes, ...shown.items.map(lineOf)], 3000),
    blocks: [
      section(`*${who}*: ${title}${range} (${when(now, "time")})`),
      // Who turns the page wants the rows.
      ...(shown.page === 1 ? [appsSection(items)] : []),
      table(["When", "Result", "Application", "IP", "Ray"], shown.items.map(rowOf), { wrapped: 2 }),
      ...notes.map((note) => context(note)),
      toSummary(user, [
        ...pagingButtons(
          "log-ins",
          { user: user.id, days },
          { page: shown.page, hasNext: shown.page < shown.pages },
        ),
        ...furtherBack(user, days),
      ]),
    ],
  };
}

/** `last 24 h`, `last 7 days` */
function spanText(days: number): string {
  return days === 1 ? "last 24 h" : `last ${days} days`;
}

function resultsText(requests: readonly AccessRequest[]): string {
  const { allowed, denied, unknown } = countResults(requests);
  return list([
    `✅ ${allowed.toLocaleString("en-US")} allowed`,
    `❌ ${denied.toLocaleString("en-US")} denied`,
    ...(unknown === 0 ? [] : [`${unknown.toLocaleString("en-US")} without a result`]),
  ]);
}

function notesOf(user: AccessUser, items: readonly AccessRequest[], complete: boolean): string[] {
  const others = spelledOtherwise(items, user);
  return [
    ...(complete
      ? []
      : [
          `There may be more: these are the newest ${MAX_REQUESTS.toLocaleString("en-US")}, and only they are counted.`,
        ]),
    ...(others === 0
      ? []
      : [
          `⚠️ ${plural(others, "request")} with the address in other capitals: Cloudflare's log knows addresses only, so they may be another user's.`,
        ]),
  ];
}

function appsSection(requests: readonly AccessRequest[]): KnownBlock {
  const apps = countByDomain(requests);
  const left = apps.length - MAX_APPS;
  return section(
    [
      "*By application*",
      ...apps
        .slice(0, MAX_APPS)
        .map(
          ({ app, count, denied }) =>
            `• ${count.toLocaleString("en-US")} × ${appText(app)}${denied === 0 ? "" : `, ${denied.toLocaleString("en-US")} denied`}`,
        ),
      ...(left > 0 ? [`and ${plural(left, "other application")}`] : []),
    ].join("\n"),
  );
}

/** As code: Slack would make a link of a bare domain. */
function appText(app: string | null): string {
  const shown = named(app, "", 80);
  return shown === "" ? "an unnamed application" : code(shown, 80);
}

function rowOf(request: AccessRequest): Cell[] {
  return [
    dateCell(request.at),
    textCell(resultText(request), 60),
    textCell(named(request.appDomain ?? request.appUid, "unnamed application"), 80),
    codeCell(request.ip, 45),
    codeCell(request.rayId, 40),
  ];
}

/** `✅ allowed`; what was asked for stands beside it where it is not a log-in. */
function resultText({ allowed, action }: AccessRequest): string {
  const result = allowed === null ? "not said" : allowed ? "✅ allowed" : "❌ denied";
  return action === null || action === "login" ? result : `${result} (${action})`;
}

function lineOf(request: AccessRequest): string {
  const { at, appDomain, appUid, ip, rayId } = request;
  return [
    at === null ? "time not said" : utc(at),
    escape(resultText(request), 60),
    escape(named(appDomain ?? appUid, "an unnamed application"), 60),
    ...(ip === null ? [] : [`from ${escape(ip, 45)}`]),
    ...(rayId === null ? [] : [`ray ${escape(rayId, 40)}`]),
  ].join(", ");
}

function furtherBack(user: AccessUser, days: number) {
  if (days >= MAX_DAYS) return [];
  const button = screenButton({
    text: `Last ${MAX_DAYS} days`,
    screen: "log-ins",
    which: "further",
    params: { user: user.id, days: MAX_DAYS },
    label: `Access requests of the last ${MAX_DAYS} days`,
  });
  return [actions("further", button)];
}
