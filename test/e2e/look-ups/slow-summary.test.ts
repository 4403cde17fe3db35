/** @module-tag slow */
import { describe, expect, it } from "vitest";

import type { FaultRoute } from "../../../sandbox/cloudflare/faults.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { SUMMARY_ACTIONS } from "../../../src/views/look-ups/user-summary.ts";
import { answerTo, CHANNELS, PEOPLE, type } from "../../support/harness.ts";
import { clickOn, startScene, type Scene } from "../support.ts";

const { alice } = PEOPLE;
const MALLORY = "user mallory@example.com";
const SLOW = { kind: "latency", ms: 3000 } as const;

/** The bot's answers to alice from this one on, once there are so many. */
function answersFrom({ slack }: Scene, before: number, count: number): Promise<string[]> {
  return slack.waitFor(() => {
    const said = slack.ephemerals(alice).slice(before);
    return said.length >= count ? said.map((one) => slack.visibleText(one)) : undefined;
  }, 15_000);
}

describe("a part of a summary that Cloudflare is slow with", () => {
  it("is said to be still on its way, and comes with the whole answer", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    cloudflare.faults.set("access-requests", SLOW);
    await type(slack, alice, MALLORY);
    const [early = ""] = await answersFrom(scene, 0, 1);
    expect(early).toContain("⏳ Still reading: sign-ins");
    expect(early).toContain("3 active sessions on 5 apps");
    expect(early).toContain("🇧🇷 BR 203.0.113.199 · Payroll, Admin panel");
    expect(early).not.toContain("denied sign-ins, then");
    const [, whole = ""] = await answersFrom(scene, 0, 2);
    expect(whole).not.toContain("⏳");
    expect(whole).toContain("17 denied sign-ins, then 2 allowed from 203.0.113.199");
  });

  it("does not let the verdict be calm before it is read", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    cloudflare.faults.set("risk.get", SLOW);
    await type(slack, alice, "user bob@example.com");
    const [early = "", whole = ""] = await answersFrom(scene, 0, 2);
    expect(early).toContain("⏳ Nothing unusual so far.");
    expect(early).toContain("⏳ Still reading: risk score");
    expect(early).not.toContain("🟢");
    expect(whole).toContain("🟢 Nothing unusual.");
  });

  it("fills in where Refresh was pressed", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { message } = await answerTo(slack, alice, MALLORY);
    cloudflare.faults.set("access-requests", SLOW);
    await slack.click({ user: alice, ...clickOn(message, SUMMARY_ACTIONS.refresh) });
    const now = (): StoredMessage => slack.ephemerals(alice).find(({ ts }) => ts === message.ts) ?? message;
    await slack.waitFor(() => slack.visibleText(now()).includes("⏳ Still reading: sign-ins") || undefined);
    await slack.waitFor(() => !slack.visibleText(now()).includes("⏳") || undefined, 15_000);
    expect(slack.visibleText(now())).toContain("17 denied sign-ins, then 2 allowed");
    expect(slack.ephemerals(alice)).toHaveLength(1);
  });

  it("fills in where the bot was mentioned", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    cloudflare.faults.set("access-requests", SLOW);
    const channel = CHANNELS.approvals;
    const { ts } = await slack.post({ user: alice, channel, text: `@zt-bot ${MALLORY}` });
    const answer = () => slack.thread(channel, ts).find((message) => message.botId !== undefined);
    const says = (is: (words: string) => boolean) =>
      slack.waitFor(() => {
        const message = answer();
        return message !== undefined && is(slack.visibleText(message)) ? message : undefined;
      }, 15_000);
    const early = await says((words) => words.includes("⏳ Still reading: sign-ins"));
    const whole = await says((words) => words.includes("17 denied sign-ins, then 2 allowed"));
    expect(whole.ts).toBe(early.ts);
    expect(slack.visibleText(whole)).not.toContain("⏳");
    expect(slack.thread(channel, ts)).toHaveLength(1);
  });

  it("is waited for, but not for long, where the whole has to be shown at once", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { message } = await answerTo(slack, alice, MALLORY);
    cloudflare.faults.set("access-requests", SLOW);
    await slack.click({ user: alice, ...clickOn(message, SUMMARY_ACTIONS.share) });
    const shared = await slack.waitFor(() => slack.messages(CHANNELS.security).at(-1), 15_000);
    expect(slack.visibleText(shared)).toContain("⚠️ Unknown: sign-ins (Cloudflare did not answer in time)");
    expect(slack.visibleText(shared)).not.toContain("⏳");
  });
});

describe("a summary of which nothing can be read", () => {
  const ROUTES: FaultRoute[] = [
    "identity",
    "sessions.list",
    "failed-logins",
    "risk.get",
    "registrations.list",
    "access-requests",
  ];

  it("is one sentence with Refresh, which then shows it", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    for (const route of ROUTES) cloudflare.faults.set(route, { kind: "success-false", message: "busy" });
    const { message, words } = await answerTo(slack, alice, MALLORY);
    expect(words).toContain("⚪ Nothing could be read: Cloudflare refused: busy.\nRefresh\nRevoke…");
    expect(words.match(/busy/g)).toHaveLength(1);
    cloudflare.faults.clear();
    await slack.click({ user: alice, ...clickOn(message, SUMMARY_ACTIONS.refresh) });
    await slack.waitFor(() => {
      const now = slack.ephemerals(alice).find(({ ts }) => ts === message.ts);
      return now !== undefined && slack.visibleText(now).includes("Likely account takeover");
    });
  });
});

describe("the menu of a summary", () => {
  it("takes no route that is not on it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { message } = await answerTo(slack, alice, MALLORY);
    const { channel, ts } = message;
    for (const value of ["card_approve?ZT-0000000", "__proto__?x", "screen:nonsense:open?user=1", ""]) {
      const before = slack.ephemerals(alice).length;
      await slack.clickStale({ user: alice, channel, ts, actionId: "menu:forged", value });
      const [said = ""] = await answersFrom(scene, before, 1);
      expect(said, value).toMatch(/This button no longer works/);
    }
  });
});
