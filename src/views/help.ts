import type { Finding } from "../ops/policy-rules.ts";
import { context, header, message, section, type Message } from "./blocks.ts";
import { capitalize } from "../pluralize.ts";
import { escape, principals } from "./text.ts";

/** What help needs to know of a subcommand. */
export interface HelpEntry {
  name: string;
  aliases?: readonly string[];
  group: string;
  summary: string;
  details?: string;
  usage: string;
  examples: readonly string[];
  args: Record<string, { kind: string; summary: string }>;
}

/**
 * The subcommands that the reader may use, grouped, with an example each; those that they can't, and whom they can
 * ask to do it for them; and what is wrong with the policy.
 */
export function helpMessage(
  commands: readonly HelpEntry[],
  { names, ask }: { names: readonly string[]; ask: readonly string[] },
  findings: readonly Finding[],
): Message {
  const groups = Map.groupBy(commands, (command) => command.group);
  return message(
    `zt-bot: ${commands.map((command) => command.name).join(", ")}. Type /zt help and a subcommand's name for more.`,
    header("Zero Trust, from Slack"),
    [...groups].map(([group, entries]) => section(`*${escape(group)}*`, entries.flatMap(entryLines))),
    names.length > 0 &&
      section(
        `*You can't use:* ${names.map((name) => escape(name)).join(", ")}`,
        `Ask ${principals(ask.slice(0, 10), 10)} to do it for you; the people who run zt-bot can add you to policy.yml.`,
      ),
    findings.length > 0 && section("*policy.yml needs attention*", findingLines(findings)),
    context(
      "Only you see what you look up. Actions need an approval. `/zt help revoke` explains one in full.",
    ),
  );
}

/** What is more is in the log. */
const MAX_FINDINGS = 5;

function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings
    .slice(0, MAX_FINDINGS)
    .map(({ danger, fix }) => `⚠️ ${escape(danger, 600)}.\n      Next: ${capitalize(escape(fix))}.`);
  const left = findings.length - lines.length;
  return [
    ...lines,
    `${left > 0 ? `And ${left} more, which the log has. ` : ""}A changed policy.yml takes effect once it is reloaded (SIGHUP).`,
  ];
}

function entryLines({ name, examples, summary }: HelpEntry): string[] {
  return [`\`/zt ${escape(examples[0] ?? name)}\``, `      ${escape(summary)}`];
}

/** One subcommand in full. */
export function commandHelp(command: HelpEntry): Message {
  const { name, usage, summary, details = `${capitalize(summary)}.`, aliases = [] } = command;
  const args = Object.entries(command.args).map(
    ([arg, spec]) => `• \`${argumentName(arg, spec.kind)}\` ${escape(spec.summary)}`,
  );
  return message(
    `/zt ${escape(usage)}: ${escape(summary)}`,
    header(`/zt ${name}`),
    section(escape(details, 1000)),
    section("*Usage*", `\`/zt ${escape(usage)}\``),
    args.length > 0 && section(args),
    section(
      "*Examples*",
      command.examples.map((example) => `\`/zt ${escape(example)}\``),
    ),
    aliases.length > 0 && context(`also: ${aliases.map((alias) => `\`${alias}\``).join(", ")}`),
  );
}

function argumentName(name: string, kind: string): string {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return kind === "switch" || kind === "text" ? `--${flag}` : escape(`<${name}>`);
}
