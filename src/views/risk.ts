import type { SectionBlock } from "@slack/types";

import type { AccessUser, RiskLevel, RiskScore, RiskSummaryUser } from "../api/cloudflare.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { dateCell, table, textCell } from "./cells.ts";
import { fitLines } from "./fit.ts";
import { pageOf, pagingButtons, rangeText } from "./paging.ts";
import { screenButton } from "./screen-button.ts";
import { subjectOf, toSummary, whoOf } from "./subject.ts";
import { code, escape, named, utc, when } from "./text.ts";

const USERS_PAGE_SIZE = 10;
const EVENTS_PAGE_SIZE = 15;

/** `/zt risk`: the account's riskiest users, each with a button to their events. Pass them sorted. */
export function riskiestMessage(
  users: readonly RiskSummaryUser[],
  { now, page = 1 }: { now: number; page?: number },
): Message {
  if (users.length === 0) {
    return {
      text: "Nobody has a risk score: no risk event since the last resets",
      blocks: [
        section(`*Nobody has a risk score*: no risk event since the last resets (${when(now, "time")}).`),
        context(
          "→ Risk behaviours are switched on in the Cloudflare dashboard; `/zt users` lists everybody.",
        ),
      ],
    };
  }
  const shown = pageOf(users, page, USERS_PAGE_SIZE);
  const high = users.filter((user) => user.level === "high").length;
  const title = `${plural(users.length, "user")} with risk events, ${high.toLocaleString("en-US")} at high risk`;
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  return {
    text: fitLines([`${title}${range}`, ...shown.items.map(lineOf)], 3000),
    blocks: [
      section(`*${title}*${range} (${when(now, "time")})`),
      ...shown.items.map(rowOf),
      ...pagingButtons("risk", {}, { page: shown.page, hasNext: shown.page < shown.pages }),
    ],
  };
}

function rowOf(user: RiskSummaryUser, index: number): SectionBlock {
  const name = named(user.name, "", 80);
  const last = user.lastEventAt === null ? "" : `, last ${when(user.lastEventAt)}`;
  const lines = [
    // A name may run from right to left: it has a line of its own, so that it turns nothing else around.
    ...(name === "" ? [] : [`*${escape(name, 80)}*`]),
    code(user.email ?? user.userId, 254),
    `${levelBadge(user.level)} · ${user.eventCount === null ? "events not counted" : plural(user.eventCount, "event")}${last}`,
  ];
  return {
    ...section(lines.join("\n")),
    accessory: screenButton({
      text: "Events",
      screen: "risk",
      which: `open-${index}`,
      // The risk API's id, which need not be the Access user's.
      params: { scored: user.userId },
      label: `Risk events of ${user.email ?? name}`,
    }),
  };
}

function lineOf(user: RiskSummaryUser): string {
  const events = user.eventCount === null ? "" : `, ${plural(user.eventCount, "event")}`;
  return `${escape(user.email ?? user.userId, 200)}: ${user.level ?? "no known"} risk${events}`;
}

export interface RiskProps {
  /** Null where the risk API knows somebody whom Access does not (any more). */
  user: AccessUser | null;
  /** The id that the risk API has for them. */
  riskUserId: string;
  /** Null: the risk API does not know the user. */
  risk: RiskScore | null;
  now: number;
  page?: number;
}

/** `/zt risk <who>`: level, events since the last reset, newest first, and the last reset. */
export function riskMessage({ user, riskUserId, risk, now, page = 1 }: RiskProps): Message {
  const who = user === null ? escape(risk?.email || riskUserId, 254) : subjectOf(user);
  const next =
    user === null
      ? "Access does not know this user: they may have been removed."
      : `→ \`/zt user ${whoOf(user)}\` shows the rest of what is known.`;
  if (risk === null) {
    return {
      text: `${who} has no risk score`,
      blocks: [
        section(`*${who}* has no risk score: Cloudflare saw nothing risky of them (${when(now, "time")}).`),
        context(next),
        ...(user === null ? [] : [toSummary(user)]),
      ],
    };
  }
  const { events, earlier } = sinceReset(risk);
  const reset = risk.lastResetAt === null ? "never reset" : `last reset ${when(risk.lastResetAt)}`;
  const level = levelBadge(risk.level, risk.rawLevel);
  const shown = pageOf(events, page, EVENTS_PAGE_SIZE);
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  const paging = pagingButtons(
    "risk",
    { scored: riskUserId },
    { page: shown.page, hasNext: shown.page < shown.pages },
  );
  const counted = `${plural(events.length, "event")}${risk.lastResetAt === null ? "" : " since then"}`;
  const notes = [
    ...(user !== null && user.id !== riskUserId
      ? [`Risk scoring has another id for this user: ${code(riskUserId)}`]
      : []),
    ...(earlier === 0 ? [] : [`${plural(earlier, "event")} from before the last reset not shown`]),
  ];
  return {
    text: fitLines([`${who}: ${level}, ${reset}, ${counted}${range}`, ...shown.items.map(eventLine)], 3000),
    blocks: [
      section(`*${who}*: ${level} · ${reset} · ${counted}${range} (${when(now, "time")})`),
      ...(events.length === 0
        ? [context(next)]
        : [
            table(
              ["When", "Level", "Event", "Details"],
              shown.items.map((event) => [
                dateCell(event.at),
                textCell(event.level, 20),
                textCell(named(event.name, "unnamed event"), 80),
                textCell(event.details, 160),
              ]),
              { wrapped: 2 },
            ),
          ]),
      ...notes.map((note) => context(note)),
      ...(user === null ? paging : [toSummary(user, paging)]),
    ],
  };
}

/** Events without a time count: they are not known to be from before. */
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

function eventLine({ at, level, name }: RiskScore["events"][number]): string {
  const words = escape(named(name, "unnamed event"), 80);
  return `${at === null ? "time not said" : utc(at)}, ${level ?? "no level"}: ${words}`;
}

/** `🔴 high risk`; Cloudflare's own word where it is none of the known ones. */
function levelBadge(level: RiskLevel | null, rawLevel: string | null = null): string {
  if (level === null) return rawLevel === null ? "no risk level" : `risk ${escape(rawLevel, 30)}`;
  return { high: "🔴 high risk", medium: "🟠 medium risk", low: "🟢 low risk" }[level];
}
