import { sql } from "kysely";
import { describe, expect, it } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import { appendAudit } from "../../support/audit.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import { ALICE, type GetStore, newRequest, NOW } from "../fixture.ts";

const REFUSAL = /append-only/;

export function auditContract(store: GetStore): void {
  const db = () => store().db;

  describe("the audit table", () => {
    it("keeps rows in the order in which they were written, whatever their times say", async () => {
      const { id } = await insertRequest(db(), newRequest());
      for (const at of [NOW + 9, NOW + 1, NOW + 5])
        await appendAudit(db(), { at, requestId: id, actor: ALICE, event: `e.${at - NOW}`, data: { at } });
      const rows = await readRequestAudit(db(), id);
      expect(rows.map((row) => row.event)).toEqual(["request.created", "e.9", "e.1", "e.5"]);
      expect(rows.map((row) => row.seq)).toEqual(rows.map((row) => row.seq).toSorted((a, b) => a - b));
      expect(rows.at(-1)).toMatchObject({ at: NOW + 5, data: { at: NOW + 5 } });
    });

    it("takes what belongs to no request and no team", async () => {
      await appendAudit(db(), { at: NOW, actor: ALICE, event: "alone" });
      const row = await db()
        .selectFrom("audit")
        .selectAll()
        .where("event", "=", "alone")
        .executeTakeFirstOrThrow();
      expect(row).toMatchObject({ at: NOW, team_id: null, request_id: null, data: "{}" });
    });

    it("refuses to change, delete or replace a row, in the database itself", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await readRequestAudit(db(), id);
      const seq = before[0]?.seq ?? 0;
      const attempts = [
        () => db().updateTable("audit").set({ actor: "nobody" }).where("seq", "=", seq).execute(),
        () => db().deleteFrom("audit").where("seq", "=", seq).execute(),
        () => db().deleteFrom("audit").execute(),
        () =>
          db()
            .insertInto("audit")
            .values({
              seq,
              at: 0,
              team_id: null,
              request_id: id,
              actor: "nobody",
              event: "forged",
              data: "{}",
              prev_hash: "",
              hash: "",
            })
            .onConflict((conflict) => conflict.column("seq").doUpdateSet({ actor: "nobody" }))
            .execute(),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toThrow(REFUSAL);
      expect(await readRequestAudit(db(), id)).toEqual(before);
    });
  });
}

/** What only SQLite has: REPLACE removes the row that stands in the way without telling the DELETE triggers. */
export function sqliteAuditContract(store: GetStore): void {
  it("the audit table refuses REPLACE", async () => {
    const { id } = await insertRequest(store().db, newRequest());
    const before = await readRequestAudit(store().db, id);
    const seq = before[0]?.seq ?? 0;
    const forged = sql`INSERT OR REPLACE INTO audit (seq, at, request_id, actor, event, data, prev_hash, hash) VALUES (${seq}, 0, ${id}, 'nobody', 'forged', '{}', '', '')`;
    await expect(forged.execute(store().db)).rejects.toThrow(REFUSAL);
    expect(await readRequestAudit(store().db, id)).toEqual(before);
  });
}

/** What only PostgreSQL has. */
export function postgresAuditContract(store: GetStore): void {
  it("the audit table refuses TRUNCATE", async () => {
    await appendAudit(store().db, { at: NOW, actor: ALICE, event: "kept" });
    await expect(sql`TRUNCATE audit`.execute(store().db)).rejects.toThrow(REFUSAL);
  });
}
