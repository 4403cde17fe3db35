import { canSee, findConversation, findPerson } from "../workspace.ts";
import type { Conversation, Workspace } from "../workspace.ts";
import type { SlackPerson } from "../types.ts";

export interface Place {
  person: SlackPerson;
  conversation: Conversation;
}

/** Who acts and where; a string is why they can't. */
export function findPlace(workspace: Workspace, user: string, channel: string): Place | string {
  const person = findPerson(workspace, user);
  if (person === undefined) return "user_not_found";
  if (person.deleted === true) return "account_inactive";
  const conversation = findConversation(workspace, channel);
  if (conversation === undefined || !canSee(conversation, user)) return "channel_not_found";
  return { person, conversation };
}
