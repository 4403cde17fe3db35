import type { KnownBlock } from "@slack/types";

import type { AccessUser, FailedLogin } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { busiestHour, countByApp, countByHour, newestFirst } from "../../lookup/failed-logins.ts";
import { recentFailures, undatedText } from "../../lookup/facts.ts";
import { number, plural } from "../../pluralize.ts";
import { context, section, type Message } from "../blocks.ts";
import { codeCell, dateCell, table, textCell } from "../cells.ts";
import { firstLines } from "../fit.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { escape, named, utc, when } from "../text.ts";

const PAGE_SIZE = 20;
const MAX_APPS = 5;

/** `/zt failed-logins`: newest first, by application and by hour. */
export function failedLoginsMessage(
  user: AccessUser,
  logins: readonly FailedLogin[],
  { now, page: asked = 1 }: { now: number; page?: number },
): Message {
  const head = subjectOf(user);
  if (logins.length === 0) {
    const next = `→ \`/zt sessions ${whoOf(user)}\` shows where they did get in.`;
    return emptyMessage(head, " has no failed log-in on record", now, context(next), toSummary(user));
  }
  const recent = recentFailures(logins, now);
  const page = pageOf(newestFirst(logins), asked, PAGE_SIZE);
  const rows = page.items.map((login) => [
    dateCell(login.at),
    textCell(named(login.appName, "unnamed app")),
    codeCell(login.rayId, 40),
  ]);
  const title = `${plural(recent.length, "failed log-in")} in the last 24 h, ${number(logins.length)} on record${undatedText(logins)}`;
  const hours = countByHour(recent, now);
  const busiest = busiestHour(hours, now);
  const said = busiest === null ? [] : [`Most in one hour: ${busiest.count}, from ${when(busiest.from)}`];
  // Who turns the page wants the rows.
  const isFirst = page.page === 1;
  return listMessage(
    { head, title, now, page, lineOf, notes: [], said },
    [
      isFirst && recent.length > 0 && section(hourBars(hours), said),
      isFirst && appsSection(logins),
      table(["When", "App", "Ray"], rows, { wrapped: 1 }),
    ],
    toSummary(user, pagingButtons("failed-logins", { user: user.id }, page)),
  );
}

function appsSection(logins: readonly FailedLogin[]): KnownBlock {
  const apps = firstLines(
    countByApp(logins),
    MAX_APPS,
    ({ app, count }) => `• ${number(count)} × ${escape(named(app, "an unnamed app"), 60)}`,
    (left) => `and ${plural(left, "other app")}`,
  );
  return section("*By application* (all on record)", apps);
}

const BARS = Array.from("▁▂▃▄▅▆▇█");
const RULER = "-24h        -12h     now";

/**
 * A picture of 24 hours in a code block: a bar an hour, lowest for none, and hours counted back from now below,
 * which are the same in every reader's zone. The caller says the maximum in words: bars cannot be read out.
 */
export function hourBars(counts: readonly number[]): string {
  const max = Math.max(1, ...counts);
  const bars = counts.map((count) => BARS[Math.ceil((count / max) * (BARS.length - 1))]);
  return `\`\`\`\n${bars.join("")}\n${RULER}\n\`\`\``;
}

function lineOf({ at, appName, rayId }: FailedLogin): string {
  return compact(
    at === null ? "time not said" : utc(at),
    escape(named(appName, "an unnamed app"), 60),
    rayId !== null && `ray ${escape(rayId, 40)}`,
  ).join(", ");
}
