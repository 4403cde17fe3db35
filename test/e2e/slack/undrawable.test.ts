import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  finishedThread,
  PEOPLE,
  press,
  startAll,
  wordsOf,
} from "../../support/harness.ts";
import { INCIDENT_POLICY, openIncident, type Scene, startScene, threadWords } from "../support.ts";

it("a thread message whose blocks Slack refuses goes out in words alone, and the story goes on", async () => {
  const { slack } = await startAll();
  const card = await askToRevoke(slack);
  await slack.waitFor(() => slack.thread(card.channel, card.ts).length === 1);
  slack.faults.set("chat.postMessage", { error: "invalid_blocks", times: 1 });

  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  const thread = await finishedThread(slack, card);

  expect(thread).toHaveLength(5);
  expect(thread[1]).toContain("Approved");
});

it("a message of an incident that can't be drawn is tried ever less often, then told as such, and those after it go out", async () => {
  let stopped: number | null = null;
  const scene = await startScene({
    policy: INCIDENT_POLICY,
    sweepMs: 10,
    now: () => stopped ?? Date.now(),
  });
  const { slack } = scene;
  const { message, id } = await openIncident(scene);
  await slack.waitFor(() => wordsOf(slack, message).includes("3 sessions open"));
  await vi.waitFor(() => expect(isAllShown(scene, id)).toBe(true));
  const shown = async () => (await answerTo(slack, PEOPLE.alice, `incident show ${id}`)).words;
  const tries = () => scene.logs().split("thread not posted").length - 1;
  const isOver = () => threadWords(slack, message).some((words) => words.includes("called her"));

  stopped = Date.now();
  breakReply(scene, id);
  await vi.waitFor(() => expect(tries()).toBe(1));
  // What is new in a thread is tried at once.
  await answerTo(slack, PEOPLE.alice, `incident note ${id} called her`);
  const before = 1;
  const waits: number[] = [];
  while (!isOver()) {
    await vi.waitFor(() => expect(tries() - before > waits.length || isOver()).toBe(true));
    if (isOver()) break;
    const due = await vi.waitFor(() => dueOf(scene, id) ?? Promise.reject(new Error("no next try is set")));
    waits.push(due - stopped);
    // Until then no sweep tries it, however many come meanwhile.
    expect(await shown()).toContain("zt-bot can't show one of its messages");
    expect([tries() - before, dueOf(scene, id), isOver()]).toEqual([waits.length, due, false]);
    stopped = due;
  }

  expect(waits).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 32_000]);
  expect(threadWords(slack, message).at(-2)).toContain("⚠️ zt-bot can't show this message.");
  await expect.poll(shown).not.toContain("can't show one of its messages");
  expect(scene.logs()).toMatch(/"level":"error".*can't be drawn/);
});

/** A reply about a request that there is not. */
function breakReply(scene: Scene, id: string): void {
  const data = JSON.stringify({ kind: "request", requestId: "ZT-GONE" });
  inDatabase(scene, (database) =>
    database
      .prepare(
        "INSERT INTO thread_replies (thread_id, key, data, version, shown_version, created_at) VALUES (?, 'broken', ?, 1, 0, 1)",
      )
      .run(id, data),
  );
}

/** When a thread is tried again, by the bot's clock; null: nothing keeps it back. */
function dueOf(scene: Scene, id: string): number | null {
  const sql = "SELECT publishing_due AS due FROM threads WHERE id = ? AND publishing_until IS NULL";
  return inDatabase(scene, (database) => (database.prepare(sql).get(id)?.["due"] ?? null) as number | null);
}

function isAllShown(scene: Scene, id: string): boolean {
  const sql = `SELECT 1 FROM threads LEFT JOIN thread_replies AS reply ON reply.thread_id = threads.id
    WHERE threads.id = ? AND (threads.shown_version < threads.version OR reply.shown_version < reply.version OR publishing_until IS NOT NULL)`;
  return inDatabase(scene, (database) => database.prepare(sql).get(id) === undefined);
}

function inDatabase<T>({ folder }: Scene, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, "data", "zt.db"));
  try {
    return work(database);
  } finally {
    database.close();
  }
}
