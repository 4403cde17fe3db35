import { describe, expect, it } from "vitest";

import { createLogger } from "../../../src/log/log.ts";
import { KEPT_MS, prune } from "../../../src/prune.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import { readDraft, saveDraft } from "../../../src/requests/drafts.ts";
import { addPosts, markPosted, readUnposted } from "../../../src/requests/posts.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import { createDeliveries } from "../../../src/store/deliveries.ts";
import type { Db } from "../../../src/store/open.ts";
import { endWatch, findActive, startWatch, watchRevoked, writeLook } from "../../../src/watch/watch.ts";
import { explainQueries } from "../explain.ts";
import { ALICE, BOB, type GetStore, newRequest, NOW, requestIn, transitionTo } from "../fixture.ts";

const DAY = 24 * 60 * 60_000;
/** A moment at which all that the fixture makes is old enough. */
const LATER = NOW + KEPT_MS + DAY;

/** As if the turn had come again. @returns what the log says was removed. */
async function pruneAt(db: Db, now: number, isStopping = () => false): Promise<Record<string, number>> {
  await db.deleteFrom("switches").where("name", "=", "pruning").execute();
  return pruneInTurn(db, now, isStopping);
}

async function pruneInTurn(db: Db, now: number, isStopping = () => false): Promise<Record<string, number>> {
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => void lines.push(line) });
  await prune({ db, log, now: () => now }, isStopping);
  const [line] = lines;
  return line === undefined ? {} : (JSON.parse(line) as { removed: Record<string, number> }).removed;
}

async function post(db: Db, id: string, at = NOW): Promise<void> {
  for (const { seq } of await readUnposted(db, id)) await markPosted(db, seq, at, "C0APPROV1", "1.1");
}

async function keysOf(db: Db, id: string): Promise<string[]> {
  const rows = await db
    .selectFrom("posts")
    .select("key")
    .where("request_id", "=", id)
    .orderBy("seq")
    .execute();
  return rows.map(({ key }) => key);
}

async function denied(db: Db): Promise<string> {
  const { id } = await insertRequest(db, newRequest());
  const decision = { key: "decision", surface: "thread", data: { kind: "decision", at: NOW } } as const;
  await moveRequest(db, id, transitionTo("denied", { posts: [decision] }));
  await post(db, id);
  return id;
}

