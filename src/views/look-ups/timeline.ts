import type { Button } from "@slack/types";

import type { Missing, TimelineRow, Window } from "../../lookup/timeline/merge.ts";
import { capitalize, list, number, plural } from "../../pluralize.ts";
import { actions, linked, message, section, sections, type Message } from "../blocks.ts";
import { firstOf, fitLines } from "../fit.ts";
import type { pageOf } from "../list.ts";
import { auditWords } from "../request/audit-words.ts";
import { screenButton, type Params } from "../screen-button.ts";
import { duration, escape, mention, when } from "../text.ts";
import { riskEventText } from "./risk-event.ts";

export const TIMELINE_PAGE = 20;

interface TimelineProps {
  /** Of whom, or of which incident: in mrkdwn. */
  of: string;
  window: Window;
  page: ReturnType<typeof pageOf<TimelineRow>>;
  missing: readonly Missing[];
  /** Bursts are told in one line; false: each of their rows. null: there is none. */
  isFolded: boolean | null;
  /** A link to the card of a request; null: none is known. */
  linkOf(requestId: string): string | null;
  /** Of the screen's buttons: whom it is about, and the window. */
  params: Params;
  /** When Cloudflare's part of it was read. */
  now: number;
}

/** `/zt timeline`: what happened, newest first; what can't be shown is named before it. */
export function timelineMessage(props: TimelineProps): Message {
  const { of, window, page, missing, now } = props;
  const head = `Timeline of ${of}`;
  const since = `since ${when(window.since)}`;
  const missed = missing.map(missingText);
  const buttons = actions("timeline", ...buttonsOf(props));
  if (page.items.length === 0) {
    const isUnknown = missing.some(({ is }) => is.kind === "unknown");
    const nothing = `${head}: ${isUnknown ? "nothing could be read" : "nothing"} ${since}`;
    return message(
      [nothing, ...missed].join("\n"),
      section(
        `*${head}*: ${isUnknown ? "nothing could be read" : "nothing"} ${since} (${when(now, "time")}).`,
        ...missed,
      ),
      ...buttons,
    );
  }
  const range = page.range === "" ? "" : `${page.range} · `;
  const lines = page.items.map((row) => rowText(row, props.linkOf));
  return message(
    fitLines([`${head}: ${range}${since}`, ...missed, ...lines], 3000),
    section(`*${head}*: ${range}${since} (${when(now, "time")})`, ...missed),
    ...sections(lines),
    ...buttons,
  );
}

function buttonsOf({ page, isFolded, params, window }: TimelineProps): Button[] {
  const at = { ...params, since: window.since, until: window.until };
  const fold = isFolded === null ? {} : { fold: isFolded ? 1 : 0 };
  const turn = (text: string, to: number, label: string, which: string) =>
    screenButton(text, "timeline", { ...at, ...fold, page: to }, label, which);
  const [newest] = page.items;
  return [
    ...(page.page > 1 ? [turn("‹ Newer", page.page - 1, "Newer events", "previous")] : []),
    ...(page.hasNext ? [turn("Older ›", page.page + 1, "Older events", "next")] : []),
    ...(page.pages > page.page + 1 ? [turn("Oldest »", page.pages, "The oldest events", "last")] : []),
    ...(isFolded === null || newest === undefined
      ? []
      : [
          screenButton(
            isFolded ? "Show each denial" : "Fold denials",
            "timeline",
            // The number of the page is another one then: it is found by the time of its first row.
            { ...at, fold: isFolded ? 0 : 1, at: newest.at },
            isFolded ? "Show each denied sign-in in a line of its own" : "Show denied sign-ins together",
            "fold",
          ),
        ]),
    screenButton(
      "Refresh",
      "timeline",
      { ...params, since: window.since },
      "Show the newest events",
      "refresh",
    ),
  ];
}

/** What can't be shown: the danger is to take it for nothing. */
function missingText({ what, who, is }: Missing): string {
  const whose = who === null ? what : `${what} of ${escape(firstOf(who, 3), 200)}`;
  switch (is.kind) {
    case "unknown":
      return `⚪ *Unknown:* ${whose} (${escape(is.why, 200)})`;
    case "undated":
      return `⚪ *Not shown:* ${number(is.count)} ${whose}, without a time`;
    case "hidden":
      return `⚪ *Not shown:* ${whose}. Only the people that the policy names for incidents can read them.`;
    case "before":
      return `⚠️ *Not shown:* ${whose} before ${when(is.before)} (${
        is.why === "too-many" ? "too many: use a shorter range" : "too long ago"
      })`;
  }
}

/** `⛔ 12:03 Mallory Archer was denied: payroll.example.com from 203.0.113.199` */
function rowText(row: TimelineRow, linkOf: (requestId: string) => string | null): string {
  const [sign, said] = wordsOf(row, linkOf);
  return `${sign} ${when(row.at)} ${said}`;
}

