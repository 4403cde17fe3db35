import type { Button, ContainerBlock, KnownBlock, TableBlock } from "@slack/types";

import type { AccessUser, ActiveSession, RiskScore } from "../../api/cloudflare.ts";
import { compact, type Maybe } from "../../compact.ts";
import { countDevices, onApps, recentFailures, undatedText } from "../../lookup/facts.ts";
import type { Part, Places, UserSummary } from "../../lookup/summary.ts";
import { list, number, plural } from "../../pluralize.ts";
import { actions, context, folded, section } from "../blocks.ts";
import { shortDateCell, table, textCell } from "../cells.ts";
import { firstLines } from "../fit.ts";
import { clean, code, duration, escape, named, when } from "../text.ts";
import { countryText, flagOf } from "./identity-sections.ts";
import { failedCheckTexts, postureCount } from "./posture.ts";
import { riskEventText } from "./risk-event.ts";
import { appNames } from "./sessions.ts";

/** More would push the rest off a phone's screen. */
const MAX_SESSIONS = 3;
/** Two lines of a narrow column, three of wide letters. */
const MAX_WHERE = 48;
/** Two lines of a phone: of a longer name the rest is with the identity. */
export const MAX_TITLE = 40;
const MAX_RISK_EVENTS = 3;
const MAX_DEVICES = 4;
const MAX_FAILED_CHECKS = 6;

/** The newest sessions: where each is and what it is open on, then since when. Nothing where they are unknown. */
export function sessionBlocks({ sessions, places }: UserSummary, now: number): KnownBlock[] {
  // The verdict says so.
  if (!sessions.ok) return [];
  const newest = sessions.value.toSorted((a, b) => (b.issuedAt ?? 0) - (a.issuedAt ?? 0));
  if (newest.length === 0) return [section("*No active session*")];
  const left = newest.length - MAX_SESSIONS;
  return compact<KnownBlock>(
    section(`*${plural(newest.length, "active session")}*${onApps(newest)}${endsText(newest, now)}`),
    sessionTable(newest.slice(0, MAX_SESSIONS), places, now),
    left > 0 && context(`and ${number(left)} more: see All sessions`),
  );
}

function endsText(sessions: readonly ActiveSession[], now: number): string {
  const ends = sessions.flatMap(({ expiresAt }) => expiresAt ?? []);
  if (ends.length === 0) return "";
  const soonest = ends.reduce((a, b) => Math.min(a, b));
  return `, the first ends ${soonest <= now ? "now" : `in ${duration(soonest - now)}`}`;
}

function sessionTable(
  sessions: readonly ActiveSession[],
  places: Part<Places> | undefined,
  now: number,
): TableBlock {
  const rows = sessions.map((session) => [
    textCell(compact(placeText(session, places), appNames(session)).join(" · "), MAX_WHERE),
    shortDateCell(session.issuedAt, now),
  ]);
  return table(["Where", "Since"], rows);
}

/** `🇧🇷 BR 203.0.113.199`; null in a summary that was stored before it was kept which session is where. */
function placeText({ nonce }: ActiveSession, places: Part<Places> | undefined): string | null {
  if (places === undefined) return null;
  if (!places.ok) return places.isReading === true ? "reading…" : "place unknown";
  if (places.value.seen.some((place) => place.nonce === undefined)) return null;
  const found = places.value.seen.find((place) => place.nonce === nonce);
  if (found === undefined) return "place unknown";
  const { country, ip } = found;
  const words = compact(
    country !== null && compact(flagOf(country), clean(country, 20)).join(" "),
    ip !== null && clean(ip, 45),
  );
  return words.length === 0 ? "place unknown" : words.join(" ");
}

/** `IdP: active (Entra ID)`; null where no identity provider syncs its users, or it was not asked. */
export function idpText(idp: UserSummary["idp"]): string | null {
  if (idp === undefined) return null;
  if (!idp.ok) {
    if (idp.isNone === true || idp.isReading === true) return null;
    return `⚪ IdP: unknown (${escape(idp.reason, 200)})`;
  }
  const { active, provider, isUnlisted } = idp.value;
  if (isUnlisted === true)
    return `⚪ IdP: unknown (not among the users that ${provider === null ? "the IdPs sync" : `${escape(provider, 60)} syncs`} by SCIM)`;
  const name = provider === null ? "" : ` (${escape(provider, 60)})`;
  if (active === null) return "⚪ IdP: unknown";
  return active ? `IdP: active${name}` : `IdP: disabled${name}`;
}

/** What is folded: each under a title that says the one fact that matters. */
export type FoldedPart = "risk" | "signIns" | "identity" | "devices";

/** The parts that were read, folded. What is unknown or still being read stands with the verdict. */
export function foldedParts(
  summary: UserSummary,
  now: number,
  buttonsOf: (part: FoldedPart) => Button[],
): ContainerBlock[] {
  const fold = (part: FoldedPart, title: string, said: Said | null): ContainerBlock[] =>
    said === null
      ? []
      : folded(title, [section(...said.lines), ...actions(`summary_${part}`, ...buttonsOf(part))], said.fact);
  return [
    ...fold("risk", "Risk", riskPart(summary.risk)),
    ...fold("signIns", "Sign-ins", signInPart(summary, now)),
    ...fold("identity", "Identity", identityPart(summary)),
    ...fold("devices", "Devices", devicePart(summary)),
  ];
}

