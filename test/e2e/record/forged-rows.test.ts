import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { hashPlan, type Plan } from "../../../src/requests/plan.ts";
import { canonicalJson } from "../../../src/canonical-json.ts";
import { revokedEmails } from "../../support/crowd.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import {
  accessIdOf,
  INCIDENT_POLICY,
  openIncident,
  readAudit,
  requestIdOf,
  startScene,
  threadWords,
  type Scene,
} from "../support.ts";

const { bob, carol } = PEOPLE;

/** One statement past zt-bot, as somebody with the file or the password makes it. */
function writePast({ folder }: Scene, statement: string, ...values: string[]): void {
  const database = new DatabaseSync(join(folder, "data", "zt.db"));
  try {
    database.prepare(statement).run(...values);
  } finally {
    database.close();
  }
}

describe("somebody who writes into the database", () => {
  it("gets nothing done by setting a request to approved: the thread and the channel say so", async () => {
    const scene = await startScene({ sweepMs: 100 });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    const id = requestIdOf(slack, card);
    const votes = JSON.stringify([{ by: bob, at: Date.now(), via: "S0LEADS01" }]);
    writePast(
      scene,
      `UPDATE requests SET status = 'approved', votes = ?, vote_count = 1, decided_by = '${bob}', decided_at = ${Date.now()}, execution_due = 0 WHERE id = ?`,
      votes,
      id,
    );

    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toMatch(
      /database was changed from outside zt-bot.*the record says pending.*no approval by/s,
    );
    expect(wordsOf(slack, card)).toContain("Voided, nothing was done");
    await cardWhere(slack, (words) => words.includes("🔴 The database was changed") && words.includes(id));
    expect(revokedEmails(cloudflare)).toEqual([]);
    expect(readAudit(scene).map(({ event }) => event)).toContain("request.unproven");
    expect(scene.logs()).toMatch(/"level":"error".*from outside zt-bot/);

    // And what is asked and approved in earnest is carried out.
    await press(slack, bob, await askToRevoke(slack), CARD_ACTIONS.approve);
    await slack.waitFor(() => revokedEmails(cloudflare).length === 1 || undefined);
  });

  it("is told of in the incident of the person, whose thread does not say that it failed", async () => {
    const scene = await startScene({ policy: INCIDENT_POLICY, sweepMs: 100 });
    const { slack } = scene;
    const { message } = await openIncident(scene);
    const card = await askToRevoke(slack);
    const forged = "UPDATE requests SET status = 'approved', execution_due = 0 WHERE id = ?";
    writePast(scene, forged, requestIdOf(slack, card));
    await slack.waitFor(() =>
      threadWords(slack, message).find((line) =>
        line.startsWith("🔴 The database was changed from outside zt-bot, nothing more is sent: Revoke all"),
      ),
    );
    await slack.waitFor(() => threadWords(slack, message).some((line) => line.startsWith("⚪ Voided")));
    expect(threadWords(slack, message).join("\n")).not.toContain("Failed");
    const { words } = await answerTo(slack, PEOPLE.alice, "timeline mallory@example.com");
    expect(words).toContain("🔴");
    expect(words).toContain("the database was changed");
  });

  it("gets nobody else contained by putting another plan under an approved request", async () => {
    const scene = await startScene({ sweepMs: 100 });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    await answerTo(slack, carol, "pause --reason a drill");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("paused: a drill") || undefined);
    const target = { id: accessIdOf(scene, "dana@example.com"), email: "dana@example.com", name: "Dana" };
    const plan: Plan = {
      action: "revoke",
      accountId: scene.config.cloudflare.accountId,
      target,
      options: { devices: false, warpReauth: false },
    };
    writePast(
      scene,
      "UPDATE requests SET plan = ?, plan_hash = ? WHERE id = ?",
      canonicalJson(plan),
      hashPlan(plan),
      requestIdOf(slack, card),
    );
    await answerTo(slack, carol, "resume");

    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toContain("its plan is not the one that was asked for");
    expect(revokedEmails(cloudflare)).toEqual([]);
  });
});
