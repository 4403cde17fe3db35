import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { toTs } from "../ids.ts";
import { changeMessage, findMessage, removeMessage, toWireMessage } from "../messages.ts";
import { eventPayload } from "../payloads.ts";
import { escapeSlashText } from "../text/slash-text.ts";
import type { Delivery, EditInput, RemoveInput } from "../types.ts";
import type { Conversation, Workspace } from "../workspace.ts";
import { findPlace, type Place } from "./place.ts";
import { hearsMessages, linkBareMentions } from "./post.ts";

/** A person edits a message of theirs: https://docs.slack.dev/reference/events/message/message_changed. */
export async function editAsPerson(
  workspace: Workspace,
  sockets: Sockets,
  input: EditInput,
): Promise<Delivery[]> {
  const { conversation } = placeOf(workspace, input);
  const message = ownMessage(workspace, conversation, input);
  const before = toWireMessage(workspace, message);
  changeMessage(workspace, message, {
    text: linkBareMentions(escapeSlashText(workspace, input.text)),
    editedBy: input.user,
  });
  return tell(workspace, sockets, conversation, {
    subtype: "message_changed",
    message: toWireMessage(workspace, message),
    previous_message: before,
  });
}

/** A person deletes a message of theirs; of one with replies, the app hears that it is a tombstone now. */
export async function removeAsPerson(
  workspace: Workspace,
  sockets: Sockets,
  input: RemoveInput,
): Promise<Delivery[]> {
  const { conversation } = placeOf(workspace, input);
  const message = ownMessage(workspace, conversation, input);
  const before = toWireMessage(workspace, message);
  removeMessage(workspace, message);
  return tell(
    workspace,
    sockets,
    conversation,
    message.tombstone === true
      ? {
          subtype: "message_changed",
          message: toWireMessage(workspace, message),
          previous_message: before,
        }
      : { subtype: "message_deleted", deleted_ts: message.ts, previous_message: before },
  );
}

function placeOf(workspace: Workspace, { user, channel }: RemoveInput): Place {
  const place = findPlace(workspace, user, channel);
  if (typeof place === "string") throw new Error(`${user} can't write in ${channel}: ${place}`);
  return place;
}

function ownMessage(workspace: Workspace, { id }: Conversation, { user, ts }: RemoveInput) {
  const message = findMessage(workspace, id, ts);
  if (message === undefined || message.tombstone === true)
    throw new Error(`There is no message ${ts} in ${id}.`);
  if (message.user !== user) throw new Error(`The message ${ts} is not ${user}'s.`);
  return message;
}

async function tell(
  workspace: Workspace,
  sockets: Sockets,
  conversation: Conversation,
  what: Record<string, unknown>,
): Promise<Delivery[]> {
  if (!hearsMessages(workspace, conversation)) return [];
  const ts = toTs(workspace.now() * 1000);
  const event = {
    type: "message",
    ...what,
    hidden: true,
    channel: conversation.id,
    channel_type: conversation.kind === "private" ? "group" : conversation.kind,
    ts,
    event_ts: ts,
  };
  return [await deliver(workspace, sockets, "events_api", eventPayload(workspace, event))];
}
