import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";

import { appendAudit } from "../../support/audit.ts";
import { createAnchors } from "../../../src/audit/anchors.ts";
import { type ChainedRow, chainRow, hashRow } from "../../../src/audit/chain.ts";
import { readBatches, readRow } from "../../../src/audit/read.ts";
import { verifyChain, type Verdict } from "../../../src/audit/verify.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import type { Db } from "../../../src/store/open.ts";
import { ALICE, type GetStore, newRequest, NOW, transitionTo } from "../fixture.ts";

export type Dialect = "sqlite" | "postgres";

export function auditChainContract(store: GetStore, dialect: Dialect): void {
  const db = () => store().db;

  /** Ten rows more, then whatever `tamper` does with the triggers out of its way; and all of it undone again. */
  async function verdictAfter(
    tamper: (trx: Db, at: (position: number) => number) => Promise<unknown>,
  ): Promise<{ verdict: Verdict; at: (position: number) => number }> {
    let verdict: Verdict | undefined;
    let at = (position: number): number => position;
    const undone = new Error("undone");
    const trial = db()
      .transaction()
      .execute(async (trx) => {
        const first = await appendTen(trx);
        at = (position) => first + position;
        await liftTriggers(trx, dialect);
        await tamper(trx, at);
        verdict = await verifyChain(trx);
        throw undone;
      });
    await expect(trial).rejects.toBe(undone);
    if (verdict === undefined) throw new Error("nothing was verified");
    return { verdict, at };
  }

  describe("the chain of audit rows", () => {
    it("is whole after requests were made, moved and refused", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await moveRequest(db(), id, transitionTo("approved"));
      await appendAudit(db(), {
        at: NOW,
        actor: ALICE,
        event: "click.refused",
        data: { z: 1, a: "ö 🔥 \0" },
      });
      const verdict = await verifyChain(db());
      expect(verdict).toMatchObject({ ok: true, first: 1 });
      expect(verdict.ok && verdict.head.seq).toBe(verdict.rows);
    });

    it("has no gap where a transaction failed", async () => {
      const before = await verifyChain(db());
      const failed = db()
        .transaction()
        .execute(async (trx) => {
          await appendAudit(trx, { at: NOW, actor: ALICE, event: "lost" });
          throw new Error("failed");
        });
      await expect(failed).rejects.toThrow("failed");
      const { seq } = await appendAudit(db(), { at: NOW, actor: ALICE, event: "kept" });
      expect(seq).toBe(before.rows + 1);
      expect(await verifyChain(db())).toMatchObject({ ok: true, rows: seq });
    });

    it("takes what no text column would: half a character, and none at all", async () => {
      await appendAudit(db(), {
        at: NOW,
        actor: "\ud83d",
        requestId: "a\0b",
        event: "odd",
        data: { half: "\udd25", nothing: "\0", __proto__: 1, gone: undefined },
      });
      expect(await verifyChain(db())).toMatchObject({ ok: true });
    });

    it("refuses a row that does not follow the head, in the database itself", async () => {
      const head = await db().selectFrom("audit_head").select(["seq", "hash"]).executeTakeFirstOrThrow();
      const forged = chainRow(head, fields("forged"));
      for (const row of [forged, { ...forged, seq: head.seq + 7 }, { ...forged, prev_hash: "0".repeat(64) }])
        await expect(db().insertInto("audit").values(row).execute()).rejects.toThrow(/follow the head/);
    });

    it("holds its writers apart: all that was written at once is there, and in one line", async () => {
      const before = await verifyChain(db());
      await Promise.all(
        Array.from({ length: 40 }, (_none, index) =>
          appendAudit(db(), { at: NOW, actor: ALICE, event: "at once", data: { index } }),
        ),
      );
      expect(await verifyChain(db())).toMatchObject({ ok: true, rows: before.rows + 40 });
    });
  });

  describe("a broken chain of audit rows", () => {
    it("names the row that was changed", async () => {
      const { verdict, at } = await verdictAfter((trx, at) =>
        trx.updateTable("audit").set({ actor: "nobody" }).where("seq", "=", at(4)).execute(),
      );
      expect(verdict).toMatchObject({ ok: false, seq: at(4), problem: "changed", rows: at(4) - 1 });
    });

    it("names the row that was changed and given a new hash", async () => {
      for (const position of [0, 4, 8, 9]) {
        const { verdict, at } = await verdictAfter((trx, at) =>
          rewrite(trx, at(position), { actor: "nobody" }),
        );
        expect(verdict).toMatchObject({ ok: false, seq: at(position), problem: "changed" });
      }
    });

    it("names the row that was deleted, also the last and also when those after it were renumbered", async () => {
      for (const position of [0, 5, 9]) {
        const { verdict, at } = await verdictAfter((trx, at) => remove(trx, at(position)));
        expect(verdict).toMatchObject({ ok: false, seq: at(position), problem: "missing" });
      }
      const { verdict, at } = await verdictAfter(async (trx, at) => {
        await remove(trx, at(5));
        await shift(trx, at(6), -1);
        await trx
          .updateTable("audit_head")
          .set({ seq: at(8) })
          .execute();
      });
      expect(verdict).toMatchObject({ ok: false, seq: at(5), problem: "missing" });
    });

    it("names the row that was inserted: between others, with and without a fitting hash, and after the end", async () => {
      for (const isForgedWell of [true, false]) {
        const { verdict, at } = await verdictAfter(async (trx, at) => {
          await shift(trx, at(3), 1);
          const before = await mustRead(trx, at(2));
          const forged = chainRow(before, fields("forged"));
          await trx
            .insertInto("audit")
            .values(isForgedWell ? forged : { ...forged, hash: "f".repeat(64) })
            .execute();
        });
        expect(verdict).toMatchObject({ ok: false, seq: at(3), problem: "inserted" });
      }
      const { verdict, at } = await verdictAfter(async (trx, at) => {
        const last = await mustRead(trx, at(9));
        await trx
          .insertInto("audit")
          .values(chainRow(last, fields("forged")))
          .execute();
      });
      expect(verdict).toMatchObject({ ok: false, seq: at(10), problem: "inserted" });
      const { verdict: atStart } = await verdictAfter((trx) =>
        trx
          .insertInto("audit")
          .values(chainRow({ seq: -1, hash: "0".repeat(64) }, fields("forged")))
          .execute(),
      );
      expect(atStart).toMatchObject({ ok: false, seq: 0, problem: "inserted" });
    });

    it("names the first of rows that were swapped, neighbours and others", async () => {
      for (const [one, other] of [
        [2, 3],
        [1, 7],
        [8, 9],
      ] as const) {
        const { verdict, at } = await verdictAfter((trx, at) => swap(trx, at(one), at(other)));
        expect(verdict).toMatchObject({ ok: false, seq: at(one), problem: "reordered" });
      }
    });

    it("does not believe that rows before a checkpoint were archived when no row says so", async () => {
      const { verdict } = await verdictAfter(async (trx, at) => {
        await rewrite(trx, at(4), { event: "audit.checkpoint" });
        await trx.deleteFrom("audit").where("seq", "<", at(4)).execute();
        let before = await mustRead(trx, at(4));
        for (let seq = at(5); seq <= at(9); seq += 1) {
          const row = await mustRead(trx, seq);
          before = chainRow(before, row);
          await trx.updateTable("audit").set(before).where("seq", "=", seq).execute();
        }
        await trx.updateTable("audit_head").set({ hash: before.hash }).execute();
      });
      expect(verdict).toMatchObject({ ok: false, seq: 1, problem: "missing" });
    });

    it("shows against a hash that was noted down, even when all of it was written anew", async () => {
      const { head } = (await verifyChain(db())) as { head: { seq: number; hash: string } };
      expect(await verifyChain(db(), { anchors: createAnchors([head]) })).toMatchObject({ ok: true });
      const other = { seq: head.seq, hash: "a".repeat(64) };
      expect(await verifyChain(db(), { anchors: createAnchors([other]) })).toMatchObject({
        ok: false,
        seq: head.seq,
        problem: "changed",
      });
      const later = { seq: head.seq + 1, hash: head.hash };
      expect(await verifyChain(db(), { anchors: createAnchors([later]) })).toMatchObject({
        ok: false,
        problem: "missing",
      });
    });

    it("is found whatever single change is made to whichever row", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(9), change, fc.boolean(), async (position, [column, value], isRehashed) => {
          const { verdict, at } = await verdictAfter(async (trx, at) => {
            const row = await mustRead(trx, at(position));
            if (row[column] === value) return rewrite(trx, at(position), { event: "other" });
            if (isRehashed && column !== "hash") return rewrite(trx, at(position), { [column]: value });
            return trx
              .updateTable("audit")
              .set({ [column]: value })
              .where("seq", "=", at(position))
              .execute();
          });
          expect(verdict).toMatchObject({ ok: false, seq: at(position), problem: "changed" });
        }),
        { numRuns: 60 },
      );
    });
  });
}

