import { describe, expect, it, vi } from "vitest";

import { defineCommand, type Command } from "../../src/commands/define.ts";
import { createCommands } from "../../src/commands/index.ts";
import { createRegistry, seal } from "../../src/commands/registry.ts";
import { readWords } from "../support/words.ts";
import { ALICE, createContext, refusalOf } from "./support.ts";

describe("the registry", () => {
  it("refuses two subcommands of one name, or of one alias", () => {
    const make = (name: string, aliases: string[] = []) =>
      seal(
        defineCommand({
          name,
          aliases,
          group: "Help",
          summary: "x",
          examples: [],
          role: "everyone",
          calls: [],
          args: {},
          run: () => Promise.resolve(),
        }),
      );
    expect(() => createRegistry([make("user"), make("user")])).toThrow("two subcommands are called user");
    expect(() => createRegistry([make("user"), make("whois", ["user"])])).toThrow(
      "two subcommands are called user",
    );
  });

  it("finds a subcommand by name and by alias, in any case", () => {
    const commands = createCommands();
    expect(commands.find("user")?.name).toBe("user");
    expect(commands.find("WHOIS")?.name).toBe("user");
    expect(commands.find("reset")?.name).toBe("reset-risk");
    expect(commands.find("constructor")).toBeUndefined();
  });

  it("runs a subcommand with its words, whatever the case of its name", async () => {
    const run = vi.fn<Command["run"]>(() => Promise.resolve());
    const registry = createRegistry([
      seal(
        defineCommand({
          name: "ping",
          aliases: ["p"],
          group: "Help",
          summary: "x",
          examples: [],
          role: "everyone",
          calls: [],
          args: { what: { kind: "word", required: true, summary: "what" } },
          run,
        }),
      ),
    ]);
    const { context } = createContext();
    await registry.run(context, "PING “one two”");
    await registry.run(context, "p three");
    expect(run.mock.calls).toEqual([
      [context, { what: "one two" }],
      [context, { what: "three" }],
    ]);
  });

  it.each(["", "   ", '""'])("answers “%s” with help", async (text) => {
    const { context, replies } = createContext();
    await createCommands().run(context, text);
    expect(replies.map((reply) => readWords(reply))).toEqual([expect.stringContaining("/zt user")]);
  });

  it.each([
    ["usr", 'There is no subcommand "usr".', "Did you mean /zt user? /zt help lists them all."],
    [
      "revok a@example.com",
      'There is no subcommand "revok".',
      "Did you mean /zt revoke? /zt help lists them all.",
    ],
    [
      "frobnicate",
      'There is no subcommand "frobnicate".',
      "Looking for a person? /zt user frobnicate. /zt help lists them all.",
    ],
    ["x1", 'There is no subcommand "x1".', "/zt help lists them all."],
    ["__proto__", 'There is no subcommand "__proto__".', "/zt help lists them all."],
    ["<!channel>", 'There is no subcommand "!channel".', "/zt help lists them all."],
    [
      "mallory@example.com",
      'There is no subcommand "mallory@example.com".',
      "Did you mean /zt user mallory@example.com? /zt help lists them all.",
    ],
    [
      "<mailto:mallory@example.com|mallory@example.com>",
      'There is no subcommand "mallory@example.com".',
      "Did you mean /zt user mallory@example.com? /zt help lists them all.",
    ],
    [
      "<@U012AB3CD|mallory>",
      'There is no subcommand "@mallory".',
      "Did you mean /zt user @mallory? /zt help lists them all.",
    ],
  ])("does not know %s, and says what may be meant", async (text, what, next) => {
    const { context } = createContext();
    expect(await refusalOf(createCommands().run(context, text))).toEqual({ what, next });
  });

  it("asks for the role before it reads the arguments: a stranger learns nothing of them", async () => {
    const { context } = createContext({ ...ALICE, id: "U0STRANGER" });
    expect((await refusalOf(createCommands().run(context, "user"))).what).toBe("You can't use /zt user.");
  });

  it("leaves only help to everybody, and what asks for a change to operators", () => {
    const { all } = createCommands();
    expect(all.filter(({ role }) => role === "everyone").map(({ name }) => name)).toEqual(["help"]);
    // These two also show what there is; what changes something asks for more by itself.
    const lists = ["requests", "incident"];
    const respond = all.filter(({ group, name }) => group === "Respond" && !lists.includes(name));
    expect(new Set(respond.map(({ role }) => role))).toEqual(new Set(["operator", "approver", "decider"]));
  });

  it("tells what changes something, which a repeated request must not do, from what only looks", () => {
    const { all, purposeOf } = createCommands();
    const looks = all.filter(({ name }) => purposeOf(`${name} mallory@example.com`) === "look-up");
    expect(looks.map(({ name }) => name).toSorted()).toEqual(
      all
        .filter(({ group, name }) => group !== "Respond" || ["requests", "authenticator"].includes(name))
        .map(({ name }) => name)
        .toSorted(),
    );
    expect(purposeOf("REVOKE mallory@example.com")).toBe("change");
  });
});
