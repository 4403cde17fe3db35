import { describe, expect, it } from "vitest";

import { readDraft, saveDraft } from "../../../src/requests/drafts.ts";
import { ALICE, BOB, type GetStore, NOW } from "../fixture.ts";

const DRAFT = {
  users: ["o'brien@example.com", "b@example.com"],
  devices: true,
  warpReauth: false,
  reason: 'why "not"? 🔥',
};

export function draftsContract(store: GetStore): void {
  const db = () => store().db;

  describe("a list that waits for a second word", () => {
    it("is kept for who typed it, and for nobody else", async () => {
      const id = await saveDraft(db(), ALICE, NOW, DRAFT);
      expect(await readDraft(db(), id, ALICE)).toEqual(DRAFT);
      expect(await readDraft(db(), id, BOB)).toBeNull();
      expect(await readDraft(db(), "unknown", ALICE)).toBeNull();
    });
  });
}
