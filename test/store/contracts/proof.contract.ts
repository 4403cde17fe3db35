import { sql, type UpdateObject } from "kysely";
import { describe, expect, it } from "vitest";

import { appendAudit, readRequestAudit } from "../../../src/audit/append.ts";
import { hashRow } from "../../../src/audit/chain.ts";
import { canonicalJson } from "../../../src/canonical-json.ts";
import { executeRequest } from "../../../src/execution/execute.ts";
import { createLogger } from "../../../src/log/log.ts";
import { hashPlan, type Plan } from "../../../src/requests/plan.ts";
import { findContradictions, readProof } from "../../../src/requests/proof.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import type { Request } from "../../../src/requests/request.ts";
import { moveRequest, stopRequest } from "../../../src/requests/transition.ts";
import { addTargets } from "../../../src/requests/targets.ts";
import type { Db } from "../../../src/store/open.ts";
import type { Database } from "../../../src/store/schema.ts";
import { approveRevocation, createExecution } from "../../execution/support.ts";
import type { Dialect } from "./audit-chain.contract.ts";
import { explainQueries } from "../explain.ts";
import { BOB, CAROL, EVIDENCE, type GetStore, newRequest, NOW, PLAN, transitionTo } from "../fixture.ts";

const LATER = NOW + 5000;

/** Past zt-bot, as somebody with the database's password writes. */
async function write(db: Db, id: string, set: UpdateObject<Database, "requests">): Promise<void> {
  await db.updateTable("requests").set(set).where("id", "=", id).execute();
}

/** What zt-bot does with it then. */
async function carryOut(db: Db, id: string) {
  const lines: string[] = [];
  const { deps, sent } = createExecution(db, { now: () => LATER });
  const log = createLogger("error", { write: (line) => void lines.push(line) });
  await executeRequest({ ...deps, log }, id, true);
  const rows = await readRequestAudit(db, id);
  const posts = await db
    .selectFrom("posts")
    .select(["key", "surface"])
    .where("request_id", "=", id)
    .execute();
  const found = rows.find(({ event }) => event === "request.unproven");
  return {
    sent,
    status: (await readRequest(db, id))?.status,
    findings: String(found?.data["findings"]),
    told: posts.filter(({ key }) => key.startsWith("unproven")).map(({ surface }) => surface),
    logged: lines.join(""),
  };
}

/** Nothing was sent, and everybody was told why. */
function refused(why: RegExp, status: Request["status"] = "voided") {
  return {
    sent: [],
    status,
    findings: expect.stringMatching(why) as string,
    told: ["thread", "channel"],
    logged: expect.stringContaining("the database was changed from outside zt-bot") as string,
  };
}

const vote = (by: string, at = NOW) => JSON.stringify([{ by, at }]);
const approvedNow = { status: "approved", decided_at: NOW, decided_by: BOB, execution_due: 0, vote_count: 1 };

/** What somebody writes over an approved request, and what is found. */
const OVERWRITTEN: Record<string, { set: UpdateObject<Database, "requests">; why: RegExp }> = {
  "a vote of somebody else": { set: { votes: vote(CAROL) }, why: /no approval by U0CAROL01/ },
  "a vote given again, later": {
    set: { votes: vote(BOB, LATER + 3_600_000) },
    why: /no approval by U0BOB0001/,
  },
  "a code that nobody gave": {
    set: { votes: JSON.stringify([{ by: BOB, at: NOW, stepUp: "authenticator" }]) },
    why: /no approval by U0BOB0001/,
  },
  "another requester": { set: { requester_id: CAROL }, why: /requested by someone else/ },
  "a later deadline": { set: { expires_at: NOW + 1e9 }, why: /deadline/ },
  "a later creation": { set: { created_at: NOW + 1 }, why: /deadline/ },
  "another reason": { set: { reason: "spring cleaning" }, why: /reason/ },
  "a target that needs more approvers": { set: { is_protected: 1 }, why: /protected/ },
  "another risk level": {
    set: { evidence: JSON.stringify({ ...EVIDENCE, gatheredAt: 1 }) },
    why: /known of its target/,
  },
  "further approvers": { set: { escalated_at: NOW }, why: /further people/ },
  "break-glass that was never used": {
    set: { break_glass: JSON.stringify({ by: BOB, at: NOW, reason: "r" }), review_due: NOW },
    why: /differs about break-glass/,
  },
  "another moment of the approval": { set: { decided_at: NOW }, why: /who approved it, or when/ },
  "that it has begun": {
    set: { status: "executing" },
    why: /stands as executing, and the record says approved/,
  },
};

