import type { PersonChannel, PersonState, StoredMessage } from "./types.ts";
import { viewStack } from "./views.ts";
import { findPerson, listConversations } from "./workspace.ts";
import type { Conversation, Workspace } from "./workspace.ts";

/** What this person sees of the workspace; undefined when there is no such person. */
export function personState(workspace: Workspace, user: string): PersonState | undefined {
  const me = findPerson(workspace, user);
  if (me === undefined) return undefined;
  const {
    team,
    bot,
    commands,
    userGroups,
    shortcuts = [],
    events = [],
    hasHomeTab = true,
  } = workspace.options;
  const home = workspace.data.homes.find((view) => view.user === user);
  return {
    team,
    me,
    people: workspace.people,
    bot: { userId: bot.userId, name: bot.name },
    userGroups: userGroups.map(({ id, handle }) => ({ id, handle })),
    channels: listConversations(workspace)
      .filter((conversation) => conversation.members.includes(user))
      .map((conversation) => toPersonChannel(workspace, conversation, user)),
    views: viewStack(workspace, user),
    ...(home === undefined ? {} : { home }),
    commands,
    shortcuts,
    hearsMentions: events.includes("app_mention"),
    hasHome: hasHomeTab && events.includes("app_home_opened"),
    notices: workspace.data.notices
      .filter((notice) => notice.user === user)
      .map(({ at, text }) => ({ at, text })),
  };
}

function toPersonChannel(workspace: Workspace, conversation: Conversation, user: string): PersonChannel {
  const seen = workspace.data.messages.filter(
    (message) =>
      message.channel === conversation.id &&
      (message.ephemeralTo === undefined || message.ephemeralTo === user),
  );
  const threads: Record<string, StoredMessage[]> = {};
  for (const message of seen) {
    if (message.threadTs !== undefined) (threads[message.threadTs] ??= []).push(message);
  }
  return {
    id: conversation.id,
    name: conversation.kind === "im" ? workspace.options.bot.name : conversation.name,
    kind: conversation.kind,
    messages: seen.filter((message) => message.threadTs === undefined || message.broadcast === true),
    threads,
  };
}
