import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { auditContextOf } from "./audit-context.ts";
import { gatherFacts, type Standing } from "./facts.ts";
import {
  decide,
  decideDetails,
  type Click,
  type ClickFacts,
  type GivenCode,
  type Outcome,
} from "./decide.ts";
import type { NewPost } from "../requests/posts.ts";
import { isHeldBack, newestVotes, type Request } from "../requests/request.ts";
import type { Known, Refusal } from "./eligibility.ts";
import { rulesFor } from "./rules.ts";
import { countTargets } from "../requests/targets.ts";
import { readRequest } from "../requests/repository.ts";
import { findUnreviewed } from "../requests/queries.ts";
import {
  addVote,
  moveRequest,
  stopRequest,
  withdrawRequest,
  type Transition,
} from "../requests/transition.ts";
import { actsAsMember } from "../slack/membership.ts";

/** What ends, or helps to end, the wait for a decision. */
export type Decision = Extract<Click, "approve" | "deny" | "cancel">;

/** Four approvers who click at once need four tries at most; more than this is no race. */
const MAX_TRIES = 20;

/**
 * Checks and writes again while someone else is first between the two: the check, made again, says who it was, or
 * counts them in.
 * @throws UserError when that goes on and on, and whatever the check throws.
 */
export async function untilWritten<T>(checkAndWrite: () => Promise<T | null>): Promise<T> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const written = await checkAndWrite();
    if (written !== null) return written;
  }
  throw new UserError({ what: "Someone else was faster.", next: "See the card." });
}

/**
 * Carries out a decision of the person who clicked: authorised from the policy, Slack and Cloudflare as they are now,
 * then one conditional write. Losing a race, like any refusal, is an answer in words.
 * @returns the request as it is then.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function takeDecision(
  deps: Deps,
  decision: Decision,
  requestId: string,
  asker: Asker,
  { reason, code }: { reason?: string; code?: GivenCode } = {},
): Promise<Request> {
  const { written, outcome, standing } = await untilWritten(async () => {
    const { facts, outcome, standing } = await checkClick(deps, decision, requestId, asker, {
      code,
      isTaken: true,
    });
    const written = await write(deps, decision, facts, outcome, asker, reason);
    return written === null ? null : { written, outcome, standing };
  });
  const waitedMs = deps.now() - written.createdAt;
  deps.log.info(
    { requestId, decision, outcome: outcome.kind, userId: asker.userId, waitedMs },
    "click taken",
  );
  if (outcome.kind === "approved") {
    deps.engine.execute(written, standing);
    return written;
  }
  deps.engine.publish(written);
  // What was withdrawn while it was under way is looked into to its end.
  if (written.status !== "pending") deps.engine.execute(written);
  return written;
}

const REACHED = { deny: "denied", cancel: "cancelled" } as const;

/** @returns null when the request is no longer what the outcome was decided on. */
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
  const auditContext = auditContextOf(deps, asker);
  switch (outcome.kind) {
    case "voted": {
      const { vote, counting, quorum } = outcome;
      // What was given again after it had aged is told again.
      const nth = request.votes.filter(({ by }) => by === vote.by).length + 1;
      const key = `vote-${vote.by}${nth === 1 ? "" : `-${nth}`}`;
      return addVote(deps.db, request, { vote, data: { counting, quorum, via: vote.via, ...auditContext } }, [
        { key, surface: "thread", data: { kind: "vote", ...vote, counting, quorum } },
      ]);
    }
    case "approved": {
      const { vote, counting, quorum } = outcome;
      const all = [...request.votes, ...(vote === null ? [] : [vote])];
      const { via, unchecked, stepUp } = vote ?? {};
      const votes = newestVotes(all).map(({ by }) => by);
      const data = {
        counting,
        quorum,
        votes,
        ...(via === undefined ? {} : { via }),
        ...(unchecked === undefined ? {} : { unchecked }),
        ...(stepUp === undefined ? {} : { step_up: stepUp }),
        ...auditContext,
      };
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
      const as = { ...voidAs({ ...outcome, why }, at), actor: asker.userId, data: { why, ...auditContext } };
      return isHeldBack(request)
        ? withdrawRequest(deps.db, request.id, as)
        : moveRequest(deps.db, request.id, { ...as, from: [request.status] });
    }
    case "done":
      if (decision === "approve") throw new Error("an approval is counted or refused");
      return moveRequest(deps.db, request.id, {
        ...common,
        to: REACHED[decision],
        data: auditContext,
        posts: [decisionPost(at), ...(decision === "deny" ? [OUTCOME_POST] : [])],
      });
  }
}

export function decisionPost(at: number): NewPost {
  return { key: "decision", surface: "thread", data: { kind: "decision", at } };
}

const OUTCOME_POST: NewPost = { key: "outcome", surface: "dm", data: { kind: "outcome" } };

