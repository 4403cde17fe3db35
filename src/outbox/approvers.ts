import { describeRequest } from "../actions/describe.ts";
import { rulesFor } from "../approvals/rules.ts";
import {
  addPosts,
  approverKey,
  markAttempted,
  markPosted,
  readApproverMessages,
  recipientOf,
  type Post,
} from "../requests/posts.ts";
import type { Request } from "../requests/request.ts";
import {
  editMessage,
  findInChannel,
  openDirect,
  permalink,
  postMessage,
  type MessagePlace,
} from "../slack/messages.ts";
import { isUndeliverable } from "../slack-trouble.ts";
import type { Message } from "../views/blocks.ts";
import { approverMessage } from "../views/request/approver-message.ts";
import type { CardDeps } from "./cards.ts";
import { tryInSlack, type DeliveryFailure } from "./delivery-failure.ts";

/** So many people are written to at once. */
const AT_ONCE = 5;

/** What asks an approver to decide, and what brings that up to date. */
export function isForApprover({ data }: Post): boolean {
  return data.kind === "approver" || data.kind === "approver-update";
}

/**
 * Posts and edits the direct messages that ask approvers to decide, a few people at once and each person's in order. It
 * ends early when the request has changed: then its card comes first. People whom Slack does not let the bot write to
 * are mentioned in the thread instead, once.
 * @param keepLease called before each batch. @returns what else Slack did not take.
 */
export async function publishToApprovers(
  deps: CardDeps,
  request: Request,
  card: MessagePlace | null,
  posts: readonly Post[],
  keepLease: () => Promise<void>,
): Promise<DeliveryFailure[]> {
  if (posts.length === 0) return [];
  const people = [...Map.groupBy(posts, (post) => recipientOf(post, request)).values()];
  const link = card === null ? null : await permalink(deps.slack, card);
  const failures: DeliveryFailure[] = [];
  const unreached: Post[] = [];
  while (people.length > 0 && !(await isChanged(deps, request))) {
    await keepLease();
    const batch = people.splice(0, AT_ONCE).map(async (own) => {
      for (const post of own) {
        const done = await tryInSlack(() => publishOne(deps, request, link, post));
        if (!done.ok) return void failures.push(done.failure);
        if (!done.value) unreached.push(post);
      }
    });
    await Promise.all(batch);
  }
  await mentionInstead(deps, request, unreached);
  return failures;
}

async function isChanged({ db }: CardDeps, { id, version }: Request): Promise<boolean> {
  const row = await db.selectFrom("requests").select("version").where("id", "=", id).executeTakeFirst();
  return row?.version !== version;
}

/** @returns false when this person can't be written to. @throws what else Slack answered. */
function publishOne(deps: CardDeps, request: Request, link: string | null, post: Post): Promise<boolean> {
  return post.data.kind === "approver" ? ask(deps, request, link, post) : update(deps, request, link, post);
}

async function ask(deps: CardDeps, request: Request, link: string | null, post: Post): Promise<boolean> {
  const { db, slack, now } = deps;
  const isOver = request.status !== "pending" || now() >= request.expiresAt;
  if (isOver && post.attemptedAt === null) {
    await markPosted(db, post.seq, now(), "", "");
    return true;
  }
  const to = recipientOf(post, request);
  const channel = await openDirect(slack, to);
  if (channel === null) return false;
  const messageId = `${request.id}:${post.key}`;
  if (post.attemptedAt !== null) {
    // Also when it is over: what was posted has to be found, so that it is brought up to date.
    const found = await findInChannel(slack, channel, messageId, post.attemptedAt);
    if (found !== null || isOver) {
      await markPosted(db, post.seq, now(), found === null ? "" : channel, found ?? "");
      return true;
    }
  }
  await markAttempted(db, post.seq, now());
  const posted = await tryInSlack(() =>
    postMessage(slack, channel, draw(deps, request, link, to), messageId),
  );
  if (posted.ok) {
    await markPosted(db, post.seq, now(), posted.value.channel, posted.value.ts);
    return true;
  }
  if (isUndeliverable(posted.failure.code)) return false;
  throw posted.failure.error;
}

async function update(deps: CardDeps, request: Request, link: string | null, post: Post): Promise<true> {
  const { db, slack, now } = deps;
  const to = recipientOf(post, request);
  const place = (await readApproverMessages(db, request.id)).find((one) => one.to === to)?.place ?? null;
  if (place !== null) {
    const edited = await tryInSlack(() => editMessage(slack, place, draw(deps, request, link, to)));
    if (!edited.ok && !isUndeliverable(edited.failure.code)) throw edited.failure.error;
  }
  await markPosted(db, post.seq, now(), place?.channel ?? "", place?.ts ?? "");
  return true;
}

function draw({ policy }: CardDeps, request: Request, link: string | null, to: string): Message {
  const { quorum } = rulesFor(policy.current(), request);
  return approverMessage({ request, words: describeRequest(request), link, quorum, to });
}

/** Noted as done in the transaction that writes the mention: whatever happens, they are told, and once. */
async function mentionInstead(
  { db, log, now }: CardDeps,
  request: Request,
  unreached: readonly Post[],
): Promise<void> {
  const [first] = unreached;
  if (first === undefined) return;
  const asked = unreached.map((post) => recipientOf(post, request));
  log.warn({ userIds: asked, requestId: request.id }, "approvers cannot be written to: mentioned instead");
  await db.transaction().execute(async (trx) => {
    for (const { seq } of unreached) await markPosted(trx, seq, now(), "", "");
    await addPosts(trx, request.id, now(), [
      {
        key: `mention-for-${approverKey(asked[0] ?? "")}`,
        surface: "thread",
        data: { kind: "approvers", asked },
      },
    ]);
  });
}
