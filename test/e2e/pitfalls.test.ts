import { writeFileSync } from "node:fs";

import { expect, it } from "vitest";

import { parsePolicy } from "../../src/policy-file.ts";
import { createLogger } from "../../src/log/log.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startBot,
  startWorld,
  wordsOf,
} from "../support/harness.ts";
import {
  accessIdOf,
  addOthers,
  approve,
  newModal,
  openFormBy,
  openModal,
  OTHERS,
  pressForWords,
  privateAnswer,
  readAudit,
  requestIdOf,
  type Scene,
  sendForm,
  startScene,
} from "./support.ts";

// One test for each way in which bots of this kind are known to break their promise. Many of these are tested more
// closely elsewhere; here each can be found by its name.

const { alice, bob, carol } = PEOPLE;
const MALLORY = "mallory@example.com";

function revocations({ cloudflare }: Pick<Scene, "cloudflare">): string[] {
  return callsTo(cloudflare, "POST", "revoke_user").map(({ body }) => JSON.stringify(body));
}

async function changePolicy(scene: Scene, text: string): Promise<void> {
  writeFileSync(scene.config.policyFile, text);
  await scene.policy.reload(createLogger("silent"));
}

it("pitfall 1: seeing the card is no authority, and where no approver is named nobody is one", async () => {
  const scene = await startScene();
  const { slack } = scene;
  addOthers(slack);
  const card = await askToRevoke(slack);
  for (const user of [OTHERS.nobody, OTHERS.guest, OTHERS.stranger, alice])
    expect(await pressForWords(slack, user, card, CARD_ACTIONS.approve)).toMatch(
      /You can't|Guests can't decide|another workspace|You requested this/,
    );
  expect(revocations(scene)).toEqual([]);
  const nobody = `channels: { approvals: C0APPROV1 }\noperators: [${alice}]\napprovers: []\n`;
  expect(() => parsePolicy(nobody, "policy.yml")).toThrow("approvers is empty: no one could approve");
});

it("pitfall 2: deny, cancel, stop and details are guarded as approve is", async () => {
  const scene = await startScene();
  const { slack } = scene;
  addOthers(slack);
  const card = await askToRevoke(slack);
  expect(await pressForWords(slack, OTHERS.nobody, card, CARD_ACTIONS.cancel)).toContain(
    "Only the requester",
  );
  for (const action of [CARD_ACTIONS.deny, CARD_ACTIONS.details]) {
    await press(slack, OTHERS.nobody, card, action);
    const words = slack.visibleText(await openModal(slack, OTHERS.nobody));
    expect(words).toContain("You can't");
  }
  const stop = { user: OTHERS.nobody, channel: card.channel, ts: card.ts };
  await slack.clickStale({ ...stop, actionId: CARD_ACTIONS.stop, value: requestIdOf(slack, card) });
  await slack.waitFor(() => readAudit(scene).some(({ data }) => data["what"] === "stop") || undefined);
  expect(wordsOf(slack, card)).toContain("Needs 1 approval");
});

