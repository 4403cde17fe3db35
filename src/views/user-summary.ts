import type { Button, KnownBlock } from "@slack/types";

import type { AccessUser, Identity } from "../api/cloudflare.ts";
import { bySoonestEnd, onApps, recentFailures } from "../lookup/facts.ts";
import type { Part, UserSummary } from "../lookup/summary.ts";
import { list, plural } from "../words.ts";
import { actions, button, context, header, section, type Message } from "./blocks.ts";
import { countryText } from "./country.ts";
import { FORM_PREFIX, formButton } from "./form-button.ts";
import { SCREEN_PREFIX, screenButton } from "./screen-button.ts";
import { sessionTable } from "./session-table.ts";
import { code, duration, escape, mention, named, when } from "./text.ts";

/** The buttons under a summary. Values are the Access user's id and nothing else. */
export const SUMMARY_ACTIONS = {
  revoke: `${FORM_PREFIX}revoke:summary`,
  resetRisk: `${FORM_PREFIX}reset-risk:summary`,
  sessions: `${SCREEN_PREFIX}sessions:open`,
  share: "summary_share",
  dashboard: "summary_dashboard",
} as const;

const MAX_TABLE_ROWS = 6;
const MAX_RISK_EVENTS = 3;
const MAX_DEVICES = 4;

export interface SummaryProps {
  summary: UserSummary;
  accountId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Slack user id of whoever put it in the channel; absent while only the asker sees it. */
  sharedBy?: string;
}

/** `/zt user`: who someone is and what they have open, to be read in five seconds on a phone. */
export function userSummary(props: SummaryProps): Message {
  const { summary, now } = props;
  const { user } = summary;
  return {
    text: summaryText(summary, now),
    blocks: [
      header(named(user.name, named(user.email, user.id))),
      section(`${code(user.email || "no e-mail", 254)}\n${statusLine(summary, now)}`),
      ...summaryParts(summary, now),
      actions(
        "summary_actions",
        formButton({
          text: "Revoke…",
          action: "revoke",
          which: "summary",
          params: { user: user.id },
          style: "danger",
          label: `Ask to revoke all sessions of ${user.email}`,
        }),
        formButton({
          text: "Reset risk…",
          action: "reset-risk",
          which: "summary",
          params: { user: user.id },
          label: `Ask to reset the risk score of ${user.email}`,
        }),
        ...(props.sharedBy === undefined
          ? [
              button({
                text: "Share",
                action: SUMMARY_ACTIONS.share,
                value: user.id,
                label: "Put this summary in the channel",
              }),
            ]
          : []),
        button({
          text: "Open in the dashboard",
          action: SUMMARY_ACTIONS.dashboard,
          url: dashboardUrl(props.accountId, user.id),
        }),
      ),
      actions("summary_reads", ...READS.map((read) => readButton(user, read))),
      context(
        [
          code(user.id),
          `read ${when(summary.gatheredAt, "time")}`,
          ...(props.sharedBy === undefined ? [] : [`shared by ${mention(props.sharedBy)}`]),
        ].join(" · "),
      ),
    ],
  };
}

/** Where each part is shown in full. */
const READS = [
  { text: "Sessions", screen: "sessions", of: "All active sessions" },
  { text: "Devices", screen: "devices", of: "Device registrations" },
  { text: "Failed log-ins", screen: "failed-logins", of: "Failed log-ins" },
  { text: "Identity", screen: "identity", of: "Identity last seen" },
  { text: "Risk", screen: "risk", of: "Risk events" },
] as const;

function readButton(user: AccessUser, { text, screen, of }: (typeof READS)[number]): Button {
  return screenButton({
    text,
    screen,
    which: "open",
    params: { user: user.id },
    label: `${of} of ${user.email}`,
  });
}

