import { describe, expect, it } from "vitest";

import { findPending, readOpenTrouble } from "../../../src/requests/queries.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import { noteHome, readHomes } from "../../../src/store/homes.ts";
import { ALICE, BOB, CAROL, EXPIRES, type GetStore, newRequest, NOW, transitionTo } from "../fixture.ts";

export function homesContract(store: GetStore): void {
  const db = () => store().db;

  describe("who has their App Home open", () => {
    it("is remembered once each, the latest first, and forgotten after a while", async () => {
      await noteHome(db(), ALICE, NOW, 0);
      await noteHome(db(), BOB, NOW + 1, 0);
      await noteHome(db(), ALICE, NOW + 2, 0);
      expect(await readHomes(db(), NOW, 10)).toEqual([ALICE, BOB]);
      expect(await readHomes(db(), NOW, 1)).toEqual([ALICE]);
      expect(await readHomes(db(), NOW + 2, 10)).toEqual([ALICE]);
      await noteHome(db(), CAROL, NOW + 3, NOW + 2);
      expect(await readHomes(db(), 0, 10)).toEqual([CAROL, ALICE]);
    });
  });

  describe("what an App Home shows", () => {
    it("of requests that wait are those that have not expired, the oldest first", async () => {
      const [late, early, expired] = await Promise.all([
        insertRequest(db(), newRequest({ at: 20 })),
        insertRequest(db(), newRequest({ at: 10 })),
        insertRequest(db(), newRequest({ at: 5, expiresAt: NOW - 1 })),
      ]);
      const decided = await insertRequest(db(), newRequest({ at: 1 }));
      await moveRequest(db(), decided.id, transitionTo("denied"));
      const found = (await findPending(db(), NOW, 1000)).map(({ id }) => id);
      expect(found.filter((id) => [late.id, early.id, expired.id, decided.id].includes(id))).toEqual([
        early.id,
        late.id,
      ]);
      expect(await findPending(db(), NOW, 1)).toHaveLength(1);
      expect(await findPending(db(), EXPIRES + 1, 1000)).toEqual([]);
    });

    it("of trouble is that of requests that are not over", async () => {
      const before = await readOpenTrouble(db());
      const { id } = await insertRequest(db(), newRequest({ at: 1 }));
      await changeRequest(db(), { id, at: NOW, set: { trouble: "is_archived", trouble_since: NOW } });
      expect(await readOpenTrouble(db())).toMatchObject({ slack: { code: "is_archived", since: NOW } });
      await moveRequest(db(), id, transitionTo("approved"));
      const held = { code: "unchecked", why: "Cloudflare does not answer", since: NOW };
      await changeRequest(db(), { id, at: NOW, set: { held: JSON.stringify(held) } });
      expect(await readOpenTrouble(db())).toMatchObject({ held: { why: "Cloudflare does not answer" } });
      await moveRequest(db(), id, transitionTo("voided"));
      expect(await readOpenTrouble(db())).toEqual(before);
    });
  });
}
