import type { KnownBlock } from "@slack/types";

import type { AccessUser, FailedLogin } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { busiestHour, countByApp, countByHour, newestFirst } from "../../lookup/sign-ins/failed.ts";
import { recentFailures, undatedText } from "../../lookup/facts.ts";
import { number, plural } from "../../pluralize.ts";
import { context, section, type Message } from "../blocks.ts";
import { codeCell, dateCell, stack, table, textCell } from "../cells.ts";
import { firstLines } from "../fit.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { escape, named, when } from "../text.ts";

const PAGE_SIZE = 20;
const MAX_APPS = 5;

/** `/zt failed-sign-ins`: newest first, by application and by hour. */
export function failedSignInsMessage(
  user: AccessUser,
  signIns: readonly FailedLogin[],
  { now, page: asked = 1 }: { now: number; page?: number },
): Message {
  const head = subjectOf(user);
  if (signIns.length === 0) {
    const next = `→ \`/zt sign-ins ${whoOf(user)}\` shows where they got in.`;
    return emptyMessage(head, " has no failed sign-in on record", now, context(next), toSummary(user));
  }
  const recent = recentFailures(signIns, now);
  const page = pageOf(newestFirst(signIns), asked, PAGE_SIZE);
  const rows = page.items.map(({ at, appName, rayId }) => [
    textCell(named(appName, "unnamed app")),
    stack(dateCell(at), rayId !== null && codeCell(rayId, 40)),
  ]);
  const title = `${plural(recent.length, "failed sign-in")} in the last 24 h, ${number(signIns.length)} on record${undatedText(signIns)}`;
  const hours = countByHour(recent, now);
  const busiest = busiestHour(hours, now);
  const said = busiest === null ? [] : [`Most in one hour: ${busiest.count}, from ${when(busiest.from)}`];
  // Who turns the page wants the rows.
  const isFirst = page.page === 1;
  return listMessage(
    { head, title, now, page, lineOf, notes: [], said },
    [
      isFirst && recent.length > 0 && section(hourBars(hours), said),
      isFirst && appsSection(signIns),
      table(["App", "When and ray"], rows, { wrapped: [0, 1] }),
    ],
    toSummary(user, pagingButtons("failed-sign-ins", { user: user.id }, page)),
  );
}

function appsSection(signIns: readonly FailedLogin[]): KnownBlock {
  const apps = firstLines(
    countByApp(signIns),
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
    at === null ? "time unknown" : when(at),
    escape(named(appName, "an unnamed app"), 60),
    rayId !== null && `ray ${escape(rayId, 40)}`,
  ).join(", ");
}
