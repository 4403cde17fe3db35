/** What there is in Slack by now. Found by ids of buttons and people, never by the bot's words. */
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { FORM_PREFIX } from "../../src/views/forms/button.ts";
import { INCIDENT_ACTIONS } from "../../src/views/incident/actions.ts";
import { findLiveSessions, findUser } from "../cloudflare/index.ts";
import { listElements } from "../slack/elements.ts";
import type { StoredMessage } from "../slack/index.ts";
import { CHANNELS } from "../workspace.ts";
import type { Scene } from "./scenario.ts";

/** When a message was posted, epoch milliseconds. */
function postedAt({ ts }: StoredMessage): number {
  return Number(ts) * 1000;
}

/** Whether it has a control of this id; a trailing "*" stands for any end. */
export function hasButton(message: Pick<StoredMessage, "blocks">, actionId: string): boolean {
  return listElements(message.blocks).some(({ element }) =>
    actionId.endsWith("*")
      ? element.action_id.startsWith(actionId.slice(0, -1))
      : element.action_id === actionId,
  );
}

/** An answer that only this person sees, since the step began, and that is about this address. */
export function isAnswered({ slack, since }: Scene, user: string, about: string): boolean {
  return slack
    .ephemerals(user)
    .some((message) => postedAt(message) >= since && JSON.stringify(message.blocks).includes(about));
}

/** The newest incident's head since the scenario began. */
export function findHead({ slack, startedAt }: Scene): StoredMessage | undefined {
  return Object.values(CHANNELS)
    .flatMap((channel) => slack.messages(channel))
    .filter(
      (message) =>
        postedAt(message) >= startedAt &&
        (hasButton(message, INCIDENT_ACTIONS.close) || hasButton(message, INCIDENT_ACTIONS.reopen)),
    )
    .toSorted((one, other) => postedAt(one) - postedAt(other))
    .at(-1);
}

/** The newest request's card since then. @param from the scenario's begin unless told */
export function findCard({ slack, startedAt }: Scene, from = startedAt): StoredMessage | undefined {
  return slack
    .messages(CHANNELS.approvals)
    .findLast(
      (message) =>
        postedAt(message) >= from &&
        [message, ...message.history].some((version) => hasButton(version, CARD_ACTIONS.approve)),
    );
}

/** Whether the newest request has been decided. */
export function isDecided(scene: Scene): boolean {
  const card = findCard(scene);
  return card !== undefined && !hasButton(card, CARD_ACTIONS.approve);
}

/** Whether the newest request has come to its end. */
export function isOver(scene: Scene): boolean {
  const card = findCard(scene);
  return (
    card !== undefined &&
    ![CARD_ACTIONS.approve, CARD_ACTIONS.cancel, CARD_ACTIONS.stop].some((id) => hasButton(card, id))
  );
}

/** Whether the incident's head offers to revoke someone's sessions: not while a request of theirs is under way. */
export function canRevoke(scene: Scene): boolean {
  const head = findHead(scene);
  return head !== undefined && hasButton(head, `${FORM_PREFIX}revoke:*`);
}

/**
 * Whether the newest request is over, no one in the incident is left whose sessions are to be revoked, and the incident
 * has said something of its own since: a line in its thread below the request's first one. Not below its last: what
 * was read of the person just before the request's end is told before it.
 */
export function isContained(scene: Scene): boolean {
  const [head, card] = [findHead(scene), findCard(scene)];
  if (head === undefined || card === undefined || !isOver(scene) || canRevoke(scene)) return false;
  const replies = scene.slack.thread(head.channel, head.ts);
  const permalink = `/p${card.ts.replace(".", "")}`;
  const isAbout = ({ blocks }: StoredMessage): boolean => JSON.stringify(blocks).includes(permalink);
  const first = replies.findIndex(isAbout);
  return first !== -1 && replies.slice(first).some((reply) => reply.botId !== undefined && !isAbout(reply));
}

/** A reply of the bot in this thread with this button. */
export function findReply(
  { slack }: Scene,
  { channel, ts }: StoredMessage,
  actionId: string,
): StoredMessage | undefined {
  return slack.thread(channel, ts).find((message) => hasButton(message, actionId));
}

/** Whether Cloudflare shows a session of theirs. */
export function isSignedIn({ cloudflare }: Scene, email: string): boolean {
  const user = findUser(cloudflare.state, email);
  return user !== null && findLiveSessions(cloudflare.state, user.id, cloudflare.now()).length > 0;
}
