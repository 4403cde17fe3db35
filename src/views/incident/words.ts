import type { Chip, OpenGap, PersonState, Standing } from "../../incidents/chips.ts";
import type { Gap, GapKind } from "../../incidents/gaps.ts";
import type { Incident, IncidentPerson } from "../../incidents/incident.ts";
import type { Target } from "../../requests/target.ts";
import { compact } from "../../compact.ts";
import { list, plural } from "../../pluralize.ts";
import { escape, mention, named, when } from "../text.ts";

/** As it is named in sentences, also where nothing links to it. */
export const INCIDENT_CHANNEL = "the incident's channel";

/** One sign before each person: see docs/voice.md. */
const SIGNS: Record<Standing, string> = {
  back: "🔴",
  open: "🟠",
  waiting: "🟡",
  "in-progress": "⏳",
  unknown: "⚪",
  contained: "✅",
};

/**
 * `🔴 *Mallory Kane* · back since 13:33 · revoked 13:20`; `nothing`: said where there is no chip. Of whom only gaps are left
 * that are not required: `🟠 *Mallory Kane* · contained · revoked 13:20 · not required: 2 devices active`.
 */
export function personLine(
  { target }: Pick<IncidentPerson, "target">,
  { standing, isContained, chips }: Pick<PersonState, "standing" | "isContained" | "chips">,
  nothing = "nothing open",
): string {
  const isAsRequired = isContained && standing === "open";
  const { true: open = [], false: others = [] } = Object.groupBy(
    chips,
    ({ kind }) => String(isAsRequired && kind === "open") as "true" | "false",
  );
  const said = compact(
    isAsRequired && "contained",
    ...others.map(chipText),
    open.length > 0 && `not required: ${open.map(chipText).join(", ")}`,
  );
  return `${SIGNS[standing]} *${personName(target)}* · ${(said.length === 0 ? [nothing] : said).join(" · ")}`;
}

/** A name where there is one, else the email address. */
export function personName({ name, email, id }: Target): string {
  return escape(named(name, named(email, id, 60), 60));
}

/**
 * Plain names by which a reader tells these people apart: with the email address where someone else has the same name
 * (`among`: all who may be meant), and that alone where there is no name.
 */
export function tellApart(targets: readonly Target[], among: readonly Target[] = targets): string[] {
  const seen = new Map([...among, ...targets].map((one) => [one.id, fold(one.name)]));
  return targets.map(({ id, email, name }) => {
    const address = named(email, id, 254);
    const shown = named(name, "", 60);
    if (shown === "") return address;
    const isShared = [...seen].some(([other, folded]) => other !== id && folded === fold(name));
    return isShared ? `${shown} (${address})` : shown;
  });
}

function fold(name: string): string {
  return named(name, "", 60).normalize("NFKC").toLowerCase();
}

function chipText(chip: Chip): string {
  switch (chip.kind) {
    case "back":
      return `*back since ${when(chip.since, "minute")}*`;
    case "waiting":
      return "waiting for approval";
    case "in-progress":
      return "in progress";
    case "unclear":
      return "no clear answer from Cloudflare";
    case "failed":
      return "last request failed";
    case "revoked":
      return `revoked ${when(chip.at, "minute")}`;
    case "blocked":
      return "blocked";
    case "open":
      return openText(chip.gap);
    case "idp-disabled":
      return `disabled at the IdP, says ${mention(chip.said.by)}`;
    case "unknown":
      return `unknown: ${list(chip.what.map((kind) => KINDS[kind]))}`;
  }
}

const KINDS: Record<GapKind, string> = {
  back: "whether they are back",
  sessions: "sessions",
  block: "block list",
  idp: "IdP account",
  devices: "devices",
  risk: "risk",
};

function openText(gap: OpenGap): string {
  switch (gap.kind) {
    case "sessions":
      return `${plural(gap.count, "session")} open`;
    case "block":
      return gap.isUnenforced === true ? "on the block list, but no rule uses it" : "not blocked";
    case "idp":
      return "active at the IdP";
    case "devices":
      return `${plural(gap.count, "device")} active`;
    case "risk":
      return `${gap.level} risk`;
  }
}

/** That someone could not be read for so long: what is known of them may be over. */
export function notReadText(ms: number): string {
  return `not read in the last ${plural(ms / 60_000, "minute")}`;
}

/** A gap in plain words, without whose it is: `2 sessions open`. */
export function gapWords(gap: Gap): string {
  if (gap.is === "unknown") return `${KINDS[gap.kind]} unknown`;
  return gap.kind === "back" ? "signed in again after the revocation" : openText(gap);
}

/** `INC-7K3M2 · Phishing wave` in mrkdwn. */
export function incidentName({ id, title }: Pick<Incident, "id" | "title">): string {
  return compact(id, title !== "" && escape(title, 120)).join(" · ");
}