export function pruningContract(store: GetStore): void {
  const db = () => store().db;

  describe("messages that Slack has", () => {
    it("go when their request has been over for 30 days, and not before", async () => {
      const id = await denied(db());
      await pruneAt(db(), NOW + KEPT_MS - DAY);
      expect(await keysOf(db(), id)).toEqual(["evidence", "decision"]);
      await pruneAt(db(), LATER);
      expect(await keysOf(db(), id)).toEqual([]);
    });

    it("stay while one of the request's is still to be posted, or was lately", async () => {
      const [waiting, late] = [await denied(db()), await denied(db())];
      const reviewed = { key: "reviewed", surface: "thread", data: { kind: "reviewed" } } as const;
      for (const id of [waiting, late]) await addPosts(db(), id, NOW, [reviewed]);
      await post(db(), late, LATER - DAY);
      await pruneAt(db(), LATER);
      for (const id of [waiting, late])
        expect(await keysOf(db(), id)).toEqual(["evidence", "decision", "reviewed"]);
      await post(db(), waiting, LATER);
      await pruneAt(db(), LATER + KEPT_MS - DAY + 1);
      expect(await keysOf(db(), waiting)).toEqual(["evidence", "decision", "reviewed"]);
      expect(await keysOf(db(), late)).toEqual([]);
    });

    it.each(["pending", "approved", "executing", "unknown"] as const)(
      "stay while the request is %s, however old",
      async (status) => {
        const { id } = await requestIn(db(), status);
        await post(db(), id);
        await pruneAt(db(), LATER);
        expect(await keysOf(db(), id)).toContain("evidence");
      },
    );

    it("stay while someone has to review it, or its block has not ended", async () => {
      const [unreviewed, blocked] = [await denied(db()), await denied(db())];
      await changeRequest(db(), { id: unreviewed, at: NOW, set: { review_due: NOW } });
      await db()
        .insertInto("block_ends")
        .values({
          request_id: blocked,
          list_id: "list",
          email: "o'brien@example.com",
          ends_at: LATER,
          due_at: LATER,
          state: "open",
        })
        .execute();
      await pruneAt(db(), LATER);
      for (const id of [unreviewed, blocked])
        expect(await keysOf(db(), id)).toEqual(["evidence", "decision"]);
      await changeRequest(db(), { id: unreviewed, at: NOW, set: { review_due: null } });
      await db()
        .updateTable("block_ends")
        .set({ state: "ended" })
        .where("request_id", "=", blocked)
        .execute();
      await pruneAt(db(), LATER);
      for (const id of [unreviewed, blocked]) expect(await keysOf(db(), id)).toEqual([]);
    });

    it("go in batches, until one is told to stop", async () => {
      const id = await denied(db());
      const kinds = Array.from({ length: 450 }, (_, nth) => ({
        key: `held-${nth}`,
        surface: "thread" as const,
        data: { kind: "held" as const, at: NOW, why: "" },
      }));
      await addPosts(db(), id, NOW, kinds);
      await post(db(), id);
      await pruneAt(db(), LATER, () => true);
      expect(await keysOf(db(), id)).toHaveLength(452);
      await pruneAt(db(), LATER);
      expect(await keysOf(db(), id)).toEqual([]);
    });

    it("take nothing with them: requests, people and the record stay, and a late message is posted", async () => {
      const id = await denied(db());
      const countAll = async () => {
        const counts = await Promise.all(
          (["requests", "request_targets", "audit"] as const).map((table) =>
            db()
              .selectFrom(table)
              .select((eb) => eb.fn.countAll().as("count"))
              .executeTakeFirstOrThrow(),
          ),
        );
        return counts.map(({ count }) => Number(count));
      };
      const before = await countAll();
      await pruneAt(db(), LATER);
      expect(await countAll()).toEqual(before);
      const late = { key: "late", surface: "thread", data: { kind: "reviewed" } } as const;
      const request = await changeRequest(db(), { id, at: LATER, posts: [late] });
      expect(request).toMatchObject({ id, status: "denied" });
      expect((await readUnposted(db(), id)).map(({ key }) => key)).toEqual(["late"]);
    });
  });

  describe("of what else grows", () => {
    it("watches that saw nothing go 30 days after their end; who came back is kept", async () => {
      const newWatch = (id: string) => ({
        teamId: "T0",
        who: { id, email: `${id}@example.com`, name: id },
        askedBy: ALICE,
        tells: [ALICE],
        since: NOW,
        at: NOW,
        ms: DAY,
      });
      const { id } = await requestIn(db(), "executing");
      const people = ["quiet", "back", "on"].map((name) => newWatch(`${name}-${id}`));
      await moveRequest(
        db(),
        id,
        transitionTo("succeeded", { also: (request, trx) => watchRevoked(trx, request, people) }),
      );
      const own = newWatch(`own-${id}`);
      await startWatch(db(), { ...own, channel: "C0SECURE1", auditContext: {} });
      const active = (await findActive(db())).filter(({ who }) => who.id.endsWith(id));
      for (const watch of active) {
        const event = { kind: "session" as const, at: NOW, apps: [] };
        const events = watch.who.id.startsWith("back") ? [{ key: "k", isReturn: true, event }] : [];
        await writeLook(db(), watch, { memory: watch.memory, events, sees: null }, NOW, DAY);
        if (!watch.who.id.startsWith("on"))
          await endWatch(db(), watch, { state: "ended", at: NOW + DAY, by: null, memory: watch.memory });
      }
      const left = async () => {
        const rows = await db().selectFrom("watches").select("user_id").orderBy("user_id").execute();
        return rows.flatMap((row) => (row.user_id.endsWith(id) ? row.user_id.slice(0, -id.length - 1) : []));
      };
      await pruneAt(db(), NOW + KEPT_MS);
      expect(await left()).toEqual(["back", "on", "own", "quiet"]);
      await pruneAt(db(), LATER + DAY);
      expect(await left()).toEqual(["back", "on", "own"]);
    });

    it("deliveries and drafts go after a day: until then the same delivery is none", async () => {
      const delivery = crypto.randomUUID();
      expect(await createDeliveries(db(), () => NOW)(delivery)).toBe(true);
      const old = await saveDraft(db(), ALICE, NOW, DRAFT);
      const recent = await saveDraft(db(), ALICE, NOW + 1000, DRAFT);
      await pruneAt(db(), NOW + DAY);
      expect(await createDeliveries(db(), () => NOW)(delivery)).toBe(false);
      await pruneAt(db(), NOW + DAY + 500);
      expect(await createDeliveries(db(), () => NOW + DAY + 500)(delivery)).toBe(true);
      expect(await readDraft(db(), old, ALICE)).toBeNull();
      expect(await readDraft(db(), recent, ALICE)).toEqual(DRAFT);
    });
  });

  it("of several replicas one removes what is old, once an hour", async () => {
    const id = await denied(db());
    await pruneAt(db(), NOW);
    await pruneInTurn(db(), LATER < Date.now() ? LATER : NOW + 60_000);
    expect(await keysOf(db(), id)).toEqual(["evidence", "decision"]);
  });
}

const DRAFT = { users: [BOB], devices: false, warpReauth: false, reason: "" };

/** What SQLite's planner says. */
export function sqlitePruningContract(store: GetStore): void {
  it("what is old is found by an index", async () => {
    await denied(store().db);
    const details = await explainQueries(store().db, (db) => pruneAt(db, LATER));
    const scanned = details.filter((detail) => /^SCAN (?!.*USING (COVERING )?INDEX)/.test(detail));
    // Drafts of one day.
    expect(scanned).toEqual(["SCAN drafts"]);
  });
}
