import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { appendAudit, readRequestAudit } from "../../../src/audit/append.ts";
import { changeRequest, type Change } from "../../../src/requests/change.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { ALICE, BOB, CAROL, type GetStore, newRequest, NOW } from "../fixture.ts";

const post = { key: "decision", surface: "thread", data: { kind: "decision", at: NOW } } as const;
/** Makes a write fail in the middle of its transaction: JSON has no big integers. */
const UNWRITABLE = { data: 1n } as unknown as Record<string, unknown>;

export function changeContract(store: GetStore): void {
  const db = () => store().db;

  /** All that is stored of a request. */
  async function everything(id: string) {
    const [request, audit, posts] = await Promise.all([
      readRequest(db(), id),
      readRequestAudit(db(), id),
      readUnposted(db(), id),
    ]);
    return { request, audit, posts };
  }

  function reasoned(id: string, change: Partial<Change> = {}): Change {
    const told = { event: "request.held", actor: BOB, posts: [post] } as const;
    return { id, at: NOW + 5, set: { reason: "changed" }, ...told, ...change };
  }

  describe("a change of a request", () => {
    it("is written with its audit row and its messages, and shown by one version more", async () => {
      const before = await insertRequest(db(), newRequest({ posts: [] }));
      const changed = await changeRequest(db(), reasoned(before.id, { data: { why: "x" } }));
      const after = await everything(before.id);
      expect(changed).toEqual(after.request);
      expect(after.request).toEqual({ ...before, reason: "changed", version: before.version + 1 });
      const { planHash: plan_hash, plan } = before;
      expect(after.audit.slice(1)).toEqual([
        expect.objectContaining({
          at: NOW + 5,
          actor: BOB,
          event: "request.held",
          data: {
            plan_hash,
            requester: ALICE,
            target: plan.target.email,
            target_id: plan.target.id,
            why: "x",
          },
        }),
      ]);
      expect(after.posts.map(({ key }) => key)).toEqual(["decision"]);
    });

    it("that is only bookkeeping shows nothing, and records nothing", async () => {
      const before = await insertRequest(db(), newRequest({ posts: [] }));
      await changeRequest(db(), { id: before.id, at: NOW, isShown: false, set: { nudge_at: NOW + 7 } });
      const after = await everything(before.id);
      expect(after.request).toEqual({ ...before, nudgeAt: NOW + 7 });
      expect(after.audit).toHaveLength(1);
    });

    it("is not made at all where its condition does not hold: no row, no message, nothing asked for the record", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await everything(id);
      let asked = 0;
      const data = () => {
        asked += 1;
        return Promise.resolve({});
      };
      const where: Change["where"] = (eb) => eb("status", "=", "approved");
      expect(await changeRequest(db(), reasoned(id, { where, data }))).toBeNull();
      expect(await changeRequest(db(), reasoned("ZT-NOTHERE", { data }))).toBeNull();
      expect(asked).toBe(0);
      expect(await everything(id)).toEqual(before);
    });

    it.each<[string, Partial<Change>]>([
      ["what is asked for the record fails", { data: () => Promise.reject(new TypeError("no")) }],
      ["its audit row cannot be written", { data: UNWRITABLE }],
      [
        "a message cannot be written",
        { posts: [post, { key: "x", surface: "dm", data: UNWRITABLE as never }] },
      ],
    ])("is not made at all when %s, and can be made again", async (_what, change) => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await everything(id);
      await expect(changeRequest(db(), reasoned(id, change))).rejects.toThrow(TypeError);
      expect(await everything(id)).toEqual(before);
      expect(await changeRequest(db(), reasoned(id))).toHaveProperty("reason", "changed");
    });

    it("takes with it what is written while it is asked for the record, or leaves neither", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await everything(id);
      const change = reasoned(id, {
        async data(request, trx) {
          expect(request).toMatchObject({ id, reason: "changed" });
          await trx.insertInto("target_locks").values({ target: id, request_id: id, at: NOW }).execute();
          throw new TypeError("too late");
        },
      });
      await expect(changeRequest(db(), change)).rejects.toThrow(TypeError);
      expect(await everything(id)).toEqual(before);
      const locks = await db().selectFrom("target_locks").selectAll().where("target", "=", id).execute();
      expect(locks).toEqual([]);
    });

    it("is a part of the transaction it is given, and goes with it", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await everything(id);
      const undone = db()
        .transaction()
        .execute(async (trx) => {
          await changeRequest(trx, reasoned(id));
          await appendAudit(trx, { at: NOW, requestId: id, actor: CAROL, event: "call.sent" });
          throw new TypeError("undone");
        });
      await expect(undone).rejects.toThrow("undone");
      expect(await everything(id)).toEqual(before);
    });

    it("of many at once that each wait for the same state is made once", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const where: Change["where"] = (eb) => eb("held", "is", null);
      const held = JSON.stringify({ code: "paused", why: "a drill", since: NOW });
      const all = await Promise.all(
        Array.from({ length: 6 }, () => changeRequest(db(), reasoned(id, { where, set: { held } }))),
      );
      expect(all.filter((one) => one !== null)).toHaveLength(1);
      expect((await readRequestAudit(db(), id)).map(({ event }) => event)).toEqual([
        "request.created",
        "request.held",
      ]);
    });
  });
}

const SRC = join(import.meta.dirname, "..", "..", "..", "src");

/** Where requests are written: see requests/change.ts. Migrations have their own SQL. */
export function writePathContract(): void {
  it("requests are changed by changeRequest, made by insertRequest, and written nowhere else", () => {
    const writes = globSync("**/*.ts", { cwd: SRC })
      .filter((file) => !file.startsWith(join("store", "migrations")))
      .flatMap((file) =>
        [...readFileSync(join(SRC, file), "utf8").matchAll(WRITE)].map(
          ([, verb]) => `${file.replaceAll("\\", "/")}: ${verb}`,
        ),
      );
    expect(writes.toSorted()).toEqual([
      // The second one is lockRequests, which writes nothing new.
      "requests/change.ts: updateTable",
      "requests/change.ts: updateTable",
      "requests/repository.ts: insertInto",
    ]);
  });
}

/** Kysely's words for it, and SQL's. */
const WRITE =
  /\b(updateTable|insertInto|deleteFrom|replaceInto|mergeInto|UPDATE|INSERT INTO|DELETE FROM|TRUNCATE)[\s(]+\[?["'`]?requests\b/g;
