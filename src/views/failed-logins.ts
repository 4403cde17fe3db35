import type { KnownBlock } from "@slack/types";

import type { AccessUser, FailedLogin } from "../api/cloudflare.ts";
import { busiestHour, countByApp, countByHour, newestFirst } from "../lookup/failed-logins.ts";
import { recentFailures } from "../lookup/facts.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { codeCell, dateCell, table, textCell } from "./cells.ts";
import { fitLines } from "./fit.ts";
import { hourBars } from "./hour-bars.ts";
import { pageOf, pagingButtons, rangeText } from "./paging.ts";
import { subjectOf, toSummary, whoOf } from "./subject.ts";
import { escape, named, utc, when } from "./text.ts";

const PAGE_SIZE = 20;
const MAX_APPS = 5;

/** `/zt failed-logins`: newest first, by application and by hour. */
export function failedLoginsMessage(
  user: AccessUser,
  logins: readonly FailedLogin[],
  { now, page = 1 }: { now: number; page?: number },
): Message {
  const who = subjectOf(user);
  if (logins.length === 0) {
    return {
      text: `${who} has no failed log-in on record`,
      blocks: [
        section(`*${who}* has no failed log-in on record (${when(now, "time")}).`),
        context(`→ \`/zt sessions ${whoOf(user)}\` shows where they did get in.`),
        toSummary(user),
      ],
    };
  }
  const recent = recentFailures(logins, now);
  const shown = pageOf(newestFirst(logins), page, PAGE_SIZE);
  const title = `${plural(recent.length, "failed log-in")} in the last 24 h, ${logins.length.toLocaleString("en-US")} on record`;
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  return {
    text: fitLines(
      [`${who}: ${title}${range}`, ...busiestText(recent, now), ...shown.items.map(lineOf)],
      3000,
    ),
    blocks: [
      section(`*${who}*: ${title}${range} (${when(now, "time")})`),
      // Who turns the page wants the rows.
      ...(shown.page === 1 ? overview(logins, recent, now) : []),
      table(
        ["When", "App", "Ray"],
        shown.items.map((login) => [
          dateCell(login.at),
          textCell(named(login.appName, "unnamed app")),
          codeCell(login.rayId, 40),
        ]),
        { wrapped: 1 },
      ),
      toSummary(
        user,
        pagingButtons(
          "failed-logins",
          { user: user.id },
          { page: shown.page, hasNext: shown.page < shown.pages },
        ),
      ),
    ],
  };
}

function overview(logins: readonly FailedLogin[], recent: readonly FailedLogin[], now: number): KnownBlock[] {
  const apps = countByApp(logins);
  const lines = apps
    .slice(0, MAX_APPS)
    .map(
      ({ app, count }) => `• ${count.toLocaleString("en-US")} × ${escape(named(app, "an unnamed app"), 60)}`,
    );
  const left = apps.length - MAX_APPS;
  return [
    ...(recent.length === 0
      ? []
      : [section([hourBars(countByHour(recent, now)), ...busiestText(recent, now)].join("\n"))]),
    section(
      [
        `*By application* (all on record)`,
        ...lines,
        ...(left > 0 ? [`and ${plural(left, "other app")}`] : []),
      ].join("\n"),
    ),
  ];
}

/** The picture in words. */
function busiestText(recent: readonly FailedLogin[], now: number): string[] {
  const hour = busiestHour(countByHour(recent, now), now);
  if (hour === null) return [];
  return [`Most in one hour: ${hour.count}, from ${when(hour.from)}`];
}

function lineOf({ at, appName, rayId }: FailedLogin): string {
  return [
    at === null ? "time not said" : utc(at),
    escape(named(appName, "an unnamed app"), 60),
    ...(rayId === null ? [] : [`ray ${escape(rayId, 40)}`]),
  ].join(", ");
}