// Without NUL, which PostgreSQL takes in no text.
const anyText = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""));
const change = fc.oneof(
  fc.tuple(fc.constant("at" as const), fc.nat()),
  fc.tuple(fc.constantFrom("team_id", "request_id"), fc.option(anyText)),
  fc.tuple(fc.constantFrom("actor", "event", "data", "prev_hash", "hash"), anyText),
);

function fields(event: string) {
  return { at: NOW, team_id: null, request_id: null, actor: ALICE, event, data: "{}" };
}

/** @returns the seq of the first. */
async function appendTen(db: Db): Promise<number> {
  const { seq } = await appendAudit(db, { at: NOW, actor: ALICE, event: "e.0" });
  for (let index = 1; index < 10; index += 1)
    await appendAudit(db, {
      at: NOW + index,
      teamId: "T0",
      requestId: "ZT-1",
      actor: ALICE,
      event: `e.${index}`,
    });
  return seq;
}

async function liftTriggers(db: Db, dialect: Dialect): Promise<void> {
  if (dialect === "postgres") {
    await sql`ALTER TABLE audit DISABLE TRIGGER USER`.execute(db);
    return;
  }
  for (const name of ["audit_no_update", "audit_no_delete", "audit_no_replace", "audit_follows"])
    await sql`DROP TRIGGER ${sql.id(name)}`.execute(db);
}

