import { describe, expect, it } from "vitest";

import { authorise } from "../../src/commands/authorise.ts";
import type { Person } from "../../src/slack/directory.ts";
import { ALICE, createContext, HOME, POLICY_HASH, refusalOf } from "./support.ts";

describe("who may use what only operators may", () => {
  const command = { name: "revoke", role: "operator" } as const;

  it("is an operator of this workspace", async () => {
    const { context, recorded } = createContext();
    await authorise(context, command);
    expect(recorded).toEqual([]);
  });

  it.each<[string, Person | null, string?]>([
    ["somebody the policy does not name", { ...ALICE, id: "U0EVE" }],
    ["a deactivated operator", { ...ALICE, isDeactivated: true }],
    ["an operator who is a guest", { ...ALICE, isGuest: true }],
    ["a bot", { ...ALICE, isBot: true }],
    ["somebody from another organisation", { ...ALICE, isStranger: true }],
    ["somebody whose workspace is another one", ALICE, "T0OTHER"],
    ["somebody whose workspace is not said", ALICE, ""],
    ["somebody Slack does not know", null],
  ])("is not %s, and the refusal is recorded", async (_who, person, teamId) => {
    const { context, recorded } = createContext(person, teamId);
    expect(await refusalOf(authorise(context, command))).toEqual({
      what: "You can't use /zt revoke.",
      why: "Only operators can.",
      next: "The people who run zt-bot can add you to policy.yml.",
      ask: ["S0SECOPS"],
    });
    expect(recorded).toEqual([
      [
        1_700_000_000_000,
        teamId ?? HOME,
        null,
        context.asker.userId,
        "command.refused",
        `{"channel":"C0SECURITY","command":"revoke","policy_hash":"${POLICY_HASH}","surface":"command"}`,
        1,
        "0".repeat(64),
        expect.stringMatching(/^[0-9a-f]{64}$/),
      ],
    ]);
  });

  it("does not matter for what everybody may use", async () => {
    const { context } = createContext(null);
    await expect(authorise(context, { name: "help", role: "everyone" })).resolves.toBeUndefined();
  });
});

describe("who may look", () => {
  const command = { name: "user", role: "viewer" } as const;

  it.each([
    ["an operator", "U0ALICE"],
    ["a viewer", "U0VERA"],
    ["an approver, who decides on it", "U0BOB"],
  ])("is %s", async (_who, id) => {
    const { context } = createContext({ ...ALICE, id });
    await expect(authorise(context, command)).resolves.toBeUndefined();
  });

  it("is nobody else, who is told whom to ask", async () => {
    const { context } = createContext({ ...ALICE, id: "U0EVE" });
    expect(await refusalOf(authorise(context, command))).toMatchObject({
      what: "You can't use /zt user.",
      why: "Only viewers and operators can.",
      ask: ["S0SECOPS"],
    });
  });

  it("is not thereby who reads the record: operators and approvers do", async () => {
    const audit = { name: "audit", role: "auditor" } as const;
    for (const id of ["U0ALICE", "U0BOB"])
      await expect(authorise(createContext({ ...ALICE, id }).context, audit)).resolves.toBeUndefined();
    const { context } = createContext({ ...ALICE, id: "U0VERA" });
    expect(await refusalOf(authorise(context, audit))).toMatchObject({
      why: "Only operators and approvers can.",
    });
  });

  it.each(["U0VERA", "U0BOB"])("does not thereby ask for a change: %s", async (id) => {
    const { context } = createContext({ ...ALICE, id });
    const { what } = await refusalOf(authorise(context, { name: "revoke", role: "operator" }));
    expect(what).toBe("You can't use /zt revoke.");
  });
});
