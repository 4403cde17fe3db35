import { describe, expect, it } from "vitest";

import { readRequestAudit } from "../../src/audit/append.ts";
import { listRequests } from "../../src/requests/list.ts";
import { readUnposted } from "../../src/requests/posts.ts";
import type { Request } from "../../src/requests/request.ts";
import { insertRequest, readRequest } from "../../src/requests/store.ts";
import { claimPublishing, markCardAttempted, markCardPosted } from "../../src/requests/publishing.ts";
import { findLoose } from "../../src/requests/loose.ts";
import {
  moveCard,
  noteTrouble,
  readPendingCards,
  releasePublishing,
  replaceCard,
} from "../../src/requests/trouble.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import type { Db } from "../../src/store/open.ts";
import { explainQueries } from "./explain.ts";
import { type GetStore, newRequest, NOW, transitionTo } from "./fixture.ts";

/** Somebody new to every test, who asks. */
function somebody(): string {
  return `U0${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
}

export function troubleContract(store: GetStore): void {
  const db = () => store().db;

  async function mustRead(id: string): Promise<Request> {
    const request = await readRequest(db(), id);
    if (request === null) throw new Error("no request");
    return request;
  }

  async function events(id: string): Promise<string[]> {
    return (await readRequestAudit(db(), id)).map(({ event }) => event);
  }

  describe("trouble with messages", () => {
    it("is recorded when it begins and when it ends, not in between, and gives the right to publish back", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await claimPublishing(db(), id, NOW, 60_000);
      await noteTrouble(db(), id, "ratelimited", NOW + 1);
      expect(await claimPublishing(db(), id, NOW + 2, 60_000)).not.toBeNull();
      await noteTrouble(db(), id, "is_archived", NOW + 3);
      const request = await mustRead(id);
      expect(request.trouble).toEqual({ code: "is_archived", since: NOW + 1 });
      expect(await events(id)).toEqual(["request.created", "messages.trouble"]);
      const loose = await findLoose(db(), NOW);
      expect(loose.unpublished).toContainEqual({ id, troubleSince: NOW + 1 });

      expect(await releasePublishing(db(), request, NOW + 9)).toBe(true);
      expect(await releasePublishing(db(), request, NOW + 10)).toBe(true);
      expect(await mustRead(id)).not.toHaveProperty("trouble");
      const trail = await readRequestAudit(db(), id);
      expect(trail.slice(2)).toEqual([
        expect.objectContaining({
          event: "messages.recovered",
          at: NOW + 9,
          actor: "zt-bot",
          data: { code: "is_archived", since: NOW + 1, card_channel: "C0APPROV1" },
        }),
      ]);
    });

    it("that begins for many publishers at once is recorded once", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await Promise.all(Array.from({ length: 6 }, (_, index) => noteTrouble(db(), id, "x", NOW + index)));
      expect(await events(id)).toEqual(["request.created", "messages.trouble"]);
    });

    it("is not over while the request changed and there is more to post", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await noteTrouble(db(), id, "is_archived", NOW);
      const before = await mustRead(id);
      await moveRequest(db(), id, transitionTo("cancelled"));
      expect(await releasePublishing(db(), before, NOW + 1)).toBe(false);
      expect(await mustRead(id)).toHaveProperty("trouble");
      expect(await events(id)).not.toContain("messages.recovered");
    });
  });

  describe("a card", () => {
    it("that was never posted goes to another channel, and one that is there stays", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await markCardAttempted(db(), id, NOW);
      expect(await moveCard(db(), id, "C0ELSE001", "C0OTHER01")).toBe(false);
      expect(await moveCard(db(), id, "C0APPROV1", "C0OTHER01")).toBe(true);
      expect((await mustRead(id)).card).toEqual({ channel: "C0OTHER01", ts: null, attemptedAt: null });
      await markCardPosted(db(), id, "C0OTHER01", "1.1", 1);
      expect(await moveCard(db(), id, "C0OTHER01", "C0APPROV1")).toBe(false);
    });

    it("of a pending request is replaced once, with its evidence and a message to who asked", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await markCardPosted(db(), id, "C0APPROV1", "1.1", 1);
      const before = await mustRead(id);
      const change = { channel: "C0OTHER01", why: "deleted", at: NOW };
      const all = await Promise.all(Array.from({ length: 4 }, () => replaceCard(db(), before, change)));
      expect(all.filter((anew) => anew !== null)).toHaveLength(1);
      expect(await mustRead(id)).toMatchObject({
        version: before.version + 1,
        card: { channel: "C0OTHER01", ts: null, attemptedAt: null },
      });
      expect(await events(id)).toEqual(["request.created", "card.replaced"]);
      const posts = await readUnposted(db(), id);
      expect(posts.map(({ surface, data }) => [surface, data.kind])).toEqual([
        ["thread", "evidence"],
        ["thread", "evidence"],
        ["dm", "card-there"],
      ]);
    });

    it("of a decided request is not replaced, nor looked after", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await markCardPosted(db(), id, "C0APPROV1", "1.1", 1);
      const pending = await readPendingCards(db(), 100_000);
      expect(pending.map((request) => request.id)).toContain(id);
      const before = await mustRead(id);
      await moveRequest(db(), id, transitionTo("denied"));
      expect(await replaceCard(db(), before, { channel: "C0OTHER01", why: "deleted", at: NOW })).toBeNull();
      expect((await mustRead(id)).card.ts).toBe("1.1");
      const left = await readPendingCards(db(), 100_000);
      expect(left.map((request) => request.id)).not.toContain(id);
    });
  });

  describe("the list of requests", () => {
    it("has those that are open first, each group newest first, and goes on from page to page", async () => {
      const requesterId = somebody();
      const ids: string[] = [];
      for (let index = 0; index < 6; index += 1)
        ids.push((await insertRequest(db(), newRequest({ requesterId, at: NOW + index }))).id);
      const [a = "", b = "", c = "", d = "", e = "", f = ""] = ids;
      for (const id of [b, d, f]) await moveRequest(db(), id, transitionTo("denied"));
      const list = async (isOpenOnly: boolean, offset: number, limit: number) =>
        (await listRequests(db(), { isOpenOnly, requesterId, offset, limit })).map(({ id }) => id);
      expect(await list(true, 0, 10)).toEqual([e, c, a]);
      expect(await list(false, 0, 10)).toEqual([e, c, a, f, d, b]);
      expect(await list(false, 0, 2)).toEqual([e, c]);
      expect(await list(false, 2, 2)).toEqual([a, f]);
      expect(await list(false, 4, 2)).toEqual([d, b]);
      expect(await list(false, 6, 2)).toEqual([]);
      expect(await list(true, 2, 2)).toEqual([a]);
    });
  });
}

/** What is asked for often walks an index, however many requests there ever were. */
export function sqliteListContract(store: GetStore): void {
  it("a list of requests, and the sweep's questions for messages and cards, go through no table", async () => {
    const ask: ((db: Db) => Promise<unknown>)[] = [
      (db) => listRequests(db, { isOpenOnly: true, offset: 0, limit: 11 }),
      (db) => listRequests(db, { isOpenOnly: false, offset: 1000, limit: 11 }),
      (db) => listRequests(db, { isOpenOnly: false, requesterId: "U0NOBODY1", offset: 0, limit: 11 }),
      (db) => readPendingCards(db, 20),
    ];
    for (const run of ask) {
      const details = await explainQueries(store().db, run);
      expect(details.length).toBeGreaterThan(0);
      expect(
        details.filter((detail) => detail.startsWith("SCAN") && !detail.includes("USING INDEX")),
      ).toEqual([]);
    }
    const sweep = await explainQueries(store().db, (db) => findLoose(db, NOW));
    expect(sweep.filter((detail) => detail.startsWith("SCAN posts"))).toEqual([
      "SCAN posts USING INDEX posts_unposted",
    ]);
  });
}
