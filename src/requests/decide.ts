import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { circumstancesOf } from "./circumstances.ts";
import { gatherFacts } from "./facts.ts";
import { decide, decideDetails, type Click, type ClickFacts, type Outcome } from "./policy.ts";
import type { NewPost } from "./posts.ts";
import type { Request } from "./request.ts";
import type { Facts, Refusal } from "./standing.ts";
import { readRequest } from "./store.ts";
import { findUnreviewed } from "./find.ts";
import { addVote, moveRequest, stopRequest, type Transition } from "./transition.ts";

/** What ends, or helps to end, the wait for a decision. */
export type Decision = Extract<Click, "approve" | "deny" | "cancel">;

/** Four approvers who click at once need four tries at most; more than this is no race any more. */
export const MAX_TRIES = 20;

/**
 * Carries out a decision of whoever clicked: authorised anew from the policy, Slack and Cloudflare as they are now,
 * then one conditional write. Losing a race, like any refusal, is an answer in words.
 * @returns the request as it is then.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function takeDecision(
  deps: Deps,
  decision: Decision,
  requestId: string,
  asker: Asker,
  reason?: string,
): Promise<Request> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const { facts, outcome } = await checkClick(deps, decision, requestId, asker);
    const written = await write(deps, decision, facts, outcome, asker, reason);
    // Somebody was first between the check and the write: the check, made again, says who, or counts them in.
    if (written === null) continue;
    const waitedMs = deps.now() - facts.request.createdAt;
    deps.log.info(
      { requestId, decision, outcome: outcome.kind, userId: asker.userId, waitedMs },
      "click taken",
    );
    await Promise.all([
      deps.engine.publish(written),
      ...(written.status === "approved" ? [deps.engine.execute(written)] : []),
    ]);
    return written;
  }
  throw new UserError({ what: "Others were faster.", next: "The card shows how it stands." });
}

const REACHED = { deny: "denied", cancel: "cancelled" } as const;

/** @returns null when the request is not any more what the outcome was decided on. */
async function write(
  deps: Deps,
  decision: Decision,
  { request }: ClickFacts,
  outcome: Outcome,
  asker: Asker,
  reason: string | undefined,
): Promise<Request | null> {
  const at = deps.now();
  const common = { actor: asker.userId, at, ...(reason === undefined ? {} : { reason }) };
  const circumstances = circumstancesOf(deps, asker);
  switch (outcome.kind) {
    case "voted": {
      const { vote, counting, quorum } = outcome;
      return addVote(deps.db, request, { vote, data: { counting, quorum, ...circumstances } }, [
        { key: `vote-${vote.by}`, surface: "thread", data: { kind: "vote", ...vote, counting, quorum } },
      ]);
    }
    case "approved": {
      const { vote, counting, quorum } = outcome;
      const all = [...request.votes, ...(vote === null ? [] : [vote])];
      const unchecked = vote?.unchecked === undefined ? {} : { unchecked: vote.unchecked };
      const data = { counting, quorum, votes: all.map(({ by }) => by), ...unchecked, ...circumstances };
      return moveRequest(deps.db, request.id, {
        ...common,
        to: "approved",
        votes: { all, seen: request.votes.length },
        data,
        posts: [decisionPost(at)],
      });
    }
    case "voided": {
      const why = reason === undefined ? outcome.why : `${outcome.why}: ${reason}`;
      return moveRequest(deps.db, request.id, {
        ...voidAs({ ...outcome, why }, at),
        // Never one that has begun meanwhile.
        from: [request.status],
        actor: asker.userId,
        data: { why, ...circumstances },
      });
    }
    case "done":
      if (decision === "approve") throw new Error("an approval is counted or refused");
      return moveRequest(deps.db, request.id, {
        ...common,
        to: REACHED[decision],
        data: circumstances,
        posts: [decisionPost(at), ...(decision === "deny" ? [OUTCOME_POST] : [])],
      });
  }
}

export function decisionPost(at: number): NewPost {
  return { key: "decision", surface: "thread", data: { kind: "decision", at } };
}

const OUTCOME_POST: NewPost = { key: "outcome", surface: "dm", data: { kind: "outcome" } };

/** A request that is void says so in its thread, and to who asked. */
export function voidAs({ why, next }: { why: string; next: string }, at: number): Omit<Transition, "actor"> {
  return {
    to: "voided",
    at,
    reason: why,
    result: { failure: { why, next } },
    // Not the decision's key: an approval may have been told before.
    posts: [{ key: "voided", surface: "thread", data: { kind: "voided", at } }, OUTCOME_POST],
  };
}

