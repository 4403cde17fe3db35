import type { BlockList, BlockPolicy } from "../lookup/block-list.ts";
import type { Finding } from "./policy-rules.ts";

/** What undoes the block list that a policy names. `list`: as Cloudflare has it; null: it does not. Pure. */
export function reviewBlock({ emailList }: BlockPolicy, list: BlockList | null): Finding[] {
  const found = (rule: string, danger: string, fix: string): Finding[] => [
    { rule, places: ["block.email_list"], danger, fix },
  ];
  if (list === null) {
    return found(
      "unknown-block-list",
      `Cloudflare has no Zero Trust list with the id ${emailList}: /zt block can't keep anyone out`,
      "Copy the id from the list's address in the dashboard: Zero Trust, Lists",
    );
  }
  if (list.type !== "EMAIL") {
    return found(
      "block-list-type",
      `The block list “${list.name}” is of type ${list.type ?? "unknown"}, not EMAIL: /zt block can't keep anyone out`,
      "Name a list of user email addresses",
    );
  }
  if (list.enforcedBy !== "nothing") return [];
  return found(
    "block-list-unused",
    `No enabled Gateway rule uses the block list “${list.name}”: who is on it is not blocked`,
    "Make a rule that blocks the people on it, or set block.enforced_by: access where Access policies use it",
  );
}
