import { WebAPIRateLimitedError } from "@slack/web-api";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";

import { findIncidentOfThread } from "../../../src/incidents/find.ts";
import { findLooks } from "../../../src/incidents/look.ts";
import { readRequestAudit } from "../../../src/audit/append.ts";
import { listRequests } from "../../../src/requests/list.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import type { Request } from "../../../src/requests/request.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import { releaseDeadLeases, type Lease } from "../../../src/requests/lease.ts";
import { findSweepWork } from "../../../src/requests/sweep-queries.ts";
import {
  finishPublishing,
  moveCard,
  recordDeliveryFailure,
  readPendingCards,
  replaceCard,
} from "../../../src/outbox/delivery-failure.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import type { Db } from "../../../src/store/open.ts";
import { findUnshownThreads } from "../../../src/threads/publish.ts";
import { isLookDue } from "../../../src/watch/watch.ts";
import { explainQueries } from "../explain.ts";
import {
  type GetStore,
  letCardBePosted,
  letLeaseRunOut,
  newRequest,
  NOW,
  takeLeaseFor,
  transitionTo,
} from "../fixture.ts";

/** Somebody new to every test, who asks. */
function somebody(): string {
  return `U0${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
}

function failure(code: string) {
  return { code, error: new Error(code) };
}

export function deliveryFailureContract(store: GetStore): void {
  const db = () => store().db;

  async function mustRead(id: string): Promise<Request> {
    const request = await readRequest(db(), id);
    if (request === null) throw new Error("no request");
    return request;
  }

  async function take(id: string, at = NOW): Promise<Lease> {
    const lease = await takeLeaseFor(db(), "publishing", id, () => at);
    if (lease === null) throw new Error("somebody else has it");
    return lease;
  }

  async function events(id: string): Promise<string[]> {
    return (await readRequestAudit(db(), id)).map(({ event }) => event);
  }

  describe("a delivery failure", () => {
    it("that a person has to fix is recorded when it begins and when it ends, not in between", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await recordDeliveryFailure(db(), await take(id), failure("is_archived"), NOW + 1);
      await recordDeliveryFailure(db(), await take(id), failure("not_in_channel"), NOW + 3);
      expect((await mustRead(id)).deliveryFailure).toEqual({ code: "not_in_channel", since: NOW + 1 });
      expect(await events(id)).toEqual(["request.created", "messages.trouble"]);
      const isFound = async (at: number) => (await findSweepWork(db(), at)).unpublished.includes(id);
      // Soon after it began it is tried again in a second.
      expect(await isFound(NOW + 1002)).toBe(false);
      expect(await isFound(NOW + 1003)).toBe(true);

      expect(await finishPublishing(db(), await take(id, NOW + 9))).toBe(true);
      expect(await finishPublishing(db(), await take(id, NOW + 10))).toBe(true);
      expect(await mustRead(id)).not.toHaveProperty("deliveryFailure");
      const trail = await readRequestAudit(db(), id);
      expect(trail.slice(2)).toEqual([
        expect.objectContaining({
          event: "messages.recovered",
          at: NOW + 9,
          actor: "zt-bot",
          data: expect.objectContaining({
            code: "not_in_channel",
            since: NOW + 1,
            card_channel: "C0APPROV1",
          }),
        }),
      ]);
    });

    it("that passes by itself is recorded once it has lasted half a minute, and then its end is too", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const fail = async (at: number) =>
        recordDeliveryFailure(db(), await take(id, at), failure("ratelimited"), at);
      await fail(NOW);
      await fail(NOW + 29_999);
      expect(await events(id)).toEqual(["request.created"]);
      await finishPublishing(db(), await take(id, NOW + 29_999));
      expect(await events(id)).toEqual(["request.created"]);

      for (const at of [NOW + 40_000, NOW + 69_000, NOW + 70_000, NOW + 80_000]) await fail(at);
      expect(await events(id)).toEqual(["request.created", "messages.trouble"]);
      await finishPublishing(db(), await take(id, NOW + 90_000));
      await fail(NOW + 95_000);
      await finishPublishing(db(), await take(id, NOW + 96_000));
      expect(await events(id)).toEqual(["request.created", "messages.trouble", "messages.recovered"]);
    });

    it("is tried again when Slack said, where it asked to wait", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const error = new WebAPIRateLimitedError(7);
      await recordDeliveryFailure(db(), await take(id), { code: "ratelimited", error }, NOW);
      const isFound = async (at: number) => (await findSweepWork(db(), at)).unpublished.includes(id);
      expect(await isFound(NOW + 6999)).toBe(false);
      expect(await isFound(NOW + 7000)).toBe(true);
    });

    it("is not recorded by who has lost the lease to another", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const lost = await take(id);
      await letLeaseRunOut(db(), id);
      const lease = await take(id);
      await recordDeliveryFailure(db(), lost, failure("is_archived"), NOW + 1);
      expect(await mustRead(id)).not.toHaveProperty("deliveryFailure");
      await recordDeliveryFailure(db(), lease, failure("is_archived"), NOW + 2);
      expect((await mustRead(id)).deliveryFailure).toEqual({ code: "is_archived", since: NOW + 2 });
      expect(await events(id)).toEqual(["request.created", "messages.trouble"]);
    });

    it("is not over while the request changed and there is more to post", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await recordDeliveryFailure(db(), await take(id), failure("is_archived"), NOW);
      const lease = await take(id);
      await moveRequest(db(), id, transitionTo("cancelled"));
      expect(await finishPublishing(db(), lease)).toBe(false);
      expect(await mustRead(id)).toHaveProperty("deliveryFailure");
      expect(await events(id)).not.toContain("messages.recovered");
    });
  });

  describe("a card", () => {
    it("that was never posted goes to another channel, and one that is there stays", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await changeRequest(db(), { id, at: NOW, set: { card_attempted_at: NOW } });
      expect(await moveCard(db(), id, "C0ELSE001", "C0OTHER01", NOW)).toBe(false);
      expect(await moveCard(db(), id, "C0APPROV1", "C0OTHER01", NOW)).toBe(true);
      expect((await mustRead(id)).card).toEqual({ channel: "C0OTHER01", ts: null, attemptedAt: null });
      await letCardBePosted(db(), id, "C0OTHER01", "1.1");
      expect(await moveCard(db(), id, "C0OTHER01", "C0APPROV1", NOW)).toBe(false);
    });

    it("of a pending request is replaced once, with its evidence and a message to who asked", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await letCardBePosted(db(), id, "C0APPROV1", "1.1");
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
      await letCardBePosted(db(), id, "C0APPROV1", "1.1");
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
      (db) => findLooks(db, NOW),
      (db) => findUnshownThreads(db, NOW),
      (db) => isLookDue(db, NOW, 1000),
      (db) => findIncidentOfThread(db, "C0SECURE1", "1.1"),
      (db) => releaseDeadLeases(db, NOW),
    ];
    for (const run of ask) {
      const details = await explainQueries(store().db, run);
      expect(details.length).toBeGreaterThan(0);
      expect(
        details.filter((detail) => detail.startsWith("SCAN") && !detail.includes("USING INDEX")),
      ).toEqual([]);
    }
    const sweep = await explainQueries(store().db, (db) => findSweepWork(db, NOW));
    expect(sweep.length).toBeGreaterThan(3);
    expect(sweep.filter((detail) => !detail.includes("USING INDEX"))).toEqual([]);
    // Indexes that hold nothing but what is to be posted are gone through as a whole.
    expect(sweep.filter((detail) => detail.startsWith("SCAN"))).toEqual([
      "SCAN requests USING INDEX requests_unpublished",
      "SCAN posts USING INDEX posts_unposted",
    ]);
  });
}

export function postgresListContract(store: GetStore): void {
  it("no statement is compiled, as the poll of a long table would be each second", async () => {
    const { rows } = await sql`SHOW jit`.execute(store().db);
    expect(rows).toEqual([{ jit: "off" }]);
  });

  it("the sweep's questions all have an index to go by", async () => {
    const plans = await store()
      .db.transaction()
      .execute(async (trx) => {
        // These tables are small: it would rather read them whole.
        await sql`SET LOCAL enable_seqscan = off`.execute(trx);
        return explainQueries(trx, (db) => findSweepWork(db, NOW), "EXPLAIN");
      });
    expect(plans.filter((line) => line.includes("Index")).length).toBeGreaterThan(3);
    expect(plans.filter((line) => line.includes("Seq Scan"))).toEqual([]);
  });
}
