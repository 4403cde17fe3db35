import type { Button, KnownBlock } from "@slack/types";

import type { AccessUser, Identity, RiskScore } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { bySoonestEnd, countDevices, onApps, recentFailures, undatedText } from "../../lookup/facts.ts";
import type { Part, UserSummary } from "../../lookup/summary.ts";
import { judge, type Verdict } from "../../lookup/verdict.ts";
import { list, number, plural } from "../../pluralize.ts";
import { actions, button, context, header, linkButton, message, section, type Message } from "../blocks.ts";
import { firstLines, firstOf } from "../fit.ts";
import { FORM_PREFIX, formButton } from "../form-button.ts";
import { SCREEN_PREFIX, screenButton } from "../screen-button.ts";
import { code, duration, escape, mention, named, when } from "../text.ts";
import { countryText } from "./identity-sections.ts";
import { sessionTable } from "./sessions.ts";
import { headlineText, stepText, verdictText } from "./verdict.ts";

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

interface SummaryProps {
  summary: UserSummary;
  accountId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Slack user id of whoever put it in the channel; absent while only the asker sees it. */
  sharedBy?: string;
}

/** `/zt user`: who someone is and what they have open, to be read in five seconds on a phone. */
export function userSummary({ summary, accountId, now, sharedBy }: SummaryProps): Message {
  const { id, name, email } = summary.user;
  const verdict = judge(summary, now);
  return message(
    summaryText(summary, now),
    header(named(name, named(email, id))),
    section(verdictText(verdict, summary), stepText(verdict)),
    actions(
      "summary_actions",
      revokeButton(summary, verdict),
      screenButton("Refresh", "user", { user: id }, `Read again what is known of ${email}`, "next"),
      formButton(
        "Reset risk…",
        "reset-risk",
        "summary",
        { user: id },
        `Ask to reset the risk score of ${email}`,
      ),
      sharedBy === undefined && button("Share", SUMMARY_ACTIONS.share, id, "Put this summary in the channel"),
      linkButton("Open in the dashboard", SUMMARY_ACTIONS.dashboard, dashboardUrl(accountId, id)),
    ),
    section(code(email || "no email", 254), statusLine(summary, now)),
    summaryParts(summary, now),
    actions(
      "summary_reads",
      READS.map(([text, screen, of]) => screenButton(text, screen, { user: id }, `${of} of ${email}`)),
    ),
    context(
      `${code(id)} · read ${when(summary.gatheredAt, "time")}${sharedBy === undefined ? "" : ` · shared by ${mention(sharedBy)}`}`,
    ),
  );
}

/** Red where the verdict recommends it, and then filled in: with the devices, and what it rests on as the reason. */
function revokeButton({ user }: UserSummary, { step }: Verdict): Button {
  const params = { user: user.id };
  const label = `Ask to revoke all sessions of ${user.email}`;
  return step === "revoke"
    ? formButton("Revoke all access…", "revoke", "summary", { ...params, advice: "yes" }, label, "danger")
    : formButton("Revoke…", "revoke", "summary", params, label);
}

/** Where each part is shown in full: a button's text, the screen it opens, and the start of its label. */
const READS = [
  ["Sessions", "sessions", "All active sessions"],
  ["Devices", "devices", "Device registrations"],
  ["Failed log-ins", "failed-logins", "Failed log-ins"],
  ["Identity", "identity", "Identity last seen"],
  ["Risk", "risk", "Risk events"],
] as const;

/** The parts without header and buttons: also the evidence in a request's thread. */
export function summaryParts(summary: UserSummary, now: number): KnownBlock[] {
  return [
    section(identityText(summary.identity)),
    ...sessionBlocks(summary, now),
    section(failuresText(summary, now)),
    section(riskLines(summary.risk)),
    section(devicesLines(summary)),
  ];
}

/** `🔴 High risk · Access and Gateway seat · last log-in yesterday 14:02` */
export function statusLine(summary: UserSummary, now: number): string {
  const { user } = summary;
  const failures = summary.failedLogins.ok ? recentFailures(summary.failedLogins.value, now).length : 0;
  return compact(
    riskBadge(summary.risk),
    seats(user),
    lastLogin(summary),
    failures >= 5 && `⚠️ *${plural(failures, "failed log-in")} in 24 h*`,
  ).join(" · ");
}

/** Cloudflare leaves the date out for some who have sessions open: that is not "never". */
function lastLogin({ user, identity, sessions }: UserSummary): string {
  if (user.lastLoginAt !== null) return `last log-in ${when(user.lastLoginAt)}`;
  const wasSeen = identity.ok || (sessions.ok && sessions.value.length > 0);
  return wasSeen ? "last log-in not recorded" : "never logged in";
}

/** The whole summary in one sentence, for notifications and screen readers. */
export function summaryText(summary: UserSummary, now: number): string {
  const { user, risk, sessions, failedLogins, registrations } = summary;
  const parts = compact(
    named(user.name, "") === "" ? user.email : `${user.name} (${user.email})`,
    risk.ok ? `risk ${risk.value.level ?? risk.value.rawLevel ?? "unknown"}` : "risk not known",
    sessions.ok ? plural(sessions.value.length, "active session") : "sessions not known",
    failedLogins.ok &&
      `${plural(recentFailures(failedLogins.value, now).length, "failed log-in")} in 24 hours${undatedText(failedLogins.value)}`,
    registrations.ok && countDevices(registrations),
  );
  return escape(`${headlineText(judge(summary, now))}: ${parts.join(", ")}`, 1000);
}

