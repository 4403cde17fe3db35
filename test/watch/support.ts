import { onTestFinished } from "vitest";

import { startCloudflare, type CloudflareEmulator } from "../../sandbox/cloudflare/index.ts";
import { createCloudflare } from "../../src/api/cloudflare.ts";
import type { Config } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import { openStore, type Db } from "../../src/store/open.ts";
import { startWatch } from "../../src/watch/watch.ts";
import type { WatchDeps } from "../../src/watch/poll.ts";

/** Where an hour of everybody's clocks takes as long as the work in it. */
export interface ScaledClock {
  now(): number;
  advance(ms: number): void;
}

export function createScaledClock(at: number): ScaledClock {
  let current = at;
  return {
    now: () => current,
    advance(ms) {
      current += ms;
    },
  };
}

/** A Cloudflare whose every call is kept, without people in it. */
export async function startCounted(clock: ScaledClock): Promise<CloudflareEmulator> {
  const cloudflare = await startCloudflare({
    accountId: "023e105f4ecef8ad9ca31a8372d0c353",
    tokens: [{ token: "watch-test-token" }],
    seed: "empty",
    now: clock.now,
    rateLimit: null,
  });
  onTestFinished(() => cloudflare.close());
  return cloudflare;
}

/** What one replica looks with: its own connections, its own client. */
export async function openReplica(
  database: Config["database"],
  emulator: CloudflareEmulator,
  clock: ScaledClock,
): Promise<WatchDeps> {
  const { db, close } = await openStore(database);
  onTestFinished(close);
  const log = createLogger("silent");
  const cloudflare = createCloudflare({
    baseUrl: emulator.baseUrl,
    accountId: emulator.accountId,
    auth: { kind: "token", token: "watch-test-token" },
    log,
    // The budget's own clock is the real one.
    budget: { requests: 1_000_000, windowMs: 1000, reserve: 1, urgent: 0 },
  });
  // Its clock is scaled as well: it must not be learned from the real one's.
  cloudflare.bulk.serverTime = (at) => at;
  return { db, cloudflare, log, now: clock.now, policy: { current: () => ({ block: null }) } };
}

/** Watches each of these, in a thread of its own. */
export async function watchAll(
  db: Db,
  users: readonly { id: string; email: string; name: string }[],
  { at, ms }: { at: number; ms: number },
): Promise<void> {
  for (const who of users) {
    await startWatch(db, {
      teamId: "T0SANDBOX",
      who,
      askedBy: "U0ALICE01",
      tells: ["U0ALICE01"],
      since: at,
      at,
      ms,
      channel: "C0APPROV1",
      auditContext: {},
    });
  }
}