export function proofContract(store: GetStore, dialect: Dialect): void {
  const db = () => store().db;

  describe("before anything is sent", () => {
    it("proves a request whose reason holds what a database would change", async () => {
      const reason = "half an emoji \uD83D, and a NUL \0";
      const { id } = await insertRequest(db(), newRequest({ reason, posts: [] }));
      const request = await readRequest(db(), id);
      expect(request?.reason).toBe("half an emoji \uFFFD, and a NUL \uFFFD");
      expect(request && findContradictions(request, await readProof(db(), id))).toEqual([]);
    });

    it.each(Object.entries(OVERWRITTEN))(
      "refuses what the record does not prove: %s",
      async (_name, { set, why }) => {
        const { id } = await approveRevocation(db());
        await write(db(), id, set);
        expect(await carryOut(db(), id)).toEqual(refused(why));
      },
    );

    it("refuses an approval that was only written into the row", async () => {
      const { id } = await insertRequest(db(), newRequest({ posts: [] }));
      await write(db(), id, { ...approvedNow, votes: vote(BOB) });
      expect(await carryOut(db(), id)).toEqual(
        refused(/stands as approved, and the record says pending.*no approval by U0BOB0001/),
      );
    });

    it("refuses the votes of another request", async () => {
      const approved = await approveRevocation(db());
      const { id } = await insertRequest(db(), newRequest({ posts: [] }));
      await write(db(), id, { ...approvedNow, votes: JSON.stringify(approved.votes) });
      expect(await carryOut(db(), id)).toEqual(refused(/no approval by U0BOB0001/));
    });

    it("refuses another plan, under the stored hash and under its own", async () => {
      const other: Plan = { ...PLAN, target: { id: "ceo", email: "ceo@example.com", name: "Chief" } };
      for (const more of [{}, { plan_hash: hashPlan(other) }]) {
        const { id } = await approveRevocation(db());
        await write(db(), id, { plan: canonicalJson(other), ...more });
        expect(await carryOut(db(), id)).toEqual(refused(/its plan is not the one that was asked for/));
      }
    });

    it("refuses another plan that was shown while it was approved", async () => {
      const { id, plan } = await insertRequest(db(), newRequest({ posts: [] }));
      await write(db(), id, { plan: canonicalJson({ ...plan, target: { ...plan.target, name: "Nobody" } }) });
      await moveRequest(
        db(),
        id,
        transitionTo("approved", { votes: { all: [{ by: BOB, at: NOW }], seen: 0 } }),
      );
      await write(db(), id, { plan: canonicalJson(plan) });
      expect(await carryOut(db(), id)).toEqual(refused(/no approval by U0BOB0001 of this plan/));
    });

    it.each(["denied", "cancelled", "succeeded"] as const)(
      "puts a request that was %s back to that",
      async (end) => {
        const { id } = await insertRequest(db(), newRequest({ posts: [] }));
        for (const to of end === "succeeded" ? (["approved", "executing", end] as const) : [end])
          await moveRequest(db(), id, transitionTo(to));
        await write(db(), id, { ...approvedNow, votes: vote(BOB) });
        expect(await carryOut(db(), id)).toEqual(refused(new RegExp(`the record says ${end}`), end));
      },
    );

    it("refuses what was done alone with another reason, and with a second look that nobody took", async () => {
      const breakGlass = { by: BOB, at: NOW + 1000, reason: "nobody is there" };
      const forged = [
        {
          set: { break_glass: JSON.stringify({ ...breakGlass, reason: "as agreed" }) },
          why: /differs about break-glass/,
        },
        { set: { break_glass: null }, why: /differs about break-glass/ },
        {
          set: {
            review: JSON.stringify({ by: CAROL, at: NOW, verdict: "justified", note: "" }),
            review_due: null,
          },
          why: /what was said of it afterwards/,
        },
        { set: { review_due: null }, why: /what was said of it afterwards/ },
      ];
      for (const { set, why } of forged) {
        const { id } = await insertRequest(db(), newRequest({ posts: [] }));
        const by = `U0ALONE${id.slice(3, 5)}${id.slice(-3)}`;
        const used = { ...breakGlass, by };
        const alone = { actor: by, reason: used.reason, breakGlass: used, data: { break_glass: true } };
        expect(await moveRequest(db(), id, transitionTo("approved", alone))).not.toBeNull();
        await write(
          db(),
          id,
          "break_glass" in set && set.break_glass !== null
            ? { break_glass: JSON.stringify({ ...used, reason: "as agreed" }) }
            : set,
        );
        expect(await carryOut(db(), id)).toEqual(refused(why));
      }
    });

    it("refuses a user of several who is not the one of the plan, and stops what was stopped", async () => {
      const { id } = await approveRevocation(db(), 3);
      const changed = { target_id: "ceo", email: "ceo@example.com" };
      await db()
        .updateTable("request_targets")
        .set(changed)
        .where("request_id", "=", id)
        .where("position", "=", 0)
        .execute();
      expect(await carryOut(db(), id)).toEqual(refused(/user 1 of it is not the one who was asked for/));

      const stopped = await approveRevocation(db(), 3);
      await stopRequest(db(), stopped.id, { actor: BOB, at: NOW + 2000 });
      const { id: again } = stopped;
      await write(db(), again, { stopped_by: null, stopped_at: null });
      await db()
        .updateTable("request_targets")
        .set({ state: "waiting" })
        .where("request_id", "=", again)
        .execute();
      expect(await carryOut(db(), again)).toEqual(refused(/stopped/));
    });

    it("calls for nobody again who was called for, whatever the rows say", async () => {
      const { id } = await approveRevocation(db(), 2);
      const { deps, sent } = createExecution(db(), { now: () => LATER });
      await executeRequest(deps, id, true);
      expect(sent).toHaveLength(2);
      await db()
        .updateTable("request_targets")
        .set({ state: "waiting" })
        .where("request_id", "=", id)
        .execute();
      await write(db(), id, { status: "executing", execution_due: 0 });
      const { sent: more, findings } = await carryOut(db(), id);
      expect(more).toEqual([]);
      expect(findings).toContain("the record says succeeded");
    });

    it("refuses where the record itself was rewritten, or its creation taken out", async () => {
      const undone = new Error("undone");
      for (const how of ["rewritten", "gone"] as const) {
        const { id } = await approveRevocation(db());
        const trial = db()
          .transaction()
          .execute(async (trx) => {
            await lift(trx, dialect);
            if (how === "gone") {
              await trx
                .deleteFrom("audit")
                .where("request_id", "=", id)
                .where("event", "=", "request.created")
                .execute();
            } else {
              const row = await trx
                .selectFrom("audit")
                .selectAll()
                .where("request_id", "=", id)
                .where("event", "=", "request.approved")
                .executeTakeFirstOrThrow();
              const forged = {
                ...row,
                data: canonicalJson({ ...(JSON.parse(row.data) as object), via: "S0LEADS01" }),
              };
              await trx
                .updateTable("audit")
                .set({ data: forged.data, hash: hashRow(forged) })
                .where("seq", "=", row.seq)
                .execute();
            }
            const request = await readRequest(trx, id);
            if (request === null) throw new Error("gone");
            const found = findContradictions(request, await readProof(trx, id)).join("; ");
            expect(found).toMatch(
              how === "gone" ? /no row that says it was asked for/ : /not as it was written|no approval/,
            );
            throw undone;
          });
        await expect(trial).rejects.toBe(undone);
      }
    });

    it("carries out what the record proves", async () => {
      const { id } = await approveRevocation(db());
      const { sent, findings } = await carryOut(db(), id);
      expect(sent).toHaveLength(1);
      expect(findings).toBe("undefined");
    });

    it("carries out what was asked for by a version that recorded less, and says so of what recorded nothing", async () => {
      for (const isRecorded of [true, false]) {
        const { id } = await insertOld(db(), isRecorded);
        await moveRequest(
          db(),
          id,
          transitionTo("approved", { votes: { all: [{ by: BOB, at: NOW }], seen: 0 } }),
        );
        if (isRecorded) expect((await carryOut(db(), id)).sent).toHaveLength(1);
        else expect(await carryOut(db(), id)).toEqual(refused(/no row that says it was asked for/));
      }
    });

    it("reads what it needs by an index, however long the record is", async () => {
      const { id } = await approveRevocation(db());
      const plan = await db()
        .transaction()
        .execute(async (trx) => {
          // So few rows PostgreSQL would rather read all.
          if (dialect === "postgres") await sql`SET LOCAL enable_seqscan = off`.execute(trx);
          return explainQueries(
            trx,
            (db) => readProof(db, id),
            dialect === "sqlite" ? "EXPLAIN QUERY PLAN" : "EXPLAIN",
          );
        });
      // PostgreSQL may choose another one for so few.
      if (dialect === "sqlite") expect(plan.join("\n")).toContain("audit_proof");
      expect(plan.filter((line) => /SCAN (audit|before|after)\b|Seq Scan on audit /.test(line))).toEqual([]);
    });
  });
}

/** A request as earlier versions wrote it: what they recorded of its creation was less, or nothing. */
async function insertOld(db: Db, isRecorded: boolean): Promise<Request> {
  const old = await approveRevocation(db);
  const id = `ZT-0LD${old.id.slice(-4)}`;
  const row = await db.selectFrom("requests").selectAll().where("id", "=", old.id).executeTakeFirstOrThrow();
  await db
    .insertInto("requests")
    .values({ ...row, id, once: null, status: "pending", votes: "[]", vote_count: 0 })
    .execute();
  await addTargets(db, id, [old.plan.target]);
  const { planHash: plan_hash, reason, teamId, requesterId: actor } = old;
  const data = { plan: old.plan, plan_hash, reason };
  if (isRecorded)
    await appendAudit(db, { at: NOW, teamId, requestId: id, actor, event: "request.created", data });
  return { ...old, id };
}

async function lift(trx: Db, dialect: Dialect): Promise<void> {
  if (dialect === "postgres") await sql`ALTER TABLE audit DISABLE TRIGGER USER`.execute(trx);
  else
    for (const name of ["audit_no_update", "audit_no_delete", "audit_follows"])
      await sql`DROP TRIGGER ${sql.id(name)}`.execute(trx);
}
