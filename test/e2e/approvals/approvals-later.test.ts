import { writeFileSync } from "node:fs";

import { expect, it } from "vitest";

import { createLogger } from "../../../src/log/log.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { judgeAll, newModal, pressForWords, readAudit, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const EXECS = "S0EXECS01";
const LIMITED = { retryAfter: 30 };
const MINUTE = 60_000;

function policyWith(more: string, approvers: readonly string[]): string {
  return `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${approvers.join(", ")}]
${more}
`;
}

/** Alice asks, Bob and Carol approve; time goes on by `clock.shift`. */
async function startAt(more: string): Promise<{ scene: Scene; clock: { shift: number } }> {
  const clock = { shift: 0 };
  const now = () => Date.now() + clock.shift;
  const scene = await startScene({ policy: policyWith(more, [bob, carol]), now, sweepMs: 200 });
  scene.slack.setUserGroup(EXECS, { handle: "execs", users: [alice, bob] });
  return { scene, clock };
}

async function waitsWith({ slack }: Scene, card: StoredMessage, words: string): Promise<void> {
  await slack.waitFor(() => wordsOf(slack, card).includes(words) || undefined);
}

/** Bob approves while zt-bot is paused. */
async function approveWhilePaused(scene: Scene, card: StoredMessage): Promise<void> {
  await answerTo(scene.slack, carol, "pause --reason a drill");
  await press(scene.slack, bob, card, CARD_ACTIONS.approve);
  await waitsWith(scene, card, "zt-bot is paused: a drill");
}

function revocations({ cloudflare }: Scene): number {
  return callsTo(cloudflare, "POST", "revoke_user").length;
}

it("an approval of more than a day ago is void, and says so", async () => {
  const { scene, clock } = await startAt("");
  const card = await askToRevoke(scene.slack);
  await approveWhilePaused(scene, card);
  clock.shift = 25 * 60 * MINUTE;
  await answerTo(scene.slack, carol, "resume");
  await waitsWith(scene, card, "The approval is more than 24 hours old");
  expect(wordsOf(scene.slack, card)).toContain("Void");
  expect(revocations(scene)).toBe(0);
});

it("an approval that has aged while another was waited for is given again, and counts once", async () => {
  const { scene, clock } = await startAt("quorum: 2\napproval_max_age: 2h\nactions: { revoke: { ttl: 1d } }");
  const { slack } = scene;
  const card = await askToRevoke(slack);
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await waitsWith(scene, card, "Needs 1 more approval");
  expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain("You already approved this");
  clock.shift = 121 * MINUTE;
  await press(slack, bob, card, CARD_ACTIONS.approve);
  const votes = () => readAudit(scene).filter(({ event }) => event === "request.voted");
  await slack.waitFor(() => votes().length === 2 || undefined);
  await waitsWith(scene, card, "Needs 1 more approval");
  expect(revocations(scene)).toBe(0);
  await press(slack, carol, card, CARD_ACTIONS.approve);
  const thread = (await finishedThread(slack, card)).join("\n");
  expect(thread).toMatch(/Approved by @carol.*, after @bob/);
  expect(revocations(scene)).toBe(1);
  expect(votes().map(({ data }) => data)).toEqual([
    expect.objectContaining({ counting: 1, via: bob }),
    expect.objectContaining({ counting: 1, via: bob }),
  ]);
  expect(readAudit(scene).find(({ event }) => event === "request.approved")?.data).toMatchObject({
    votes: [bob, carol],
    via: carol,
  });
});

it("a target who was seen in a protected group stays protected while Slack refuses to say", async () => {
  const { scene, clock } = await startAt(`protected: { groups: [${EXECS}], quorum: 2 }`);
  const { slack } = scene;
  const card = await askToRevoke(slack);
  await approveWhilePaused(scene, card);
  slack.setPerson("U0MALLORY", { name: "mallory", realName: "Mallory", email: "mallory@example.com" });
  slack.setUserGroup(EXECS, { handle: "execs", users: [alice, "U0MALLORY"] });
  clock.shift = 11 * MINUTE;
  // Somebody else asks, and the group is read.
  await askToRevoke(slack, { text: "revoke-devices mallory@example.com --all --reason x" });
  clock.shift += MINUTE;
  slack.faults.set("usergroups.users.list", LIMITED);
  slack.faults.set("users.lookupByEmail", LIMITED);
  await answerTo(slack, carol, "resume");
  await waitsWith(scene, card, "The target became protected after the request");
  expect(revocations(scene)).toBe(0);
});

