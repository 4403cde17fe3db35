import { describe, expect, it } from "vitest";

import type { Delivery } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  askToRevoke,
  callsTo,
  CHANNELS,
  finishedThread,
  MODES,
  PEOPLE,
  press,
} from "../../support/harness.ts";
import { newAnswer, newModal, offered, openModal, readAudit, sendForm, startScene } from "../support.ts";

const { alice, bob } = PEOPLE;
const channel = CHANNELS.security;
const MALLORY = "mallory@example.com";

// What depends on how Slack reaches the bot. Every other test takes one way, as the bot does the same after it.
describe.each(MODES)("Slack, reaching the bot over %s,", (mode) => {
  it("has every command, button, form, shortcut, menu and mention acknowledged before any work is done", async () => {
    const scene = await startScene({ mode });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    const form = await newModal(slack, alice, () => slack.command({ user: alice, channel, text: "revoke" }));
    const { ts } = await slack.post({ user: bob, channel, text: `who is ${MALLORY}?` });
    const work = cloudflare.faults.hold("*");
    const acts: Record<string, () => Promise<Delivery | undefined>> = {
      command: () => slack.command({ user: alice, channel, text: `user ${MALLORY}` }),
      button: () => press(slack, bob, card, CARD_ACTIONS.approve),
      form: () =>
        slack.submitView({
          user: alice,
          viewId: form.id,
          values: { several: { several: MALLORY }, reason: { reason: "phished" } },
        }),
      "message shortcut": () =>
        slack.messageShortcut({ user: alice, channel, ts, callbackId: "investigate" }),
      "global shortcut": () => slack.globalShortcut({ user: alice, callbackId: "launcher" }),
      mention: async () =>
        (await slack.post({ user: alice, channel: CHANNELS.approvals, text: `@zt-bot user ${MALLORY}` }))
          .deliveries[0],
    };
    for (const [name, act] of Object.entries(acts)) expect(await act(), name).toMatchObject({ ok: true });
    expect(cloudflare.requests.filter(({ status }) => status === null).length).toBeGreaterThan(0);
    work.release();
    await finishedThread(slack, card);
  });

  it("gets an answer to a command, a menu's choices, a form in a modal, and an answer to what is sent in it", async () => {
    const scene = await startScene({ mode });
    const { slack } = scene;
    const answer = await newAnswer(scene, () =>
      slack.command({ user: alice, channel, text: `user ${MALLORY}` }),
    );
    expect(slack.visibleText(answer)).toContain("3 active sessions");
    const form = await newModal(slack, alice, () => slack.command({ user: alice, channel, text: "revoke" }));
    expect(await offered(slack, alice, form, "mallory")).toMatchObject([
      { text: `Mallory Archer (${MALLORY})` },
    ]);
    const missing = await slack.submitView({ user: alice, viewId: form.id, values: {} });
    expect(Object.keys(missing.errors ?? {})).not.toEqual([]);
    const asked = await sendForm(slack, alice, form, {
      several: { several: MALLORY },
      reason: { reason: "phished" },
    });
    expect(slack.visibleText(asked)).toContain("Revoke all sessions of");
  });

  it("is answered to both shortcuts and to a mention", async () => {
    const scene = await startScene({ mode });
    const { slack } = scene;
    await slack.globalShortcut({ user: alice, callbackId: "launcher" });
    await openModal(slack, alice, (words) => words.includes("Zero Trust"));
    const { ts } = await slack.post({ user: bob, channel, text: `who is ${MALLORY}?` });
    const answer = await newAnswer(scene, () =>
      slack.messageShortcut({ user: alice, channel, ts, callbackId: "investigate" }),
    );
    expect(slack.visibleText(answer)).toContain("3 active sessions");
    const said = await slack.post({
      user: alice,
      channel: CHANNELS.approvals,
      text: `@zt-bot user ${MALLORY}`,
    });
    await slack.waitFor(() => slack.thread(CHANNELS.approvals, said.ts).length === 1);
  });

  it("sends a click and an event again without a second effect", async () => {
    const scene = await startScene({ mode });
    const { slack, cloudflare } = scene;
    const said = await slack.post({ user: alice, channel: CHANNELS.approvals, text: "@zt-bot help" });
    const card = await askToRevoke(slack);
    const click = await press(slack, bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    const [event] = said.deliveries;
    if (event === undefined) throw new Error("the bot heard nothing");
    expect(await slack.retry(event)).toMatchObject({ ok: true });
    expect(await slack.replay(click)).toMatchObject({ ok: true });
    // What a repetition does would be done before the next request has its card.
    await askToRevoke(slack, { text: "revoke dana@example.com --reason after it" });
    expect(slack.thread(CHANNELS.approvals, said.ts)).toHaveLength(1);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    expect(readAudit(scene).filter(({ event: name }) => name === "request.approved")).toHaveLength(1);
    // Over HTTP the very same signed request goes no further; a new envelope of Socket Mode is answered in words.
    expect(slack.ephemerals(bob)).toHaveLength(mode === "http" ? 0 : 1);
  });
});
