import { randomUUID } from "node:crypto";
import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { addMessage, findMessage, toWireMessage } from "../messages.ts";
import { eventPayload } from "../payloads.ts";
import { escapeSlashText } from "../text/slash-text.ts";
import type { Delivery, Posted, PostInput, StoredMessage } from "../types.ts";
import { addNotice } from "../workspace.ts";
import type { Conversation, Workspace } from "../workspace.ts";
import { findPlace } from "./place.ts";

/** A person posts a plain message; the app hears of it where it subscribed to such events. */
export async function postAsPerson(
  workspace: Workspace,
  sockets: Sockets,
  input: PostInput,
): Promise<Posted> {
  const place = findPlace(workspace, input.user, input.channel);
  if (typeof place === "string") throw new Error(`${input.user} can't post in ${input.channel}: ${place}`);
  const { conversation } = place;
  const head =
    input.threadTs === undefined ? undefined : findMessage(workspace, conversation.id, input.threadTs);
  if (input.threadTs !== undefined && head === undefined) {
    throw new Error(`There is no message ${input.threadTs} in ${conversation.id} to reply to.`);
  }
  const message = addMessage(workspace, {
    channel: conversation.id,
    user: input.user,
    text: linkBareMentions(escapeSlashText(workspace, input.text)),
    ...(head === undefined ? {} : { threadTs: head.threadTs ?? head.ts }),
  });
  if (mentionsBot(workspace, message) && !conversation.botIsMember) {
    const { name } = workspace.options.bot;
    addNotice(workspace, input.user, `You mentioned @${name}, but they’re not in this channel.`);
  }
  const deliveries: Delivery[] = [];
  for (const event of eventsFor(workspace, conversation, message)) {
    deliveries.push(await deliver(workspace, sockets, "events_api", eventPayload(workspace, event)));
  }
  return { ts: message.ts, deliveries };
}

/** Messages, unlike slash commands, carry a person's mention without the name. */
export function linkBareMentions(text: string): string {
  return text.replace(/<@(\w+)\|[^>]*>/g, "<@$1>");
}

function mentionsBot(workspace: Workspace, message: StoredMessage): boolean {
  return message.text.includes(`<@${workspace.options.bot.userId}>`);
}

/** In its DM an app hears of all messages, so that a mention there is not told apart: https://docs.slack.dev/reference/events/app_mention. */
function eventsFor(
  workspace: Workspace,
  conversation: Conversation,
  message: StoredMessage,
): Record<string, unknown>[] {
  const subscribed = workspace.options.events ?? [];
  const parent =
    message.threadTs === undefined
      ? undefined
      : findMessage(workspace, conversation.id, message.threadTs)?.user;
  const wire = {
    client_msg_id: randomUUID(),
    ...toWireMessage(workspace, message),
    ...(parent === undefined ? {} : { parent_user_id: parent }),
    channel: conversation.id,
    event_ts: message.ts,
  };
  const isMention = conversation.kind !== "im" && conversation.botIsMember && mentionsBot(workspace, message);
  return [
    ...(isMention && subscribed.includes("app_mention") ? [{ ...wire, type: "app_mention" }] : []),
    ...(hearsMessages(workspace, conversation)
      ? [{ ...wire, channel_type: conversation.kind === "private" ? "group" : conversation.kind }]
      : []),
  ];
}

/** Whether the app subscribed to what is written here; of a channel it has to be a member as well. */
export function hearsMessages({ options }: Workspace, { kind, botIsMember }: Conversation): boolean {
  const name = { im: "message.im", private: "message.groups", channel: "message.channels" }[kind];
  return botIsMember && (options.events ?? []).includes(name);
}
