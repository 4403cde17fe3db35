import type { PolicySource } from "../policy-file.ts";
import { isSlackFailure, slackTroubleOf } from "../slack/clients.ts";
import type { Directory } from "../slack/directory.ts";
import { actionOf } from "../actions/index.ts";
import { affectedBy } from "../requests/plan.ts";
import type { Request } from "../requests/request.ts";
import { CLICK_FRESH_MS, type ReadApproverRisk } from "./approver-risk.ts";
import type { ApproverRisk, Facts, Known, Named } from "./eligibility.ts";
import { readProtection } from "./protected-targets.ts";
import { rulesFor } from "./rules.ts";

/** What it takes to find out what a decision depends on. */
export interface FactsDeps {
  policy: PolicySource;
  directory: Directory;
  approverRisk: ReadApproverRisk;
  homeTeamId: string;
  now(): number;
}

/** What an approval depends on beside our own tables, as it was read a moment ago. */
export interface Standing {
  facts: Facts;
  /** Of the policy by which it was read. */
  policyHash: string;
}

/**
 * All that a decision on this request depends on, read now and all at once: the policy, Slack's groups and people (who
 * clicked and who voted), who is protected, and whether those who have a say are at risk themselves. That is one round
 * of calls: who very likely has a say is asked for in Cloudflare beside Slack. At a click Cloudflare is asked again.
 * @throws what Slack answered when it can't say who is who.
 */
export async function gatherFacts(
  deps: FactsDeps,
  request: Request,
  clickerId: string | null = null,
): Promise<Facts> {
  const { policy, rules, ...start } = startFacts(deps, request);
  const { directory } = deps;
  const naming = readNamed(directory, rules.approvers);
  const namingAlone = rules.alone === null ? null : readNamed(directory, rules.alone);
  const riskOf = (email: string) =>
    clickerId === null ? deps.approverRisk(email) : deps.approverRisk(email, CLICK_FRESH_MS);
  const readRiskEarly = (id: string): void => {
    const email = directory.last.email(id);
    const isLikely = id !== request.requesterId && directory.last.isAmong(id, rules.approvers);
    const isLikelyAlone = directory.last.isAmong(id, rules.alone ?? []);
    // Who asks for it once Slack has answered hears of an error.
    if (email !== null && (isLikely || isLikelyAlone)) riskOf(email).catch(() => {});
  };

  /** Of those who have no say Cloudflare is not asked. */
  const know = async (id: string): Promise<readonly [string, Known]> => {
    if (policy.checksApproverRisk) readRiskEarly(id);
    const [person, approvers, alone] = await Promise.all([directory.person(id), naming, namingAlone]);
    const hasSay = (approvers.has(id) && id !== request.requesterId) || alone?.has(id) === true;
    if (!policy.checksApproverRisk) return [id, { person, approverRisk: NOT_CHECKED }];
    if (!hasSay || !person?.email) return [id, { person, approverRisk: NOT_ASKED }];
    return [id, { person, approverRisk: await riskOf(person.email) }];
  };
  const ids = new Set([clickerId, request.breakGlass?.by ?? null, ...request.votes.map(({ by }) => by)]);
  const [approvers, breakGlass, people, protection] = await Promise.all([
    naming,
    namingAlone,
    Promise.all([...ids].flatMap((id) => (id === null ? [] : [know(id)]))),
    readProtection(policy, directory, affectedBy(request.plan)),
  ]);
  const now = deps.now();
  return { ...start, approvers, breakGlass, people: new Map(people), protection, silence: null, now };
}

/**
 * The same, for a call that is about to be sent: where Slack can't say who is who, with what the policy alone says.
 * Never rejects for what Slack answers.
 */
export async function gatherFactsOrSilence(deps: FactsDeps, request: Request): Promise<Facts> {
  try {
    return await gatherFacts(deps, request);
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    const { policy, rules, ...start } = startFacts(deps, request);
    const itself = (ids: readonly string[]): Named => new Map(ids.map((id) => [id, id]));
    return {
      ...start,
      approvers: itself(rules.approvers),
      breakGlass: rules.alone === null ? null : itself(rules.alone),
      people: new Map(),
      protection: await readProtection(policy, deps.directory, affectedBy(request.plan)),
      silence: `Slack: ${slackTroubleOf(error) ?? "no answer"}`,
      now: deps.now(),
    };
  }
}

/** The same a moment later, with what zt-bot itself did to those people since: that stands in our own tables. */
export async function renewRisks(deps: Pick<FactsDeps, "approverRisk">, facts: Facts): Promise<Facts> {
  const people = await Promise.all(
    [...facts.people].map(async ([id, known]): Promise<readonly [string, Known]> => {
      if (known.approverRisk === NOT_ASKED || known.approverRisk === NOT_CHECKED || !known.person?.email)
        return [id, known];
      return [id, { ...known, approverRisk: await deps.approverRisk(known.person.email) }];
    }),
  );
  return { ...facts, people: new Map(people) };
}

const NOT_CHECKED: ApproverRisk = { kind: "fine" };
const NOT_ASKED: ApproverRisk = { kind: "unknown", why: "it was not read" };

function startFacts(deps: FactsDeps, request: Request) {
  const action = actionOf(request.plan);
  const policy = deps.policy.current();
  const rules = rulesFor(policy, request);
  return {
    policy,
    rules,
    request,
    access: action.access,
    isUrgent: action.isUrgent === true,
    homeTeamId: deps.homeTeamId,
    // Until someone becomes protected, which makes it void, its own rules stand.
    quorum: rules.quorum,
    stepUp: rules.stepUp,
    maxAgeMs: policy.action(request.plan.action).approvalMaxAgeMs,
    gatheredAt: deps.now(),
  };
}

/** Who is meant by these ids of people and groups, each with the first of them; their own comes before any group. */
async function readNamed(directory: Directory, principals: readonly string[]): Promise<Named> {
  const groups = principals.filter((id) => id.startsWith("S"));
  const people = principals.filter((id) => !id.startsWith("S"));
  const named = new Map<string, string>(people.map((id) => [id, id]));
  const members = await Promise.all(groups.map((id) => directory.members([id])));
  for (const [index, ids] of members.entries())
    for (const id of ids) if (!named.has(id)) named.set(id, groups[index] ?? id);
  return named;
}
