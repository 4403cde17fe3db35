import { listedIn } from "../../lookup/facts.ts";
import type { Blocked, UserSummary } from "../../lookup/summary.ts";
import { list as listWords } from "../../pluralize.ts";
import type { PlanLine, PlanText } from "../define.ts";
import { forText, isEnforced, type BlockPlan, type FrozenList } from "./options.ts";

export function question(
  { target, options: { list, forMs } }: BlockPlan,
  evidence: UserSummary | null,
): string {
  const listed = listedThen(evidence);
  return listed === null
    ? `${target.email} goes on the list “${list.name}”${endText(forMs, listed)}.`
    : `${target.email} is on the list “${list.name}” already${replacedText(forMs, listed)}`;
}

export function describe({ target, options }: BlockPlan, evidence: UserSummary | null): PlanText {
  const { list, forMs } = options;
  const listed = listedThen(evidence);
  const end = endText(forMs, listed);
  return {
    headline: isEnforced(list)
      ? `Block ${target.email}${end}`
      : `Put ${target.email} on the list “${list.name}”${end}`,
    effects: blockEffects(list, forMs, listed),
    caution: isEnforced(list)
      ? "Open sessions stay open: /zt revoke ends those."
      : "Disable the account in your IdP: this list alone keeps no one out.",
    undo: "Can be undone with /zt unblock.",
  };
}

/** How they stood on the list when the block was requested; null: not on it, or unknown. */
export function listedThen(evidence: UserSummary | null): Blocked | null {
  return evidence === null ? null : listedIn(evidence, evidence.gatheredAt);
}

/**
 * ` for 8 hours`. Of someone who is on the list without an end nothing: zt-bot takes back only what it put there itself
 * (docs/adr/0029-blocks-that-end.md).
 */
export function endText(forMs: number | undefined, listed: Blocked | null): string {
  return forMs === undefined || listed?.until === null ? "" : ` for ${forText(forMs)}`;
}

/** What the list does, and how that ends; of someone who is on it already, what becomes of their end. */
export function blockEffects(
  list: FrozenList,
  forMs: number | undefined,
  listed: Blocked | null,
): PlanLine[] {
  const on = `the list “${list.name}”`;
  if (listed === null)
    return [`Adds them to ${on}`, enforcementText(list), forMs === undefined ? STAY : endEffect(forMs)];
  const already = `Already on ${on}`;
  if (listed.until === null)
    return [
      `${already}, without an end`,
      enforcementText(list),
      forMs === undefined
        ? STAY
        : `They stay on it after ${forText(forMs)} as well, unless someone takes them off before this begins`,
    ];
  return [
    { text: `${already} until`, at: listed.until },
    enforcementText(list),
    forMs === undefined
      ? `Instead, ${lowerStart(STAY)}`
      : `Instead, zt-bot unblocks them by itself ${forText(forMs)} after this begins; this approval covers that`,
  ];
}

/** What becomes of the end of someone who is on the list already, to stand behind that. */
export function replacedText(forMs: number | undefined, { until }: Blocked): string {
  if (until === null) return ", without an end, and stays on it.";
  return `, with an end. Instead, they ${forMs === undefined ? "stay on it until someone unblocks them" : `come off it ${forText(forMs)} after this begins`}.`;
}

const STAY = "They stay on it until someone unblocks them";

function lowerStart(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/** That they are unblocked again by themselves. */
function endEffect(forMs: number): string {
  return `zt-bot unblocks them by itself ${forText(forMs)} after it begins; this approval covers that`;
}

/** What makes the list block them; a list that nothing enforces is not called a block. */
function enforcementText({ enforcedBy, rules }: FrozenList): string {
  switch (enforcedBy) {
    case "gateway":
      return `${rules.length === 1 ? "The Gateway rule" : "The Gateway rules"} ${listWords(rules.map((rule) => `“${rule}”`))} ${rules.length === 1 ? "uses" : "use"} it`;
    case "access":
      return "Your Access policies use it, as policy.yml says";
    case "nothing":
      return "No enabled Gateway rule uses it: it blocks nothing now";
    case "unknown":
      return "Whether a Gateway rule uses it is unknown";
  }
}

export function callText({ target, options }: BlockPlan): string {
  return `list “${options.list.name}”: add ${target.email}`;
}
