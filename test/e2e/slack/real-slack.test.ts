import { describe, expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import { BREAK_GLASS_ACTIONS } from "../../../src/views/card/break-glass.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  MODES,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import { approve, newModal, pressForWords, readAudit, type Scene, sendForm, startScene } from "../support.ts";

/** What real Slack does otherwise than one would think, each taught to the emulator first. */

const { alice, bob, carol } = PEOPLE;

function threadWords({ slack }: Scene, card: { channel: string; ts: string }): string[] {
  return slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message));
}

describe("an app without a Messages tab, to whose users nobody can write directly", () => {
  const GLASS = `${POLICY}break_glass: { members: [${alice}], notify: [${bob}, ${carol}] }\n`;

  it("mentions in the thread each person who has to know, once, and ends no request in trouble", async () => {
    const scene = await startScene({ policy: GLASS, slack: { hasMessagesTab: false } });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const form = await newModal(slack, alice, () =>
      press(slack, alice, card, BREAK_GLASS_ACTIONS.breakGlass),
    );
    await sendForm(slack, alice, form, { reason: { reason: "it is 3 in the morning and nobody answers" } });
    await finishedThread(slack, card);
    for (const name of ["@alice", "@bob", "@carol"]) {
      const said = await slack.waitFor(() => {
        const told = threadWords(scene, card).filter(
          (words) => words.startsWith(name) && words.includes("can't send you direct messages"),
        );
        return told.length > 0 ? told : undefined;
      });
      expect(said).toHaveLength(1);
    }
    const [toBob = ""] = threadWords(scene, card).filter((words) => words.startsWith("@bob"));
    expect(toBob).toContain("mallory@example.com");
    await vi.waitFor(() => expect(wordsOf(slack, card)).toContain("✅ Revoked 3 sessions"));
    expect(readAudit(scene).filter(({ event }) => event === "messages.trouble")).toEqual([]);
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
  });

  it("tells nobody who is not of this workspace", async () => {
    const scene = await startScene({ policy: GLASS });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    slack.setPerson(bob, { teamId: "T0ELSEWHER" });
    const form = await newModal(slack, alice, () =>
      press(slack, alice, card, BREAK_GLASS_ACTIONS.breakGlass),
    );
    await sendForm(slack, alice, form, { reason: { reason: "it is 3 in the morning and nobody answers" } });
    await slack.waitFor(() => slack.messages(slack.dm(carol)).length > 0);
    await slack.waitFor(() => slack.messages(slack.dm(alice)).length > 0);
    expect(slack.messages(slack.dm(bob))).toEqual([]);
  });

  it("mentions them in the approvals channel where the card is gone", async () => {
    const scene = await startScene({ slack: { hasMessagesTab: false } });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await slack.waitFor(() => slack.thread(card.channel, card.ts).length > 0);
    slack.faults.set("chat.update", { error: "message_not_found" });
    slack.faults.set("conversations.replies", { error: "thread_not_found" });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    const told = await cardWhere(slack, (words) => words.startsWith("@alice"));
    expect(slack.visibleText(told)).toContain("mallory@example.com");
  });
});

describe("a form whose acknowledgement takes effect late", () => {
  const ACK_MS = 150;

  describe.each(MODES)("in %s mode", (mode) => {
    it("shows the result, and goes on showing it", async () => {
      const scene = await startScene({ mode, slack: { ackEffectMs: ACK_MS } });
      const { slack } = scene;
      const card = await askToRevoke(slack);
      const form = await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.deny));
      const { id } = form;
      const submitted = await slack.submitView({
        user: bob,
        viewId: id,
        values: { reason: { reason: "wrong person" } },
      });
      expect(submitted).toMatchObject({ ok: true });
      // Whatever the bot does afterwards, the acknowledgement has had its effect by now.
      await slack.waitFor(() => {
        const view = slack.views(bob).find((one) => one.id === id);
        return view !== undefined && !slack.visibleText(view).includes("⏳");
      }, 5000);
      await slack.waitFor(() => wordsOf(slack, card).includes("Denied"));
    });
  });

  it(
    "shows what takes longer than two seconds once it is there, however late Slack shows that it is at work",
    { tags: ["slow"] },
    async () => {
      // The work ends in between: the view must not overtake the acknowledgement.
      const scene = await startScene({ slack: { ackEffectMs: 700 } });
      const { slack, cloudflare } = scene;
      const form = await newModal(slack, alice, () => type(slack, alice, "revoke mallory@example.com"));
      const seen: string[] = [];
      slack.on("change", () => {
        const view = slack.views(alice).find((one) => one.id === form.id);
        const words = view === undefined ? "" : slack.visibleText(view);
        if (seen.at(-1) !== words) seen.push(words);
      });
      cloudflare.faults.set("users.get", { kind: "latency", ms: 2100 });
      const sent = await sendForm(slack, alice, form, { reason: { reason: "laptop stolen" } });
      expect(slack.visibleText(sent)).toContain("mallory@example.com");
      const isWorking = seen.map((words) => words.includes("⏳"));
      expect(isWorking.lastIndexOf(true)).toBeGreaterThan(-1);
      expect(isWorking.indexOf(false, isWorking.indexOf(true))).toBe(isWorking.lastIndexOf(true) + 1);
    },
  );
});

