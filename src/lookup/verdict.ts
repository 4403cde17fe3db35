import { hoursToMilliseconds } from "date-fns/hoursToMilliseconds";

import type { Identity } from "../api/cloudflare.ts";
import { compact, type Maybe } from "../compact.ts";
import { recentFailures } from "./facts.ts";
import type { AllowedAfterDenials } from "./sign-ins/digest.ts";
import type { Parts, UserSummary } from "./summary.ts";

/**
 * What the facts of a summary say together, and what to do first. It says "likely" and shows what it rests on; people
 * decide. No rule looks at a part that could not be read, and "nothing unusual" is only said of parts that all were.
 */
export interface Verdict {
  level: "danger" | "warning" | "calm" | "unknown";
  headline: Headline;
  /** The most telling first. */
  findings: Finding[];
  /** Parts that the rules rest on and that could not be read. */
  unread: Rested[];
  /** Parts that are still being read: the verdict may change with them. */
  reading: PartName[];
  step: Step;
}

export type Headline =
  | "likely-takeover"
  | "possible-takeover"
  | "high-risk"
  | "look-closer"
  | "nothing-unusual"
  | "nothing-unusual-in-what-was-read"
  | "nothing-unusual-so-far"
  | "still-reading";

export type Finding =
  /** `countries`: in the order of the journey; empty where Cloudflare does not say. */
  | { rule: "impossible-travel"; countries: string[] }
  | ({ rule: "allowed-after-denials" } & AllowedAfterDenials)
  /** Of the sessions that are open now. */
  | { rule: "several-countries"; countries: string[] }
  | { rule: "high-risk" | "medium-risk"; event: string | null }
  | { rule: "many-denials"; denied: number }
  | { rule: "failed-posture"; checks: FailedCheck[] }
  | { rule: "new-device"; name: string | null; at: number };

/** A posture check that failed. */
export type FailedCheck = Pick<NonNullable<Identity["posture"]>[number], "name" | "type">;

/** `revoke`: with the devices. `disable`: there is nothing left to revoke. */
export type Step = "revoke" | "disable" | "ask-them" | "refresh" | "none";

/** The parts that the rules rest on. */
const RESTED = ["risk", "signIns", "sessions", "places"] as const;
type Rested = (typeof RESTED)[number];

/** Where the sessions are is read with the sessions. */
const PART_NAMES = [
  "sessions",
  "places",
  "signIns",
  "risk",
  "identity",
  "failedLogins",
  "registrations",
] as const;
export type PartName = (typeof PART_NAMES)[number];

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
      .map(({ name, type }) => ({ name, type }));
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
  const reading = partsThat(summary, (part) => part.isReading === true);
  const unread = RESTED.filter((part) => !isRead(summary, part) && !reading.includes(part));
  const signs = findings.filter(({ rule }) => SIGNS_OF_TAKEOVER.has(rule)).length;
  const isHighRisk = findings.some(({ rule }) => rule === "high-risk");
  const told = { findings, unread, reading };
  if (signs > 1 || (signs === 1 && isHighRisk))
    return { level: "danger", headline: "likely-takeover", ...told, step: containment(summary) };
  if (isHighRisk) return { level: "danger", headline: "high-risk", ...told, step: containment(summary) };
  if (signs === 1) return { level: "warning", headline: "possible-takeover", ...told, step: "ask-them" };
  if (findings.length > 0) return { level: "warning", headline: "look-closer", ...told, step: "ask-them" };
  if (reading.length > 0) {
    const isAnyRead = RESTED.some((part) => isRead(summary, part));
    const headline = isAnyRead ? "nothing-unusual-so-far" : "still-reading";
    // What is missing comes by itself.
    return { level: "unknown", headline, ...told, step: "none" };
  }
  return unread.length > 0
    ? { level: "unknown", headline: "nothing-unusual-in-what-was-read", ...told, step: "refresh" }
    : { level: "calm", headline: "nothing-unusual", ...told, step: "none" };
}

/** The parts that could not be read, grouped by the reason; in the order in which they are told. */
export function unknownParts(summary: UserSummary): { reason: string; parts: PartName[] }[] {
  const failed = partsThat(summary, (part) => part.isReading !== true && part.isNone !== true);
  const reasonOf = (name: PartName) => {
    const part = summary[name];
    return part === undefined || part.ok ? "" : part.reason;
  };
  return [...Map.groupBy(failed, reasonOf)].map(([reason, parts]) => ({ reason, parts }));
}

/** Why nothing at all could be read: the most frequent reason. Null where any part was read or is on its way. */
export function whyNothing(summary: UserSummary): string | null {
  const groups = unknownParts(summary);
  const asked = PART_NAMES.filter((name) => summary[name] !== undefined && !isNone(summary[name]));
  if (groups.flatMap(({ parts }) => parts).length < asked.length) return null;
  return groups.toSorted((a, b) => b.parts.length - a.parts.length)[0]?.reason ?? null;
}

function isNone(part: Parts[PartName] | undefined): boolean {
  return part?.ok === false && part.isNone === true;
}

/** Of the parts that are not there, those that satisfy `is`. */
function partsThat(
  summary: UserSummary,
  is: (part: Extract<Parts[PartName], { ok: false }>) => boolean,
): PartName[] {
  return PART_NAMES.filter((name) => {
    const part = summary[name];
    return part !== undefined && !part.ok && is(part);
  });
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