it("pitfall 3: what the message shows is not the database: a card that was rewritten changes nothing that is done", async () => {
  const scene = await startScene();
  const { slack, env } = scene;
  const card = await askToRevoke(slack);
  const forged = JSON.stringify(card.blocks).replaceAll(MALLORY, "dana@example.com");
  const answer = await fetch(`${env["SLACK_API_URL"] ?? ""}chat.update`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${env["SLACK_BOT_TOKEN"] ?? ""}` },
    body: JSON.stringify({
      channel: card.channel,
      ts: card.ts,
      text: "Revoke dana",
      parse: "none",
      link_names: false,
      blocks: JSON.parse(forged) as unknown,
    }),
  });
  expect(await answer.json()).toMatchObject({ ok: true });
  expect(wordsOf(slack, card)).toContain("dana@example.com");
  await approve(slack, card);
  expect(revocations(scene)).toEqual([expect.stringContaining(MALLORY)]);
});

it("pitfall 4: the deadline is in the state: an approval after it loses, though the card still shows its buttons", async () => {
  let shift = 0;
  const scene = await startScene({ now: () => Date.now() + shift });
  const { slack } = scene;
  const card = await askToRevoke(slack);
  shift = 2 * 60 * 60_000;
  expect(slack.visibleText(card)).toContain("Approve");
  expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain("This request has expired");
  expect(revocations(scene)).toEqual([]);
});

describeWithPostgres("pitfall 5", () => {
  it("no lock is in a process's memory, and a request that is sent again has no second effect: two replicas act once", async () => {
    const { url, drop } = await createDatabase();
    try {
      const world = await startWorld({ mode: "http", databaseUrl: url });
      const { slack } = world;
      const [one, other] = [await startBot(world), await startBot(world)];
      const at = (bot: typeof one) => slack.setDelivery({ mode: "http", url: `${bot.bot.url}/slack/events` });
      const card = await askToRevoke(slack);
      const click = (user: string) =>
        slack.clickStale({ user, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve });
      at(one);
      const first = click(bob);
      at(other);
      const second = click(carol);
      const [sent] = await Promise.all([first, second]);
      await finishedThread(slack, card);
      at(other);
      expect((await slack.replay(sent)).ok).toBe(true);
      await askToRevoke(slack, { text: "revoke dana@example.com --reason after it" });
      expect(revocations(world)).toHaveLength(1);
      expect(slack.messages(CHANNELS.approvals)).toHaveLength(2);
      await Promise.all([one.bot.stop(), other.bot.stop()]);
    } finally {
      await drop();
    }
  });
});

it("pitfall 6: text is escaped before it is cut, and no name gets out of its code span", async () => {
  const scene = await startScene();
  const { slack, cloudflare } = scene;
  const user = cloudflare.state.users.find((one) => one.email === MALLORY);
  if (user === undefined) throw new Error("no such user");
  user.name = "` <!channel> `<https://evil.example|bank>` & *x*";
  const card = await askToRevoke(slack, { text: `revoke ${MALLORY} --reason ${"<!channel> & ".repeat(76)}` });
  const raw = JSON.stringify([card.blocks, card.text]);
  expect(raw).not.toMatch(/<!(channel|here|everyone)/);
  expect(raw).not.toContain("<https://evil");
  // No cut entity: each & begins a whole one.
  expect(raw).not.toMatch(/&(?!amp;|lt;|gt;)/);
});

it("pitfall 7: approved, under way, accepted, verified and failed are told apart, and each only when it is so", async () => {
  const scene = await startScene();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  const call = cloudflare.faults.hold("revoke-user");
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await call.arrived;
  await slack.waitFor(() => wordsOf(slack, card).includes("In progress") || undefined);
  const soFar = slack
    .thread(card.channel, card.ts)
    .map((message) => slack.visibleText(message))
    .join("\n");
  expect(`${wordsOf(slack, card)}${soFar}`).not.toMatch(/✅|Revoked|accepted it|verified at/);
  call.release();
  await finishedThread(slack, card);
  expect(wordsOf(slack, card)).toContain("verified at");

  const other = await askToRevoke(slack, { text: "revoke dana@example.com --reason phished" });
  cloudflare.faults.set("revoke-user", { kind: "status", status: 400, times: 1 });
  await press(slack, bob, other, CARD_ACTIONS.approve);
  await finishedThread(slack, other);
  expect(wordsOf(slack, other)).toContain("Failed");
  expect(wordsOf(slack, other)).not.toMatch(/✅|Revoked/);
});

it("pitfall 8: the record has the call before Cloudflare gets it", async () => {
  const scene = await startScene();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  const call = cloudflare.faults.hold("revoke-user");
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await call.arrived;
  const events = readAudit(scene).map(({ event }) => event);
  expect(events.at(-1)).toBe("call.sent");
  expect(events).not.toContain("call.answered");
  call.release();
  await finishedThread(slack, card);
});

it("pitfall 9: who asked, who clicked and who it is about are kept apart in the record", async () => {
  const scene = await startScene();
  const { slack } = scene;
  const card = await askToRevoke(slack);
  await approve(slack, card);
  const row = readAudit(scene).find(({ event }) => event === "request.approved");
  expect(row).toMatchObject({
    actor: bob,
    data: { requester: alice, target: MALLORY, target_id: accessIdOf(scene, MALLORY) },
  });
});

it("pitfall 10: a role is checked again when a form is sent, and an id in a form that was forged is looked up", async () => {
  const scene = await startScene();
  const { slack } = scene;
  const card = await askToRevoke(slack);
  const deny = await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.deny));
  const form = await openFormBy(slack, alice, "revoke dana@example.com");
  await changePolicy(
    scene,
    `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${bob}]\napprovers: [${carol}]\n`,
  );
  const denied = await sendForm(slack, bob, deny, { reason: { reason: "no" } });
  expect(slack.visibleText(denied)).toContain("You can't deny this request");
  const asked = await sendForm(slack, alice, form, { reason: { reason: "phished" } });
  expect(slack.visibleText(asked)).toContain("You can't use /zt revoke");
  expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);

  // A button that no message of the bot ever had.
  const evidence = await slack.waitFor(() => slack.thread(card.channel, card.ts).at(-1));
  const forged = { channel: evidence.channel, ts: evidence.ts, actionId: CARD_ACTIONS.approve };
  const told = await privateAnswer(slack, carol, () =>
    slack.clickStale({ ...forged, user: carol, value: "ZT-0000000' OR 1=1" }),
  );
  expect(told).toContain("This request is unknown");
});

