import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { clean } from "../../src/views/text.ts";

type Env = Record<string, string | undefined>;

const EXAMPLE = join(import.meta.dirname, "..", "..", ".env.example");

/** The settings that stand in a file; none where there is none. What is only the beginning of a token is no setting. */
export function readDotEnv(file: string): Env {
  if (!existsSync(file)) return {};
  const entries = Object.entries(parseEnv(readFileSync(file, "utf8")));
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined && !["", "xoxb-", "xapp-"].includes(value.trim())),
  );
}

/**
 * Sets these settings in .env and leaves every other line as it is; a new file begins as .env.example. Only its owner can
 * read it.
 */
export function writeDotEnv(file: string, settings: Record<string, string>): void {
  let lines = readFileSync(existsSync(file) ? file : EXAMPLE, "utf8")
    .trimEnd()
    .split("\n");
  for (const [name, value] of Object.entries(settings)) {
    const line = `${name}=${value}`;
    const at = lines.findLastIndex((each) => each.startsWith(`${name}=`));
    lines = at === -1 ? [...lines, line] : lines.with(at, line);
  }
  writePrivate(file, `${lines.join("\n")}\n`);
}

/** Somebody or something in Slack, by its id. */
export interface Named {
  id: string;
  name: string;
}

export interface PolicyChoice {
  channel: Named;
  operators: Named[];
  approvers: Named[];
}

/** The least policy that works; policy.example.yml has the rest. */
export function writePolicy(file: string, { channel, operators, approvers }: PolicyChoice): void {
  const entries = (people: Named[]): string =>
    people.map(({ id, name }) => `  - ${id} # ${clean(name, 80)}\n`).join("");
  writePrivate(
    file,
    `# Who may do what. No one may do anything that is not written here; policy.example.yml explains every line there can be.
# Read again on SIGHUP.
channels:
  approvals: ${channel.id} # #${clean(channel.name, 80)}

# Can look people up and request actions.
operators:
${entries(operators)}
# May approve, deny, pause and resume. Never their own request, never one about themselves.
approvers:
${entries(approvers)}`,
  );
}

/** All of it or nothing, and for nobody else to read. */
function writePrivate(file: string, text: string): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}
