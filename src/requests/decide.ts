import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { circumstancesOf } from "./circumstances.ts";
import {
  decideApprove,
  decideCancel,
  decideDeny,
  decideDetails,
  decideStop,
  type ClickFacts,
  type Verdict,
} from "./policy.ts";
import type { Request } from "./request.ts";
import { readRequest } from "./store.ts";
import { moveRequest, stopRequest } from "./transition.ts";

export type Decision = "approve" | "deny" | "cancel";

const DECIDE: Record<Decision, (facts: ClickFacts) => Verdict> = {
  approve: decideApprove,
  deny: decideDeny,
  cancel: decideCancel,
};
const REACHED = { approve: "approved", deny: "denied", cancel: "cancelled" } as const;

/**
 * Carries out a decision of whoever clicked: authorised anew from the policy and Slack as they are now, then one
 * conditional write. Losing a race, like any refusal, is an answer in words.
 * @returns the request as decided.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function decide(
  deps: Deps,
  decision: Decision,
  requestId: string,
  asker: Asker,
  reason?: string,
): Promise<Request> {
  const facts = await checkDecision(deps, decision, requestId, asker);
  const at = deps.now();
  const moved = await moveRequest(deps.db, requestId, {
    to: REACHED[decision],
    actor: asker.userId,
    at,
    data: circumstancesOf(deps, asker),
    ...(reason === undefined ? {} : { reason }),
    posts: [
      { key: "decision", surface: "thread", data: { kind: "decision", at } },
      ...(decision === "deny" ? [{ key: "outcome", surface: "dm", data: { kind: "outcome" } } as const] : []),
    ],
  });
  if (moved === null) {
    // Somebody was first between the check and the write: the check, made again, says who.
    await checkDecision(deps, decision, requestId, asker);
    throw new UserError({ what: "Somebody else was faster.", next: "The card shows how it stands." });
  }
  deps.log.info(
    { requestId, decision, userId: asker.userId, waitedMs: at - facts.request.createdAt },
    "request decided",
  );
  await Promise.all([
    deps.engine.publish(moved),
    ...(decision === "approve" ? [deps.engine.execute(requestId)] : []),
  ]);
  return moved;
}

/**
 * Stops a request about several users: whoever is being called for is finished, the others are not touched.
 * Authorised anew at the click, like every decision.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function stop(deps: Deps, requestId: string, asker: Asker): Promise<void> {
  const facts = await checkStop(deps, requestId, asker);
  const stopped = await stopRequest(deps.db, requestId, asker.userId, facts.now);
  if (stopped === null) {
    // It ended, or somebody else stopped it, between the check and the write.
    await checkStop(deps, requestId, asker);
    throw new UserError({ what: "Somebody else was faster.", next: "The card shows how it stands." });
  }
  deps.log.info({ requestId, userId: asker.userId }, "request stopped");
  await deps.engine.publish(stopped);
}

async function checkStop(deps: Deps, requestId: string, asker: Asker): Promise<ClickFacts> {
  const facts = await gatherFacts(deps, "stop", requestId, asker);
  await enforce(deps, "stop", facts, decideStop(facts), asker);
  return facts;
}

/**
 * May this person decide so now? Also asked before the deny form opens, so that nobody writes a reason in vain.
 * @throws UserError
 */
export async function checkDecision(
  deps: Deps,
  decision: Decision,
  requestId: string,
  asker: Asker,
): Promise<ClickFacts> {
  const facts = await gatherFacts(deps, decision, requestId, asker);
  await enforce(deps, decision, facts, DECIDE[decision](facts), asker);
  return facts;
}

/** @throws UserError when this person may not see the request in full. */
export async function checkDetails(deps: Deps, requestId: string, asker: Asker): Promise<Request> {
  const [facts, operators] = await Promise.all([
    gatherFacts(deps, "details", requestId, asker),
    deps.directory.members(deps.policy.current().operators),
  ]);
  await enforce(deps, "details", facts, decideDetails(facts, operators), asker);
  return facts.request;
}

async function gatherFacts(
  deps: Deps,
  what: Decision | "details" | "stop",
  requestId: string,
  asker: Asker,
): Promise<ClickFacts> {
  const request = await readRequest(deps.db, requestId);
  if (request === null) {
    // Forged, or of another database: the id is no request's, so it stands in the data only, and cut.
    await appendAudit(deps.db, {
      at: deps.now(),
      teamId: asker.teamId,
      actor: asker.userId,
      event: "click.refused",
      data: {
        what,
        code: "unknown-request",
        id: requestId.slice(0, 40),
        ...circumstancesOf(deps, asker),
      },
    });
    throw new UserError({
      what: "This request is not known here.",
      why: "It was made by another installation, or its database was replaced.",
      next: "Ask again.",
    });
  }
  const [clicker, approvers] = await Promise.all([
    deps.directory.person(asker.userId),
    deps.directory.members(deps.policy.current().action(request.plan.action).approvers),
  ]);
  return {
    request,
    clicker,
    clickerId: asker.userId,
    homeTeamId: deps.homeTeamId,
    approvers,
    now: deps.now(),
  };
}

async function enforce(
  deps: Deps,
  what: Decision | "details" | "stop",
  facts: ClickFacts,
  verdict: Verdict,
  asker: Asker,
): Promise<void> {
  if (verdict.allowed) return;
  await appendAudit(deps.db, {
    at: facts.now,
    teamId: asker.teamId,
    requestId: facts.request.id,
    actor: asker.userId,
    event: "click.refused",
    data: {
      what,
      code: verdict.code,
      requester: facts.request.requesterId,
      target: facts.request.plan.target.email,
      target_id: facts.request.plan.target.id,
      ...circumstancesOf(deps, asker),
    },
  });
  throw new UserError({ what: verdict.why, by: verdict.by, next: verdict.next });
}
