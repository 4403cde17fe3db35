import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readDraft, saveDraft } from "../../src/requests/drafts.ts";
import { openStore, type Store } from "../../src/store/open.ts";

const DRAFT = { users: ["a@example.com", "b@example.com"], devices: true, warpReauth: false, reason: "why" };
const DAY = 24 * 60 * 60_000;

describe("a list that waits for a second word", () => {
  const directory = mkdtempSync(join(tmpdir(), "zt-drafts-"));
  let store: Store;
  beforeAll(async () => {
    store = await openStore({ kind: "sqlite", file: join(directory, "zt.db"), directory });
  });
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("is kept for who typed it, and for nobody else", async () => {
    const id = await saveDraft(store.db, "U0ALICE01", 1000, DRAFT);
    expect(await readDraft(store.db, id, "U0ALICE01")).toEqual(DRAFT);
    expect(await readDraft(store.db, id, "U0BOB0001")).toBeNull();
    expect(await readDraft(store.db, "unknown", "U0ALICE01")).toBeNull();
  });

  it("is forgotten after a day", async () => {
    const old = await saveDraft(store.db, "U0ALICE01", 1000, DRAFT);
    const recent = await saveDraft(store.db, "U0ALICE01", 2000, DRAFT);
    await saveDraft(store.db, "U0BOB0001", 1500 + DAY, DRAFT);
    expect(await readDraft(store.db, old, "U0ALICE01")).toBeNull();
    expect(await readDraft(store.db, recent, "U0ALICE01")).toEqual(DRAFT);
  });
});
