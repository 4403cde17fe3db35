import { describe, expect, it } from "vitest";

import { createCommands } from "../../../src/commands/index.ts";
import { ACTION_NAMES } from "../../../src/requests/plan.ts";
import { SUMMARY_ACTIONS } from "../../../src/views/look-ups/user-summary.ts";
import { answerTo, CHANNELS, PEOPLE } from "../../support/harness.ts";
import {
  addOthers,
  clickOn,
  newModal,
  openFormBy,
  OTHERS,
  privateAnswer,
  readAudit,
  startScene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const VIEWER = OTHERS.nobody;

const policy = `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
viewers: [${VIEWER}]
approvers: [${bob}, ${carol}]
`;

/** Pausing and authenticators are for those who decide: they have tests of their own. */
const all = createCommands().all.filter(({ role }) => role !== "approver" && role !== "decider");

/** Every subcommand about Mallory, typed so that it does nothing before somebody confirms it. */
const TYPED = all.map(({ name, role }) => ({
  name,
  role,
  text:
    name === "help"
      ? "help"
      : name === "users"
        ? "users mallory"
        : name === "create-user"
          ? name
          : `${name} mallory@example.com`,
}));

const refusalsOf = (rows: ReturnType<typeof readAudit>) =>
  rows
    .filter(({ event }) => event === "command.refused")
    .map(({ actor, data }) => `${actor} ${String(data["command"])}`);

describe("who may do what", () => {
  it.each([
    ["a viewer", VIEWER, ["auditor", "operator"]],
    ["an approver, who also reads the record", bob, ["operator"]],
  ])("%s: looks everything up and asks for nothing", async (_who, user, refused) => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    addOthers(slack);
    for (const { role, text, name } of TYPED) {
      const { words } = await answerTo(slack, user, text);
      if (refused.includes(role)) {
        expect(words).toContain(`You can't use /zt ${name}.`);
        expect(words).toContain(`Only operators${role === "auditor" ? " and approvers" : ""} can.`);
        expect(words).toContain("Ask @alice");
      } else expect(words).not.toContain("You can't use /zt");
    }
    expect(slack.views(user)).toEqual([]);
    expect(cloudflare.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    expect(refusalsOf(readAudit(scene))).toEqual(
      TYPED.filter(({ role }) => refused.includes(role)).map(({ name }) => `${user} ${name}`),
    );
  });

  it("only an approver pauses and resumes; an operator is told whom to ask", async () => {
    const { slack } = await startScene({ policy });
    for (const text of ["pause --reason a drill", "resume"]) {
      const { words } = await answerTo(slack, alice, text);
      expect(words).toContain("Only approvers can.");
      expect(words).toContain("Ask @bob @carol");
      expect((await answerTo(slack, bob, text)).words).toMatch(/Paused|Resumed/);
    }
  });

  it("an operator does both", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    for (const { name, text } of TYPED) {
      if (ACTION_NAMES.some((action) => action === name)) {
        const form = await openFormBy(slack, alice, text);
        expect(slack.visibleText(form)).toContain("Request approval");
        await slack.closeView({ user: alice, viewId: form.id });
      } else expect((await answerTo(slack, alice, text)).words).not.toContain("You can't use /zt");
    }
    expect(refusalsOf(readAudit(scene))).toEqual([]);
  });

  it.each([
    ["a member whom the policy does not name", OTHERS.mallory],
    ["a guest", OTHERS.guest],
    ["somebody from another organisation", OTHERS.stranger],
  ])("%s is told politely whom to ask, and Cloudflare is not asked", async (_who, user) => {
    const scene = await startScene({
      policy: policy.replace("viewers: [", `viewers: [${OTHERS.guest}, ${OTHERS.stranger}, `),
    });
    const { slack, cloudflare } = scene;
    addOthers(slack);
    for (const { role, text, name } of TYPED) {
      const { words } = await answerTo(slack, user, text);
      if (role === "everyone") expect(words).toContain("Ask @alice to do it for you");
      else {
        expect(words).toContain(`You can't use /zt ${name}.`);
        expect(words).toContain("Ask @alice");
      }
    }
    // The token itself is looked at once, at start.
    expect(cloudflare.requests.filter(({ route }) => route !== "tokens.verify")).toEqual([]);
    expect(refusalsOf(readAudit(scene))).toHaveLength(TYPED.filter(({ role }) => role !== "everyone").length);
  });

  it("a viewer's summary has its buttons, and those for changes are refused in words", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    addOthers(slack);
    const { message } = await answerTo(slack, VIEWER, "user mallory@example.com");
    // A risk score can be reset where nothing points to a takeover.
    const { message: calm } = await answerTo(slack, VIEWER, "user alice@example.com");
    const click = (on: typeof message, actionId: string) => () =>
      slack.click({ user: VIEWER, ...clickOn(on, actionId) });
    expect(await privateAnswer(slack, VIEWER, click(message, SUMMARY_ACTIONS.sessions))).toContain(
      "3 active sessions",
    );
    for (const [on, actionId, name] of [
      [message, SUMMARY_ACTIONS.revoke, "revoke"],
      [calm, SUMMARY_ACTIONS.resetRisk, "reset-risk"],
    ] as const)
      expect(slack.visibleText(await newModal(slack, VIEWER, click(on, actionId)))).toContain(
        `You can't use /zt ${name}.`,
      );
    expect(refusalsOf(readAudit(scene))).toEqual([`${VIEWER} revoke`, `${VIEWER} reset-risk`]);
  });

  it("a form that was opened is of no use to who has lost the role since", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const form = await openFormBy(slack, alice, "revoke mallory@example.com");
    slack.setPerson(alice, { isRestricted: true });
    await slack.submitView({ user: alice, viewId: form.id, values: { reason: { reason: "x" } } });
    await slack.waitFor(() =>
      slack.visibleText(slack.views(alice).at(-1) ?? form).includes("You can't use /zt revoke."),
    );
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });
});

describe("/zt help", () => {
  it("lists to each what they may do, grouped, and explains to all what they ask about", async () => {
    const { slack } = await startScene({ policy });
    addOthers(slack);
    // The list of requests, for whoever may look, stands beside what makes them.
    for (const [user, groups, others] of [
      [alice, ["Look up", "Respond", "Help"], true],
      [VIEWER, ["Look up", "Respond", "Help"], true],
      [bob, ["Look up", "Respond", "Help"], true],
      [OTHERS.mallory, ["Help"], true],
    ] as const) {
      const { words } = await answerTo(slack, user, "help");
      const lines = new Set(words.split("\n"));
      expect(["Look up", "Respond", "Help"].filter((group) => lines.has(group))).toEqual(groups);
      expect(words.includes("You can't use:")).toBe(others);
      expect((await answerTo(slack, user, "help delete-user")).words).toContain("can't be undone");
    }
  });
});
