import type { Button, SectionBlock } from "@slack/types";

import { compact } from "../compact.ts";
import { plural } from "../pluralize.ts";
import type { Back } from "../requests/request.ts";
import type { Expected, Gap, Watched, WatchEnded, WatchEvent, WatchNews } from "../watch/news.ts";
import { actions, button, context, message, section, type Message } from "./blocks.ts";
import { formButton } from "./forms/button.ts";
import { code, duration, escape, mention, named, when } from "./text.ts";

export const WATCH_ACTIONS = {
  expected: "watch_expected",
  stop: "watch_stop",
  /** Opens the break-glass form of a revocation that no one has requested yet. */
  revokeNow: "watch_revoke_now",
} as const;

interface NewsProps {
  /** Their access was taken away before. */
  isAgain: boolean;
  /** The policy has break-glass for revocations. */
  canRevokeNow: boolean;
}

/** What a thread tells of someone who is watched. */
export function watchNewsMessage(news: WatchNews, props: NewsProps): Message {
  const { isAgain } = props;
  switch (news.kind) {
    case "returned":
      return returnedMessage(news, props);
    case "expected": {
      const text = `👁 ${expectedText(news.expected)}: ${eventText(news.who, news.event, isAgain)}`;
      return message(text, section(text));
    }
    case "watch-blind": {
      const text = `⚠️ *Can't see sign-ins* since ${when(news.since, "minute")}: ${escape(news.why)}. Still trying.`;
      return message(text, section(text));
    }
    case "watch-sees": {
      const text = compact(
        `👁 Sign-ins are visible again, including those since ${when(news.since, "minute")}.`,
        ...gapLines(news.missed),
      ).join("\n");
      return message(text, section(text));
    }
    case "watch-ended": {
      const text = endedText(news);
      return message(text, section(text));
    }
  }
}

/** Below the words of someone's return whom the block list keeps out. */
export const BLOCKED_NEXT = "→ They are blocked and got in all the same: disable the account in your IdP.";

function returnedMessage(
  { id, who, event, ask, expected, isBlocked }: Extract<WatchNews, { kind: "returned" }>,
  { isAgain, canRevokeNow }: NewsProps,
): Message {
  const what = eventText(who, event, isAgain);
  if (expected !== undefined) {
    const text = `👁 ${expectedText(expected)}: ${what}`;
    return message(text, section(text));
  }
  const text = `${signOf(event)} *${what}*`;
  return message(
    `${signOf(event)} ${what}`,
    section(text, isBlocked === true && BLOCKED_NEXT),
    ask.length > 0 && section(ask.map(mention).join(" ")),
    actions(
      "watch_event",
      revokeButton(who, isAgain),
      canRevokeNow && isReturn(event) && nowButton(id, who),
      expectedButton(id, who),
    ),
  );
}

/** In place of a message whose event was marked as expected. */
export function expectedMessage(
  { who, event }: { who: Watched; event: WatchEvent },
  expected: Expected,
  isAgain: boolean,
): Message {
  return watchNewsMessage({ kind: "expected", who, event, expected }, { isAgain, canRevokeNow: false });
}

function expectedText({ by }: Expected): string {
  return `Expected, says ${mention(by)}`;
}

function signOf(event: WatchEvent): string {
  return event.kind === "denials" || (event.kind === "risk" && event.level !== "high") ? "🟠" : "🚨";
}

/** `Mallory signed in again at 13:33 from 203.0.113.199 (BR) → Payroll` */
function eventText(who: Watched, event: WatchEvent, isAgain: boolean): string {
  const name = nameOf(who);
  const again = isAgain ? " again" : "";
  switch (event.kind) {
    case "signed-in": {
      const times = event.count > 1 ? `, ${plural(event.count, "sign-in")}` : "";
      return `${name} signed in${again} at ${when(event.at, "minute")}${placeText(event)}${times}`;
    }
    case "session":
      return `${name} has a new session since ${when(event.at, "minute")}${appsText(event.apps)}`;
    case "denials": {
      const from = event.ips.length === 0 ? "" : ` from ${event.ips.map((ip) => code(ip)).join(", ")}`;
      return `${name} was denied ${event.count} times between ${when(event.at, "minute")} and ${when(event.to, "minute")}${from}${appsText(event.apps)}`;
    }
    case "registration": {
      const at = event.at === null ? "" : ` at ${when(event.at, "minute")}`;
      return `${name} registered a device${at}: ${escape(named(event.name, "without a name"), 100)}`;
    }
    case "risk": {
      const before = event.before === null ? "" : `, was ${event.before}`;
      const at = event.at === null ? "" : ` · last event ${when(event.at, "minute")}`;
      return `Risk of ${name}: ${event.level ?? "unknown"}${before}${at}`;
    }
  }
}

/** ` from 203.0.113.199 (BR) → Payroll`, as far as it is known. */
export function placeText(place: {
  ip: string | null;
  country: string | null;
  apps: readonly string[];
}): string {
  return `${fromText(place)}${appsText(place.apps)}`;
}

function fromText({ ip, country }: { ip: string | null; country: string | null }): string {
  if (ip === null) return "";
  return ` from ${code(ip)}${country === null ? "" : ` (${escape(country, 60)})`}`;
}

function appsText(apps: readonly string[]): string {
  return apps.length === 0 ? "" : ` → ${apps.map((app) => escape(app, 100)).join(", ")}`;
}

function nameOf({ id, email, name }: Watched): string {
  return escape(named(name, email || id, 100), 100);
}

function revokeButton({ id, email }: Watched, isAgain: boolean): Button {
  const text = isAgain ? "Revoke again…" : "Revoke…";
  return formButton(text, "revoke", "watch", { user: id }, `Revoke sessions of ${email || id}`);
}

