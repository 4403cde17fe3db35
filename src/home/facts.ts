import { describeRequest } from "../actions/describe.ts";
import { couldApprove } from "../approvals/decide.ts";
import { personRefusal } from "../approvals/eligibility.ts";
import { rulesFor } from "../approvals/rules.ts";
import { mayUse } from "../commands/authorise.ts";
import type { Asker, Deps } from "../deps.ts";
import { mayStillAnswer } from "../reminders/unanswered.ts";
import { listRequests } from "../requests/list.ts";
import { readPause } from "../requests/pause.ts";
import { findPending, findUnreviewedRequests, readOpenTrouble } from "../requests/queries.ts";
import type { Request } from "../requests/request.ts";
import type { Person } from "../slack/directory.ts";
import { permalink } from "../slack/messages.ts";
import type { HomeProps, HomeRow } from "../views/home.ts";

export interface HomeDeps extends Pick<Deps, "db" | "policy" | "directory" | "slack" | "log" | "homeTeamId"> {
  now(): number;
  /** What is wrong with the record, in words; empty when nothing is known to be. */
  recordTrouble(): Promise<string[]>;
}

/** So many of each are shown. */
const SHOWN = 10;
const MINE_SHOWN = 5;
/** So many pending requests are looked through for those that this person may decide. */
const LOOKED_THROUGH = 100;

/**
 * All that one person's App Home shows, read at once. No authority: each click is authorised by itself.
 * @throws what Slack or the database answered when it can't be read: what is unknown is not shown as none.
 */
export async function gatherHome(deps: HomeDeps, userId: string): Promise<HomeProps> {
  const { db, policy } = deps;
  const person = await deps.directory.person(userId);
  if (personRefusal({ person }, deps) !== null) return { kind: "stranger" };
  const asker: Asker = { userId, teamId: deps.homeTeamId, channelId: null, surface: "home" };
  const [mayLook, mayAsk] = await Promise.all([
    mayUse({ deps, asker }, "viewer"),
    mayUse({ deps, asker }, "operator"),
  ]);
  if (!mayLook) return { kind: "no-role", ask: policy.current().operators };
  const now = deps.now();
  const [pending, unreviewed, mine, pause, trouble, record] = await Promise.all([
    findPending(db, now, LOOKED_THROUGH + 1),
    findUnreviewedRequests(db),
    listRequests(db, { isOpenOnly: false, requesterId: userId, offset: 0, limit: MINE_SHOWN + 1 }),
    readPause(db),
    readOpenTrouble(db),
    deps.recordTrouble(),
  ]);
  const looked = pending.slice(0, LOOKED_THROUGH);
  const [toDecide, toReview] = await Promise.all([
    keepWhere(looked, async (request) => {
      return mayStillAnswer(deps, request)(userId) && (await maySay(deps, request, userId, person));
    }),
    keepWhere(unreviewed, async (request) => {
      return request.breakGlass?.by !== userId && (await maySay(deps, request, userId, person));
    }),
  ]);
  const rows = (requests: readonly Request[], shown: number): Promise<HomeRow[]> =>
    Promise.all(requests.slice(0, shown).map((request) => withLink(deps, request)));
  return {
    kind: "member",
    toDecide: await rows(toDecide, SHOWN),
    toReview: await rows(toReview, SHOWN),
    mine: await rows(mine, MINE_SHOWN),
    left: {
      toDecide: Math.max(0, toDecide.length - SHOWN),
      toReview: Math.max(0, toReview.length - SHOWN),
      mine: mine.length > MINE_SHOWN,
    },
    isCut: pending.length > LOOKED_THROUGH,
    mayAsk,
    pause,
    trouble: { ...trouble, record },
    now,
  };
}

/** Of these, those for which it holds; all are looked at at once, as what is asked for is remembered. */
async function keepWhere(
  requests: readonly Request[],
  holds: (request: Request) => Promise<boolean>,
): Promise<Request[]> {
  const kept = await Promise.all(requests.map(holds));
  return requests.filter((_request, index) => kept[index] === true);
}

/** Whether this person, as an approver, has a say in it: the clicks ask for the rest. */
async function maySay(
  { policy, directory, homeTeamId }: HomeDeps,
  request: Request,
  id: string,
  person: Person | null,
): Promise<boolean> {
  const { plan, requesterId } = request;
  if (couldApprove(person, { id, plan, requesterId, homeTeamId }) !== null) return false;
  return (await directory.members(rulesFor(policy.current(), request).approvers)).has(id);
}

async function withLink({ slack, policy }: HomeDeps, request: Request): Promise<HomeRow> {
  const { channel, ts } = request.card;
  return {
    request,
    words: describeRequest(request),
    quorum: rulesFor(policy.current(), request).quorum,
    link: ts === null ? null : await permalink(slack.interactive, { channel, ts }),
  };
}
