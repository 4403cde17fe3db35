import type { Button, KnownBlock } from "@slack/types";

import type { AccessRequest, AccessRequests, AccessUser } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { countByDomain, countResults, MAX_DAYS, spelledOtherwise } from "../../lookup/log-ins.ts";
import { list, number, plural } from "../../pluralize.ts";
import { context, section, type Message } from "../blocks.ts";
import { codeCell, dateCell, table, textCell, type Cell } from "../cells.ts";
import { firstLines } from "../fit.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { screenButton } from "../screen-button.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { code, escape, named, utc } from "../text.ts";

const PAGE_SIZE = 20;
const MAX_APPS = 5;

interface LogInsProps extends AccessRequests {
  /** How many days it goes back. */
  days: number;
  now: number;
  page?: number;
}

/** `/zt log-ins`: a user's Access requests, allowed and denied, newest first, by result and by application. */
export function logInsMessage(user: AccessUser, props: LogInsProps): Message {
  const { items, complete, days, now } = props;
  const head = subjectOf(user);
  const span = days === 1 ? "last 24 h" : `last ${days} days`;
  if (items.length === 0) {
    const next =
      days < MAX_DAYS
        ? `→ \`/zt log-ins ${whoOf(user)} --days ${MAX_DAYS}\` looks further back.`
        : `→ A session from before may still be open: \`/zt sessions ${whoOf(user)}\`.`;
    const rest = ` made no Access request in the ${span}`;
    return emptyMessage(head, rest, now, context(next), toSummary(user, furtherBack(user, days)));
  }
  const page = pageOf(items, props.page ?? 1, PAGE_SIZE);
  const title = `${complete ? "" : "at least "}${plural(items.length, "Access request")} in the ${span}: ${resultsText(items)}`;
  const others = spelledOtherwise(items, user);
  const notes = compact(
    !complete &&
      `There may be more: these are the newest ${number(items.length)} that Cloudflare gave, and only they are counted.`,
    others > 0 &&
      `⚠️ ${plural(others, "request")} with the address in other capitals: Cloudflare's log knows addresses only, so they may be another user's.`,
  );
  const titles = ["When", "Result", "Application", "IP", "Ray"];
  const paging = pagingButtons("log-ins", { user: user.id, days }, page);
  return listMessage(
    { head, title, now, page, lineOf, notes },
    // Who turns the page wants the rows.
    [page.page === 1 && appsSection(items), table(titles, page.items.map(rowOf), { wrapped: 2 })],
    toSummary(user, paging, furtherBack(user, days)),
  );
}

function resultsText(requests: readonly AccessRequest[]): string {
  const { allowed, denied, unknown } = countResults(requests);
  const counts = [`✅ ${number(allowed)} allowed`, `❌ ${number(denied)} denied`];
  return list(compact(counts, unknown > 0 && `${number(unknown)} without a result`));
}

function appsSection(requests: readonly AccessRequest[]): KnownBlock {
  const apps = firstLines(
    countByDomain(requests),
    MAX_APPS,
    ({ app, count, denied }) =>
      `• ${number(count)} × ${appText(app)}${denied === 0 ? "" : `, ${number(denied)} denied`}`,
    (left) => `and ${plural(left, "other application")}`,
  );
  return section("*By application*", apps);
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
  return compact(
    at === null ? "time not said" : utc(at),
    escape(resultText(request), 60),
    escape(named(appDomain ?? appUid, "an unnamed application"), 60),
    ip !== null && `from ${escape(ip, 45)}`,
    rayId !== null && `ray ${escape(rayId, 40)}`,
  ).join(", ");
}

function furtherBack(user: AccessUser, days: number): Button | null {
  if (days >= MAX_DAYS) return null;
  const params = { user: user.id, days: MAX_DAYS };
  const label = `Access requests of the last ${MAX_DAYS} days`;
  return screenButton(`Last ${MAX_DAYS} days`, "log-ins", params, label, "further");
}
