import { join } from "node:path";

import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { askToRevoke, finishedThread, PEOPLE, press, startWorld, wordsOf } from "../support/harness.ts";
import { keepLedger } from "../support/ledger.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const SHIFT_CLOCK = join(import.meta.dirname, "..", "support", "shifted-clock.mjs");
const HOUR_MS = 3_600_000;

describeWithPostgres("a process whose machine's clock is off", () => {
  it.each([
    ["two hours fast", 2 * HOUR_MS],
    ["two hours slow", -2 * HOUR_MS],
  ])("by %s lets requests wait for as long as the others do, and no longer", async (_how, shiftMs) => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    onTestFinished(() => sql.end());
    const world = await startWorld({ databaseUrl: url });
    const { slack } = world;
    const right = await startBotProcess(world);
    const valid = await askToRevoke(slack);
    await askToRevoke(slack, { text: "revoke erin@example.com --reason stolen" });
    await right.stop();
    // An hour after they were asked for, but for the one that was asked for just now.
    const overdue = "erin@example.com";
    await sql`UPDATE requests SET expires_at = expires_at - 3601000 WHERE target_email = ${overdue}`;

    const env = { NODE_OPTIONS: `--import=${SHIFT_CLOCK}`, CLOCK_SHIFT_MS: String(shiftMs) };
    const wrong = await startBotProcess(world, env);
    expect(wrong.logs("this machine's clock is off: the database's is used")).toHaveLength(1);
    const ledger = keepLedger(sql);
    await ledger.until(
      () => ledger.of(overdue)?.status === "expired",
      () => JSON.stringify(ledger.all()),
      30_000,
    );
    expect(ledger.of("mallory@example.com")).toMatchObject({ status: "pending" });

    await press(slack, PEOPLE.bob, valid, CARD_ACTIONS.approve);
    await finishedThread(slack, valid);
    expect(wordsOf(slack, valid)).toContain("✅ Revoked 3 sessions, verified at");
    const [row] = await sql`SELECT decided_at FROM requests WHERE target_email = 'mallory@example.com'`;
    expect(Math.abs(Number(row?.["decided_at"]) - Date.now())).toBeLessThan(HOUR_MS / 2);
  });
});
