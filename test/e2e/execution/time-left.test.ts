/** @module-tag slow */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import type { BulkProgress } from "../../../src/requests/request.ts";
import { addCrowd, stillIn } from "../../support/crowd.ts";
import { cardWhere, PEOPLE, press, startBot, startWorld, type } from "../../support/harness.ts";
import type { World } from "../../support/harness.ts";
import { openModal } from "../support.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Cloudflare's 1,200 calls in 5 minutes and our 1,100, on a clock that runs sixty times as fast. */
const RATE_LIMIT = { requests: 1200, windowMs: 5000 };
const BUDGET = "1100/5s";

/** The time left is told in seconds, and what the machine is busy with beside it takes a part of one. */
const NOISE_MS = 1000;

/** How far it is, as the card tells it; null while it has not told yet or when it is over. */
function readTold({ folder }: World): { status: string; endsAt: number | null } | null {
  const db = new DatabaseSync(join(folder, "data", "zt.db"), { readOnly: true });
  try {
    const row = db.prepare("SELECT status, result FROM requests").get();
    if (row === undefined) return null;
    const result = JSON.parse(String(row["result"] ?? "{}")) as { bulk?: BulkProgress };
    return { status: String(row["status"]), endsAt: result.bulk?.endsAt ?? null };
  } finally {
    db.close();
  }
}

/** Each time left that was told, with what it really was. */
async function watch(world: World): Promise<{ told: number; real: number }[]> {
  const seen = new Map<number, number>();
  const endedAt = await vi.waitFor(
    () => {
      const now = readTold(world);
      const at = Date.now();
      if (now?.endsAt != null && now.status === "executing" && !seen.has(now.endsAt))
        seen.set(now.endsAt, at);
      expect(now?.status).toBe("succeeded");
      return at;
    },
    { timeout: 100_000, interval: 15 },
  );
  return [...seen].map(([endsAt, at]) => ({ told: endsAt - at, real: endedAt - at }));
}

interface Circumstances {
  count: number;
  latencyMs: number;
  devices?: boolean;
  /** How long Cloudflare lists a session that has ended. */
  lagMs?: number;
}

const WITHIN = "tells the time left within a factor of two";

it.each<[string, Circumstances]>([
  ["5 people", { count: 5, latencyMs: 150 }],
  ["5 people whose sessions stay listed until the second look", { count: 5, latencyMs: 60, lagMs: 200 }],
  ["5 people whose sessions stay listed for a moment", { count: 5, latencyMs: 60, lagMs: 900 }],
  ["5 people whose sessions stay listed for a while", { count: 5, latencyMs: 60, lagMs: 4000 }],
  ["50 people whose sessions stay listed for a moment", { count: 50, latencyMs: 40, lagMs: 900 }],
  ["50 people, with devices", { count: 50, latencyMs: 80, devices: true }],
])(`${WITHIN}: %s`, async (_what, circumstances) => {
  const { times, wrong } = await measure(circumstances);
  expect({ wrong, times }).toEqual({ wrong: [], times });
  expect(times.length).toBeGreaterThan(0);
});

/** Every time left that was told, and those that were wrong. */
async function measure({ count, latencyMs, devices = false, lagMs = 0 }: Circumstances) {
  const world = await startWorld({ rateLimit: RATE_LIMIT });
  const { slack, cloudflare } = world;
  world.env["CLOUDFLARE_RATE_BUDGET"] = BUDGET;
  await startBot(world, { verifyDelaysMs: [250, 500, 750, 1000, 1250, 2500, 4000] });
  const emails = addCrowd(cloudflare, count);
  cloudflare.settings.sessionListLagMs = lagMs;
  await type(slack, PEOPLE.alice, "revoke");
  const form = await openModal(slack, PEOPLE.alice);
  await slack.submitView({
    user: PEOPLE.alice,
    viewId: form.id,
    values: {
      several: { several: emails.join("\n") },
      options: { options: devices ? ["devices"] : [] },
      reason: { reason: "credential stuffing" },
    },
  });
  const card = await cardWhere(slack, (words) => words.includes(`${count} users`));
  cloudflare.faults.set("*", { kind: "latency", ms: latencyMs });
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  const times = await watch(world);
  expect(stillIn(cloudflare, emails)).toEqual([]);
  const wrong = times.filter(({ told, real }) => told > 2 * real + NOISE_MS || told < real / 2 - NOISE_MS);
  return { times, wrong };
}
