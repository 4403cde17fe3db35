import { describe, expect, it } from "vitest";

import type { CommandContext } from "../../src/commands/define.ts";
import { usageOf } from "../../src/commands/define.ts";
import { createCommands } from "../../src/commands/index.ts";
import { splitWords } from "../../src/commands/parse.ts";
import { UserError } from "../../src/errors.ts";
import { readWords } from "../support/words.ts";
import { ALICE, createContext } from "./support.ts";

const commands = createCommands();

/** What `/zt <text>` answers to somebody, as it is read on a screen. */
async function answerTo(text: string, userId = ALICE.id): Promise<string> {
  const { context, replies } = createContext({ ...ALICE, id: userId });
  await commands.run(context, text);
  return replies.map((reply) => readWords(reply)).join("\n");
}

describe("/zt help", () => {
  it.each([
    ["an operator", "U0ALICE", ["everyone", "viewer", "auditor", "operator"]],
    ["a viewer", "U0VERA", ["everyone", "viewer"]],
    ["an approver", "U0BOB", ["everyone", "viewer", "auditor", "approver", "decider"]],
    ["somebody the policy does not name", "U0EVE", ["everyone"]],
  ])("lists to %s what they may do, and of the rest the names only", async (_who, userId, roles) => {
    const words = await answerTo("help", userId);
    for (const { name, summary, role } of commands.all) {
      expect(words).toContain(name);
      expect([name, words.includes(`/zt ${name}`)]).toEqual([name, roles.includes(role)]);
      expect([name, words.includes(summary)]).toEqual([name, roles.includes(role)]);
    }
    // Whom to ask, where there is something to ask for.
    expect(words.includes("Ask @S0SECOPS to do it for you")).toBe(!roles.includes("operator"));
    expect(words.includes("Ask @S0LEADS to do it for you")).toBe(roles.includes("operator"));
  });

  it("explains each as it is written, no sign of it replaced by a lookalike", async () => {
    for (const { name } of commands.all) expect(await answerTo(`help ${name}`)).not.toMatch(/[∗∼ˋˍ꞉□]/u);
  });

  it.each(["U0VERA", "U0EVE"])("explains also what %s may not do", async (userId) => {
    expect(await answerTo("help delete-user", userId)).toContain("/zt delete-user [<who>]");
  });

  it.each(commands.all.map(({ name }) => name))("explains %s in full", async (name) => {
    const words = await answerTo(`help ${name}`);
    const command = commands.find(name);
    expect(words).toContain(`/zt ${usageOf({ name, args: command?.args ?? {} })}`);
    for (const spec of Object.values(command?.args ?? {})) expect(words).toContain(spec.summary);
    for (const example of command?.examples ?? []) expect(words).toContain(`/zt ${example}`);
    for (const alias of command?.aliases ?? []) expect(words).toContain(alias);
  });

  it.each(["help RESET", "help reset-risk"])("explains by alias and in any case: %s", async (text) => {
    expect(await answerTo(text)).toContain("/zt reset-risk [<who>]");
  });

  it.each([
    ["help revok", 'There is no subcommand "revok".', "Did you mean /zt help revoke?"],
    ["help everything", 'There is no subcommand "everything".', "/zt help lists them all."],
  ])("does not know %s, and says so", async (text, what, next) => {
    await expect(answerTo(text)).rejects.toSatisfy(
      (error) => error instanceof UserError && error.detail.what === what && error.detail.next === next,
    );
  });
});

describe("usage", () => {
  it.each([
    ["user", "user <who>"],
    ["revoke", 'revoke [<who>…] [--devices] [--block] [--for time] [--warp-reauth] [--reason "…"]'],
    ["reset-risk", 'reset-risk [<who>] [--reason "…"]'],
    ["pause", 'pause --reason "…"'],
    ["help", "help [<subcommand>]"],
  ])("of %s is made from its arguments", (name, usage) => {
    const command = commands.find(name);
    expect(command === undefined ? undefined : usageOf(command)).toBe(usage);
  });
});

describe("the examples in help", () => {
  // A mention in an example is as Slack would send it.
  const typed = (example: string): string => example.replaceAll(/@(\w+)(?=\s|$)/g, "<@U012AB3CD|$1>");

  it.each(
    commands.all.flatMap((command) => command.examples.map((example) => [command.name, example] as const)),
  )("of %s can be typed as they stand: %s", async (name, example) => {
    const [first, ...words] = splitWords(typed(example));
    expect(first).toBe(name);
    const command = commands.find(name);
    // Past the parser there is nothing here to work with; whatever comes of that is no refusal.
    const outcome: unknown = await command
      ?.parseAndRun({ reply: () => Promise.resolve() } as unknown as CommandContext, words)
      .catch((error: unknown) => error);
    expect(outcome).not.toBeInstanceOf(UserError);
  });
});
