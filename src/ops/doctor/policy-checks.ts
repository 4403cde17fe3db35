import { list, plural } from "../../pluralize.ts";
import { listApproving, reviewPolicy, type Approving } from "../policy-rules.ts";
import { ACTION_NAMES } from "../../requests/plan.ts";
import { reviewBlock } from "../block-check.ts";
import { type Check, defineCheck, describeFailure } from "./check.ts";
import { LINKS } from "./links.ts";
import type { Principals } from "./readings.ts";

/** A longer list is not read. */
const MAX_NAMED = 5;

export const POLICY_CHECKS: readonly Check[] = [
  defineCheck({
    name: "policy",
    title: "Policy",
    needs: ["policy", "slack", "principals"],
    judge: ({ policy, slack, principals }) => {
      // What is wrong with the channel is another check's: its facts are not among these.
      const findings = reviewPolicy(policy, principals.facts, slack.teamId);
      if (findings.length === 0)
        return [
          { status: "ok", what: "Everyone it names is known to Slack, and each quorum can be reached" },
        ];
      return findings.map(({ danger, fix, places }) => ({
        status: "problem",
        what: nameIds(danger, principals),
        fix: `${fix} (policy.yml: ${places.join(", ")})`,
        link: LINKS.policy,
      }));
    },
  }),
  defineCheck({
    name: "block-list",
    title: "Block list",
    needs: ["policy", "blockList"],
    judge: ({ policy: { block }, blockList }) => {
      if (block === null || blockList === "not named") return [];
      const findings = reviewBlock(block, blockList);
      if (findings.length === 0)
        return [{ status: "ok", what: `People on “${blockList?.name ?? ""}” are kept out` }];
      return findings.map(({ danger, fix, places }) => ({
        status: "problem",
        what: danger,
        fix: `${fix} (policy.yml: ${places.join(", ")})`,
        link: LINKS.policy,
      }));
    },
    // Where no policy can be read, another check tells of it.
    missed: (failure) =>
      failure.of === "settings" ? null : { status: "unknown", what: `Unknown: ${describeFailure(failure)}` },
  }),
  defineCheck({
    name: "approvers",
    title: "Who approves",
    needs: ["policy", "slack", "principals"],
    missed: () => null,
    judge: ({ policy, slack, principals }) => {
      const approving = listApproving(policy, principals.facts, slack.teamId);
      const groups = Map.groupBy(approving, ({ able, quorum, isWhole }) =>
        JSON.stringify([able, quorum, isWhole]),
      );
      return [...groups.values()].flatMap((those) => {
        const [first] = those;
        // Who can't reach a quorum is a problem, and told as one.
        if (first === undefined || !first.isWhole || first.able.length < first.quorum) return [];
        return [{ status: "ok", what: describeApproving(those, first, principals) }];
      });
    },
  }),
];

function describeApproving(
  those: readonly Approving[],
  { quorum, able }: Approving,
  principals: Principals,
): string {
  const actions =
    those.length === ACTION_NAMES.length ? "every action" : list(those.map(({ action }) => action));
  const names = able.slice(0, MAX_NAMED).map((id) => principals.names.get(id) ?? id);
  const left = able.length - names.length;
  return `${actions} needs ${plural(quorum, "approval")} of ${list([...names, ...(left > 0 ? [`${left} more`] : [])])}`;
}

/** Names before ids: `Bob Okafor (U0BOB0001)`. */
function nameIds(text: string, { names }: Principals): string {
  return text.replaceAll(/\b[USW][A-Z0-9]{2,}\b/g, (id) => {
    const name = names.get(id);
    return name === undefined ? id : `${name} (${id})`;
  });
}
