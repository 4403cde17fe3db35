import { list as listWords } from "../../pluralize.ts";
import type { PlanText } from "../define.ts";
import { forText, isEnforced, type BlockPlan, type FrozenList } from "./options.ts";

export function question({ target, options }: BlockPlan): string {
  const end = options.forMs === undefined ? "" : ` for ${forText(options.forMs)}`;
  return `${target.email} goes on the list “${options.list.name}”${end}.`;
}

export function describe({ target, options }: BlockPlan): PlanText {
  const { list, forMs } = options;
  const end = forMs === undefined ? "" : ` for ${forText(forMs)}`;
  return {
    headline: isEnforced(list)
      ? `Block ${target.email}${end}`
      : `Put ${target.email} on the list “${list.name}”${end}`,
    effects: [
      `Adds them to the list “${list.name}”`,
      enforcementText(list),
      forMs === undefined ? "They stay on it until someone unblocks them" : endEffect(forMs),
    ],
    caution: isEnforced(list)
      ? "Open sessions stay open: /zt revoke ends those."
      : "Disable the account in your IdP: this list alone keeps no one out.",
    undo: "Can be undone with /zt unblock.",
  };
}

/** That they are unblocked again by themselves. */
export function endEffect(forMs: number): string {
  return `zt-bot unblocks them by itself ${forText(forMs)} after it begins; this approval covers that`;
}

/** What makes the list block them; a list that nothing enforces is not called a block. */
export function enforcementText({ enforcedBy, rules }: FrozenList): string {
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
