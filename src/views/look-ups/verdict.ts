import { compact } from "../../compact.ts";
import type { AllowedAfterDenials } from "../../lookup/sign-ins/digest.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import {
  unknownParts,
  whyNothing,
  type Finding,
  type Headline,
  type PartName,
  type Step,
  type Verdict,
} from "../../lookup/verdict.ts";
import { list, plural } from "../../pluralize.ts";
import { firstOf } from "../fit.ts";
import { failedCheckTexts } from "./posture.ts";
import { clean, code, escape, named } from "../text.ts";

/** No one takes in more than three facts in five seconds; the rest is below. */
const MAX_FINDINGS = 3;
const MAX_NAMES = 2;
const MAX_COUNTRIES = 3;
/** A name longer than this tells no more in five seconds. */
const MAX_NAME = 22;

const MARKS: Record<Verdict["level"], string> = { danger: "🔴", warning: "🟠", calm: "🟢", unknown: "⚪" };

const HEADLINES: Record<Headline, string> = {
  "likely-takeover": "Likely account takeover",
  "possible-takeover": "Possible account takeover",
  "high-risk": "High risk",
  "look-closer": "Look closer",
  "nothing-unusual": "Nothing unusual",
  "nothing-unusual-in-what-was-read": "Nothing unusual in what could be read",
  "nothing-unusual-so-far": "Nothing unusual so far",
  "still-reading": "Still reading",
};

const STEPS: Record<Step, string | null> = {
  revoke: "revoke sessions and devices, then disable the account in your IdP",
  disable: "disable the account in your IdP; no session and no device is left to revoke",
  "ask-them": "ask them by phone whether this was them; if not, revoke",
  refresh: "press Refresh: this is incomplete",
  none: null,
};

/** Where the policy names a block list. */
const STEPS_WITH_BLOCK: Partial<Record<Step, string>> = {
  revoke: "revoke sessions and devices, block them, then disable the account in your IdP",
  disable: "block them and disable the account in your IdP; no session and no device is left to revoke",
  "ask-them": "ask them by phone whether this was them; if not, revoke and block them",
};

const PARTS: Record<PartName, string> = {
  sessions: "sessions",
  places: "where the sessions are",
  signIns: "sign-ins",
  risk: "risk score",
  identity: "identity",
  failedLogins: "failed sign-ins",
  registrations: "devices",
};

/**
 * What a summary begins with, to be understood alone:
 * `🔴 *Likely account takeover.* Impossible travel GB → BR. 3 sessions open.` On lines of their own follow the parts
 * that it does not rest on: those that are unknown, with the reason, and those that are still being read.
 */
export function verdictText(verdict: Verdict, summary: UserSummary): string {
  const { level, headline, reading } = verdict;
  const unknown = unknownTexts(summary, verdict);
  const nothing = whyNothing(summary);
  if (nothing !== null) return `⚪ *Nothing could be read:* ${escape(nothing, 300)}.`;
  if (headline === "still-reading")
    return [`⏳ *Still reading* ${partNames(reading)}`, ...unknown].join("\n");
  const mark = level === "unknown" && reading.length > 0 ? "⏳" : MARKS[level];
  const said = compact(
    `${mark} *${HEADLINES[headline]}.*`,
    tellingOf(verdict).flatMap((finding) => sentenceOf(finding, headline, summary)),
    sessionsText(summary),
  ).join(" ");
  return compact(said, unknown, reading.length > 0 && `⏳ Still reading: ${partNames(reading)}`).join("\n");
}

/** What the headline says already is not said again. */
function sentenceOf(finding: Finding, headline: Headline, summary: UserSummary): string[] {
  const text = findingText(finding, summary);
  const rest =
    headline === "high-risk" && finding.rule === "high-risk" ? text.replace(/^High risk(?:: )?/, "") : text;
  return rest === "" ? [] : [`${rest}.`];
}

/** `⚠️ Unknown: sign-ins and devices (Cloudflare did not answer in time)`, a line for each reason. */
function unknownTexts(summary: UserSummary, { unread }: Verdict): string[] {
  const groups = unknownParts(summary);
  const explained = new Set<PartName>(groups.flatMap(({ parts }) => parts));
  const others = unread.filter((part) => !explained.has(part));
  return compact(
    groups.map(({ reason, parts }) => `⚠️ Unknown: ${partNames(parts)} (${escape(reason, 200)})`),
    others.length > 0 && `⚠️ Unknown: ${partNames(others)}`,
  );
}