/** A request that is void says so in its thread, and to the requester. */
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
 * Stops a request about several users: calls in progress finish, no one else is touched.
 * Authorised at the click, like every decision.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function stop(deps: Deps, requestId: string, asker: Asker): Promise<void> {
  const stopped = await untilWritten(async () => {
    const { facts } = await checkClick(deps, "stop", requestId, asker);
    const data = auditContextOf(deps, asker);
    const { waiting, sending } = await countTargets(deps.db, requestId);
    if (waiting + sending === 0) throw new UserError(NOBODY_LEFT);
    return stopRequest(deps.db, requestId, { actor: asker.userId, at: facts.now, data });
  });
  deps.log.info({ requestId, userId: asker.userId }, "request stopped");
  deps.engine.publish(stopped);
  deps.engine.execute(stopped);
}

const NOBODY_LEFT = {
  what: "No one is left to stop.",
  why: "Everyone in this request is done or in progress.",
  next: "See the card.",
};

/**
 * Whether this click very likely begins the execution, by what was last known: then its first readings are begun beside
 * those that the click is judged by, and nobody waits for them one after another.
 */
function mayBeLast(
  { policy, directory, now }: Deps,
  click: Click,
  request: Request,
  { userId }: Asker,
): boolean {
  if (request.status !== "pending" || now() >= request.expiresAt) return false;
  const { approvers, alone, quorum } = rulesFor(policy.current(), request);
  if (click === "break-glass") return directory.last.isAmong(userId, alone ?? []);
  if (click !== "approve" || userId === request.requesterId) return false;
  const others = newestVotes(request.votes).filter(({ by }) => by !== userId).length;
  return others + 1 >= quorum && directory.last.isAmong(userId, approvers);
}

/**
 * May this person do so now, and what follows? Also asked before a form opens, so that no one writes a reason for
 * nothing. `isTaken`: it is done, where it may be, and not only asked.
 * @throws UserError with the reason of a refusal; the refusal is recorded.
 */
export async function checkClick(
  deps: Deps,
  click: Click,
  requestId: string,
  asker: Asker,
  { code, isTaken = false }: { code?: ClickFacts["code"]; isTaken?: boolean } = {},
): Promise<{ facts: ClickFacts; outcome: Outcome; standing: Standing }> {
  const request = await mustFind(deps, click, requestId, asker);
  if (isTaken && mayBeLast(deps, click, request, asker)) deps.engine.readAhead(request);
  const policyHash = deps.policy.hash();
  const [gathered, unreviewed] = await Promise.all([
    gatherFacts(deps, request, asker.userId),
    click === "break-glass" ? findUnreviewed(deps.db, asker.userId) : null,
  ]);
  const people = markStranger(deps, gathered.people, asker);
  const facts = { ...gathered, people, clickerId: asker.userId, unreviewed, code };
  const verdict = decide(click, facts);
  if (verdict.allowed)
    return { facts, outcome: verdict.outcome, standing: { facts: { ...gathered, people }, policyHash } };
  return refuseClick(deps, click, request, verdict, asker);
}

/** @throws UserError with the refusal in words, once it is recorded. */
export async function refuseClick(
  deps: Deps,
  what: Click | "details",
  { id, requesterId, plan }: Request,
  { code, why, by, next }: Refusal,
  asker: Asker,
): Promise<never> {
  const { email, id: targetId } = plan.target;
  await recordRefusal(deps, asker, id, {
    what,
    code,
    requester: requesterId,
    target: email,
    target_id: targetId,
  });
  throw new UserError({ what: why, by, next });
}

/** Slack sends a workspace with the click: one that is not the clicker's makes them a stranger. */
function markStranger(
  { homeTeamId }: Deps,
  people: ReadonlyMap<string, Known>,
  { userId, teamId }: Asker,
): ReadonlyMap<string, Known> {
  const known = people.get(userId);
  if (!known?.person || actsAsMember(known.person, homeTeamId, teamId)) return people;
  return new Map(people).set(userId, { ...known, person: { ...known.person, isStranger: true } });
}

/** @throws UserError when this person may not see the request in full. */
export async function checkDetails(deps: Deps, requestId: string, asker: Asker): Promise<Request> {
  const { directory, homeTeamId } = deps;
  const request = await mustFind(deps, "details", requestId, asker);
  const policy = deps.policy.current();
  const [person, approvers, operators] = await Promise.all([
    directory.person(asker.userId),
    directory.members(rulesFor(policy, request).approvers),
    directory.members(policy.operators),
  ]);
  const known = new Map([[asker.userId, { person, approverRisk: { kind: "fine" } } as const]]);
  const people = markStranger(deps, known, asker);
  const verdict = decideDetails(
    { request, clickerId: asker.userId, approvers, people, homeTeamId },
    operators,
  );
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
  await recordRefusal(deps, asker, null, { what, code: "unknown-request", id: requestId.slice(0, 40) });
  throw new UserError({
    what: "This request is unknown.",
    why: "Another installation made it, or the database was replaced.",
    next: "Request it again.",
  });
}

async function recordRefusal(
  deps: Deps,
  asker: Asker,
  requestId: string | null,
  data: Record<string, unknown>,
): Promise<void> {
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    requestId,
    actor: asker.userId,
    event: "click.refused",
    data: { ...data, ...auditContextOf(deps, asker) },
  });
}