/**
 * Stops a request about several users: whoever is being called for is finished, the others are not touched.
 * Authorised anew at the click, like every decision.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function stop(deps: Deps, requestId: string, asker: Asker): Promise<void> {
  const { facts } = await checkClick(deps, "stop", requestId, asker);
  const stopped = await stopRequest(deps.db, requestId, {
    actor: asker.userId,
    at: facts.now,
    data: circumstancesOf(deps, asker),
  });
  if (stopped === null) {
    // It ended, or somebody else stopped it, between the check and the write.
    await checkClick(deps, "stop", requestId, asker);
    throw new UserError({ what: "Somebody else was faster.", next: "The card shows how it stands." });
  }
  deps.log.info({ requestId, userId: asker.userId }, "request stopped");
  await deps.engine.publish(stopped);
}

/** The clicks that are refused to who is at risk themselves. */
const NEEDS_HYGIENE: ReadonlySet<Click> = new Set(["approve", "deny", "stop", "break-glass", "review"]);

/**
 * May this person do so now, and what follows? Also asked before a form opens, so that nobody writes a reason in vain.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkClick(
  deps: Deps,
  click: Click,
  requestId: string,
  asker: Asker,
): Promise<{ facts: ClickFacts; outcome: Outcome }> {
  const request = await mustFind(deps, click, requestId, asker);
  // Cloudflare is asked about those only who have a say otherwise.
  let facts = await gatherClick(deps, click, request, asker, false);
  let verdict = decide(click, facts);
  if (verdict.allowed && NEEDS_HYGIENE.has(click)) {
    facts = await gatherClick(deps, click, request, asker, true);
    verdict = decide(click, facts);
  }
  if (verdict.allowed) return { facts, outcome: verdict.outcome };
  return refuseClick(deps, click, request, verdict, asker);
}

/** @throws UserError with the refusal in words, once it is recorded. */
export async function refuseClick(
  deps: Deps,
  what: Click | "details",
  request: Request,
  refusal: Refusal,
  asker: Asker,
): Promise<never> {
  await recordRefusal(deps, what, request, refusal, asker);
  throw toUserError(refusal);
}

async function gatherClick(
  deps: Deps,
  click: Click,
  request: Request,
  asker: Asker,
  withHygiene: boolean,
): Promise<ClickFacts> {
  const [facts, unreviewed] = await Promise.all([
    gatherFacts(deps, request, asker.userId, { withHygiene }),
    click === "break-glass" ? findUnreviewed(deps.db, asker.userId) : null,
  ]);
  return { ...markStranger(deps, facts, asker), clickerId: asker.userId, unreviewed };
}

/** A user id means somebody only together with its workspace: Slack sends both with the click. */
function markStranger(deps: Deps, facts: Facts, asker: Asker): Facts {
  const known = facts.people.get(asker.userId);
  if (asker.teamId === deps.homeTeamId || !known?.person) return facts;
  const person = { ...known.person, isStranger: true };
  return { ...facts, people: new Map(facts.people).set(asker.userId, { ...known, person }) };
}

/** @throws UserError when this person may not see the request in full. */
export async function checkDetails(deps: Deps, requestId: string, asker: Asker): Promise<Request> {
  const request = await mustFind(deps, "details", requestId, asker);
  const [facts, operators] = await Promise.all([
    gatherFacts(deps, request, asker.userId, { withHygiene: false }),
    deps.directory.members(deps.policy.current().operators),
  ]);
  const verdict = decideDetails({ ...markStranger(deps, facts, asker), clickerId: asker.userId }, operators);
  if (verdict.allowed) return request;
  return refuseClick(deps, "details", request, verdict, asker);
}

async function mustFind(
  deps: Deps,
  what: Click | "details",
  requestId: string,
  asker: Asker,
): Promise<Request> {
  const request = await readRequest(deps.db, requestId);
  if (request !== null) return request;
  // Forged, or of another database: the id is no request's, so it stands in the data only, and cut.
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "click.refused",
    data: { what, code: "unknown-request", id: requestId.slice(0, 40), ...circumstancesOf(deps, asker) },
  });
  throw new UserError({
    what: "This request is not known here.",
    why: "It was made by another installation, or its database was replaced.",
    next: "Ask again.",
  });
}

async function recordRefusal(
  deps: Deps,
  what: Click | "details",
  request: Request,
  { code }: Refusal,
  asker: Asker,
): Promise<void> {
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    requestId: request.id,
    actor: asker.userId,
    event: "click.refused",
    data: {
      what,
      code,
      requester: request.requesterId,
      target: request.plan.target.email,
      target_id: request.plan.target.id,
      ...circumstancesOf(deps, asker),
    },
  });
}

function toUserError({ why, by, next }: Refusal): UserError {
  return new UserError({ what: why, by, next });
}
