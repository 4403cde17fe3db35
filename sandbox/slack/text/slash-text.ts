import type { Workspace } from "../workspace.ts";

const email = /(?<![\w.@|:-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
/** An @ or # at the start of a word: not the one inside an email address. */
const mention = /(?<![\w.@#/-])([@#])([\w][\w.-]*)/g;

/**
 * What arrives for the text a person typed after a slash command with `should_escape`: `&`, `<` and `>` escaped,
 * known `@name` and `#channel` as `<@U…|name>` and `<#C…|name>`, unknown ones left alone.
 */
export function escapeSlashText(workspace: Workspace, typed: string): string {
  const escaped = escapeText(typed);
  const linked =
    workspace.options.linkEmails === true ? escaped.replace(email, (at) => `<mailto:${at}|${at}>`) : escaped;
  return linked.replace(mention, (whole, sign: string, word: string) => {
    // A full stop or dash after a name belongs to the sentence: try the word without it too.
    const trimmed = word.replace(/[.-]+$/, "");
    const found = [word, trimmed].flatMap((name) => {
      const reference = sign === "@" ? mentionPerson(workspace, name) : mentionChannel(workspace, name);
      return reference === undefined ? [] : [reference + word.slice(name.length)];
    });
    return found[0] ?? whole;
  });
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function mentionPerson(workspace: Workspace, name: string): string | undefined {
  const person = workspace.people.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (person !== undefined) return `<@${person.id}|${person.name}>`;
  const { bot, userGroups } = workspace.options;
  if (bot.name === name) return `<@${bot.userId}|${bot.name}>`;
  const group = userGroups.find((each) => each.handle === name);
  return group === undefined ? undefined : `<!subteam^${group.id}|@${group.handle}>`;
}

function mentionChannel(workspace: Workspace, name: string): string | undefined {
  const channel = workspace.channels.find((each) => each.name === name);
  if (channel === undefined) return undefined;
  // Slack leaves out the names of private channels.
  return `<#${channel.id}|${channel.isPrivate === true ? "" : channel.name}>`;
}
