import type { Button } from "@slack/types";

import type { AccessUser } from "../api/cloudflare.ts";
import { UserError } from "../errors.ts";
import { parseWho, type Who } from "../lookup/who.ts";
import { maskSecrets } from "../secrets.ts";
import { maskedNotice } from "../views/masked.ts";
import { noticeMessage } from "../views/notice.ts";
import type { Purpose } from "../slack/receiving/replay.ts";
import { authorise } from "./authorise.ts";
import type { ArgSpecs } from "./args.ts";
import type { Command, CommandContext } from "./define.ts";
import { lookUpButtons, offerInstead, runForName } from "./offer-users.ts";
import { parseArgs, splitWords, suggest, unescapeSlack } from "./parse.ts";

/** A subcommand whose arguments' types are its own business. */
export interface AnyCommand extends Omit<Command, "run"> {
  /** Reads the words after its name and runs it. @throws UserError */
  parseAndRun(context: CommandContext, words: readonly string[]): Promise<void>;
}

/** Makes a button that goes on with each of these users: what else was typed goes along. */
type ButtonsFor = (
  context: CommandContext,
  users: readonly AccessUser[],
  args: Readonly<Record<string, unknown>>,
) => Promise<Button[]>;

/** Closes over a command's own types, so that a list can hold all of them. `buttonsFor` is its screen by default. */
export function seal<Specs extends ArgSpecs>(
  command: Command<Specs>,
  buttonsFor: ButtonsFor = (_context, users, args) =>
    Promise.resolve(lookUpButtons(command.name, users, args)),
): AnyCommand {
  const isChange = command.changes === true;
  return {
    ...command,
    async parseAndRun(context, words) {
      const parsed = parseArgs(command, words);
      const args = parsed.name === null ? parsed.args : parsed.withUser(NOBODY_YET);
      const about = {
        isChange,
        context,
        run: (again: CommandContext, who: Who) =>
          command.run(again, parsed.name === null ? parsed.args : parsed.withUser(who)),
        buttons: (users: readonly AccessUser[]) => buttonsFor(context, users, args),
      };
      const answer =
        parsed.name === null
          ? await command.run(context, parsed.args).catch((error: unknown) => offerInstead(error, about))
          : await runForName(parsed.name, about);
      if (answer !== undefined) await context.reply(answer);
    },
  };
}

/** Stands for whom a button names, while only what else was typed is read. */
const NOBODY_YET: Who = { kind: "id", id: "" };

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

/** "refused": what was typed can't be done, in words for the person. "failed": an error of Cloudflare's, Slack's or ours. */
export type RunOutcome = "ok" | "refused" | "failed";

/** Told of each run: the subcommand's name ("unknown" where there is none), how it ended, and the milliseconds it took. */
export type OnRun = (subcommand: string, outcome: RunOutcome, ms: number) => void;

/** The same subcommands, telling of each run. */
export function watchRuns(registry: Registry, onRun: OnRun): Registry {
  return {
    ...registry,
    async run(context, text) {
      const startedAt = performance.now();
      const tell = (outcome: RunOutcome): void => {
        // By its name only: what was typed may be anything.
        const name = registry.find(text.trim().split(/\s/, 1)[0] || "help")?.name ?? "unknown";
        onRun(name, outcome, performance.now() - startedAt);
      };
      try {
        await registry.run(context, text);
      } catch (error) {
        tell(error instanceof UserError ? "refused" : "failed");
        throw error;
      }
      tell("ok");
    },
  };
}

async function tellMasked({ deps, reply }: CommandContext, found: readonly string[]): Promise<void> {
  try {
    await reply(noticeMessage(maskedNotice(found)));
  } catch (error) {
    deps.log.warn({ err: error }, "the notice of a masked credential could not be sent");
  }
}

/** An address or a mention alone is meant to be looked up, most of the time. */
function unknownCommand(typed: string, commands: readonly AnyCommand[], names: readonly string[]): UserError {
  const lookUp = commands.find(({ args }) =>
    Object.values(args).some((spec) => spec.kind === "who" && spec.required),
  );
  const shown = unescapeSlack(typed);
  const isWho = lookUp !== undefined && parseWho(typed) !== null;
  const meant = isWho ? `${lookUp.name} ${shown}` : suggest(typed.toLowerCase(), names);
  const hint = meant === undefined ? personHint(lookUp?.name, shown) : `Did you mean /zt ${meant}? `;
  return new UserError({
    what: `There is no subcommand "${shown}".`,
    next: `${hint}/zt help lists them all.`,
  });
}

/** A word that is like no subcommand may be a name. */
function personHint(lookUp: string | undefined, word: string): string {
  const isName = /^@?\p{L}[\p{L}\p{M}'’.-]+$/u.test(word);
  return lookUp !== undefined && isName
    ? `Looking for a person? /zt ${lookUp} ${word.replace("@", "")}. `
    : "";
}
