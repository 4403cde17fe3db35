import { statSync } from "node:fs";

import { expect, it, vi } from "vitest";

import { fillRecord } from "../../bench/fill-record.ts";
import { START } from "../../src/audit/chain.ts";
import { makePlace, runAudit } from "./support.ts";

// It starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

/** The process needs half of that for itself, and dies when it needs more than all of it. */
const HEAP_MB = 48;

it("verifies ten times the rows in the same memory, and in less than they take", async () => {
  const { url } = await makePlace("sqlite");
  const env = { DATABASE_URL: url, NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };
  const some = await fillRecord(url, START, 20_000);
  expect(await runAudit(env, "verify")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("The record is whole: 20,000 rows"),
  });
  await fillRecord(url, some, 200_000);
  // Else whoever holds all of it in memory would pass as well.
  expect(statSync(url.replace("file:", "")).size).toBeGreaterThan(1.5 * HEAP_MB * 1024 * 1024);
  expect(await runAudit(env, "verify")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("The record is whole: 200,000 rows"),
  });
});