/** Where Cloudflare's own dashboard shows the user. */
export function dashboardUrl(accountId: string, userId: string): string {
  return `https://one.dash.cloudflare.com/${encodeURIComponent(accountId)}/team/users/${encodeURIComponent(userId)}`;
}

const BADGES = { high: "🔴 *High risk*", medium: "🟠 *Medium risk*", low: "🟢 Low risk" };

function riskBadge(risk: Part<RiskScore>): string {
  if (!risk.ok) return "risk not known";
  const { level, rawLevel } = risk.value;
  if (level !== null) return BADGES[level];
  return rawLevel === null ? "no risk level" : `risk ${escape(rawLevel, 30)}`;
}

function seats({ accessSeat, gatewaySeat }: AccessUser): string {
  if (accessSeat === null && gatewaySeat === null) return "seats not said";
  const held = compact(accessSeat === true && "Access", gatewaySeat === true && "Gateway");
  return held.length === 0 ? "no seat" : `${list(held)} seat${held.length > 1 ? "s" : ""}`;
}

function missing(title: string, part: Part<unknown> & { ok: false }): string {
  return `*${title}*  ⚠️ not known: ${escape(part.reason)}`;
}

function identityText(part: Part<Identity>): string {
  if (!part.ok) return missing("Identity", part);
  const { idp, groups, ip, country, isWarp, deviceId, issuedAt, posture } = part.value;
  const facts = compact(
    !!idp?.type && escape(idp.type, 40),
    groups === null ? "groups not said" : plural(groups.length, "group"),
    ip !== null && code(ip, 45),
    country !== null && countryText(country),
    isWarp !== null && (isWarp ? "WARP on" : "WARP off"),
    !!deviceId && `device ${code(deviceId, 40)}`,
  );
  const seen = issuedAt === null ? "" : ` (${when(issuedAt)})`;
  return `*Identity, last seen*${seen}\n${facts.join(" · ")}\nposture: ${postureText(posture)}`;
}

function postureText(posture: Identity["posture"]): string {
  if (posture === null) return "not said";
  if (posture.length === 0) return "no checks";
  const passed = posture.filter((check) => check.success === true).length;
  const failed = posture
    .filter((check) => check.success === false)
    .map((check) => `*${escape(named(check.name, named(check.type, "unnamed rule")), 60)}*`);
  return `${passed} passed${failed.length === 0 ? "" : `, ❌ ${failed.length} failed: ${firstOf(failed, 4)}`}`;
}

function sessionBlocks(summary: UserSummary, now: number): KnownBlock[] {
  if (!summary.sessions.ok) return [section(missing("Sessions", summary.sessions))];
  const sessions = bySoonestEnd(summary.sessions.value);
  if (sessions.length === 0) return [section("*Sessions*  none active")];
  const soonest = sessions[0]?.expiresAt ?? null;
  const ends =
    soonest === null ? "" : `, the first ends ${soonest <= now ? "now" : `in ${duration(soonest - now)}`}`;
  const left = sessions.length - MAX_TABLE_ROWS;
  return compact<KnownBlock>(
    section(`*${plural(sessions.length, "active session")}*${onApps(sessions)}${ends}`),
    sessionTable(sessions, MAX_TABLE_ROWS),
    left > 0 && context(`and ${left} more: press Sessions`),
  );
}

function failuresText({ failedLogins }: UserSummary, now: number): string {
  if (!failedLogins.ok) return missing("Failed log-ins", failedLogins);
  const recent = recentFailures(failedLogins.value, now);
  const undated = undatedText(failedLogins.value);
  const [latest] = recent;
  if (latest === undefined)
    return `*Failed log-ins*  none ${undated === "" ? "" : "dated "}in the last 24 h${undated}`;
  const app = escape(named(latest.appName, "an unnamed app"), 60);
  const ray = latest.rayId === null ? "" : `, ray ${code(latest.rayId, 40)}`;
  return `*${plural(recent.length, "failed log-in")}* in the last 24 h${undated}\nlatest: ${app}, ${when(latest.at ?? now)}${ray}`;
}

function riskLines(risk: Part<RiskScore>): string[] {
  if (!risk.ok) return [missing("Risk", risk)];
  const { events, lastResetAt } = risk.value;
  const reset = lastResetAt === null ? "never reset" : `last reset ${when(lastResetAt)}`;
  if (events.length === 0) return [`*Risk*  no events (${reset})`];
  const newest = events.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
  const lines = firstLines(newest, MAX_RISK_EVENTS, ({ name, level, at }) => {
    const shown = escape(named(name, "unnamed event"), 80);
    return `• ${shown}${level ? ` (${escape(level, 20)})` : ""}${at === null ? "" : `, ${when(at)}`}`;
  });
  return [`*${plural(events.length, "risk event")}* (${reset})`, ...lines];
}

function devicesLines({ registrations }: UserSummary): string[] {
  if (!registrations.ok) return [missing("Devices", registrations)];
  const devices = registrations.value.toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0));
  if (devices.length === 0) return ["*Devices*  none registered"];
  const atLeast = registrations.isComplete === false ? "at least " : "";
  const lines = firstLines(
    devices,
    MAX_DEVICES,
    ({ deviceName, lastSeenAt }) => {
      const name = escape(named(deviceName, "unnamed device"), 60);
      return `• ${name}${lastSeenAt === null ? "" : `, seen ${when(lastSeenAt)}`}`;
    },
    (left) => `and ${atLeast}${number(left)} more`,
  );
  return [`*${countDevices(registrations)}*`, ...lines];
}
