import type { SectionBlock } from "@slack/types";

import type { AccessUser, Identity } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import type { Difference } from "../../lookup/identity-diff.ts";
import type { Comparison } from "../../lookup/open-identities.ts";
import { list, plural } from "../../pluralize.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { firstOf, fitLines } from "../fit.ts";
import { identitySections } from "./identity-sections.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { code, escape, when } from "../text.ts";

const MAX_SINCE = 3;
const MAX_GROUPS = 8;

interface IdentityProps {
  user: AccessUser;
  /** Null: Cloudflare has none on record. */
  identity: Identity | null;
  comparison: Comparison;
  now: number;
}

/** `/zt identity`: the identity when last seen, and how the current sessions differ. */
export function identityMessage({ user, identity, comparison, now }: IdentityProps): Message {
  const who = subjectOf(user);
  if (identity === null) {
    return message(
      `${who} has no sign-in on record`,
      section(`*${who}* has no sign-in on record (${when(now, "time")}).`),
      context(
        `→ \`/zt failed-sign-ins ${whoOf(user)}\` shows whether they tried, \`/zt devices ${whoOf(user)}\` their devices.`,
      ),
      toSummary(user),
    );
  }
  const seen = identity.issuedAt === null ? "" : `, last seen ${when(identity.issuedAt)}`;
  const kinds = [...new Set(comparison.compared.flatMap((one) => one.differences.map(titleOf)))];
  const verdict =
    kinds.length === 0
      ? comparisonText(comparison)
      : `⚠️ differs from the open sessions in ${list(kinds)}: see the end`;
  return message(
    `Identity of ${who}${seen}: ${verdict}`,
    section(`*${who}*${seen} (read ${when(now, "time")})`, verdict),
    identitySections(identity),
    kinds.length > 0 && differencesSection(comparison),
    toSummary(user),
  );
}

/** What was compared, in words: also where nothing differs, or nothing could be compared. */
function comparisonText({ total, compared, unsaid = [], unread, reason }: Comparison): string {
  if (total === 0) {
    return reason === null ? "no session is open" : `⚠️ can't read the open sessions: ${escape(reason)}`;
  }
  const differs = compared.some((one) => one.differences.length > 0);
  const notes = compact(
    compared.length === total
      ? `${plural(total, "open session")} compared`
      : `${compared.length} of ${plural(total, "open session")} compared, the newest`,
    unsaid.length > 0 && `${list(unsaid)} unknown, so not compared`,
    unread > 0 && reason !== null && `${unread} unknown: ${escape(reason)}`,
  ).join("; ");
  if (differs) return notes;
  return compared.length === 0 ? `⚠️ ${notes}` : `✅ nothing differs from the open sessions (${notes})`;
}

function differencesSection(comparison: Comparison): SectionBlock {
  const lines = mergeSame(comparison).map(
    ({ difference, since }) => `⚠️ ${differenceText(difference)} ${sessionsText(since)}`,
  );
  const shown = fitLines(
    ["*How the open sessions differ* (last seen → in the session)", ...lines],
    2500,
    (left) => `and ${plural(left, "difference")} more: \`/zt sessions\` shows each session in full`,
  );
  return section(`${shown}\n${comparisonText(comparison)}`);
}

/** What several sessions share is said once. */
function mergeSame({ compared }: Comparison): { difference: Difference; since: (number | null)[] }[] {
  const found = new Map<string, { difference: Difference; since: (number | null)[] }>();
  for (const { issuedAt, differences } of compared) {
    for (const difference of differences) {
      const key = JSON.stringify(difference);
      found.set(key, { difference, since: [...(found.get(key)?.since ?? []), issuedAt] });
    }
  }
  return [...found.values()];
}

function titleOf(difference: Difference): string {
  return difference.kind === "value" ? difference.what : difference.kind;
}

function differenceText(difference: Difference): string {
  switch (difference.kind) {
    case "value":
      return `*${difference.what}*: ${valueText(difference.what, difference.seen)} → ${valueText(difference.what, difference.inSession)}`;
    case "groups": {
      const { added, removed } = difference;
      const changes = compact(
        added.length > 0 && `${groupNames(added)} added`,
        removed.length > 0 && `${groupNames(removed)} missing`,
      );
      return `*groups*: ${changes.join("; ")}`;
    }
    case "posture":
      return `*posture*, ${escape(difference.rule, 80)}: ${difference.seen} → ${difference.inSession}`;
  }
}

function valueText(what: string, value: string): string {
  if (value === "") return "none";
  return what === "IP" || what === "device" ? code(value, 64) : escape(value, 80);
}

function groupNames(names: readonly string[]): string {
  const escaped = names.map((name) => escape(name, 60));
  return firstOf(escaped, MAX_GROUPS);
}

/** `in the session since …`, `in 2 sessions, since … and …` */
function sessionsText(since: readonly (number | null)[]): string {
  const times = since.flatMap((at) => (at === null ? [] : [when(at)]));
  if (since.length === 1)
    return `in the session ${times.length === 0 ? "of unknown start" : `since ${times[0]}`}`;
  const shown = times.length > MAX_SINCE ? firstOf(times, MAX_SINCE) : list(times);
  return `in ${plural(since.length, "session")}${times.length === 0 ? "" : `, since ${shown}`}`;
}
