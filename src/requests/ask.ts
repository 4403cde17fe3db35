import { appendAudit } from "../audit/append.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { Who } from "../lookup/who.ts";
import { isSlackRateLimit, slackErrorCode } from "../slack/clients.ts";
import { circumstancesOf } from "./circumstances.ts";
import { describeRequest } from "./describe.ts";
import { actionOf } from "./actions/index.ts";
import { othersOf, type ActionName, type Plan, type Wish } from "./plan.ts";
import { couldApprove } from "./policy.ts";
import type { NewPost, OthersSeen } from "./posts.ts";
import { permalink } from "./publish.ts";
import type { Request } from "./request.ts";
import { insertRequest, readRequest } from "./store.ts";
import { findSubject } from "./subject.ts";

/** Longer than this nobody waits for a link: the card follows, and the answer says so. */
const CARD_WAIT_MS = 5000;

export const MAX_REASON = 1000;

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
}

/** What somebody wants done, as typed in a command or filled into a form. */
export interface AskFor {
  wish: Wish;
  /** Whom it is about; not needed for somebody who is to be created. */
  who: Who | null;
  reason: string;
  asker: Asker;
  originChannel: string;
  /** Told while many users are looked up. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * From a name to a request: finds the user, reads what stands now, freezes the plan and asks.
 * @throws UserError for whatever a person can mend.
 */
export async function askFor(deps: Deps, input: AskFor): Promise<Asked> {
  const { wish, asker, originChannel } = input;
  const reason = checkReason(deps, wish.action, input.reason);
  const { target, evidence, others = [], othersSeen = null } = await findSubject(deps, input);
  const options = await actionOf(wish).prepare({
    cloudflare: deps.cloudflare,
    target,
    others,
    evidence,
    wish,
    legacyDeviceRevoke: deps.policy.current().legacyDeviceRevoke,
  });
  // The options were made by the action of the same name.
  const plan = { action: wish.action, accountId: deps.cloudflare.accountId, target, options } as Plan;
  return ask(deps, { plan, evidence, othersSeen, reason, asker, originChannel });
}

/**
 * Makes a request: checks that it can be decided at all, freezes and records it, and posts its card.
 * @throws UserError when nobody could approve.
 */
async function ask(deps: Deps, input: Ask): Promise<Asked> {
  const { plan, asker } = input;
  const policy = deps.policy.current();
  const rules = policy.action(plan.action);
  if (!(await canBeApproved(deps, plan, asker))) {
    await appendAudit(deps.db, {
      at: deps.now(),
      teamId: asker.teamId,
      actor: asker.userId,
      event: "request.refused",
      data: { plan, reason: input.reason, why: "no eligible approver", ...circumstancesOf(deps, asker) },
    });
    throw new UserError({
      what: "Nobody could approve this, so it was not asked.",
      why: `The policy's approvers for ${plan.action} are only you, ${othersOf(plan).length > 0 ? "people" : "the person"} it is about, or people whom Slack does not let decide.`,
      next: "Somebody who runs zt-bot has to add an approver to policy.yml.",
    });
  }

  const at = deps.now();
  const request = await insertRequest(deps.db, {
    teamId: asker.teamId,
    plan,
    evidence: input.evidence,
    requesterId: asker.userId,
    originChannel: input.originChannel,
    cardChannel: policy.approvalsChannel,
    reason: input.reason,
    circumstances: circumstancesOf(deps, asker),
    at,
    expiresAt: at + rules.ttlMs,
    posts: input.evidence === null ? [] : [evidencePost(input.othersSeen)],
  });
  const posted = settle(deps.engine.cardPosted(request.id), CARD_WAIT_MS);
  await Promise.all([deps.engine.publish(request), deps.engine.scheduleExpiry(request)]);
  const trouble = await posted;
  const current = (await readRequest(deps.db, request.id)) ?? request;
  const { channel, ts } = current.card;
  return {
    request: current,
    headline: describeRequest(current).headline,
    link: ts === null ? null : await permalink(deps.slack.interactive, { channel, ts }),
    trouble: ts === null ? trouble : null,
  };
}

function evidencePost(others: OthersSeen | null): NewPost {
  const data = others === null || others.count === 0 ? {} : { others };
  return { key: "evidence", surface: "thread", data: { kind: "evidence", ...data } };
}

/** Whether there is an approver who may decide it. One after another: mostly the first one will do. */
async function canBeApproved(deps: Deps, plan: Plan, { userId }: Asker): Promise<boolean> {
  const approvers = await deps.directory.members(deps.policy.current().action(plan.action).approvers);
  for (const id of approvers) {
    if (id === userId) continue;
    const person = await deps.directory.person(id);
    if (couldApprove(person, { plan, requesterId: userId, homeTeamId: deps.homeTeamId })) return true;
  }
  return false;
}

/** @throws UserError when the policy wants a reason and there is none, or it is too long. */
function checkReason(deps: Pick<Deps, "policy">, action: ActionName, reason: string): string {
  const text = reason.trim();
  if (text === "" && deps.policy.current().action(action).requireReason) {
    throw new UserError({
      what: "A reason is needed.",
      why: "Approvers decide by it, and it stays in the record.",
      next: `Add --reason "…", or leave out all arguments for a form.`,
    });
  }
  if (text.length > MAX_REASON) {
    throw new UserError({
      what: `The reason is too long: ${text.length} characters.`,
      why: `At most ${MAX_REASON} fit on the card.`,
      next: "Shorten it; more can be said in the thread.",
    });
  }
  return text === "" ? "none given" : text;
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
    return explainCardTrouble(error);
  } finally {
    clearTimeout(timer);
  }
}

function explainCardTrouble(error: unknown): string {
  if (isSlackRateLimit(error)) return "Slack asks zt-bot to wait";
  switch (slackErrorCode(error)) {
    case "not_in_channel":
      return "zt-bot is not a member of the approvals channel: type /invite @zt-bot there";
    case "channel_not_found":
      return "the approvals channel in policy.yml does not exist, or zt-bot cannot see it: invite it there";
    case "is_archived":
      return "the approvals channel is archived: unarchive it, or name another in policy.yml and ask again";
    default:
      return "Slack did not take the message";
  }
}
