import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import {
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
} from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

describeWithPostgres("a process that is frozen at Cloudflare's answer (SIGSTOP)", () => {
  it("and wakes (SIGCONT) after another has finished, sends nothing more and does not overwrite the result", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    onTestFinished(() => sql.end());
    const world = await startWorld({ databaseUrl: url });
    const { slack, cloudflare } = world;
    const revocations = () => callsTo(cloudflare, "POST", "revoke_user").length;

    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    const call = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await call.arrived;
    // Slack knows no idempotency key: a post that is frozen on its way there arrives as a second one later.
    await slack.waitFor(() =>
      slack.thread(card.channel, card.ts).some((post) => slack.visibleText(post).includes("Approved by")),
    );
    first.signal("SIGSTOP");

    // Half a minute later.
    await sql`UPDATE requests SET execution_until = 1, publishing_until = 1`;
    await startBotProcess(world);
    await vi.waitFor(() => expect(call.waiting).toBe(2), { timeout: 30_000 });
    call.release();
    await finishedThread(slack, card);
    await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).length > 0);
    expect(wordsOf(slack, card)).toContain("✅ Revoked 3 sessions, verified at");
    const outcome = () => sql`SELECT version, status, result, finished_at FROM requests`;
    const before = await outcome();
    const thread = slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message));

    first.signal("SIGCONT");
    await first.logged("execution failed, it is tried again");
    await vi.waitFor(
      async () =>
        expect(await sql`SELECT data FROM audit WHERE event = 'call.answered'`).toEqual([
          { data: expect.stringContaining('"ok":true') },
          { data: expect.stringContaining('"late":true') },
        ]),
      { timeout: 20_000 },
    );
    expect(await first.stop()).toHaveProperty("code", 0);
    expect(revocations()).toBe(2);
    expect(await outcome()).toEqual(before);
    expect(slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message))).toEqual(thread);
    expect(slack.messages(slack.dm(PEOPLE.alice))).toHaveLength(1);
    expect(await sql`SELECT seq FROM audit WHERE event = 'request.succeeded'`).toHaveLength(1);
  });
});