/** `fact` is plain text, the lines are mrkdwn. */
interface Said {
  fact: string;
  lines: Maybe<string>[];
}

function riskPart(risk: Part<RiskScore>): Said | null {
  if (!risk.ok) return null;
  const { events, lastResetAt, level, rawLevel } = risk.value;
  const shownLevel = level ?? (rawLevel === null ? "no level" : named(rawLevel, "level unknown", 30));
  const newest = events.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0));
  return {
    fact: `${shownLevel}, ${events.length === 0 ? "no events" : plural(events.length, "risk event")}`,
    lines: [
      lastResetAt === null ? "never reset" : `last reset ${when(lastResetAt)}`,
      ...firstLines(newest, MAX_RISK_EVENTS, (event) => {
        const details = compact(event.level && escape(event.level, 20), event.at !== null && when(event.at));
        return `• ${riskEventText(event)}${details.length === 0 ? "" : ` (${details.join(", ")})`}`;
      }),
    ],
  };
}

function signInPart({ failedLogins, signIns }: UserSummary, now: number): Said | null {
  const requests =
    signIns?.ok === true
      ? `${number(signIns.value.allowed)} allowed, ${number(signIns.value.denied)} denied`
      : null;
  if (!failedLogins.ok)
    return requests === null
      ? null
      : { fact: `${requests} in 24 h`, lines: [`${requests} in the last 24 h`] };
  const recent = recentFailures(failedLogins.value, now);
  const undated = undatedText(failedLogins.value);
  const [latest] = recent;
  const failures =
    latest === undefined
      ? `no ${undated === "" ? "" : "dated "}failed sign-in in 24 h${undated}`
      : `${plural(recent.length, "failed sign-in")} in 24 h${undated}`;
  return {
    fact: failures,
    lines: compact(
      latest !== undefined &&
        `latest: ${escape(named(latest.appName, "an unnamed app"), 60)}, ${when(latest.at ?? now)}${latest.rayId === null ? "" : `, ray ${code(latest.rayId, 40)}`}`,
      requests === null ? null : `${requests} in the Access log of the last 24 h`,
      latest === undefined &&
        requests === null &&
        (signIns?.ok === false && signIns.isReading === true
          ? "⏳ Still reading the Access log"
          : "The Access log is unknown."),
    ),
  };
}

function identityPart({ identity, user, ...summary }: UserSummary): Said | null {
  if (!identity.ok)
    return identity.isNone === true
      ? { fact: identity.reason, lines: [`${seats(user)} · ${escape(identity.reason, 100)}`] }
      : null;
  const { idp, groups, ip, country, isWarp, deviceId, issuedAt, posture } = identity.value;
  const facts = compact(
    !!idp?.type && escape(idp.type, 40),
    groups === null ? "groups unknown" : plural(groups.length, "group"),
    ip !== null && code(ip, 45),
    country !== null && countryText(country),
    isWarp !== null && (isWarp ? "WARP on" : "WARP off"),
    !!deviceId && `device ${code(deviceId, 40)}`,
  );
  const failed = failedCheckTexts((posture ?? []).filter((check) => check.success === false));
  const passed = (posture ?? []).filter((check) => check.success === true).length;
  return {
    fact: postureCount(posture),
    lines: [
      // The title above all shows its beginning.
      user.name.length > MAX_TITLE && escape(named(user.name, ""), 300),
      [seats(user), lastSignIn({ identity, user, ...summary })].join(" · "),
      `Last seen${issuedAt === null ? "" : ` ${when(issuedAt)}`}: ${facts.join(" · ")}`,
      ...firstLines(failed, MAX_FAILED_CHECKS, (check) => `❌ ${escape(check, 100)}`),
      failed.length > 0 && passed > 0 && `${plural(passed, "check")} passed`,
    ],
  };
}

/** Cloudflare leaves the date out for some who have sessions open: that is not "never". */
export function lastSignIn({ user, identity, sessions }: UserSummary): string {
  if (user.lastLoginAt !== null) return `last sign-in ${when(user.lastLoginAt)}`;
  const wasSeen = identity.ok || !sessions.ok || sessions.value.length > 0;
  return wasSeen ? "last sign-in unknown" : "never signed in";
}

/** `Access and Gateway seats` */
export function seats({ accessSeat, gatewaySeat }: AccessUser): string {
  if (accessSeat === null && gatewaySeat === null) return "seats unknown";
  const held = compact(accessSeat === true && "Access", gatewaySeat === true && "Gateway");
  return held.length === 0 ? "no seat" : `${list(held)} seat${held.length > 1 ? "s" : ""}`;
}

function devicePart({ registrations }: UserSummary): Said | null {
  if (!registrations.ok) return null;
  const devices = registrations.value.toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0));
  if (devices.length === 0) return { fact: "none registered", lines: ["No device is registered."] };
  const atLeast = registrations.isComplete === false ? "at least " : "";
  return {
    fact: countDevices(registrations),
    lines: firstLines(
      devices,
      MAX_DEVICES,
      ({ deviceName, lastSeenAt }) =>
        `• ${escape(named(deviceName, "unnamed device"), 60)}${lastSeenAt === null ? "" : `, seen ${when(lastSeenAt)}`}`,
      (left) => `and ${atLeast}${number(left)} more`,
    ),
  };
}
