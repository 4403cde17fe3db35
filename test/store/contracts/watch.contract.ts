import { describe, expect, it } from "vitest";

import { readUnposted } from "../../../src/requests/posts.ts";
import { readRequest } from "../../../src/requests/repository.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import { readUnshown } from "../../../src/threads/thread.ts";
import type { Look } from "../../../src/watch/look.ts";
import {
  endWatch,
  expectEvent,
  findActive,
  readEvents,
  readWatch,
  startWatch,
  watchRevoked,
  writeLook,
  type NewWatch,
  type Watch,
} from "../../../src/watch/watch.ts";
import { ALICE, BOB, NOW, requestIn, transitionTo, type GetStore } from "../fixture.ts";

const HOUR = 3_600_000;
const BLIND_MS = 300_000;

export function watchContract(store: GetStore): void {
  const db = () => store().db;
  let made = 0;

  function newWatch(id = `watched-${(made += 1)}`): NewWatch {
    const who = { id, email: `${id}@example.com`, name: "O'Brien 🔥" };
    return { teamId: "T0", who, askedBy: ALICE, tells: [ALICE], since: NOW, at: NOW, ms: HOUR };
  }

  /** A request that has revoked these. */
  async function revoked(...watches: NewWatch[]): Promise<{ requestId: string; watches: Watch[] }> {
    const { id } = await requestIn(db(), "executing");
    await moveRequest(
      db(),
      id,
      transitionTo("succeeded", { also: (request, trx) => watchRevoked(trx, request, watches) }),
    );
    return { requestId: id, watches: (await findActive(db())).filter((one) => one.requestId === id) };
  }

  function found(watch: Watch, key: string, at = NOW + 1000): Look {
    return {
      memory: { ...watch.memory, readTo: at },
      events: [
        {
          key,
          isReturn: true,
          event: { kind: "signed-in", at, ip: "203.0.113.9", country: "BR", apps: ["Payroll"], count: 1 },
        },
      ],
      sees: null,
    };
  }

  const only = <T>(items: readonly T[]): T => {
    const [item] = items;
    if (item === undefined || items.length > 1) throw new Error(`${items.length} instead of one`);
    return item;
  };
  const kinds = async (id: string) => (await readUnposted(db(), id)).map(({ data }) => data.kind);

  describe("a watch", () => {
    it("of several looks at once writes one, and what it saw once, with the card's first line", async () => {
      const { requestId, watches } = await revoked(newWatch());
      const watch = only(watches);
      const looks = Array.from({ length: 5 }, () =>
        writeLook(db(), watch, found(watch, "one"), NOW, BLIND_MS),
      );
      expect((await Promise.all(looks)).filter(Boolean)).toHaveLength(1);
      const again = await readWatch(db(), watch.id);
      if (again === null) throw new Error("it is gone");
      // The same event, found again by a look that does not know of it.
      expect(await writeLook(db(), again, found(again, "one"), NOW, BLIND_MS)).toBe(true);
      expect(await readEvents(db(), watch.id)).toHaveLength(1);
      expect((await kinds(requestId)).filter((kind) => kind === "returned")).toHaveLength(1);
      expect((await readRequest(db(), requestId))?.back).toEqual({ since: NOW + 1000, people: 1 });
    });

    it("whose sign-in was expected, said once, no longer shows on the card", async () => {
      const { requestId, watches } = await revoked(newWatch());
      const watch = only(watches);
      await writeLook(db(), watch, found(watch, "one"), NOW, BLIND_MS);
      const told = only(await readEvents(db(), watch.id));
      const by = { by: BOB, at: NOW, auditContext: {} };
      const said = await Promise.all([
        expectEvent(db(), told, watch, by),
        expectEvent(db(), told, watch, by),
      ]);
      expect(said.filter((one) => one !== null)).toHaveLength(1);
      expect((await readRequest(db(), requestId))?.back).toBeNull();
    });

    it("of several in one thread ends in words once, with the last of them", async () => {
      const { requestId, watches } = await revoked(newWatch(), newWatch(), newWatch());
      const end = (watch: Watch) =>
        endWatch(db(), watch, { state: "ended", at: NOW + HOUR, by: null, memory: watch.memory });
      expect(await Promise.all(watches.map(end))).toEqual([true, true, true]);
      const posts = (await readUnposted(db(), requestId)).filter(({ data }) => data.kind === "watch-ended");
      expect(only(posts).data).toMatchObject({ people: 3, back: 0, lasted: HOUR, missed: [] });
      expect(await Promise.all(watches.map(end))).toEqual([false, false, false]);
    });

    it("says at its end what it could not see", async () => {
      const { requestId, watches } = await revoked(newWatch());
      const watch = only(watches);
      const blind = { since: NOW, why: "Cloudflare returned an error (502)", isTold: false };
      const memory = { ...watch.memory, blind };
      await writeLook(db(), watch, { memory, events: [], sees: null }, NOW + BLIND_MS + 1, BLIND_MS);
      expect(await kinds(requestId)).toContain("watch-blind");
      await endWatch(db(), watch, { state: "ended", at: NOW + HOUR, by: null, memory });
      const ended = (await readUnposted(db(), requestId)).find(({ data }) => data.kind === "watch-ended");
      expect(ended?.data).toMatchObject({ missed: [{ from: NOW, to: NOW + HOUR, why: blind.why }] });
    });

    it("goes on in the thread of a later request about the same person", async () => {
      const one = newWatch();
      const first = await revoked(one);
      const second = await revoked(one);
      expect(only(await findActive(db(), { userId: one.who.id })).requestId).toBe(second.requestId);
      expect(await kinds(first.requestId)).toContain("watch-ended");
    });

    it("that is asked for again where it is already goes on longer, in the same thread", async () => {
      const input = { ...newWatch(), channel: "C0APPROV1", auditContext: {} };
      const first = await startWatch(db(), input);
      const again = await startWatch(db(), { ...input, at: NOW + 1, ms: 2 * HOUR });
      expect(again).toMatchObject({
        isExtended: true,
        watch: { id: first.watch.id, until: NOW + 1 + 2 * HOUR },
      });
      await writeLook(db(), again.watch, found(again.watch, "one"), NOW, BLIND_MS);
      expect(await readUnshown(db(), first.watch.id)).toHaveLength(1);
    });
  });
}
