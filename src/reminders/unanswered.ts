import type { Log } from "../log/log.ts";
import { isSlackFailure } from "../slack/clients.ts";
import { gatherFacts, type FactsDeps } from "../approvals/facts.ts";
import { couldApprove } from "../approvals/decide.ts";
import { countVotes } from "../approvals/votes.ts";
import { newestVotes, type Request, type Vote } from "../requests/request.ts";
import { rulesFor } from "../approvals/rules.ts";

/** More mentions than this are a list that no one feels meant by: then the groups are named as the policy has them. */
const MAX_MENTIONED = 10;
/** Of a bigger group no one is looked at one by one. */
export const MAX_LOOKED_AT = 20;
export const AT_ONCE = 5;

/** Of a request, also of one that is about to be made, what tells who could decide it. */
export type Asked = Pick<Request, "plan" | "requesterId" | "votes"> & { id?: string };

export interface UnansweredDeps extends FactsDeps {
  log: Log;
}

/**
 * Of these Slack ids (people and groups, as the policy names them), who could decide this request and has not
 * answered: people, where they are few; otherwise, or where Slack can't say, the ids as they are.
 */
export async function findUnanswered(
  deps: UnansweredDeps,
  request: Asked,
  principals: readonly string[],
): Promise<string[]> {
  const isAsked = mayStillAnswer(deps, request);
  const named = principals.filter(isAsked);
  try {
    const ids = [...(await deps.directory.members(named))].filter(isAsked);
    if (ids.length > MAX_LOOKED_AT) return named;
    const able: string[] = [];
    while (ids.length > 0) able.push(...(await keepAble(deps, request, ids.splice(0, AT_ONCE))));
    return able.length > MAX_MENTIONED ? named : able;
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    deps.log.warn({ err: error, requestId: request.id }, "Slack does not say who could decide");
    return named;
  }
}

/** How many approvals a pending request still needs; where Slack can't say whose count, by their number. */
export async function countMissing(deps: UnansweredDeps, request: Request): Promise<number> {
  const { quorum } = rulesFor(deps.policy.current(), request);
  let counting = newestVotes(request.votes).length;
  if (counting > 0) {
    try {
      const facts = await gatherFacts(deps, request);
      counting = countVotes(facts).counting.length;
    } catch (error) {
      if (!isSlackFailure(error)) throw error;
      deps.log.warn({ err: error, requestId: request.id }, "Slack does not say who could decide");
    }
  }
  // Where the policy asks for fewer by now, it still takes a click.
  return Math.max(1, quorum - counting);
}

/** The requester is not asked, and neither is who agreed, as long as that approval counts. */
export function mayStillAnswer(
  { policy, now }: Pick<UnansweredDeps, "policy" | "now">,
  { plan, requesterId, votes }: Asked,
): (id: string) => boolean {
  const countsSince = now() - policy.current().action(plan.action).approvalMaxAgeMs;
  const takesCode = policy.current().stepUp.has(plan.action);
  const counts = ({ at, stepUp }: Vote): boolean => at >= countsSince && !(takesCode && stepUp === undefined);
  const agreed = new Set(votes.filter(counts).map(({ by }) => by));
  return (id) => id !== requesterId && !agreed.has(id);
}

/** Those of these people who could decide, as Slack has them now. */
export async function keepAble(
  { directory, homeTeamId }: UnansweredDeps,
  { plan, requesterId }: Asked,
  ids: readonly string[],
): Promise<string[]> {
  const people = await Promise.all(ids.map((id) => directory.person(id)));
  return ids.filter(
    (id, index) => couldApprove(people[index] ?? null, { id, plan, requesterId, homeTeamId }) === null,
  );
}