function partNames(parts: readonly PartName[]): string {
  // Without the sessions it goes without saying that their places are missing too.
  const told = parts.includes("sessions") ? parts.filter((part) => part !== "places") : parts;
  return list(told.map((part) => PARTS[part]));
}

/** `*Recommended:* revoke sessions and devices, …`; null where there is nothing to do. */
export function stepText({ step }: Verdict, canBlock: boolean): string | null {
  const words = (canBlock ? STEPS_WITH_BLOCK[step] : undefined) ?? STEPS[step];
  return words === null ? null : `*Recommended:* ${words}.`;
}

/** Without findings and markup, for notifications: `Likely account takeover`. */
export function headlineText({ headline }: Verdict): string {
  return HEADLINES[headline];
}

/** The same findings as a reason, without markup: what a form about this user is filled in with. */
export function verdictReason(verdict: Verdict, summary: UserSummary): string {
  return tellingOf(verdict)
    .map((finding) => findingText(finding, summary, PLAIN))
    .join("; ");
}

/** The findings that are told; the journey says already which countries the sessions are in. */
function tellingOf({ findings }: Verdict): Finding[] {
  const travelled = findings.flatMap((one) => (one.rule === "impossible-travel" ? one.countries : []));
  const isTold = (one: Finding) =>
    one.rule === "several-countries" && one.countries.every((country) => travelled.includes(country));
  return findings.filter((one) => !isTold(one)).slice(0, MAX_FINDINGS);
}

/** Foreign words, in mrkdwn or as they are. */
interface Words {
  word(text: string, max: number): string;
  code(text: string, max: number): string;
}
const MARKUP: Words = { word: escape, code };
const PLAIN: Words = { word: clean, code: clean };

function findingText(finding: Finding, summary: UserSummary, words = MARKUP): string {
  const { word } = words;
  switch (finding.rule) {
    case "impossible-travel":
      return `Impossible travel${finding.countries.length > 1 ? ` ${finding.countries.slice(0, MAX_COUNTRIES).join(" → ")}` : ""}`;
    case "allowed-after-denials":
      return `${plural(finding.denied, "denied sign-in")}, then ${finding.allowed} allowed from ${words.code(finding.ip, 45)}${appsText(finding, summary, words)}`;
    case "several-countries":
      return `Sessions open from ${list(finding.countries.slice(0, MAX_COUNTRIES).map((country) => word(country, 8)))}`;
    case "high-risk":
    case "medium-risk":
      return `${finding.rule === "high-risk" ? "High" : "Medium"} risk${finding.event === null ? "" : `: ${word(named(finding.event, "unnamed event"), 2 * MAX_NAME)}`}`;
    case "many-denials":
      return `${plural(finding.denied, "denied sign-in")} in 24 h`;
    case "failed-posture":
      return firstOf(
        failedCheckTexts(finding.checks).map((check) => word(check, 2 * MAX_NAME)),
        MAX_NAMES,
      );
    case "new-device":
      return `New device: ${word(named(finding.name, "unnamed device"), MAX_NAME)}`;
  }
}

/** An id tells a reader nothing. */
const UNLISTED = "an app that is no longer listed";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** ` → Payroll, Admin panel`: applications by their names where a session has them, else by their domains. */
function appsText(
  { apps, domains = {} }: Pick<AllowedAfterDenials, "apps" | "domains">,
  { sessions }: UserSummary,
  { word }: Words,
): string {
  if (apps.length === 0) return "";
  const known = sessions.ok ? sessions.value.flatMap((session) => session.apps ?? []) : [];
  const names = apps.map((app) => {
    const found = known.find((one) => one.uid === app || one.hostname === app);
    const name = found?.name ?? found?.hostname ?? domains[app] ?? (UUID.test(app) ? null : app);
    return name === null ? UNLISTED : word(named(name, "an unnamed app"), MAX_NAME);
  });
  return ` → ${firstOf([...new Set(names)], MAX_NAMES)}`;
}

/** Also with nothing wrong: how many are open, and where. */
function sessionsText({ sessions, places }: UserSummary): string | null {
  if (!sessions.ok) return null;
  const count = sessions.value.length;
  if (count === 0) return "No session open.";
  const countries = places?.ok === true ? places.value.seen.map((place) => place.country) : [];
  const [only = null] = new Set(countries);
  const isOne = only !== null && countries.every((country) => country === only);
  return `${plural(count, "session")} open${isOne && countries.length === count ? ` from ${escape(only, 8)}` : ""}.`;
}
