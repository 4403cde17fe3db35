import { writeFileSync } from "node:fs";

import { describe, expect, it, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { WATCH_ACTIONS } from "../../../src/views/watch.ts";
import { BLOCK_LIST_ID } from "../../../sandbox/cloudflare/seed/keep-out.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { createLogger } from "../../../src/log/log.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import {
  addOthers,
  approve,
  newModal,
  OTHERS,
  pressForWords,
  privateAnswer,
  readAudit,
  sendForm,
  startScene,
  type Scene,
} from "../support.ts";

const FAST = { watchMs: 100, sweepMs: 50 };
const MALLORY = "mallory@example.com";

/** Mallory, revoked and verified; the card. */
async function revoked(scene: Scene) {
  const card = await askToRevoke(scene.slack);
  await approve(scene.slack, card);
  return card;
}

/** The message in a thread that has these words. */
function inThread({ slack }: Scene, { channel, ts }: { channel: string; ts: string }, words: string) {
  return slack.waitFor(() =>
    slack.thread(channel, ts).find((message) => slack.visibleText(message).includes(words)),
  );
}

function threadWords({ slack }: Scene, { channel, ts }: { channel: string; ts: string }): string[] {
  return slack.thread(channel, ts).map((message) => slack.visibleText(message));
}

it("someone who signs in again after a revocation is told of once, with the place, and the card says so first", async () => {
  const scene = await startScene(FAST);
  const { slack, cloudflare } = scene;
  const card = await revoked(scene);
  cloudflare.login(MALLORY, { force: true, ip: "203.0.113.199", country: "BR", apps: ["Payroll"] });
  const told = await inThread(scene, card, "signed in again at");
  const words = slack.visibleText(told);
  expect(words).toMatch(/^🚨 \*Mallory Archer signed in again at .* from 203\.0\.113\.199 \(BR\) → Payroll/);
  expect(words).toContain("@alice");
  expect(words).toContain("Revoke again…");
  await slack.waitFor(() => wordsOf(slack, card).includes("⚠️ Revoked, back since"));
  // Several looks later it stands there once.
  const before = cloudflare.requests.length;
  await vi.waitFor(() => expect(cloudflare.requests.length).toBeGreaterThan(before + 8), { timeout: 20_000 });
  expect(threadWords(scene, card).filter((one) => one.includes("signed in again"))).toHaveLength(1);
  expect(readAudit(scene).filter(({ event }) => event === "watch.seen")).toHaveLength(1);
});

it("a sign-in that someone says was expected takes the danger off the card, but not on the word of who signed in", async () => {
  const scene = await startScene(FAST);
  const { slack, cloudflare } = scene;
  addOthers(slack);
  const card = await revoked(scene);
  cloudflare.login(MALLORY, { force: true });
  const told = await inThread(scene, card, "signed in again at");
  await slack.waitFor(() => wordsOf(slack, card).includes("back since"));
  expect(await pressForWords(slack, OTHERS.nobody, told, WATCH_ACTIONS.expected)).toContain("You can't use");
  expect(wordsOf(slack, card)).toContain("back since");
  await press(slack, PEOPLE.bob, told, WATCH_ACTIONS.expected);
  // In place of what was told, once.
  const said = await inThread(scene, card, "Expected, says @bob");
  expect(said.ts).toBe(told.ts);
  expect(threadWords(scene, card).filter((one) => one.includes("signed in again"))).toHaveLength(1);
  await slack.waitFor(() => !wordsOf(slack, card).includes("back since"));
  expect(wordsOf(slack, card)).toContain("✅");
  expect(readAudit(scene).filter(({ event }) => event === "watch.expected")).toHaveLength(1);
});

it("of someone who is blocked and got in all the same, the next step is the identity provider", async () => {
  const policy = `${POLICY}block: { email_list: ${BLOCK_LIST_ID} }\n`;
  const scene = await startScene({ ...FAST, policy });
  const { slack, cloudflare } = scene;
  const card = await revoked(scene);
  cloudflare.login(MALLORY, { force: true, ip: "203.0.113.199" });
  const first = await inThread(scene, card, "signed in again at");
  expect(slack.visibleText(first)).not.toContain("blocked");
  // Not just now: who signs in while a new block spreads tells nothing of it.
  const [list] = cloudflare.state.lists;
  list?.items.push({ value: MALLORY, description: "", createdAt: Date.now() - 300_000 });
  cloudflare.login(MALLORY, { force: true, ip: "198.51.100.7" });
  const again = await inThread(scene, card, "198.51.100.7");
  expect(slack.visibleText(again)).toContain(
    "→ They are blocked and got in all the same: disable the account in your IdP.",
  );
});

it("a quiet end says how long no one signed in", async () => {
  let ahead = 0;
  const scene = await startScene({ ...FAST, now: () => Date.now() + ahead });
  const card = await revoked(scene);
  ahead = 3_600_000;
  await inThread(scene, card, "👁 No sign-in for 60 min");
  expect(wordsOf(scene.slack, card)).not.toContain("back since");
});

const GLASS = `${POLICY}break_glass: { members: [${PEOPLE.alice}], notify: [${PEOPLE.bob}] }\n`;
const WHY = "it is 3 in the morning and no one answers";

/** Mallory is back: the message that tells of it. */
async function backAgain(scene: Scene) {
  const card = await revoked(scene);
  scene.cloudflare.login(MALLORY, { force: true });
  return { card, told: await inThread(scene, card, "signed in again at") };
}

describe("Revoke now, where the policy has break-glass", () => {
  it("requests and does it with one form, once, and has it reviewed", async () => {
    const scene = await startScene({ ...FAST, policy: GLASS });
    const { slack, cloudflare } = scene;
    const { told } = await backAgain(scene);
    const form = await newModal(slack, PEOPLE.alice, () =>
      press(slack, PEOPLE.alice, told, WATCH_ACTIONS.revokeNow),
    );
    expect(slack.visibleText(form)).toContain("This happens at once, without approval");
    expect(slack.visibleText(form)).toContain("Revoke all sessions of mallory@example.com");
    const asked = () => readAudit(scene).filter(({ event }) => event === "request.created");
    expect(asked()).toHaveLength(1);
    const short = await slack.submitView({
      user: PEOPLE.alice,
      viewId: form.id,
      values: { reason: { reason: "too short" } },
    });
    expect(short.ok).toBe(false);
    expect(asked()).toHaveLength(1);
    const done = await sendForm(slack, PEOPLE.alice, form, { reason: { reason: WHY } });
    expect(slack.visibleText(done)).toContain("☑️ In progress, without approval.");
    const card = await cardWhere(slack, (words) => words.includes("🚨 Break-glass by @alice"));
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("Needs review");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(2);
    expect(asked()).toHaveLength(2);
  });

  it("acts on the request that someone made meanwhile instead of making another", async () => {
    const scene = await startScene({ ...FAST, policy: GLASS });
    const { slack } = scene;
    const { told } = await backAgain(scene);
    await askToRevoke(slack);
    const form = await newModal(slack, PEOPLE.alice, () =>
      press(slack, PEOPLE.alice, told, WATCH_ACTIONS.revokeNow),
    );
    expect(slack.visibleText(form)).toContain("Requested by @alice");
  });

  it("is for its members alone, and not for protected people", async () => {
    const scene = await startScene({ ...FAST, policy: GLASS });
    const { slack } = scene;
    addOthers(slack);
    const { told } = await backAgain(scene);
    const refused = await newModal(slack, OTHERS.nobody, () =>
      press(slack, OTHERS.nobody, told, WATCH_ACTIONS.revokeNow),
    );
    expect(slack.visibleText(refused)).toContain("You can't use /zt revoke");
    const guarded = `${GLASS}protected: { emails: [${MALLORY}], quorum: 2 }\n`;
    writeFileSync(scene.config.policyFile, guarded);
    expect(await scene.policy.reload(createLogger("silent"))).toEqual([]);
    const form = await newModal(slack, PEOPLE.alice, () =>
      press(slack, PEOPLE.alice, told, WATCH_ACTIONS.revokeNow),
    );
    expect(slack.visibleText(form)).toContain("Break-glass is not available for this person");
  });

  it("is not offered where the policy has none", async () => {
    const scene = await startScene(FAST);
    const { told } = await backAgain(scene);
    expect(scene.slack.visibleText(told)).toMatch(/Revoke again….*Expected/s);
    expect(scene.slack.visibleText(told)).not.toContain("Revoke now");
  });
});

/** What is typed where zt-bot is; the head of the thread that it begins. */
async function watchInChannel({ slack }: Scene, text: string): Promise<StoredMessage> {
  const { alice: user } = PEOPLE;
  await privateAnswer(slack, user, () =>
    slack.command({ user, channel: CHANNELS.approvals, text, command: "/zt" }),
  );
  return slack.waitFor(() =>
    slack.messages(CHANNELS.approvals).findLast((one) => slack.visibleText(one).includes("Watching Mallory")),
  );
}

it(
  "of a time in which sign-ins could not be read nothing is claimed, and once they can be it is caught up",
  { tags: ["slow"] },
  async () => {
    const scene = await startScene(FAST);
    const { slack, cloudflare } = scene;
    const head = await watchInChannel(scene, "watch mallory@example.com");
    cloudflare.faults.set("access-requests", { kind: "status", status: 502 });
    const blind = await inThread(scene, head, "Can't see sign-ins");
    expect(slack.visibleText(blind)).toContain("Cloudflare returned an error (502)");
    await slack.waitFor(() => wordsOf(slack, head).includes("⚠️ Can't see sign-ins since"));
    cloudflare.login(MALLORY, { ip: "203.0.113.199" });
    cloudflare.faults.clear();
    await inThread(scene, head, "Sign-ins are visible again");
    await inThread(scene, head, "signed in at");
  },
);

it("/zt watch tells in a thread of its own where it was typed, until someone stops it", async () => {
  const scene = await startScene(FAST);
  const { slack, cloudflare } = scene;
  const head = await watchInChannel(scene, "watch mallory@example.com 2h");
  expect((await answerTo(slack, PEOPLE.alice, "watch list")).words).toContain("1 person being watched");
  cloudflare.login(MALLORY, { ip: "203.0.113.199", country: "BR" });
  cloudflare.registerDevice(MALLORY, { name: "new-phone" });
  const told = await inThread(scene, head, "signed in at");
  await slack.waitFor(() => wordsOf(slack, head).includes("🚨 Signed in at"));
  await press(slack, PEOPLE.bob, told, WATCH_ACTIONS.expected);
  await slack.waitFor(() => wordsOf(slack, head).includes("No sign-in so far"));
  await inThread(scene, head, "Expected, says @bob");
  expect(await pressForWords(slack, PEOPLE.alice, head, WATCH_ACTIONS.stop)).toContain(
    "Stopped watching Mallory",
  );
  await inThread(scene, head, "Stopped by @alice");
  await slack.waitFor(() => wordsOf(slack, head).includes("Watched Mallory Archer"));
  expect((await answerTo(slack, PEOPLE.alice, "watch list")).words).toContain("No one is being watched");
  expect((await answerTo(slack, PEOPLE.alice, "unwatch mallory@example.com")).words).toContain(
    "is not being watched",
  );
});

it("only operators may watch, and what can't be read as a duration is said", async () => {
  const scene = await startScene(FAST);
  const { slack } = scene;
  addOthers(slack);
  const { alice } = PEOPLE;
  expect((await answerTo(slack, OTHERS.nobody, "watch mallory@example.com")).words).toContain(
    "You can't use /zt watch",
  );
  expect((await answerTo(slack, alice, "watch mallory@example.com 48h")).words).toContain(
    "24 hours is the most",
  );
  expect((await answerTo(slack, alice, "watch mallory@example.com --for soon")).words).toContain(
    "Can't read",
  );
  expect(
    await privateAnswer(slack, alice, () =>
      slack.command({ user: alice, channel: CHANNELS.security, text: "watch", command: "/zt" }),
    ),
  ).toContain("No one is being watched");
});

it("revoking again goes on with the watch in the new thread", async () => {
  const scene = await startScene(FAST);
  const { cloudflare } = scene;
  const first = await revoked(scene);
  cloudflare.login(MALLORY, { force: true });
  await inThread(scene, first, "signed in again at");
  const second = await revoked(scene);
  await inThread(scene, first, "Revoked again");
  cloudflare.login(MALLORY, { force: true, ip: "198.51.100.7" });
  await inThread(scene, second, "signed in again at");
  expect(threadWords(scene, first).filter((one) => one.includes("signed in again"))).toHaveLength(1);
});