it("what is urgent goes on while nobody can say who is protected, and the record says what went unchecked", async () => {
  const { scene, clock } = await startAt(
    `protected: { groups: [${EXECS}], quorum: 2 }\nactions: { revoke: { ttl: 1d } }`,
  );
  const { slack } = scene;
  const card = await askToRevoke(slack);
  await approveWhilePaused(scene, card);
  clock.shift = 61 * MINUTE;
  slack.faults.set("usergroups.users.list", LIMITED);
  await answerTo(slack, carol, "resume");
  await finishedThread(slack, card);
  expect(readAudit(scene).find(({ event }) => event === "request.executing")?.data).toMatchObject({
    counting: [bob],
    unchecked: "protected groups: ratelimited",
  });
});

it("what is not urgent waits while nobody can say who is protected, and then goes on", async () => {
  const { scene, clock } = await startAt(
    `protected: { groups: [${EXECS}], quorum: 2 }\nactions: { reset-risk: { ttl: 1d } }`,
  );
  const { slack, cloudflare } = scene;
  const form = await newModal(slack, alice, () =>
    slack.command({
      user: alice,
      channel: CHANNELS.security,
      command: "/zt",
      text: "reset-risk mallory@example.com",
    }),
  );
  await slack.submitView({
    user: alice,
    viewId: form.id,
    values: { ...judgeAll(form, "handled"), reason: { reason: "seen to" } },
  });
  const card = await slack.waitFor(() => slack.messages(CHANNELS.approvals).at(-1));
  await approveWhilePaused(scene, card);
  clock.shift = 61 * MINUTE;
  slack.faults.set("usergroups.users.list", LIMITED);
  await answerTo(slack, carol, "resume");
  await waitsWith(scene, card, "Slack can't say who is in the protected groups");
  expect(callsTo(cloudflare, "POST", "risk_scoring")).toEqual([]);
  slack.faults.clear();
  await finishedThread(slack, card);
  expect(callsTo(cloudflare, "POST", "risk_scoring")).toHaveLength(1);
});

it(
  "without Slack the vote of an approver who was removed does not count because some group is named",
  { tags: ["slow"] },
  async () => {
    const { scene, clock } = await startAt("");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await approveWhilePaused(scene, card);
    slack.setUserGroup(EXECS, { handle: "execs", users: [alice] });
    writeFileSync(scene.config.policyFile, policyWith("", [carol, EXECS]));
    await scene.policy.reload(createLogger("silent"));
    clock.shift = MINUTE;
    // Carol was seen a moment ago, and Bob was not: a look-up asks nothing about who approves.
    await answerTo(slack, carol, "users rita");
    slack.faults.set("users.info", LIMITED);
    await answerTo(slack, carol, "resume");
    await waitsWith(scene, card, "Slack can't say who the approvers are now");
    expect(revocations(scene)).toBe(0);
    slack.faults.clear();
    await waitsWith(scene, card, "Bob Okafor is no longer an approver");
    expect(revocations(scene)).toBe(0);
  },
);

it("a click asks Slack and Cloudflare once about the person who clicked, and Cloudflare only of an approver", async () => {
  const { scene, clock } = await startAt("quorum: 2");
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  clock.shift = MINUTE;
  const slackCalls = () =>
    slack.calls.filter(({ method, args }) => method === "users.info" && args["user"] === bob);
  const looks = (name: string) =>
    cloudflare.requests.filter(
      (call) => JSON.stringify(call).includes(`${name}@`) || JSON.stringify(call).includes(`${name}%40`),
    );
  const [before, lookedBefore] = [slackCalls().length, looks("bob").length];
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await waitsWith(scene, card, "Needs 1 more approval");
  expect(slackCalls().length - before).toBe(1);
  expect(looks("bob").length - lookedBefore).toBe(1);
  await pressForWords(slack, alice, card, CARD_ACTIONS.approve);
  expect(looks("alice")).toEqual([]);
});
