import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { ASKED_ACTIONS } from "../../../src/views/request/asked.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { addOthers, approve, openModal, OTHERS, startScene, tick, turnPage } from "../support.ts";

const { alice, bob } = PEOPLE;
const RETRY = "form:revoke:retry";

describe("an answer to a button", () => {
  it("in a thread goes to that thread, a refusal as well", async () => {
    const scene = await startScene();
    const { slack } = scene;
    addOthers(slack);
    await answerTo(slack, alice, "revoke-devices mallory@example.com --all --reason laptop stolen");
    const card = await cardWhere(slack);
    await approve(slack, card);
    const end = slack.thread(card.channel, card.ts).at(-1);
    const before = slack.ephemerals(OTHERS.nobody).length;
    const actionId = "form:restore-devices:undo";
    await slack.click({ user: OTHERS.nobody, channel: card.channel, ts: end?.ts ?? "", actionId });
    const told = await slack.waitFor(() => slack.ephemerals(OTHERS.nobody)[before]);
    expect(told.threadTs).toBe(card.ts);
  });

  it("in the channel goes to the channel", async () => {
    const { slack } = await startScene();
    addOthers(slack);
    const card = await askToRevoke(slack);
    await press(slack, OTHERS.nobody, card, CARD_ACTIONS.approve);
    const told = await slack.waitFor(() => slack.ephemerals(OTHERS.nobody).at(-1));
    expect(told.threadTs).toBeUndefined();
  });
});

describe("the answer to the requester", () => {
  it("follows what became of the request, in its place", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { message, words } = await answerTo(
      slack,
      alice,
      "revoke mallory@example.com --reason laptop stolen",
    );
    expect(words).toContain("Needs 1 approval");
    const card = await cardWhere(slack);
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    const count = slack.ephemerals(alice).length;
    const now = await turnPage(scene, message, ASKED_ACTIONS.refresh);
    expect(now).toContain("✅ Revoked 3 sessions, verified at");
    expect(now).toContain("Next:");
    expect(now).not.toContain("Needs 1 approval");
    expect(now).not.toContain("Refresh");
    expect(slack.ephemerals(alice)).toHaveLength(count);
  });
});

describe("a request that failed", () => {
  it("offers its form again, filled in, to an operator only: a request of its own, to be approved again", async () => {
    const { slack, cloudflare } = await startScene();
    addOthers(slack);
    cloudflare.faults.set("revoke-user", { kind: "success-false", times: 1 });
    const card = await askToRevoke(slack, {
      text: "revoke mallory@example.com --devices --reason laptop stolen",
    });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    await slack.waitFor(() => wordsOf(slack, card).includes("❌ Failed") || undefined);

    await press(slack, OTHERS.nobody, card, RETRY);
    const refused = await slack.waitFor(() => slack.ephemerals(OTHERS.nobody).at(-1));
    expect(slack.visibleText(refused)).toContain("/zt revoke");
    expect(slack.views(OTHERS.nobody)).toEqual([]);

    await press(slack, alice, card, RETRY);
    const form = await openModal(slack, alice);
    expect(slack.visibleText(form)).toContain("mallory@example.com");
    expect(slack.visibleText(form)).toContain("laptop stolen");
    const values = tick(form, ({ isTicked }) => isTicked);
    await slack.submitView({ user: alice, viewId: form.id, values });
    const second = await slack.waitFor(() => slack.messages(card.channel).find(({ ts }) => ts !== card.ts));
    expect(slack.visibleText(second)).toContain("Revoke all sessions and devices of mallory@example.com");
    expect(slack.visibleText(second)).toContain("Needs 1 approval");
  });
});

describe("a call without a clear answer, again and again", () => {
  it(
    "is one message of the thread, edited in place, also when an edit was not noted before a death",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene({ cloudflareTimeoutMs: 300 });
      const { slack, cloudflare } = scene;
      cloudflare.faults.set("revoke-user", { kind: "hang", applied: false, times: 2 });
      const card = await askToRevoke(slack);
      await press(slack, bob, card, CARD_ACTIONS.approve);
      const thread = await finishedThread(slack, card);
      expect(thread.filter((words) => words.includes("No clear answer"))).toHaveLength(1);
      const edits = () =>
        slack.calls.filter(({ method, args }) => method === "chat.update" && args["ts"] !== card.ts);
      expect(edits()).toHaveLength(1);

      // Killed after the edit and before it was noted: the edit is made again, and nothing is posted.
      const db = new DatabaseSync(join(scene.folder, "data", "zt.db"));
      onTestFinished(() => db.close());
      db.exec("UPDATE posts SET posted_at = NULL, channel = NULL, ts = NULL WHERE key = 'call-waiting-2'");
      db.exec("UPDATE requests SET card_version = 0");
      await slack.waitFor(() => edits().length === 2 || undefined);
      const unposted = () => db.prepare("SELECT seq FROM posts WHERE posted_at IS NULL").all();
      await vi.waitFor(() => expect(unposted()).toEqual([]), 10_000);
      expect(slack.thread(card.channel, card.ts)).toHaveLength(thread.length);
    },
  );
});
