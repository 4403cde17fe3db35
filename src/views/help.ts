import type { KnownBlock } from "@slack/types";

import { context, header, section, type Message } from "./blocks.ts";
import { escape, principal } from "./text.ts";

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

/** What the reader may not use, and whom they can ask to do it for them. */
export interface Refused {
  names: readonly string[];
  ask: readonly string[];
}

/** The subcommands that the reader may use, grouped, with an example each. */
export function helpMessage(commands: readonly HelpEntry[], refused: Refused): Message {
  const groups = Map.groupBy(commands, (command) => command.group);
  return {
    text: `zt-bot: ${commands.map((command) => command.name).join(", ")}. Type /zt help and a subcommand's name for more.`,
    blocks: [
      header("Zero Trust, from Slack"),
      ...[...groups].map(([group, entries]) =>
        section(
          `*${escape(group)}*\n${entries.map((entry) => `\`/zt ${escape(entry.examples[0] ?? entry.name)}\`\n      ${escape(entry.summary)}`).join("\n")}`,
        ),
      ),
      ...(refused.names.length === 0 ? [] : [section(refusedText(refused))]),
      context(
        "Reads answer at once, and only you see them. Changes wait for an approver in the approvals channel. `/zt help revoke` explains one in full.",
      ),
    ],
  };
}

function refusedText({ names, ask }: Refused): string {
  const who = ask.slice(0, 10).map(principal).join(" ");
  return `*Not for you to use:* ${names.map((name) => escape(name)).join(", ")}\nAsk ${who} to do it for you; whoever runs zt-bot can add you to policy.yml.`;
}

/** One subcommand in full. */
export function commandHelp(command: HelpEntry): Message {
  const blocks: KnownBlock[] = [
    header(`/zt ${command.name}`),
    section(
      escape(
        command.details ?? `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
        1000,
      ),
    ),
    section(`*Usage*\n\`/zt ${escape(command.usage)}\``),
  ];
  const args = Object.entries(command.args);
  if (args.length > 0)
    blocks.push(
      section(
        args
          .map(([name, spec]) => `• \`${argumentName(name, spec.kind)}\` ${escape(spec.summary)}`)
          .join("\n"),
      ),
    );
  blocks.push(
    section(`*Examples*\n${command.examples.map((example) => `\`/zt ${escape(example)}\``).join("\n")}`),
  );
  if (command.aliases !== undefined && command.aliases.length > 0)
    blocks.push(context(`also: ${command.aliases.map((alias) => `\`${alias}\``).join(", ")}`));
  return { text: `/zt ${escape(command.usage)}: ${escape(command.summary)}`, blocks };
}

function argumentName(name: string, kind: string): string {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return kind === "switch" || kind === "text" ? `--${flag}` : escape(`<${name}>`);
}
