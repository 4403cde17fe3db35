import { writeFileSync } from "node:fs";

import { describe, expect, it, vi } from "vitest";

import type { SlackChannel } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { ConfigError } from "../../../src/config.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startBot,
  startWorld,
} from "../../support/harness.ts";
import { readAudit, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const REVOKE = "revoke mallory@example.com --reason laptop stolen";
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const OUTSIDE: [name: string, channel: Partial<SlackChannel>][] = [
  ["is shared with another organization", { isExtShared: true }],
  ["is shared there and within the own organization", { isExtShared: true, isOrgShared: true }],
  ["another organization is invited to", { isPendingExtShared: true }],
];

/** A bot whose clock can be put forward: past what it remembers of a channel. */
async function startWithClock(): Promise<Scene & { forward(ms: number): void }> {
  let ahead = 0;
  const scene = await startScene({ now: () => Date.now() + ahead });
  return { ...scene, forward: (ms) => void (ahead += ms) };
}

function refusals(scene: Scene) {
  return readAudit(scene).filter(({ event }) => event === "request.refused");
}

describe("an approvals channel that outsiders can read", { tags: ["slow"] }, () => {
  it.each(OUTSIDE)("keeps the bot from starting when it %s", async (_how, channel) => {
    const world = await startWorld();
    world.slack.setChannel(CHANNELS.approvals, channel);
    const error: unknown = await startBot(world).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toEqual([
      `${world.env["ZT_POLICY_FILE"]}: channels.approvals ${CHANNELS.approvals}: the approvals channel is shared with another organization, or is about to be. Next: stop sharing it in Slack, or name another channel in policy.yml and reload it`,
    ]);
  });

  it.each(OUTSIDE)("gets no card when it %s by then, and who asks is told", async (_how, channel) => {
    const scene = await startWithClock();
    const { slack } = scene;
    await askToRevoke(slack);
    slack.setChannel(CHANNELS.approvals, channel);
    scene.forward(MINUTE);
    const { words } = await answerTo(slack, alice, "revoke dana@example.com --reason laptop stolen");
    expect(words).toContain(
      "Not requested: the approvals channel is shared with another organization, or is about to be.",
    );
    expect(words).toContain("name another channel in policy.yml and reload it");
    expect(refusals(scene)).toHaveLength(1);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
  });

  it("gets no card that had to wait, and the card goes where the policy says by then", async () => {
    const scene = await startWithClock();
    const { slack } = scene;
    slack.faults.set("chat.postMessage", { error: "internal_error" });
    await answerTo(slack, alice, REVOKE);
    slack.setChannel(CHANNELS.approvals, { isExtShared: true });
    // What fails is tried again ever later.
    const often = { timeout: 20_000, interval: 300 };
    const isSaid = async () => {
      scene.forward(MINUTE);
      const { words } = await answerTo(slack, bob, "requests");
      expect(words).toContain("the approvals channel is shared with another organization");
    };
    await vi.waitFor(isSaid, often);
    slack.faults.clear();
    await vi.waitFor(isSaid, often);
    writeFileSync(scene.config.policyFile, POLICY.replace(CHANNELS.approvals, CHANNELS.incident));
    await scene.bot.reloadPolicy();
    await vi.waitFor(() => {
      scene.forward(MINUTE);
      expect(slack.messages(CHANNELS.incident)).toHaveLength(1);
    }, often);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });

  it("is not put in force by a reload: the old policy stays, and log and record say why", async () => {
    const scene = await startScene();
    const { slack, config, bot, policy } = scene;
    slack.setChannel(CHANNELS.incident, { isExtShared: true });
    const before = policy.hash();
    writeFileSync(config.policyFile, POLICY.replace(CHANNELS.approvals, CHANNELS.incident));
    await bot.reloadPolicy();
    expect(policy.hash()).toBe(before);
    expect(scene.logs()).toContain("policy not reloaded: the old one stays in force");
    const why = "the approvals channel is shared with another organization, or is about to be";
    expect(scene.logs()).toContain(`channels.approvals ${CHANNELS.incident}: ${why}`);
    expect(readAudit(scene).map(({ event, data }) => [event, JSON.stringify(data["problems"])])).toEqual([
      ["policy.refused", expect.stringContaining(why)],
    ]);
    expect((await askToRevoke(slack)).channel).toBe(CHANNELS.approvals);
  });

  it("does not keep a reload of the same channel from taking an approver's say", async () => {
    const scene = await startWithClock();
    scene.slack.setChannel(CHANNELS.approvals, { isExtShared: true });
    scene.forward(MINUTE);
    writeFileSync(scene.config.policyFile, POLICY.replace(/^approvers: .*$/m, `approvers: [${carol}]`));
    await scene.bot.reloadPolicy();
    expect(scene.policy.current().approvers).toEqual([carol]);
  });
});

it("an approvals channel that only workspaces of the same organization share is as good as any", async () => {
  const world = await startWorld();
  world.slack.setChannel(CHANNELS.approvals, { isOrgShared: true, isPrivate: true });
  await startBot(world);
  const card = await askToRevoke(world.slack);
  await press(world.slack, bob, card, CARD_ACTIONS.approve);
  expect((await finishedThread(world.slack, card)).join()).toContain("verified at");
});

describe("while Slack does not say who can read the approvals channel", () => {
  const SILENCES = [
    ["answers with an error", { error: "internal_error" }],
    ["cuts the connection", { dropConnection: true }],
    ["asks to wait", { retryAfter: 30 }],
  ] as const;

  it.each(SILENCES)(
    "and %s, a request goes on by what it said within a day, and not after",
    async (_how, fault) => {
      const scene = await startWithClock();
      const { slack } = scene;
      slack.faults.set("conversations.info", fault);
      scene.forward(DAY - MINUTE);
      await askToRevoke(slack);
      expect(readAudit(scene).find(({ event }) => event === "request.created")?.data).toMatchObject({
        channel_unchecked: expect.stringMatching(/^Slack: /),
      });

      scene.forward(2 * MINUTE);
      const { words } = await answerTo(slack, alice, "revoke dana@example.com --reason laptop stolen");
      expect(words).toContain("Not requested: it is unknown who reads the approvals channel");
      expect(words).toContain("do it in the Cloudflare dashboard");
      expect(refusals(scene)).toHaveLength(1);
    },
  );

  it("the bot starts all the same, and takes no request before Slack says it", async () => {
    const world = await startWorld();
    const { slack } = world;
    slack.faults.set("conversations.info", { error: "internal_error" });
    await startBot(world);
    expect((await answerTo(slack, alice, REVOKE)).words).toContain("Not requested: it is unknown");
    slack.faults.clear();
    await askToRevoke(slack);
  });

  it("no reload names another channel, and the old policy stays in force", async () => {
    const scene = await startScene();
    const before = scene.policy.hash();
    scene.slack.faults.set("conversations.info", { error: "internal_error" });
    writeFileSync(scene.config.policyFile, POLICY.replace(CHANNELS.approvals, CHANNELS.incident));
    await scene.bot.reloadPolicy();
    expect(scene.policy.hash()).toBe(before);
    scene.slack.faults.clear();
    await scene.bot.reloadPolicy();
    expect(scene.policy.current().approvalsChannel).toBe(CHANNELS.incident);
  });

  it("as the app lacks the scope, the bot does not start and names the manifest", async () => {
    const world = await startWorld();
    world.slack.faults.set("conversations.info", { error: "missing_scope" });
    await expect(startBot(world)).rejects.toThrow(/the Slack app lacks a permission.* paste manifest\.yml/);
  });
});

describe("what the policy is warned of", () => {
  const LEADING = POLICY.replace(/^approvers: .*$/m, `approvers: [${bob}, U0GONE001]`);
  const WARNED =
    `${LEADING}viewers: [${carol}]\nquorum: 2\nbreak_glass: { members: [${alice}], notify: [${alice}] }\n`.replace(
      /^operators: .*$/m,
      `operators: [${alice}]`,
    );
  const TITLE = "policy.yml needs attention";

  /** The messages of all warnings in the log, in order. */
  function warnings(scene: Scene): string[] {
    const lines = scene.logs().trim().split("\n");
    return lines
      .map((line) => JSON.parse(line) as { level: string; rule?: string })
      .flatMap(({ level, rule }) => (level === "warn" && rule !== undefined ? [rule] : []));
  }

  it("is in the log at start, in /zt help for operators with the next step, and for nobody else", async () => {
    const scene = await startScene({ policy: WARNED });
    const { slack } = scene;
    const expected = ["break-glass-told-to-itself", "unknown-person", "unreachable-quorum", "public-channel"];
    await vi.waitFor(() => expect(warnings(scene).toSorted()).toEqual(expected.toSorted()));
    const { words } = await answerTo(slack, alice, "help");
    expect(words).toContain(TITLE);
    expect(words).toContain("Slack knows no user U0GONE001");
    expect(words).toContain("Every action: needs 2 approvals, and only 1 can approve it");
    expect(words).toContain("Everyone who is told of a break-glass can use it too");
    expect(words).toContain(`The approvals channel (${CHANNELS.approvals}) is public`);
    expect(words).toContain("Next: Name more approvers, or lower the quorum.");
    expect(words).toContain("A changed policy.yml takes effect once it is reloaded (SIGHUP).");
    for (const other of [bob, carol])
      expect((await answerTo(slack, other, "help")).words).not.toContain(TITLE);
    // They warn, and refuse nothing.
    expect((await answerTo(slack, alice, "user mallory@example.com")).words).toContain("Mallory");
  });

  it("is gone after a reload that fixes it, and a new policy is warned of at once", async () => {
    const scene = await startScene({ policy: WARNED });
    const { slack, config, bot } = scene;
    await vi.waitFor(() => expect(warnings(scene)).toContain("unknown-person"));
    slack.setChannel(CHANNELS.approvals, { isPrivate: true });
    scene.slack.setPerson("U0GONE001", { name: "gone", email: "gone@example.com", deleted: true });
    writeFileSync(config.policyFile, LEADING);
    await bot.reloadPolicy();
    await vi.waitFor(() => expect(warnings(scene)).toContain("deactivated-person"));
    const before = warnings(scene).length;
    writeFileSync(config.policyFile, `${POLICY}quorum: 3\n`);
    await bot.reloadPolicy();
    await vi.waitFor(() => expect(warnings(scene).slice(before)).toContain("unreachable-quorum"));
    writeFileSync(config.policyFile, POLICY);
    await bot.reloadPolicy();
    await vi.waitFor(async () => expect((await answerTo(slack, alice, "help")).words).not.toContain(TITLE));
  });

  it("is, where Slack does not answer, what the file alone shows, and the log says so", async () => {
    const world = await startWorld({ policy: WARNED });
    for (const method of ["users.info", "usergroups.users.list"])
      world.slack.faults.set(method, { error: "internal_error" });
    const scene = { ...world, ...(await startBot(world)) };
    await vi.waitFor(() => expect(scene.logs()).toContain("the policy could not be compared with Slack"));
    expect(warnings(scene)).toContain("break-glass-told-to-itself");
    expect(warnings(scene)).not.toContain("unknown-person");
  });
});