it("pitfall 11: nobody approves themselves by an edit: a plan is frozen, and another wish is another request", async () => {
  const scene = await startScene();
  const { slack } = scene;
  const card = await askToRevoke(slack);
  const planned = readAudit(scene).find(({ event }) => event === "request.created")?.data;
  const wider = await askToRevoke(slack, { text: `revoke ${MALLORY} --devices --reason laptop stolen` });
  expect(requestIdOf(slack, wider)).not.toBe(requestIdOf(slack, card));
  await approve(slack, card);
  expect(wordsOf(slack, wider)).toContain("Needs 1 approval");
  expect(revocations(scene)).toHaveLength(1);
  expect(readAudit(scene).find(({ event }) => event === "request.approved")?.data["plan_hash"]).toBe(
    planned?.["plan_hash"],
  );
  expect(await pressForWords(slack, alice, wider, CARD_ACTIONS.approve)).toContain("You requested this");
});

it("pitfall 12: neither tokens nor bodies are in the log, also when everything fails", async () => {
  const scene = await startScene({ cloudflareTimeoutMs: 300 });
  const { slack, cloudflare, env } = scene;
  const card = await askToRevoke(slack, { text: `revoke ${MALLORY} --reason the-secret-reason` });
  cloudflare.faults.set("*", { kind: "status", status: 403, times: 3 });
  await approve(slack, card);
  const logs = scene.logs();
  expect(logs).not.toContain(env["CLOUDFLARE_API_TOKEN"]);
  expect(logs).not.toContain(env["SLACK_BOT_TOKEN"]);
  expect(logs).not.toContain("the-secret-reason");
});

it("pitfall 13: what nobody could approve is refused when it is asked for", async () => {
  const scene = await startScene({
    policy: `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${alice}]\napprovers: [${alice}]\n`,
  });
  const { words } = await answerTo(scene.slack, alice, `revoke ${MALLORY} --reason laptop stolen`);
  expect(words).toContain("No one can approve this, so nothing was requested.");
  expect(words).toContain("you requested it");
  expect(scene.slack.messages(CHANNELS.approvals)).toEqual([]);
});

it(
  "pitfall 14: nothing waits in a handler: a bot that is started again in the middle goes on where it was",
  { tags: ["slow"] },
  async () => {
    const world = await startWorld();
    const { slack, cloudflare } = world;
    cloudflare.settings.sessionListLagMs = 1500;
    const first = await startBot(world, { verifyDelaysMs: [500, 500, 500, 500, 500, 500, 500, 500] });
    const card = await askToRevoke(slack);
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(
      () => wordsOf(slack, card).includes("Accepted by Cloudflare, verifying") || undefined,
    );
    await first.bot.stop();
    await startBot(world, { verifyDelaysMs: [500, 500, 500, 500, 500, 500, 500, 500] });
    await finishedThread(slack, await cardWhere(slack));
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(revocations(world)).toHaveLength(1);
  },
);
