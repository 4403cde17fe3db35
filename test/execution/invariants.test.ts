/** @module-tag slow */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { expect, it, onTestFinished, vi } from "vitest";

import { openStore, type Store } from "../../src/store/open.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { KNOWN } from "./walk/known.ts";
import * as random from "./walk/moves.ts";
import { walk, type Trace } from "./walk/walk.ts";

/** `WALKS=100000 npx vitest run test/execution/invariants.test.ts` makes as many; a failure names its seed. */
const WALKS = Number(process.env["WALKS"] || 500);
/** The same walks each time, so that a change is what makes them fail; those that are asked for by number are new ones. */
const USUAL = process.env["WALKS"] ? {} : { seed: 20_261_121 };
/** `WALK_SEED` and `WALK_PATH`, as a failure names them, play it again. */
const REPLAY = {
  ...(process.env["WALK_SEED"] ? { seed: Number(process.env["WALK_SEED"]) } : {}),
  ...(process.env["WALK_PATH"] ? { path: process.env["WALK_PATH"] } : {}),
};
/** A record only grows: a new one after so many walks. */
const STORE_WALKS = 500;

vi.setConfig({ testTimeout: 120_000 + WALKS * 100 });

async function makeWalks(numRuns: number, open: () => Promise<Store>): Promise<Trace[]> {
  // A lease is renewed by a timer, which a process that stands still does not run.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const traces: Trace[] = [];
  let store = await open();
  try {
    for (const [start, moves] of KNOWN) await walk(store.db, start, moves);
    await fc.assert(
      fc.asyncProperty(random.start, random.moves, async (start, moves) => {
        if (traces.length % STORE_WALKS === STORE_WALKS - 1) {
          await store.close();
          store = await open();
        }
        traces.push(await walk(store.db, start, moves));
        vi.clearAllTimers();
      }),
      { numRuns, ...USUAL, ...REPLAY },
    );
  } finally {
    await store.close();
  }
  return traces;
}

it("whatever happens, each call has an approval that holds and is sent again only after a look, and what is claimed is so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "zt-invariants-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let stores = 0;
  const traces = await makeWalks(WALKS, () => {
    stores += 1;
    return openStore({ kind: "sqlite", directory: folder, file: join(folder, `${stores}.db`) });
  });
  // The walks lead somewhere: a check of requests that are never carried out would check nothing.
  if (Object.keys(REPLAY).length > 0 || WALKS < 300) return;
  const count = (is: (trace: Trace) => boolean): number => traces.filter(is).length;
  expect(count(({ status }) => status === "succeeded")).toBeGreaterThan(WALKS / 10);
  expect(count(({ status }) => status === "failed")).toBeGreaterThan(WALKS / 50);
  expect(count(({ status }) => status === "voided")).toBeGreaterThan(WALKS / 50);
  expect(count(({ writes }) => writes > 1)).toBeGreaterThan(WALKS / 20);
});

describeWithPostgres("on PostgreSQL", () => {
  it("each call has an approval that holds as well, and what is claimed is so", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const traces = await makeWalks(Math.ceil(WALKS / 20), () => openStore({ kind: "postgres", url }));
    expect(traces.some(({ writes }) => writes > 0)).toBe(true);
  });
});
