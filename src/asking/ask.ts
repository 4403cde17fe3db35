import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Who } from "../lookup/who.ts";
import { number, plural } from "../pluralize.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import { permalink } from "../slack/messages.ts";
import { describeSlackTrouble } from "../slack-trouble.ts";
import { MAX_REASON } from "../views/forms/reason.ts";
import { stateWords } from "../views/card/card.ts";
import { mayUseBreakGlass } from "../approvals/break-glass.ts";
import { auditContextOf } from "../approvals/audit-context.ts";
import { describeRequest } from "../actions/describe.ts";
import { actionOf } from "../actions/index.ts";
import { affectedBy, hashPlan, type ActionName, type Plan, type Wish } from "../requests/plan.ts";
import { postsForApprovers, toldDirectly } from "../reminders/notify-approvers.ts";
import { nextNudgeAt } from "../reminders/schedule.ts";
import type { NewPost, OthersSeen } from "../requests/posts.ts";
import { checkChannel } from "../approvals/channel.ts";
import { countsAsProtected, readProtection } from "../approvals/protected-targets.ts";
import { readPause, type Pause } from "../requests/pause.ts";
import { checkQuorum } from "./quorum.ts";
import type { Request } from "../requests/request.ts";
import { rulesFor } from "../approvals/rules.ts";
import { AlreadyOpenError, insertRequest, readRequest, type NewRequest } from "../requests/repository.ts";
import { changeRequest } from "../requests/change.ts";
import { findOpen } from "../requests/queries.ts";
import { findSubject } from "./subject.ts";

/** Longer than this no one waits for a link: the card follows, and the answer says so. */
const CARD_WAIT_MS = 5000;

/** Longer than this the answer does not wait to hear whether an approver is active: the card says it as well. */
const LOOK_WAIT_MS = 1500;

/** Stands where no reason was typed. */
export const NO_REASON = "none given";

interface Ask {
  plan: Plan;
  evidence: UserSummary | null;
  othersSeen: OthersSeen | null;
  reason: string;
  asker: Asker;
  originChannel: string;
}

export interface Asked {
  request: Request;
  headline: string;
  /** To the card; null when it is not in Slack yet. */
  link: string | null;
  /** Why the card is not there yet, in words. */
  trouble: string | null;
  /** How many approvers have to agree. */
  quorum: number;
  /** Nothing is carried out now, also when it is approved. */
  pause: Pause | null;
  /** The requester may use break-glass: see break-glass.ts. */
  mayUseBreakGlass: boolean;
}