function wordsOf(
  row: TimelineRow,
  linkOf: (requestId: string) => string | null,
): readonly [sign: string, said: string] {
  switch (row.kind) {
    case "sign-in":
      return signInText(row);
    case "burst": {
      const span = row.at - row.from;
      const within = span < 1000 ? "at once" : `within ${duration(span)}`;
      const apps = row.apps.map((app) => escape(app, 60));
      const on = apps.length > 3 ? plural(apps.length, "application") : list(apps);
      return [
        "⛔",
        `${nameText(row.who)} was denied ${number(row.count)} times ${within}${whereText(on, row.ip)}`,
      ];
    }
    case "risk":
      return [RISK_SIGNS[row.event.level ?? "unknown"], `${nameText(row.who)}: ${riskEventText(row.event)}`];
    case "request": {
      const { requestId, target, targets } = row;
      const whom = `${escape(target, 100)}${targets > 1 ? ` and ${number(targets - 1)} more` : ""}`;
      const words = auditWords(row);
      // What the bot did by itself is told without a name.
      const said =
        row.actor === "zt-bot"
          ? escape(capitalize(words), 300)
          : `${mention(row.actor)} ${escape(words, 300)}`;
      return [requestSign(row), `${said} · ${whom} · ${linked({ id: requestId }, linkOf(requestId))}`];
    }
    case "note": {
      const by =
        row.author === null || row.author === row.actor
          ? mention(row.actor)
          : `${mention(row.author)}, added by ${mention(row.actor)}`;
      return ["📌", `${by}: ${noteText(row)}`];
    }
    case "incident":
      return incidentText(row);
  }
}

function noteText({ note, state }: Of<"note">): string {
  if (state === "deleted") return "a note, deleted in Slack; the audit record keeps it";
  const text = escape(note, 250);
  if (state === "withdrawn") return `${text} (withdrawn)`;
  return state === null ? text : `${text} (edited)`;
}

type Of<Kind extends TimelineRow["kind"]> = Extract<TimelineRow, { kind: Kind }>;

function signInText({ who, allowed, action, app, ip }: Of<"sign-in">): readonly [string, string] {
  const where = whereText(app === null ? "" : escape(app, 80), ip);
  const what = action === null ? "" : ` (${escape(action, 40)})`;
  if (allowed === null) return ["⚪", `${nameText(who)} tried to sign in, result unknown${what}${where}`];
  return allowed
    ? ["🔑", `${nameText(who)} signed in${what}${where}`]
    : ["⛔", `${nameText(who)} was denied${what}${where}`];
}

function whereText(app: string, ip: string | null): string {
  const from = ip === null ? "" : `from ${escape(ip, 45)}`;
  const words = [app, from].filter((word) => word !== "").join(" ");
  return words === "" ? "" : `: ${words}`;
}

function nameText(who: string): string {
  return `*${escape(who, 80)}*`;
}

const RISK_SIGNS = { high: "🔴", medium: "🟠", low: "🟢", unknown: "⚪" } as const;

function requestSign({ event, data }: Of<"request">): string {
  if (event === "request.approved" && data["break_glass"] === true) return "🚨";
  if (event === "request.succeeded") {
    const verification = data["verification"];
    const isVerified =
      typeof verification === "object" &&
      verification !== null &&
      "confirmed" in verification &&
      verification.confirmed === true;
    return isVerified ? "✅" : "⚠️";
  }
  return REQUEST_SIGNS[event] ?? "⚪";
}

const REQUEST_SIGNS: Readonly<Record<string, string>> = {
  "request.created": "🟡",
  "request.voted": "🔵",
  "request.approved": "🔵",
  "request.denied": "⛔",
  "request.held": "⏸️",
  "request.failed": "❌",
  "request.unproven": "🔴",
};

function incidentText({ actor, incidentId: id, event, data }: Of<"incident">): readonly [string, string] {
  const by = mention(actor);
  const named = data["named"] ?? data["people"];
  const people = Array.isArray(named) ? named.map((one) => escape(String(one), 100)) : [];
  switch (event) {
    case "incident.opened":
      return ["🔴", `${by} opened ${id}`];
    case "incident.assigned":
      return ["⚪", `${by} assigned ${id} to ${mention(String(data["owner"]))}`];
    case "incident.severity":
      return ["⚪", `${by} set ${id} to severity ${escape(String(data["severity"]), 10)}`];
    case "incident.added":
      return ["⚪", `${by} added ${firstOf(people, 5)} to ${id}`];
    case "incident.removed":
      return ["⚪", `${by} removed ${firstOf(people, 5)} from ${id}`];
    case "incident.back":
      return ["🚨", `${firstOf(people, 5)} is back, seen in ${id}`];
    case "incident.idp-disabled":
      return ["☑️", `${by} said in ${id} that ${firstOf(people, 5)} is disabled at the IdP`];
    case "incident.idp-not-disabled":
      return ["⚪", `${by} said in ${id} that ${firstOf(people, 5)} is not disabled at the IdP`];
    case "incident.contained":
      return ["✅", `${id} is contained: no required gaps are left`];
    case "incident.not-contained":
      return ["🔴", `${id} is no longer contained`];
    case "incident.closed":
      return ["⚪", `${by} closed ${id}`];
    case "incident.reopened":
      return ["🔴", `${by} reopened ${id}`];
    case "incident.exported":
      return ["⚪", `${by} exported ${id}`];
    case "messages.trouble":
      return ["⚠️", `Nothing can be posted in the thread of ${id}`];
    case "messages.recovered":
      return ["⚪", `The thread of ${id} is up to date again`];
    case "incident.summarized":
      return ["⚪", `${by} posted the summary of ${id}`];
    default:
      return ["⚪", `${by}: ${escape(event, 60)}`];
  }
}
