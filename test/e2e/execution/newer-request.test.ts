import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, it, onTestFinished, vi } from "vitest";

import { hashPlan } from "../../../src/requests/plan.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  finishedThread,
  newEphemeral,
  PEOPLE,
  press,
  startAll,
} from "../../support/harness.ts";

const { alice, bob } = PEOPLE;

/** What a newer version could ask for: an option that this one has never heard of. */
it("a request whose plan only a newer version knows is left alone, in words, and goes on once it is known", async () => {
  const world = await startAll({ sweepMs: 50 });
  const { slack, cloudflare, logs } = world;
  const card = await askToRevoke(slack);
  const database = new DatabaseSync(join(world.folder, "data", "zt.db"));
  onTestFinished(() => database.close());
  const read = () => database.prepare("SELECT * FROM requests").get() ?? {};
  const rows = () => database.prepare("SELECT count(*) AS count FROM audit").get()?.["count"];
  const before = read();
  const known = JSON.parse(String(before["plan"])) as { options: object };
  const newer = { ...known, options: { ...known.options, tomorrow: true } };
  database.prepare("UPDATE requests SET plan = ?, plan_hash = ?").run(JSON.stringify(newer), hashPlan(newer));

  const told = slack.ephemerals(bob).length;
  await press(slack, bob, card, CARD_ACTIONS.approve);
  expect(slack.visibleText(await newEphemeral(slack, bob, told))).toContain(
    "needs a newer version of zt-bot",
  );
  expect((await answerTo(slack, alice, "requests")).words).toContain("needs a newer version of zt-bot");

  // A newer one has approved it, and has messages to post.
  database.prepare("UPDATE requests SET status = 'approved', execution_due = 0, version = version + 1").run();
  const recorded = rows();
  const left = { ...read() };
  await vi.waitFor(() => expect(logs()).toContain("request left to a newer version of zt-bot"), 10_000);
  // A look-up later it has been looked for again and again.
  await answerTo(slack, alice, "sessions mallory@example.com");
  expect(read()).toEqual(left);
  expect(logs().split("request left to a newer version").length - 1).toBe(1);
  expect(logs()).not.toContain('"level":"error"');
  expect(rows()).toBe(recorded);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);

  database
    .prepare(
      "UPDATE requests SET plan = ?, plan_hash = ?, status = 'pending', execution_due = NULL, version = version - 1",
    )
    .run(String(before["plan"]), String(before["plan_hash"]));
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await finishedThread(slack, card);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(1);
});