async function mustRead(db: Db, seq: number): Promise<ChainedRow> {
  const row = await readRow(db, seq);
  if (row === undefined) throw new Error(`row ${seq} is not there`);
  return row;
}

/** As somebody would who knows how rows are hashed. */
async function rewrite(db: Db, seq: number, change: Partial<ChainedRow>): Promise<void> {
  const row = { ...(await mustRead(db, seq)), ...change };
  await db
    .updateTable("audit")
    .set({ ...change, hash: hashRow(row) })
    .where("seq", "=", seq)
    .execute();
}

async function remove(db: Db, seq: number): Promise<void> {
  await db.deleteFrom("audit").where("seq", "=", seq).execute();
}

async function swap(db: Db, one: number, other: number): Promise<void> {
  for (const [from, to] of [
    [one, -1],
    [other, one],
    [-1, other],
  ] as const)
    await db.updateTable("audit").set({ seq: to }).where("seq", "=", from).execute();
}

/** Gives all rows from `from` on new numbers. */
async function shift(db: Db, from: number, by: number): Promise<void> {
  const seqs: number[] = [];
  for await (const batch of readBatches(db, { from })) seqs.push(...batch.map((row) => row.seq));
  for (const seq of by > 0 ? seqs.toReversed() : seqs)
    await db
      .updateTable("audit")
      .set({ seq: seq + by })
      .where("seq", "=", seq)
      .execute();
}