/** What someone wants done, as typed in a command or filled into a form. */
export interface AskFor {
  wish: Wish;
  /** Whom it is about; not needed for someone who is to be created. */
  who: Who | null;
  reason: string;
  asker: Asker;
  originChannel: string;
  /** Told while many users are looked up. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * From a name to a request: finds the user, reads what stands now, freezes the plan and asks.
 * @throws UserError for whatever a person can fix.
 */
export async function askFor(deps: Deps, input: AskFor): Promise<Asked> {
  const { wish, asker, originChannel } = input;
  const reason = checkReason(deps, wish.action, input.reason);
  return ask(deps, { ...(await makePlan(deps, input)), reason, asker, originChannel });
}

/** What would be asked for: nothing is written. @throws UserError for whatever a person can fix. */
export async function makePlan(
  deps: Deps,
  input: Pick<AskFor, "wish" | "who" | "onProgress">,
): Promise<Pick<Ask, "plan" | "evidence" | "othersSeen">> {
  const { wish } = input;
  const { target, evidence, others = [], othersSeen = null, leftOut = [] } = await findSubject(deps, input);
  const options = await actionOf(wish).prepare({
    cloudflare: deps.cloudflare,
    target,
    others,
    leftOut,
    evidence,
    wish,
    legacyDeviceRevoke: deps.policy.current().legacyDeviceRevoke,
    block: deps.policy.current().block,
  });
  // The options were made by the action of the same name.
  const plan = { action: wish.action, accountId: deps.cloudflare.accountId, target, options } as Plan;
  return { plan, evidence, othersSeen };
}

/**
 * Makes a request: checks that it can be decided at all, freezes and records it, and posts its card.
 * @throws UserError when its card may not go to the approvals channel, too few could approve, a protected person's
 * reason is missing, or it is asked for already.
 */
async function ask(deps: Deps, input: Ask): Promise<Asked> {
  const { plan, asker, evidence } = input;
  const policy = deps.policy.current();
  const rules = policy.action(plan.action);
  const targets = affectedBy(plan);
  const [protection, audience] = await Promise.all([
    readProtection(policy, deps.directory, targets),
    deps.channels.read(policy.approvalsChannel),
  ]);
  const isUrgent = actionOf(plan).isUrgent === true;
  const isProtected = countsAsProtected(protection, targets, isUrgent);
  try {
    checkChannel(audience);
    if (isProtected && input.reason === "") throw reasonNeeded(plan);
    await checkQuorum(deps, { plan, evidence, isProtected, protection }, asker);
  } catch (error) {
    if (error instanceof UserError) await recordRefusal(deps, input, error);
    throw error;
  }

  const asked = { plan, evidence, isProtected, escalatedAt: null, requesterId: asker.userId, votes: [] };
  const forApprovers = await postsForApprovers(deps, asked, rulesFor(policy, asked).approvers, "approvers");
  const told = toldDirectly(forApprovers);
  const at = deps.now();
  const expiresAt = at + rules.ttlMs;
  const request = await insertOnce(deps, input, {
    teamId: asker.teamId,
    plan,
    evidence,
    requesterId: asker.userId,
    originChannel: input.originChannel,
    cardChannel: policy.approvalsChannel,
    reason: input.reason === "" ? NO_REASON : input.reason,
    isProtected,
    nudgeAt: nextNudgeAt(
      { status: "pending", createdAt: at, expiresAt, reminders: 0, escalatedAt: null },
      rules,
      at,
    ),
    // Why it counts as protected though nothing in the policy names the target, or may be so and does not.
    auditContext: {
      ...auditContextOf(deps, asker),
      ...(protection.lostGroups.length === 0 ? {} : { unknown_groups: protection.lostGroups }),
      ...(protection.unchecked === null ? {} : { unchecked: protection.unchecked }),
      ...(audience.trouble === null ? {} : { channel_unchecked: `Slack: ${audience.trouble}` }),
      ...(told.length === 0 ? {} : { told_directly: told }),
    },
    at,
    expiresAt,
    posts: [...(evidence === null ? [] : [evidencePost(input.othersSeen)]), ...forApprovers],
  });
  const posted = settle(deps.engine.cardPosted(request.id), CARD_WAIT_MS);
  deps.engine.publish(request);
  const trouble = await posted;
  await within(LOOK_WAIT_MS, deps.engine.lookForApprovers(request.id));
  const current = (await readRequest(deps.db, request.id)) ?? request;
  const { channel, ts } = current.card;
  if (ts === null) await promiseLink(deps, current);
  return {
    request: current,
    headline: describeRequest(current).headline,
    link: ts === null ? null : await permalink(deps.slack.interactive, { channel, ts }),
    trouble: ts === null ? trouble : null,
    quorum: rulesFor(deps.policy.current(), current).quorum,
    pause: await readPause(deps.db),
    mayUseBreakGlass: await mayUseBreakGlass(deps, current, asker),
  };
}

/** A requester who is told that the card is late gets a link to it when it follows. */
async function promiseLink({ db, engine, now }: Deps, { id }: Request): Promise<void> {
  const request = await changeRequest(db, {
    id,
    at: now(),
    posts: [{ key: "card-there", surface: "dm", data: { kind: "card-there" } }],
  });
  if (request !== null) engine.publish(request);
}

function evidencePost(others: OthersSeen | null): NewPost {
  const data = others === null || others.count === 0 ? {} : { others };
  return { key: "evidence", surface: "thread", data: { kind: "evidence", ...data } };
}

/** What was refused is recorded: who tries what is worth knowing. */
async function recordRefusal(deps: Deps, { plan, reason, asker }: Ask, error: UserError): Promise<void> {
  await appendAudit(deps.db, {
    at: deps.now(),
    teamId: asker.teamId,
    actor: asker.userId,
    event: "request.refused",
    data: { plan, reason, why: error.message, ...auditContextOf(deps, asker) },
  });
}

/** @throws UserError that leads to the request which is open already. */
async function insertOnce(deps: Deps, input: Ask, request: NewRequest): Promise<Request> {
  try {
    return await insertRequest(deps.db, request);
  } catch (error) {
    if (!(error instanceof AlreadyOpenError)) throw error;
    const refusal = await alreadyAsked(deps, input.plan);
    await recordRefusal(deps, input, refusal);
    throw refusal;
  }
}

/** A second request for the same leads to the open one: two cards about the same would both be approved. */
async function alreadyAsked(deps: Deps, plan: Plan): Promise<UserError> {
  const open = await findOpen(deps.db, hashPlan(plan));
  if (open === null)
    return new UserError({
      what: "The same request was made a moment ago, and is closed.",
      next: "Request it again.",
    });
  const { channel, ts } = open.card;
  const link = ts === null ? null : await permalink(deps.slack.interactive, { channel, ts });
  return new UserError({
    what: `Already requested: ${open.id}, ${stateWords(open, rulesFor(deps.policy.current(), open).quorum)}.`,
    by: open.requesterId,
    next:
      open.status === "pending"
        ? "Ask its approvers. The requester can cancel it."
        : "Follow it on its card.",
    ...(link === null ? {} : { link }),
  });
}

function reasonNeeded(plan: Plan): UserError {
  return new UserError({
    what: "A reason is required.",
    why: `${affectedBy(plan).length > 1 ? "One of these users" : plan.target.email} is protected by the policy: approvers need to know why.`,
    next: `Add --reason "…", or type the command without arguments for a form.`,
  });
}

/** @throws UserError when the policy wants a reason and there is none, or it is too long. */
function checkReason(deps: Pick<Deps, "policy">, action: ActionName, reason: string): string {
  const text = reason.trim();
  if (text === "" && deps.policy.current().action(action).requireReason) {
    throw new UserError({
      what: "A reason is required.",
      why: "Approvers need it to decide.",
      next: `Add --reason "…", or type the command without arguments for a form.`,
    });
  }
  if (text.length > MAX_REASON) {
    throw new UserError({
      what: `The reason is too long: ${plural(text.length, "character")}.`,
      why: `At most ${number(MAX_REASON)} fit on the card.`,
      next: "Shorten it, and add the rest in the thread.",
    });
  }
  return text;
}

/** Why the card is late, or null when it is there. Never rejects. */
async function settle(posted: Promise<void>, ms: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("Slack is slow"), ms);
  });
  try {
    return await Promise.race([posted.then(() => null), late]);
  } catch (error) {
    return explainDeliveryFailure(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for what never rejects, but no longer than this. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function explainDeliveryFailure(error: unknown): string {
  const { why, next } = describeSlackTrouble(slackTroubleOf(error) ?? "");
  return next === null ? why : `${why}: ${next}`;
}
