import type { Workspace } from "../workspace.ts";

const most = 8;

/** Something that completes what is being typed. */
export interface Offer {
  /** Stands first, and is what was meant. */
  label: string;
  name?: string;
  about?: string;
  /** Takes the place of what was typed of it. */
  insert: string;
}

/** What could be meant by the word before the cursor. */
export interface OfferList {
  /** What the list is called. */
  title: string;
  /** Stands above the offers. */
  note?: string;
  /** Where in the text the word begins that an offer takes the place of. */
  start: number;
  offers: Offer[];
  /** Whether Enter takes the first offer. Not where nothing of it is typed yet: Enter sends then. */
  isTyped: boolean;
}

/** The people, groups and the bot that an @word at the end of a text can mean; none once it is a whole handle. */
export function findMentions(workspace: Workspace, before: string): OfferList | undefined {
  const [, lead = "", typed] = /^(|[\s\S]*[\s(])@([\w.-]*)$/.exec(before) ?? [];
  if (typed === undefined) return undefined;
  const wanted = typed.toLowerCase();
  const all = listMentionables(workspace);
  // Enter sends what is complete.
  if (all.some(({ handle }) => handle.toLowerCase() === wanted)) return undefined;
  const offers = all
    .filter(({ handle, name }) =>
      [handle, ...name.split(" ")].some((word) => word.toLowerCase().startsWith(wanted)),
    )
    .slice(0, most)
    .map(({ handle, name, about }) => ({
      label: `@${handle}`,
      insert: `@${handle} `,
      ...(name !== handle && { name }),
      ...(about !== "" && { about }),
    }));
  return { title: "Mentions", start: lead.length, offers, isTyped: true };
}

/**
 * The slash commands that a text can be the beginning of, as Slack suggests them from the manifest. Behind a whole
 * command the bot's subcommands follow, which Slack knows nothing of: the list says so.
 */
export function findCommands(workspace: Workspace, before: string): OfferList | undefined {
  const { bot, commands, subcommands } = workspace;
  const [, command = "", typed] = /^(\/\S*)(?: +([\w-]*))?$/.exec(before) ?? [];
  if (command === "") return undefined;
  if (typed === undefined) {
    if (commands.some((one) => one.command === command)) return undefined;
    const offers = commands
      .filter((one) => one.command.startsWith(command))
      .map((one) => ({
        label: one.command,
        insert: `${one.command} `,
        ...(one.usageHint !== undefined && { name: one.usageHint }),
        about: one.description,
      }));
    return { title: "Commands", note: bot.name, start: 0, offers, isTyped: true };
  }
  if (!commands.some((one) => one.command === command)) return undefined;
  if (subcommands.some((one) => [one.name, ...one.aliases].includes(typed))) return undefined;
  const offers = subcommands
    .filter((one) => one.name.startsWith(typed))
    .map((one) => ({ label: one.usage, insert: `${one.name} `, about: one.summary }));
  return {
    title: "Subcommands",
    note: "Only in the sandbox: Slack suggests nothing here",
    start: before.length - typed.length,
    offers,
    isTyped: typed !== "",
  };
}

function listMentionables({ bot, me, people, userGroups }: Workspace): {
  /** What is typed after the @. */
  handle: string;
  name: string;
  about: string;
}[] {
  return [
    { handle: bot.name, name: bot.name, about: "app" },
    ...people
      .filter((person) => !person.deleted && !person.isBot)
      .map(({ id, name, realName }) => ({ handle: name, name: realName, about: id === me ? "you" : "" })),
    ...userGroups.map(({ handle }) => ({ handle, name: handle, about: "user group" })),
  ];
}
