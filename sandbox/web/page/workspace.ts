import { createContext, useContext } from "react";
import type { PersonChannel, SlackCommand, SlackPerson, SlackShortcut } from "../../slack/types.ts";
import type { Subcommand } from "../serve.ts";
import type { Reader } from "./text/slack-date.ts";

/** What every part of a message needs in order to be drawn for one reader. */
export interface Workspace {
  reader: Reader;
  me: string;
  /** The team's, as in the address of its messages. */
  domain: string;
  people: SlackPerson[];
  bot: { userId: string; name: string };
  channels: Pick<PersonChannel, "id" | "name" | "kind">[];
  userGroups: { id: string; handle: string }[];
  commands: SlackCommand[];
  /** What the bot takes behind its command. */
  subcommands: Subcommand[];
  shortcuts: SlackShortcut[];
  /** Whether the app hears of messages that mention it. */
  hearsMentions: boolean;
}

export const WorkspaceContext = createContext<Workspace>({
  reader: { timeZone: "UTC", now: 0 },
  me: "",
  domain: "",
  people: [],
  bot: { userId: "", name: "" },
  channels: [],
  userGroups: [],
  commands: [],
  subcommands: [],
  shortcuts: [],
  hearsMentions: false,
});

export function useWorkspace(): Workspace {
  return useContext(WorkspaceContext);
}

/** The name shown beside a message or in a mention: that of the person, of the bot, or what the message itself says. */
export function nameOf(workspace: Workspace, userId: string, label?: string): string {
  if (userId === workspace.bot.userId) return workspace.bot.name;
  if (userId === "USLACKBOT") return "Slackbot";
  const person = workspace.people.find((person) => person.id === userId);
  return person?.realName ?? label ?? userId;
}