function nowButton(id: string, { id: userId, email }: Watched): Button {
  return button("Revoke now…", WATCH_ACTIONS.revokeNow, id, `Break-glass: revoke ${email || userId} at once`);
}

function isReturn({ kind }: WatchEvent): boolean {
  return kind === "signed-in" || kind === "session";
}

function expectedButton(id: string, { email }: Watched): Button {
  return button("Expected", WATCH_ACTIONS.expected, id, `Mark as expected of ${email}`);
}

function endedText({ lasted, people, back, missed, stoppedBy, replacedBy }: WatchEnded): string {
  if (replacedBy !== undefined) return `👁 Revoked again: ${escape(replacedBy)} watches from here.`;
  const stopped = stoppedBy === undefined ? "" : `Stopped by ${mention(stoppedBy)}. `;
  // Of a time that was not seen nothing is claimed.
  const unseen = missed.length === 0 ? "" : " seen";
  const said =
    back === 0
      ? `No sign-in${unseen} for ${duration(lasted)}`
      : people === 1
        ? `Watched for ${duration(lasted)}: they signed in`
        : `Watched for ${duration(lasted)}: ${back} of ${people} signed in`;
  return compact(`👁 ${stopped}${said}`, ...gapLines(missed)).join("\n");
}

function gapLines(gaps: readonly Gap[]): string[] {
  return gaps
    .slice(0, 5)
    .map(
      ({ from, to, why }) =>
        `⚠️ Sign-ins from ${when(from, "minute")} to ${when(to, "minute")} are unknown: ${escape(why)}`,
    );
}

/** The first line of a card whose people are back; null where no one is. `people`: how many it is about. */
export function backText(back: Back | null, people: number): string | null {
  if (back === null) return null;
  const who = people === 1 ? "" : `${back.people} of ${people} `;
  return `⚠️ *Revoked, ${who}back since ${when(back.since, "minute")}*`;
}

export interface WatchRow {
  id: string;
  who: Watched;
  until: number;
  isActive: boolean;
  endedAt: number | null;
  /** When they were first seen to sign in, and that was not expected; null: they were not. */
  backSince: number | null;
  /** Since when sign-ins can't be read; null: they can. */
  blindSince: number | null;
  /** Sign-ins of some time are unknown. */
  hasGaps: boolean;
  /** In whose thread it tells; null: one of its own. */
  requestId: string | null;
  askedBy: string;
}

/** The head of a thread that tells of one watch. */
export function watchHead(row: WatchRow): Message {
  const text = row.isActive
    ? `👁 *Watching ${nameOf(row.who)}* until ${when(row.until)}`
    : `👁 *Watched ${nameOf(row.who)}* until ${when(row.endedAt ?? row.until)}`;
  const lines = compact(text, stateOf(row));
  return message(
    lines.join(" · ").replaceAll("*", ""),
    section(...lines),
    context(`${code(row.who.email || row.who.id, 254)} · requested by ${mention(row.askedBy)}`),
    row.isActive && actions("watch_head", stopButton(row)),
  );
}

function stateOf({ backSince, blindSince, hasGaps, isActive }: WatchRow): string {
  if (backSince !== null) return `🚨 Signed in at ${when(backSince, "minute")}`;
  if (blindSince !== null) return `⚠️ Can't see sign-ins since ${when(blindSince, "minute")}`;
  if (hasGaps) return "⚪ No sign-in seen, part of the time is unknown";
  return isActive ? "No sign-in so far" : "No sign-in";
}

function stopButton({ id, who }: WatchRow): Button {
  return button("Stop watching", WATCH_ACTIONS.stop, id, `Stop watching ${who.email || who.id}`);
}

const SHOWN = 20;

/** Everyone who is watched now. */
export function watchListMessage(rows: readonly WatchRow[]): Message {
  if (rows.length === 0) {
    return message(
      "No one is being watched",
      section("👁 *No one is being watched.*", "→ `/zt watch mallory@example.com 2h`"),
    );
  }
  const title = `👁 ${plural(rows.length, "person", "people")} being watched`;
  const left = rows.length - SHOWN;
  return message(
    title,
    section(`*${title}*`),
    rows.slice(0, SHOWN).map(rowSection),
    left > 0 && context(`${left} more are not shown`),
  );
}

function rowSection(row: WatchRow): SectionBlock {
  const where = row.requestId === null ? "" : ` · ${escape(row.requestId)}`;
  return {
    ...section(
      `*${nameOf(row.who)}* ${code(row.who.email || row.who.id, 254)}`,
      `until ${when(row.until)} · ${stateOf(row)}${where}`,
    ),
    accessory: stopButton(row),
  };
}

/** The answer to `/zt watch`. `isDirect`: it tells in a direct message. */
export function watchStartedMessage(
  row: WatchRow,
  { isExtended, isDirect }: { isExtended: boolean; isDirect: boolean },
): Message {
  const verb = isExtended ? "Still watching" : "Watching";
  const where = isDirect ? "You get a direct message" : "This channel is told";
  const text = `👁 *${verb} ${nameOf(row.who)}* until ${when(row.until)}`;
  return message(
    text.replaceAll("*", ""),
    section(text, `${where} about new sign-ins, sessions, devices, denials and risk.`),
    actions("watch_started", stopButton(row)),
  );
}

/** The answer to `/zt unwatch` and to the button. */
export function unwatchedMessage(who: Watched, count: number): Message {
  const text =
    count === 0 ? `👁 ${nameOf(who)} is not being watched.` : `👁 *Stopped watching ${nameOf(who)}.*`;
  return message(text.replaceAll("*", ""), section(text));
}