/** The parts without header and buttons: also the evidence in a request's thread. */
export function summaryParts(summary: UserSummary, now: number): KnownBlock[] {
  return [
    section(identityText(summary.identity)),
    ...sessionBlocks(summary, now),
    section(failuresText(summary, now)),
    section(riskText(summary)),
    section(devicesText(summary)),
  ];
}

/** `🔴 High risk · Access and Gateway seat · last log-in yesterday 14:02` */
export function statusLine(summary: UserSummary, now: number): string {
  const { user } = summary;
  const failures = summary.failedLogins.ok ? recentFailures(summary.failedLogins.value, now).length : 0;
  return [
    riskBadge(summary),
    seats(user),
    lastLogin(summary),
    ...(failures >= 5 ? [`⚠️ *${plural(failures, "failed log-in")} in 24 h*`] : []),
  ].join(" · ");
}

/** Cloudflare leaves the date out for some who have sessions open: that is not "never". */
function lastLogin({ user, identity, sessions }: UserSummary): string {
  if (user.lastLoginAt !== null) return `last log-in ${when(user.lastLoginAt)}`;
  const wasSeen = identity.ok || (sessions.ok && sessions.value.length > 0);
  return wasSeen ? "last log-in not recorded" : "never logged in";
}

/** The whole summary in one sentence, for notifications and screen readers. */
export function summaryText(summary: UserSummary, now: number): string {
  const { user } = summary;
  const parts = [
    named(user.name, "") === "" ? user.email : `${user.name} (${user.email})`,
    summary.risk.ok
      ? `risk ${summary.risk.value.level ?? summary.risk.value.rawLevel ?? "unknown"}`
      : "risk not known",
    summary.sessions.ok ? plural(summary.sessions.value.length, "active session") : "sessions not known",
    ...(summary.failedLogins.ok
      ? [`${plural(recentFailures(summary.failedLogins.value, now).length, "failed log-in")} in 24 hours`]
      : []),
    ...(summary.registrations.ok ? [plural(summary.registrations.value.length, "registered device")] : []),
  ];
  return escape(parts.join(", "), 1000);
}

/** Where Cloudflare's own dashboard shows the user. */
export function dashboardUrl(accountId: string, userId: string): string {
  return `https://one.dash.cloudflare.com/${encodeURIComponent(accountId)}/team/users/${encodeURIComponent(userId)}`;
}

function riskBadge(summary: UserSummary): string {
  if (!summary.risk.ok) return "risk not known";
  const { level, rawLevel } = summary.risk.value;
  switch (level) {
    case "high":
      return "🔴 *High risk*";
    case "medium":
      return "🟠 *Medium risk*";
    case "low":
      return "🟢 Low risk";
    case null:
      return rawLevel === null ? "no risk level" : `risk ${escape(rawLevel, 30)}`;
  }
}

function seats(user: AccessUser): string {
  if (user.accessSeat === null && user.gatewaySeat === null) return "seats not said";
  const held = [
    ...(user.accessSeat === true ? ["Access"] : []),
    ...(user.gatewaySeat === true ? ["Gateway"] : []),
  ];
  return held.length === 0 ? "no seat" : `${list(held)} seat${held.length > 1 ? "s" : ""}`;
}

function missing(title: string, part: Part<unknown> & { ok: false }): string {
  return `*${title}*  ⚠️ not known: ${escape(part.reason)}`;
}

