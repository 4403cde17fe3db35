import type { PolicySource } from "../policy-file.ts";
import type { Directory } from "../slack/directory.ts";
import { actionOf } from "./actions/index.ts";
import type { ReadHygiene } from "./hygiene.ts";
import { targetsOf } from "./plan.ts";
import type { Facts } from "./standing.ts";
import { findLostGroups, isAnyProtected } from "./protection.ts";
import type { Request } from "./request.ts";
import { rulesFor } from "./rules.ts";
import type { Hygiene, Known } from "./standing.ts";

/** What it takes to find out what a decision depends on. */
export interface FactsDeps {
  policy: PolicySource;
  directory: Directory;
  hygiene: ReadHygiene;
  homeTeamId: string;
  now(): number;
}

const FINE: Hygiene = { kind: "fine" };

/**
 * All that a decision on this request depends on, read anew and all at once: the policy, Slack's groups and people
 * (who clicked and who voted), and whether those are at risk themselves.
 * @throws what Slack answered when it can't say.
 */
export async function gatherFacts(
  deps: FactsDeps,
  request: Request,
  clickerId: string | null,
  options: { withHygiene: boolean },
): Promise<Facts> {
  const { directory } = deps;
  const policy = deps.policy.current();
  const { approvers, quorum, alone } = rulesFor(policy, request);
  const action = actionOf(request.plan);
  const ids = new Set([
    ...(clickerId === null ? [] : [clickerId]),
    ...request.votes.map(({ by }) => by),
    ...(request.breakGlass === null ? [] : [request.breakGlass.by]),
  ]);
  const readHygiene =
    options.withHygiene && policy.approverHygiene ? deps.hygiene : () => Promise.resolve(FINE);
  const targets = targetsOf(request.plan);
  const [members, aloneMembers, isProtected, lostGroups, people] = await Promise.all([
    directory.members(approvers),
    alone === null ? null : directory.members(alone),
    isAnyProtected(policy, directory, targets),
    findLostGroups(policy, directory, targets),
    Promise.all([...ids].map(async (id) => [id, await readKnown(directory, readHygiene, id)] as const)),
  ]);
  return {
    request,
    effect: action.effect,
    homeTeamId: deps.homeTeamId,
    approvers: members,
    // What became protected since is void; until then its own rules stand.
    quorum,
    isProtected,
    lostGroups,
    breakGlass: aloneMembers,
    people: new Map(people),
    now: deps.now(),
  };
}

async function readKnown(directory: Directory, readHygiene: ReadHygiene, id: string): Promise<Known> {
  const person = await directory.person(id);
  return { person, hygiene: person?.email ? await readHygiene(person.email) : FINE };
}
