import type { SectionBlock } from "@slack/types";

import type { AccessUser, RiskLevel, RiskScore, RiskSummaryUser } from "../../api/cloudflare.ts";
import { number, plural } from "../../pluralize.ts";
import { actions, context, section, type Message } from "../blocks.ts";
import { shortDateCell, table } from "../cells.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { screenButton } from "../screen-button.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { code, escape, named, when } from "../text.ts";
import { riskEventCell, riskEventText } from "./risk-event.ts";

const USERS_PAGE_SIZE = 10;
const EVENTS_PAGE_SIZE = 15;

/** `/zt risk`: the account's riskiest users, each with a button to their events. Pass them sorted. */
export function riskiestMessage(
  users: readonly RiskSummaryUser[],
  { now, page: asked = 1 }: { now: number; page?: number },
): Message {
  if (users.length === 0) {
    const next = "→ Risk behaviors are switched on in the Cloudflare dashboard; `/zt users` lists all users.";
    const rest = ": no risk event since the last resets";
    return emptyMessage("No one has a risk score", rest, now, context(next));
  }
  const page = pageOf(users, asked, USERS_PAGE_SIZE);
  const high = users.filter((user) => user.level === "high").length;
  const head = `${plural(users.length, "user")} with risk events, ${number(high)} at high risk`;
  const paging = actions("paging", pagingButtons("risk", {}, page));
  return listMessage({ head, now, page, lineOf }, page.items.map(rowOf), paging);
}

function rowOf(user: RiskSummaryUser, index: number): SectionBlock {
  const name = named(user.name, "", 80);
  const last = user.lastEventAt === null ? "" : `, last ${when(user.lastEventAt)}`;
  const events = user.eventCount === null ? "events unknown" : plural(user.eventCount, "event");
  // The risk API's id, which need not be the Access user's.
  const params = { scored: user.userId };
  return {
    ...section(
      // A name may run from right to left: it has a line of its own, so that it turns nothing else around.
      name !== "" && `*${escape(name, 80)}*`,
      code(user.email ?? user.userId, 254),
      `${levelBadge(user.level)} · ${events}${last}`,
    ),
    accessory: screenButton(
      "Events",
      "risk",
      params,
      `Risk events of ${user.email ?? name}`,
      `open-${index}`,
    ),
  };
}

function lineOf(user: RiskSummaryUser): string {
  const events = user.eventCount === null ? "" : `, ${plural(user.eventCount, "event")}`;
  return `${escape(user.email ?? user.userId, 200)}: ${user.level ?? "no known"} risk${events}`;
}

interface RiskProps {
  /** Null where the risk API knows a user whom Access does not know, or no longer. */
  user: AccessUser | null;
  /** The id that the risk API has for them. */
  riskUserId: string;
  /** Null: the risk API does not know the user. */
  risk: RiskScore | null;
  now: number;
  page?: number;
}

/** `/zt risk <who>`: level, events since the last reset, newest first, and the last reset. */
export function riskMessage({ user, riskUserId, risk, now, page: asked = 1 }: RiskProps): Message {
  const head = user === null ? escape(risk?.email || riskUserId, 254) : subjectOf(user);
  const next = context(
    user === null
      ? "Access does not know this user. They may have been removed."
      : `→ \`/zt user ${whoOf(user)}\` shows the rest.`,
  );
  if (risk === null) {
    const rest = " has no risk score: Cloudflare saw nothing risky";
    return emptyMessage(head, rest, now, next, user !== null && toSummary(user));
  }
  const { events, earlier } = sinceReset(risk);
  const since = risk.lastResetAt === null ? "" : " since then";
  const title = [
    levelBadge(risk.level, risk.rawLevel),
    risk.lastResetAt === null ? "never reset" : `last reset ${when(risk.lastResetAt)}`,
    `${plural(events.length, "event")}${since}`,
  ].join(" · ");
  const page = pageOf(events, asked, EVENTS_PAGE_SIZE);
  const paging = pagingButtons("risk", { scored: riskUserId }, page);
  const rows = page.items.map((event) => [
    riskEventCell(levelMark(event.level), event),
    shortDateCell(event.at, now),
  ]);
  return listMessage(
    { head, title, now, page, lineOf: eventLine },
    [events.length === 0 ? next : table(["What happened", "When"], rows)],
    user !== null &&
      user.id !== riskUserId &&
      context(`Risk scoring has another id for this user: ${code(riskUserId)}`),
    earlier > 0 && context(`${plural(earlier, "event")} from before the last reset not shown`),
    user === null ? actions("paging", paging) : toSummary(user, paging),
  );
}

/** Events without a time count: they may be from after the reset. */
function sinceReset({ events, lastResetAt }: RiskScore): {
  events: RiskScore["events"];
  earlier: number;
} {
  const counted = events.filter(({ at }) => at === null || lastResetAt === null || at >= lastResetAt);
  return {
    events: counted.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0)),
    earlier: events.length - counted.length,
  };
}

function eventLine(event: RiskScore["events"][number]): string {
  const { at, level } = event;
  return `${at === null ? "time unknown" : when(at)}, ${level ?? "no level"}: ${riskEventText(event)}`;
}

/** `🔴 `; the words say the level where it is none of the known ones. */
function levelMark(level: RiskLevel | null): string {
  return level === null ? "⚪ " : { high: "🔴 ", medium: "🟠 ", low: "🟢 " }[level];
}

/** `🔴 high risk`; Cloudflare's own word where it is none of the known ones. */
function levelBadge(level: RiskLevel | null, rawLevel: string | null = null): string {
  if (level === null) return rawLevel === null ? "no risk level" : `risk ${escape(rawLevel, 30)}`;
  return { high: "🔴 high risk", medium: "🟠 medium risk", low: "🟢 low risk" }[level];
}
