import { UserError } from "../errors.ts";
import { parseWho } from "../lookup/who.ts";
import { maskSecrets } from "../secrets.ts";
import { maskedNotice } from "../views/masked.ts";
import { noticeMessage } from "../views/notice.ts";
import type { Purpose } from "../slack/replay.ts";
import { authorise } from "./authorise.ts";
import type { ArgSpecs } from "./args.ts";
import type { Command, CommandContext } from "./define.ts";
import { parseArgs, splitWords, suggest, unescapeSlack } from "./parse.ts";

/** A subcommand whose arguments' types are its own business. */
export interface AnyCommand extends Omit<Command, "run"> {
  /** Reads the words after its name and runs it. @throws UserError */
  parseAndRun(context: CommandContext, words: readonly string[]): Promise<void>;
}

/** Closes over a command's own types, so that a list can hold all of them. */
export function seal<Specs extends ArgSpecs>(command: Command<Specs>): AnyCommand {
  return {
    ...command,
    async parseAndRun(context, words) {
      const answer = await command.run(context, parseArgs(command, words));
      if (answer !== undefined) await context.reply(answer);
    },
  };
}

export interface Registry {
  all: readonly AnyCommand[];
  /** By name or alias. */
  find(name: string): AnyCommand | undefined;
  /** Whether what was typed after `/zt` would change something. */
  purposeOf(text: string): Purpose;
  /** Runs what was typed after `/zt`, without the credentials in it, and tells of those. @throws UserError */
  run(context: CommandContext, text: string): Promise<void>;
}

/** @throws Error when two subcommands share a name or an alias. */
export function createRegistry(commands: readonly AnyCommand[]): Registry {
  const byName = new Map<string, AnyCommand>();
  for (const command of commands) {
    for (const name of [command.name, ...(command.aliases ?? [])]) {
      if (byName.has(name)) throw new Error(`two subcommands are called ${name}`);
      byName.set(name, command);
    }
  }
  return {
    all: commands,
    find: (name) => byName.get(name.toLowerCase()),
    purposeOf(text) {
      try {
        const [name = "help"] = splitWords(text);
        return byName.get(name.toLowerCase())?.changes === true ? "change" : "look-up";
      } catch {
        // What can't be read is not run.
        return "look-up";
      }
    },
    async run(context, typed) {
      const { text, found } = maskSecrets(typed);
      // At the same time: a form has to be opened within three seconds.
      const told = found.length === 0 ? null : tellMasked(context, found);
      try {
        const [name = "help", ...words] = splitWords(text);
        const command = byName.get(name.toLowerCase());
        if (command === undefined) throw unknownCommand(name, commands, [...byName.keys()]);
        await authorise(context, command);
        await command.parseAndRun(context, words);
      } finally {
        await told;
      }
    },
  };
}

async function tellMasked({ deps, reply }: CommandContext, found: readonly string[]): Promise<void> {
  try {
    await reply(noticeMessage(maskedNotice(found)));
  } catch (error) {
    deps.log.warn({ err: error }, "nobody could be told of a masked credential");
  }
}

/** Somebody who types only whom they mean wants to look them up, most of the time. */
function unknownCommand(typed: string, commands: readonly AnyCommand[], names: readonly string[]): UserError {
  const lookUp = commands.find(({ args }) =>
    Object.values(args).some((spec) => spec.kind === "who" && spec.required),
  );
  const shown = unescapeSlack(typed);
  const isWho = lookUp !== undefined && parseWho(typed) !== null;
  const meant = isWho ? `${lookUp.name} ${shown}` : suggest(typed.toLowerCase(), names);
  const hint = meant === undefined ? "" : `Did you mean /zt ${meant}? `;
  return new UserError({
    what: `There is no subcommand “${shown}”.`,
    next: `${hint}/zt help lists them all.`,
  });
}