describe("in an Enterprise organization", () => {
  const enterprise = { id: "E0EXAMPLE", name: "Example Group" };
  const HOME = "T0SANDBOX";

  it("somebody whose own workspace is another one approves, as a member of this one", async () => {
    const scene = await startScene({ slack: { enterprise } });
    const { slack, cloudflare } = scene;
    slack.setPerson(alice, { teamId: "T0SISTER", teams: ["T0SISTER", HOME] });
    slack.setPerson(bob, { teamId: "T0SISTER", teams: ["T0SISTER", HOME] });
    const card = await askToRevoke(slack);
    await approve(slack, card);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
    const byPeople = readAudit(scene).filter(({ actor }) => actor === alice || actor === bob);
    expect(byPeople.map(({ event }) => event)).toContain("request.approved");
    for (const { data } of byPeople) expect(data).toMatchObject({ enterprise_id: enterprise.id });
  });

  it("nobody has a say who is a member of its other workspaces alone", async () => {
    const scene = await startScene({ slack: { enterprise } });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    slack.setPerson(bob, { teamId: "T0SISTER", teams: ["T0SISTER", "T0THIRD"] });
    expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain("another");
    expect((await answerTo(slack, bob, "user mallory@example.com")).words).toMatch(/can't use \/zt user/);
    expect(wordsOf(slack, card)).toContain("🟡 Needs 1 approval");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
  });
});

describe("somebody of another organization with whom a channel is shared, whom Slack calls no stranger", () => {
  it("has no say and looks nobody up, even where the policy names them", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    slack.setPerson(bob, { teamId: "T0ELSEWHER" });
    expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain("another");
    expect((await answerTo(slack, bob, "user mallory@example.com")).words).toMatch(/can't use \/zt user/);
    expect(wordsOf(slack, card)).toContain("🟡 Needs 1 approval");
    const refused = readAudit(scene).filter(({ event }) => event.endsWith(".refused"));
    expect(refused.map(({ event, data }) => [event, data["code"]])).toEqual([
      ["click.refused", "stranger"],
      ["command.refused", undefined],
    ]);
  });
});

describe("a thread that takes no replies", () => {
  it.each([
    [
      "is locked",
      (scene: Scene, ts: string) => scene.slack.setChannel(CHANNELS.approvals, { lockedThreads: [ts] }),
    ],
    [
      "is in a channel without threads",
      (scene: Scene) => scene.slack.setChannel(CHANNELS.approvals, { posting: "no replies" }),
    ],
  ])(
    "as it %s: the request ends all the same, and what people must see is in the channel",
    async (_why, close) => {
      const scene = await startScene();
      const { slack } = scene;
      const card = await askToRevoke(slack);
      await slack.waitFor(() => slack.thread(card.channel, card.ts).length > 0);
      close(scene, card.ts);
      await press(slack, bob, card, CARD_ACTIONS.approve);
      await slack.waitFor(() => wordsOf(slack, card).includes("✅ Revoked 3 sessions"));
      const end = await cardWhere(slack, (words) => words.includes("Next:"));
      expect(end.ts).not.toBe(card.ts);
      expect(slack.messages(CHANNELS.approvals)).toHaveLength(2);
      await slack.waitFor(() => slack.messages(slack.dm(alice)).length > 0);
      expect(readAudit(scene).filter(({ event }) => event === "messages.trouble")).toEqual([]);
    },
  );
});

describe("a card that the channel's settings do not let through", () => {
  it.each([
    ["only replies are allowed there", { posting: "only replies" }, "only allows replies"],
    ["nothing is", { posting: "nothing" }, "can't post in the approvals channel"],
  ] as const)("as %s: who requested it reads why, and it follows", async (_why, change, said) => {
    const { slack } = await startScene();
    slack.setChannel(CHANNELS.approvals, change);
    const { words } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain(said);
    slack.setChannel(CHANNELS.approvals, { posting: undefined as never });
    await cardWhere(slack, (text) => text.includes("mallory@example.com"));
  });

  it("as administrators hold the keys back: it says so", async () => {
    const { slack } = await startScene();
    slack.faults.set("chat.postMessage", { error: "ekm_access_denied" });
    const { words } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain("suspended");
    slack.faults.clear();
    await cardWhere(slack);
  });

  it("as the workspace sent too many messages: it follows by itself", async () => {
    const { slack } = await startScene();
    slack.faults.set("chat.postMessage", { error: "message_limit_exceeded" });
    const { words } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    expect(words).toContain("this workspace sent more messages than Slack allows");
    slack.faults.clear();
    await cardWhere(slack);
  });
});

it("somebody whom the bot may not see keeps back nobody's story", async () => {
  const scene = await startScene();
  const { slack } = scene;
  const card = await askToRevoke(slack);
  slack.setPerson(alice, { isHidden: true });
  await approve(slack, card);
  await vi.waitFor(() => expect(scene.logs()).toContain("cannot be written to"));
  expect(readAudit(scene).filter(({ event }) => event === "messages.trouble")).toEqual([]);
});
