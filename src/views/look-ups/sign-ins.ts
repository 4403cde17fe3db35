import type { Button, KnownBlock } from "@slack/types";

import type { AccessRequest, AccessRequests, AccessUser } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { countByDomain, countResults, MAX_DAYS, spelledOtherwise } from "../../lookup/sign-ins/sign-ins.ts";
import { list, number, plural } from "../../pluralize.ts";
import { context, section, type Message } from "../blocks.ts";
import { codeCell, dateCell, stack, table, textCell, type Cell } from "../cells.ts";
import { firstLines } from "../fit.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { screenButton } from "../screen-button.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { code, escape, named, when } from "../text.ts";

const PAGE_SIZE = 20;
const MAX_APPS = 5;

interface SignInsProps extends AccessRequests {
  /** How many days it goes back. */
  days: number;
  now: number;
  page?: number;
}

/** `/zt sign-ins`: a user's Access requests, allowed and denied, newest first, by result and by application. */
export function signInsMessage(user: AccessUser, props: SignInsProps): Message {
  const { items, complete, days, now } = props;
  const head = subjectOf(user);
  const span = days === 1 ? "last 24 h" : `last ${days} days`;
  if (items.length === 0) {
    const next =
      days < MAX_DAYS
        ? `→ \`/zt sign-ins ${whoOf(user)} --days ${MAX_DAYS}\` looks further back.`
        : `→ A session from before may still be open: \`/zt sessions ${whoOf(user)}\`.`;
    const rest = ` has no sign-in in the ${span}`;
    return emptyMessage(head, rest, now, context(next), toSummary(user, furtherBack(user, days)));
  }
  const page = pageOf(items, props.page ?? 1, PAGE_SIZE);
  const title = `${complete ? "" : "at least "}${plural(items.length, "sign-in")} in the ${span}: ${resultsText(items)}`;
  const others = spelledOtherwise(items, user);
  const notes = compact(
    !complete &&
      `There may be more: these are the newest ${number(items.length)}, and only they are counted.`,
    others > 0 &&
      `⚠️ ${plural(others, "sign-in")} with the address in other capitals, perhaps of another user`,
  );
  const titles = ["Result, application, IP", "When and ray"];
  const paging = pagingButtons("sign-ins", { user: user.id, days }, page);
  return listMessage(
    { head, title, now, page, lineOf, notes },
    // Who turns the page wants the rows.
    [page.page === 1 && appsSection(items), table(titles, page.items.map(rowOf), { wrapped: [0, 1] })],
    toSummary(user, paging, furtherBack(user, days)),
  );
}

function resultsText(requests: readonly AccessRequest[]): string {
  const { allowed, denied, unknown } = countResults(requests);
  const counts = [`${number(denied)} denied`, `${number(allowed)} allowed`];
  return list(compact(counts, unknown > 0 && `${number(unknown)} with an unknown result`));
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
    stack(
      textCell(resultText(request), 60),
      textCell(named(request.appDomain ?? request.appUid, "unnamed application"), 80),
      request.ip !== null && codeCell(request.ip, 45),
    ),
    stack(dateCell(request.at), request.rayId !== null && codeCell(request.rayId, 40)),
  ];
}

/** `⛔ denied`, beside it what it was where it is not a sign-in. Only what was denied has a sign. */
function resultText({ allowed, action }: AccessRequest): string {
  const result = allowed === null ? "result unknown" : allowed ? "allowed" : "⛔ denied";
  return action === null || action === "login" ? result : `${result} (${action})`;
}

/** The sign is ours; Cloudflare's word for what it was is not. */
function lineResult(request: AccessRequest): string {
  const text = resultText(request);
  return text.startsWith("⛔ ") ? `⛔ ${escape(text.slice(2), 60)}` : escape(text, 60);
}

function lineOf(request: AccessRequest): string {
  const { at, appDomain, appUid, ip, rayId } = request;
  return compact(
    at === null ? "time unknown" : when(at),
    lineResult(request),
    escape(named(appDomain ?? appUid, "an unnamed application"), 60),
    ip !== null && `from ${escape(ip, 45)}`,
    rayId !== null && `ray ${escape(rayId, 40)}`,
  ).join(", ");
}

function furtherBack(user: AccessUser, days: number): Button | null {
  if (days >= MAX_DAYS) return null;
  const params = { user: user.id, days: MAX_DAYS };
  const label = `Sign-ins of the last ${MAX_DAYS} days`;
  return screenButton(`Last ${MAX_DAYS} days`, "sign-ins", params, label, "further");
}