function identityText(part: Part<Identity>): string {
  if (!part.ok) return missing("Identity", part);
  const identity = part.value;
  const facts = [
    ...(identity.idp?.type ? [escape(identity.idp.type, 40)] : []),
    plural(identity.groups.length, "group"),
    ...(identity.ip === null ? [] : [code(identity.ip, 45)]),
    ...(identity.country === null ? [] : [countryText(identity.country)]),
    ...(identity.isWarp === null ? [] : [identity.isWarp ? "WARP on" : "WARP off"]),
    ...(identity.deviceId ? [`device ${code(identity.deviceId, 40)}`] : []),
  ];
  const failed = identity.posture.filter((check) => check.success === false);
  const passed = identity.posture.filter((check) => check.success === true).length;
  const names = failed
    .slice(0, 4)
    .map((check) => `*${escape(named(check.name, named(check.type, "unnamed rule")), 60)}*`);
  const posture =
    identity.posture.length === 0
      ? "posture: no checks"
      : `posture: ${passed} passed${failed.length === 0 ? "" : `, ❌ ${failed.length} failed: ${names.join(", ")}${failed.length > 4 ? ` +${failed.length - 4}` : ""}`}`;
  const seen = identity.issuedAt === null ? "" : ` (${when(identity.issuedAt)})`;
  return `*Identity, last seen*${seen}\n${facts.join(" · ")}\n${posture}`;
}

function sessionBlocks(summary: UserSummary, now: number): KnownBlock[] {
  if (!summary.sessions.ok) return [section(missing("Sessions", summary.sessions))];
  const sessions = bySoonestEnd(summary.sessions.value);
  if (sessions.length === 0) return [section("*Sessions*  none active")];
  const soonest = sessions[0]?.expiresAt ?? null;
  const ends =
    soonest === null ? "" : `, the first ends ${soonest <= now ? "now" : `in ${duration(soonest - now)}`}`;
  const left = sessions.length - MAX_TABLE_ROWS;
  return [
    section(`*${plural(sessions.length, "active session")}*${onApps(sessions)}${ends}`),
    sessionTable(sessions, MAX_TABLE_ROWS),
    ...(left > 0 ? [context(`and ${left} more: press Sessions`)] : []),
  ];
}

function failuresText(summary: UserSummary, now: number): string {
  if (!summary.failedLogins.ok) return missing("Failed log-ins", summary.failedLogins);
  const recent = recentFailures(summary.failedLogins.value, now);
  const [latest] = recent;
  if (latest === undefined) return "*Failed log-ins*  none in the last 24 h";
  const app = escape(named(latest.appName, "an unnamed app"), 60);
  const ray = latest.rayId === null ? "" : `, ray ${code(latest.rayId, 40)}`;
  return `*${plural(recent.length, "failed log-in")}* in the last 24 h\nlatest: ${app}, ${when(latest.at ?? now)}${ray}`;
}

function riskText(summary: UserSummary): string {
  if (!summary.risk.ok) return missing("Risk", summary.risk);
  const { events, lastResetAt } = summary.risk.value;
  const reset = lastResetAt === null ? "never reset" : `last reset ${when(lastResetAt)}`;
  if (events.length === 0) return `*Risk*  no events (${reset})`;
  const newest = events.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
  const lines = newest
    .slice(0, MAX_RISK_EVENTS)
    .map(
      (event) =>
        `• ${escape(named(event.name, "unnamed event"), 80)}${event.level ? ` (${escape(event.level, 20)})` : ""}${event.at === null ? "" : `, ${when(event.at)}`}`,
    );
  const left = events.length - MAX_RISK_EVENTS;
  return [
    `*${plural(events.length, "risk event")}* (${reset})`,
    ...lines,
    ...(left > 0 ? [`and ${left} more`] : []),
  ].join("\n");
}

function devicesText(summary: UserSummary): string {
  if (!summary.registrations.ok) return missing("Devices", summary.registrations);
  const devices = summary.registrations.value;
  if (devices.length === 0) return "*Devices*  none registered";
  const lines = devices
    .toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0))
    .slice(0, MAX_DEVICES)
    .map(
      (one) =>
        `• ${escape(named(one.deviceName, "unnamed device"), 60)}${one.lastSeenAt === null ? "" : `, seen ${when(one.lastSeenAt)}`}`,
    );
  const left = devices.length - MAX_DEVICES;
  return [
    `*${plural(devices.length, "registered device")}*`,
    ...lines,
    ...(left > 0 ? [`and ${left} more`] : []),
  ].join("\n");
}
