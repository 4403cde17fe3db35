import { hoursToMilliseconds } from "date-fns/hoursToMilliseconds";

import { compact, type Maybe } from "../compact.ts";
import { recentFailures } from "./facts.ts";
import type { AllowedAfterDenials } from "./sign-in-digest.ts";
import type { UserSummary } from "./summary.ts";

/**
 * What the facts of a summary say together, and what to do first. It says "likely" and shows what it rests on; people
 * decide. No rule looks at a part that could not be read, and "nothing unusual" is only said of parts that all were.
 */
export interface Verdict {
  level: "danger" | "warning" | "calm" | "unknown";
  headline: Headline;
  /** The most telling first. */
  findings: Finding[];
  /** Parts that would have had a say and could not be read. */
  unread: Rested[];
  step: Step;
}

export type Headline =
  | "likely-takeover"
  | "possible-takeover"
  | "high-risk"
  | "look-closer"
  | "nothing-unusual"
  | "nothing-unusual-so-far";

export type Finding =
  /** `countries`: in the order of the journey; empty where Cloudflare does not say. */
  | { rule: "impossible-travel"; countries: string[] }
  | ({ rule: "allowed-after-denials" } & AllowedAfterDenials)
  /** Of the sessions that are open now. */
  | { rule: "several-countries"; countries: string[] }
  | { rule: "high-risk" | "medium-risk"; event: string | null }
  | { rule: "many-denials"; denied: number }
  | { rule: "failed-posture"; checks: string[] }
  | { rule: "new-device"; name: string | null; at: number };

/** `revoke`: with the devices. `disable`: there is nothing left to revoke. */
export type Step = "revoke" | "disable" | "ask-them" | "refresh" | "none";

/** The parts that the rules rest on. */
const RESTED = ["risk", "signIns", "sessions", "places"] as const;
type Rested = (typeof RESTED)[number];

const DAY_MS = hoursToMilliseconds(24);
const MANY_DENIALS = 10;

/** One rule each: what it finds in the parts that were read. In the order in which they are told. */
const RULES: readonly ((summary: UserSummary, now: number) => Maybe<Finding>)[] = [
  function impossibleTravel({ risk }, now) {
    const travel = risk.ok && newest(risk.value.events, now, /impossible.?travel/i);
    return travel && { rule: "impossible-travel", countries: countriesIn(travel.details) };
  },
  function allowedAfterDenials({ signIns }) {
    const found = signIns?.ok === true && signIns.value.allowedAfterDenials;
    return found && { rule: "allowed-after-denials", ...found };
  },
  function severalCountries({ places }) {
    if (places?.ok !== true) return null;
    const countries = [...new Set(places.value.seen.flatMap((place) => place.country ?? []))];
    return countries.length > 1 && { rule: "several-countries", countries };
  },
  function riskLevel({ risk }, now) {
    if (!risk.ok || (risk.value.level !== "high" && risk.value.level !== "medium")) return null;
    const { level, events } = risk.value;
    const event = newest(
      events.filter((one) => one.level === level),
      now,
      /^(?!.*impossible.?travel)/i,
    );
    return { rule: level === "high" ? "high-risk" : "medium-risk", event: event?.name ?? null };
  },
  function manyDenials({ signIns, failedLogins }, now) {
    if (signIns?.ok === true && signIns.value.allowedAfterDenials !== null) return null;
    const denied = Math.max(
      signIns?.ok === true ? signIns.value.denied : 0,
      failedLogins.ok ? recentFailures(failedLogins.value, now).length : 0,
    );
    return denied >= MANY_DENIALS && { rule: "many-denials", denied };
  },
  function failedPosture({ identity }) {
    if (!identity.ok) return null;
    const checks = (identity.value.posture ?? [])
      .filter((check) => check.success === false)
      .map((check) => check.name ?? check.type ?? "unnamed rule");
    return checks.length > 0 && { rule: "failed-posture", checks };
  },
  function newDevice({ registrations }, now) {
    if (!registrations.ok) return null;
    return registrations.value.flatMap(({ deviceName, createdAt }) =>
      createdAt === null || createdAt < now - DAY_MS
        ? []
        : { rule: "new-device" as const, name: deviceName, at: createdAt },
    );
  },
];

/** Each of these alone may be a holiday or a VPN; two of them together rarely are. */
const SIGNS_OF_TAKEOVER = new Set<Finding["rule"]>([
  "impossible-travel",
  "allowed-after-denials",
  "several-countries",
]);
/** A new laptop is nothing to worry about by itself. */
const ONLY_BESIDE_OTHERS = new Set<Finding["rule"]>(["new-device"]);

/** What a summary's facts say together. Pure; see `Verdict`. */
export function judge(summary: UserSummary, now: number): Verdict {
  const all = RULES.flatMap((rule) => compact(rule(summary, now)));
  const isAlarming = all.some(({ rule }) => !ONLY_BESIDE_OTHERS.has(rule));
  const findings = isAlarming ? all : [];
  const unread = RESTED.filter((part) => !isRead(summary, part));
  const signs = findings.filter(({ rule }) => SIGNS_OF_TAKEOVER.has(rule)).length;
  const isHighRisk = findings.some(({ rule }) => rule === "high-risk");
  if (signs > 1 || (signs === 1 && isHighRisk)) {
    return { level: "danger", headline: "likely-takeover", findings, unread, step: containment(summary) };
  }
  if (isHighRisk)
    return { level: "danger", headline: "high-risk", findings, unread, step: containment(summary) };
  if (signs === 1)
    return { level: "warning", headline: "possible-takeover", findings, unread, step: "ask-them" };
  if (findings.length > 0)
    return { level: "warning", headline: "look-closer", findings, unread, step: "ask-them" };
  return unread.length > 0
    ? { level: "unknown", headline: "nothing-unusual-so-far", findings, unread, step: "refresh" }
    : { level: "calm", headline: "nothing-unusual", findings, unread, step: "none" };
}

function isRead({ risk, signIns, sessions, places }: UserSummary, part: Rested): boolean {
  const value = { risk, signIns, sessions, places }[part];
  return value?.ok === true && (part !== "places" || places?.ok !== true || places.value.unread === 0);
}

/** Nothing to revoke is only what was seen to be nothing. */
function containment({ sessions, registrations }: UserSummary): Step {
  const isNothingOpen = sessions.ok && sessions.value.length === 0;
  const isNoDevice = registrations.ok && registrations.value.length === 0;
  return isNothingOpen && isNoDevice ? "disable" : "revoke";
}

type RiskEvents = Extract<UserSummary["risk"], { ok: true }>["value"]["events"];

/** An event without a time may be from today. */
function newest(events: RiskEvents, now: number, name: RegExp): RiskEvents[number] | undefined {
  return events
    .filter((event) => name.test(event.name ?? "") && (event.at === null || event.at >= now - DAY_MS))
    .toSorted((a, b) => (b.at ?? now) - (a.at ?? now))[0];
}

/** The details of a risk event are free-form JSON: values of two letters under a key that speaks of a country. */
function countriesIn(details: string | null): string[] {
  const found = details?.matchAll(/"[^"]*country[^"]*"\s*:\s*"([A-Za-z]{2})"/gi) ?? [];
  return [...new Set([...found].map(([, country = ""]) => country.toUpperCase()))];
}
