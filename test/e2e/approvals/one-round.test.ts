import { expect, it, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
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
import { pressForWords, readAudit, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const MALLORY = "mallory@example.com";
const MINUTE = 60_000;

/** Alice asks, Bob and Carol approve; time goes on by `clock.shift`. */
async function startAt(more = ""): Promise<{ scene: Scene; clock: { shift: number } }> {
  const clock = { shift: 0 };
  const policy = `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${bob}, ${carol}]
${more}
`;
  return { scene: await startScene({ policy, now: () => Date.now() + clock.shift }), clock };
}

/** Paths without ids, in the order in which they were asked for. */
function asked({ cloudflare }: Scene, from: number): string[] {
  return cloudflare.requests
    .slice(from)
    .map(
      ({ method, path }) =>
        `${method} ${(path.split(/\/accounts\/[^/]+\//)[1] ?? path).replace(/[\da-f-]{30,}/g, "…")}`,
    );
}

it.each([
  [
    "revoke",
    `revoke ${MALLORY} --reason laptop stolen`,
    "POST access/organizations/revoke_user",
    ["GET access/users", "GET access/users/…", "GET access/users/…/active_sessions", "GET zt_risk_scoring/…"],
  ],
  [
    "delete-user",
    `delete-user ${MALLORY} --confirm ${MALLORY} --reason left the company`,
    "DELETE access/users/…",
    ["GET access/users", "GET access/users/…", "GET zt_risk_scoring/…"],
  ],
])("%s: from the click to the call, Cloudflare is asked in one round", async (_name, text, call, round) => {
  const { scene, clock } = await startAt();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack, { text });
  // Nothing that was read when it was asked for is fresh any longer.
  clock.shift = 10 * MINUTE;
  const from = cloudflare.requests.length;
  const held = cloudflare.faults.hold("*");
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await vi.waitFor(() => expect(held.waiting).toBeGreaterThanOrEqual(round.length));
  expect(asked(scene, from).toSorted()).toEqual(round);
  held.release();
  await finishedThread(slack, card);
  expect(asked(scene, from)[round.length]).toBe(call);
});

it("what was read at the click is read again where the call comes too late for it", async () => {
  const { scene, clock } = await startAt();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  clock.shift = MINUTE;
  const from = cloudflare.requests.length;
  const risk = cloudflare.faults.hold("risk.get");
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await vi.waitFor(() => expect(answered(scene, from, "active_sessions")).toBe(1));
  await vi.waitFor(() => expect(answered(scene, from, "access/users/…")).toBe(1));
  remove(scene);
  clock.shift += 3000;
  risk.release();
  await finishedThread(slack, card);
  expect(wordsOf(slack, card)).toContain("no longer an Access user");
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
});

function remove({ cloudflare: { state } }: Scene): void {
  state.users = state.users.filter(({ email }) => email !== MALLORY);
}

function answered(scene: Scene, from: number, what: string): number {
  const { requests } = scene.cloudflare;
  return asked(scene, from).filter(
    (one, index) => one.endsWith(what) && requests[from + index]?.status !== null,
  ).length;
}

it("a target who is gone in the moment between the reading and the call is claimed to be nothing else", async () => {
  const { scene, clock } = await startAt();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  clock.shift = MINUTE;
  const from = cloudflare.requests.length;
  const risk = cloudflare.faults.hold("risk.get");
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await vi.waitFor(() => expect(answered(scene, from, "access/users/…")).toBe(1));
  remove(scene);
  risk.release();
  await finishedThread(slack, card);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
  expect(wordsOf(slack, card)).not.toContain("Revoked");
});

it("an approver whose risk rose since the card was posted is refused, however short ago it was read", async () => {
  const { scene, clock } = await startAt();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  cloudflare.addRiskEvent("bob@example.com", { level: "high" });
  clock.shift = 3000;
  expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain("shows you as high-risk");
  expect(readAudit(scene).at(-1)?.data).toMatchObject({ what: "approve", code: "at-risk" });
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
});

it("a vote of someone whose risk rose since does not complete the quorum", async () => {
  const { scene, clock } = await startAt("quorum: 2");
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await saysOnCard(scene, card, "Needs 1 more approval");
  cloudflare.addRiskEvent("bob@example.com", { level: "high" });
  clock.shift = 3000;
  await press(slack, carol, card, CARD_ACTIONS.approve);
  const byCarol = await vi.waitFor(() => {
    const events = readAudit(scene).flatMap(({ actor, event }) => (actor === carol ? [event] : []));
    expect(events).not.toEqual([]);
    return events;
  });
  expect(byCarol).toEqual(["request.voted"]);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
});

async function saysOnCard({ slack }: Scene, card: StoredMessage, words: string): Promise<void> {
  await slack.waitFor(() => wordsOf(slack, card).includes(words) || undefined);
}

it("who has no say has nothing read for them", async () => {
  const { scene, clock } = await startAt();
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack);
  clock.shift = MINUTE;
  const from = cloudflare.requests.length;
  await pressForWords(slack, alice, card, CARD_ACTIONS.approve);
  await answerTo(slack, bob, "help");
  expect(asked(scene, from)).toEqual([]);
});
