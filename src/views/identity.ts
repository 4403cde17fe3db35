import type { SectionBlock } from "@slack/types";

import type { AccessUser, Identity } from "../api/cloudflare.ts";
import type { Difference } from "../lookup/identity-diff.ts";
import type { Comparison } from "../lookup/open-identities.ts";
import { list, plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { firstOf, fitLines } from "./fit.ts";
import { identitySections } from "./identity-sections.ts";
import { subjectOf, toSummary, whoOf } from "./subject.ts";
import { code, escape, when } from "./text.ts";

const MAX_SINCE = 3;
const MAX_GROUPS = 8;

export interface IdentityProps {
  user: AccessUser;
  /** Null: Cloudflare has none on record. */
  identity: Identity | null;
  comparison: Comparison;
  now: number;
}

/** `/zt identity`: who somebody was when last seen, and what is otherwise in the sessions they have open. */
export function identityMessage({ user, identity, comparison, now }: IdentityProps): Message {
  const who = subjectOf(user);
  if (identity === null) {
    return {
      text: `${who} has no log-in on record`,
      blocks: [
        section(`*${who}* has no log-in on record: nothing is known of them (${when(now, "time")}).`),
        context(
          `→ \`/zt failed-logins ${whoOf(user)}\` shows whether they tried, \`/zt devices ${whoOf(user)}\` what they registered.`,
        ),
        toSummary(user),
      ],
    };
  }
  const seen = identity.issuedAt === null ? "" : `, last seen ${when(identity.issuedAt)}`;
  const kinds = [...new Set(comparison.compared.flatMap((one) => one.differences.map(titleOf)))];
  const verdict =
    kinds.length === 0
      ? comparisonText(comparison)
      : `⚠️ differs from the sessions open now in ${list(kinds)}: see the end`;
  return {
    text: `Identity of ${who}${seen}: ${verdict}`,
    blocks: [
      section(`*${who}*${seen} (read ${when(now, "time")})\n${verdict}`),
      ...identitySections(identity),
      ...(kinds.length === 0 ? [] : [differencesSection(comparison)]),
      toSummary(user),
    ],
  };
}

/** What was compared, in words: also where nothing differs, or nothing could be compared. */
function comparisonText({ total, compared, unread, reason }: Comparison): string {
  if (total === 0) {
    return reason === null
      ? "no session is open now"
      : `⚠️ the sessions open now could not be read: ${escape(reason)}`;
  }
  const differs = compared.some((one) => one.differences.length > 0);
  const notes = [
    compared.length === total
      ? `${plural(total, "open session")} compared`
      : `${compared.length} of ${plural(total, "open session")} compared, the newest`,
    ...(unread === 0 || reason === null ? [] : [`${unread} could not be read: ${escape(reason)}`]),
  ].join("; ");
  if (differs) return notes;
  return compared.length === 0 ? `⚠️ ${notes}` : `✅ nothing differs from the sessions open now (${notes})`;
}

function differencesSection(comparison: Comparison): SectionBlock {
  const lines = mergeSame(comparison).map(
    ({ difference, since }) => `⚠️ ${differenceText(difference)} ${sessionsText(since)}`,
  );
  const shown = fitLines(
    ["*What differs from the sessions open now* (last seen → in the session)", ...lines],
    2500,
    (left) => `and ${plural(left, "difference")} more: \`/zt sessions\` shows each session in full`,
  );
  return section(`${shown}\n${comparisonText(comparison)}`);
}

/** What several sessions share is said once. */
function mergeSame({ compared }: Comparison): { difference: Difference; since: (number | null)[] }[] {
  const entries = compared.flatMap(({ issuedAt, differences }) =>
    differences.map((difference) => ({ difference, issuedAt })),
  );
  return [...Map.groupBy(entries, ({ difference }) => JSON.stringify(difference)).values()].flatMap(
    (same) => {
      const [first] = same;
      return first === undefined
        ? []
        : [{ difference: first.difference, since: same.map(({ issuedAt }) => issuedAt) }];
    },
  );
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
      const changes = [
        ...(added.length === 0 ? [] : [`${groupNames(added)} added`]),
        ...(removed.length === 0 ? [] : [`${groupNames(removed)} missing`]),
      ];
      return `*groups*: ${changes.join("; ")}`;
    }
    case "posture":
      return `*posture*, ${escape(difference.rule, 80)}: ${difference.seen} → ${difference.inSession}`;
  }
}

function valueText(what: string, value: string | null): string {
  if (value === null) return "none";
  return what === "IP" || what === "device" ? code(value, 64) : escape(value, 80);
}

function groupNames(names: readonly string[]): string {
  return firstOf(
    names.map((name) => escape(name, 60)),
    MAX_GROUPS,
  );
}

/** `in the session since …`, `in 2 sessions, since … and …` */
function sessionsText(since: readonly (number | null)[]): string {
  const times = since.flatMap((at) => (at === null ? [] : [when(at)]));
  if (since.length === 1)
    return `in the session ${times.length === 0 ? "of unknown start" : `since ${times[0]}`}`;
  const shown = times.length > MAX_SINCE ? firstOf(times, MAX_SINCE) : list(times);
  return `in ${plural(since.length, "session")}${times.length === 0 ? "" : `, since ${shown}`}`;
}
