import { UserError } from "../errors.ts";
import { commandHelp, helpMessage } from "../views/help.ts";
import { splitByRole } from "./authorise.ts";
import { defineCommand, usageOf } from "./define.ts";
import { suggest } from "./parse.ts";
import { seal, type AnyCommand } from "./registry.ts";

/** Help is made from the subcommands themselves, so it takes the list that it describes. */
export function createHelp(list: () => readonly AnyCommand[]): AnyCommand {
  return seal(
    defineCommand({
      name: "help",
      group: "Help",
      summary: "what you can do, or one subcommand in full",
      examples: ["help", "help revoke"],
      role: "everyone",
      calls: [],
      args: { subcommand: { kind: "word", required: false, summary: "the subcommand to explain" } },
      async run({ deps, asker }, { subcommand }) {
        const commands = list();
        if (subcommand === undefined) {
          const { usable, refused } = await splitByRole({ deps, asker }, commands);
          const entries = usable.map((command) => ({ ...command, usage: usageOf(command) }));
          const names = refused.map((command) => command.name);
          // A reader who may use all of them needs no one to ask.
          const { operators, allApprovers } = deps.policy.current();
          const areDeciders = refused.every(({ role }) => role === "approver" || role === "decider");
          const some = areDeciders ? allApprovers : operators;
          const ask = names.length === 0 ? [] : some;
          // Operators see what keeps the policy from working; others could do nothing about it.
          const isOperator = usable.some((command) => command.role === "operator");
          const findings = isOperator ? deps.policyCheck.findings() : [];
          return helpMessage(entries, { names, ask }, findings);
        }
        const name = subcommand.toLowerCase();
        const command = commands.find((one) => one.name === name || one.aliases?.includes(name) === true);
        if (command === undefined) {
          const names = commands.flatMap((one) => [one.name, ...(one.aliases ?? [])]);
          const meant = suggest(name, names);
          throw new UserError({
            what: `There is no subcommand "${subcommand}".`,
            next: meant === undefined ? "/zt help lists them all." : `Did you mean /zt help ${meant}?`,
          });
        }
        return commandHelp({ ...command, usage: usageOf(command) });
      },
    }),
  );
}
