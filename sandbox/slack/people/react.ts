import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { findMessage } from "../messages.ts";
import { eventPayload } from "../payloads.ts";
import { toTs } from "../ids.ts";
import type { Delivery, ReactInput } from "../types.ts";
import type { Workspace } from "../workspace.ts";
import { findPlace } from "./place.ts";

/**
 * A person reacts to a message, or takes that back: https://docs.slack.dev/reference/events/reaction_added. The app
 * hears of it in the channels that it is in. No delivery: it was so before, or the app did not subscribe.
 */
export async function react(workspace: Workspace, sockets: Sockets, input: ReactInput): Promise<Delivery[]> {
  const place = findPlace(workspace, input.user, input.channel);
  if (typeof place === "string") throw new Error(`${input.user} can't react in ${input.channel}: ${place}`);
  const { conversation } = place;
  const message = findMessage(workspace, conversation.id, input.ts);
  if (message === undefined) throw new Error(`There is no message ${input.ts} in ${conversation.id}.`);
  const { user, name, isRemoved = false } = input;
  const before = message.reactions ?? [];
  const users = before.find((one) => one.name === name)?.users ?? [];
  if (users.includes(user) !== isRemoved) return [];
  const left = isRemoved ? users.filter((one) => one !== user) : [...users, user];
  const others = before.filter((one) => one.name !== name);
  message.reactions = left.length === 0 ? others : [...others, { name, users: left }];
  workspace.changed();
  const type = isRemoved ? "reaction_removed" : "reaction_added";
  if (!(workspace.options.events ?? []).includes(type) || !conversation.botIsMember) return [];
  const event = {
    type,
    user,
    reaction: name,
    item: { type: "message", channel: conversation.id, ts: message.ts },
    item_user: message.user,
    event_ts: toTs(workspace.now() * 1000),
  };
  return [await deliver(workspace, sockets, "events_api", eventPayload(workspace, event))];
}
