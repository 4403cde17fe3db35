import { describe, expect, it } from "vitest";

import { addPosts, markAttempted, markPosted, readUnposted } from "../../src/requests/posts.ts";
import { insertRequest, readRequest } from "../../src/requests/store.ts";
import {
  abandonPublishing,
  claimPublishing,
  extendPublishing,
  markCardAttempted,
  markCardPosted,
} from "../../src/requests/publishing.ts";
import { releasePublishing } from "../../src/requests/trouble.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { evidencePost, type GetStore, letRightRunOut, newRequest, NOW, transitionTo } from "./fixture.ts";

const MINUTE = 60_000;

const post = (key: string) => ({ key, surface: "thread", data: { kind: "summary" } }) as const;
const dm = { key: "outcome", surface: "dm", data: { kind: "outcome" } } as const;

export function postsContract(store: GetStore): void {
  const db = () => store().db;

  describe("messages to post", () => {
    it("are read in the order in which they were written, until each is posted", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await addPosts(db(), id, NOW, [post("b"), post("a")]);
      await addPosts(db(), id, NOW, [dm]);
      const posts = await readUnposted(db(), id);
      expect(posts.map(({ key, surface, data }) => ({ key, surface, data }))).toEqual([
        evidencePost,
        post("b"),
        post("a"),
        dm,
      ]);

      await markAttempted(db(), posts[1]?.seq ?? 0, NOW + 1);
      await markPosted(db(), posts[0]?.seq ?? 0, NOW + 2, "C0APPROV1", "1.1");
      expect((await readUnposted(db(), id)).map(({ key, attemptedAt }) => [key, attemptedAt])).toEqual([
        ["b", NOW + 1],
        ["a", null],
        ["outcome", null],
      ]);
    });

    it("are written once per key and request: the first stays, posted or not", async () => {
      const one = await insertRequest(db(), newRequest());
      const other = await insertRequest(db(), newRequest());
      const [first] = await readUnposted(db(), one.id);
      await addPosts(db(), one.id, NOW, [{ ...dm, key: "evidence" }, post("new")]);
      expect((await readUnposted(db(), one.id)).map(({ key, surface }) => [key, surface])).toEqual([
        ["evidence", "thread"],
        ["new", "thread"],
      ]);
      await markPosted(db(), first?.seq ?? 0, NOW, "C0APPROV1", "1.1");
      await Promise.all([
        addPosts(db(), one.id, NOW, [evidencePost]),
        addPosts(db(), one.id, NOW, [evidencePost]),
      ]);
      expect((await readUnposted(db(), one.id)).map(({ key }) => key)).toEqual(["new"]);
      expect((await readUnposted(db(), other.id)).map(({ key }) => key)).toEqual(["evidence"]);
    });

    it("of no request cannot be written", async () => {
      await expect(addPosts(db(), "ZT-NOTHERE", NOW, [dm])).rejects.toThrow(/foreign key/i);
    });
  });

  describe("the right to publish", () => {
    const claim = (id: string) => claimPublishing(db(), id, Date.now(), MINUTE);

    it("is had by one at a time, until it runs out", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const first = await claim(id);
      expect(first).toHaveProperty("request.id", id);
      expect(await claim(id)).toBeNull();
      await letRightRunOut(db(), id);
      expect(await claim(id)).toHaveProperty("request.id", id);
      expect(await claim(id)).toBeNull();
      expect(await claim("ZT-NOTHERE")).toBeNull();
    });

    it("is had for as long as was asked", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const before = Date.now();
      const { until = 0 } = (await claim(id)) ?? {};
      // The database may be on another machine.
      expect(Math.abs(until - before - MINUTE)).toBeLessThan(MINUTE / 2);
      const later = await extendPublishing(db(), id, until, Date.now(), 3 * MINUTE);
      expect(Math.abs((later ?? 0) - before - 3 * MINUTE)).toBeLessThan(MINUTE / 2);
    });

    it("is won by exactly one of many who want it at once", async () => {
      for (let round = 0; round < 5; round += 1) {
        const { id } = await insertRequest(db(), newRequest());
        const claims = await Promise.all(Array.from({ length: 6 }, () => claim(id)));
        expect(claims.filter((one) => one !== null)).toHaveLength(1);
      }
    });

    it("that ran out is won by exactly one of many who want it at once", async () => {
      const { id } = await insertRequest(db(), newRequest());
      for (let round = 0; round < 5; round += 1) {
        await letRightRunOut(db(), id);
        const claims = await Promise.all(Array.from({ length: 6 }, () => claim(id)));
        expect(claims.filter((one) => one !== null)).toHaveLength(1);
      }
    });

    it("is given back when the card shows the request as it is", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await claim(id);
      expect(await releasePublishing(db(), { id, version: 1 }, NOW)).toBe(true);
      expect(await readRequest(db(), id)).toMatchObject({ version: 1, cardVersion: 1 });
      expect(await claim(id)).not.toBeNull();
    });

    it("is kept when the request changed meanwhile: there is more to post", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const { until = 0 } = (await claim(id)) ?? {};
      await moveRequest(db(), id, transitionTo("approved"));
      expect(await releasePublishing(db(), { id, version: 1 }, NOW)).toBe(false);
      expect(await readRequest(db(), id)).toMatchObject({ version: 2, cardVersion: 0 });
      expect(await claim(id)).toBeNull();
      await abandonPublishing(db(), id, until);
      expect(await claim(id)).toHaveProperty("request.status", "approved");
    });

    it("is kept by whoever has it, and by nobody who had it before", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const { until = 0 } = (await claim(id)) ?? {};
      const first = (await extendPublishing(db(), id, until, Date.now(), 2 * MINUTE)) ?? 0;
      expect(first).toBeGreaterThan(until);
      expect(await claim(id)).toBeNull();
      await letRightRunOut(db(), id);
      const { until: second = 0 } = (await claim(id)) ?? {};

      expect(await extendPublishing(db(), id, first, Date.now(), MINUTE)).toBeNull();
      await abandonPublishing(db(), id, first);
      expect(await claim(id)).toBeNull();
      await abandonPublishing(db(), id, second);
      expect(await claim(id)).not.toBeNull();
    });

    it("comes with where the card is, or when it was last tried", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await markCardAttempted(db(), id, NOW + 5);
      expect(await claim(id)).toHaveProperty("request.card", {
        channel: "C0APPROV1",
        ts: null,
        attemptedAt: NOW + 5,
      });
      await markCardPosted(db(), id, "C0OTHER01", "1700000000.000100", 1);
      expect(await readRequest(db(), id)).toMatchObject({
        card: { channel: "C0OTHER01", ts: "1700000000.000100" },
        cardVersion: 1,
      });
    });
  });
}
