import { describe, expect, it } from "vitest";

import { BOT } from "../../../src/audit/append.ts";
import { appendAudit } from "../../support/audit.ts";
import { readNewest, searchAudit } from "../../../src/audit/search.ts";
import type { Plan, Target } from "../../../src/requests/plan.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import type { Db } from "../../../src/store/open.ts";
import { explainQueries } from "../explain.ts";
import { ALICE, type GetStore, newRequest, NOW, PLAN } from "../fixture.ts";

/** Somebody new to every test. */
function person(name: string): Target {
  const id = crypto.randomUUID();
  return { id, email: `${name}.${id.slice(0, 8)}@Example.com`, name };
}

function planFor([target, ...others]: [Target, ...Target[]]): Plan {
  return { ...PLAN, target, options: { devices: false, warpReauth: false, others } } as Plan;
}

/** A request about several, and what the record holds when each of them is called for. */
async function askForAll(db: Db, targets: [Target, ...Target[]]): Promise<string> {
  const { id } = await insertRequest(db, newRequest({ plan: planFor(targets) }));
  for (const event of ["request.approved", "request.executing"])
    await appendAudit(db, {
      at: NOW + 1,
      requestId: id,
      actor: BOT,
      event,
      data: { target_id: targets[0].id },
    });
  for (const { id: targetId, email } of targets)
    for (const event of ["call.sent", "call.answered"])
      await appendAudit(db, {
        at: NOW + 2,
        requestId: id,
        actor: BOT,
        event,
        data: { target: email, target_id: targetId },
      });
  return id;
}

function search(
  db: Db,
  { email = null, accessId = null }: { email?: string | null; accessId?: string | null },
) {
  return readNewest(db).then((upTo) =>
    searchAudit(db, { person: { slackId: null, email, accessId }, upTo, offset: 0, limit: 100 }),
  );
}

export function auditSearchContract(store: GetStore): void {
  const db = () => store().db;

  describe("a search of the record for somebody", () => {
    it.each(["first", "second", "third"])(
      "finds a request about several through the %s of them: its way, and what was done to them alone",
      async (which) => {
        const all = [person("first"), person("second"), person("third")] as const;
        const id = await askForAll(db(), [...all]);
        const one = all.find(({ name }) => name === which) ?? all[0];
        for (const by of [{ email: one.email.toUpperCase() }, { accessId: one.id }]) {
          const rows = await search(db(), by);
          expect(rows.map(({ event }) => event)).toEqual([
            "call.answered",
            "call.sent",
            "request.executing",
            "request.approved",
            "request.created",
          ]);
          expect(rows.map(({ requestId }) => requestId)).toEqual(Array.from(rows, () => id));
          expect(rows.map(({ users }) => users)).toEqual(Array.from(rows, () => 3));
          expect(rows.slice(0, 2).map(({ data }) => data["target_id"])).toEqual([one.id, one.id]);
        }
      },
    );

    it("finds those about them alone beside those about several, each row once", async () => {
      const [one, other] = [person("one"), person("other")];
      const several = await askForAll(db(), [other, one]);
      const alone = await askForAll(db(), [one]);
      const rows = await search(db(), { email: one.email });
      expect(new Set(rows.map(({ requestId }) => requestId))).toEqual(new Set([several, alone]));
      expect(rows.filter(({ event }) => event === "call.sent")).toHaveLength(2);
      expect(new Set(rows.map(({ seq }) => seq)).size).toBe(rows.length);
    });

    it("is not misled by a reason that looks like the record of somebody else", async () => {
      const [one, other] = [person("one"), person("other")];
      const id = await askForAll(db(), [other, one]);
      await appendAudit(db(), {
        at: NOW + 3,
        requestId: id,
        actor: BOT,
        event: "call.answered",
        data: { target_id: other.id, why: `"target_id":"${one.id}"` },
      });
      const rows = await search(db(), { accessId: one.id });
      expect(rows.filter(({ event }) => event === "call.answered")).toHaveLength(1);
    });

    it("finds what was asked about them in vain, alone or among others, and no more than that", async () => {
      const [one, other] = [person("one_of"), person("oneXof")];
      const refuse = (plan: unknown) =>
        appendAudit(db(), {
          at: NOW,
          actor: ALICE,
          event: "request.refused",
          data: { plan, reason: `not "email":"${one.email}"`, why: "too few" },
        });
      await refuse({ action: "revoke", target: { email: one.email.toUpperCase(), id: one.id } });
      await refuse({ action: "revoke", target: { email: other.email, id: other.id } });
      await refuse({ action: "revoke", target: { ...other }, options: { others: [{ ...one }] } });
      for (const by of [{ email: one.email }, { accessId: one.id }]) {
        const rows = await search(db(), by);
        expect(rows.map(({ event }) => event)).toEqual(["request.refused", "request.refused"]);
      }
    });

    it("of a responder has what they did and what was asked about them, page by page, each row once", async () => {
      const [one, other] = [person("both"), person("else")];
      const slackId = `U0BOTH${one.id.slice(0, 4).toUpperCase()}`;
      const own = await askForAll(db(), [one]);
      const { id } = await insertRequest(db(), newRequest({ requesterId: slackId, plan: planFor([other]) }));
      // By them, and about them: found in two ways.
      await appendAudit(db(), { at: NOW + 9, requestId: own, actor: slackId, event: "request.cancelled" });
      const upTo = await readNewest(db());
      const page = (offset: number, limit: number) =>
        searchAudit(db(), { person: { slackId, email: one.email, accessId: one.id }, upTo, offset, limit });
      const all = await page(0, 100);
      expect(all).toHaveLength(7);
      expect(all[0]?.event).toBe("request.cancelled");
      expect(all.map(({ requestId }) => requestId)).toContain(id);
      const paged = [...(await page(0, 3)), ...(await page(3, 3)), ...(await page(6, 3))];
      expect(paged).toEqual(all);
    });

    it("finds nothing of who was never asked about", async () => {
      await askForAll(db(), [person("one"), person("other")]);
      expect(await search(db(), { email: "nobody@example.com" })).toEqual([]);
    });
  });
}

/** What SQLite's planner says: that it looks up, and goes through no table. */
export function sqliteAuditSearchContract(store: GetStore): void {
  it("a search of the record for somebody goes through no table", async () => {
    const { db } = store();
    const id = await askForAll(db, [person("one"), person("two")]);
    await appendAudit(db, { at: NOW, requestId: id, actor: ALICE, event: "e" });
    const one = person("somebody");
    const upTo = await readNewest(db);
    const details = await explainQueries(db, (explained) =>
      searchAudit(explained, {
        person: { slackId: ALICE, email: one.email, accessId: one.id },
        upTo,
        offset: 0,
        limit: 10,
      }),
    );
    expect(details.length).toBeGreaterThanOrEqual(2);
    expect(details.filter((detail) => detail.startsWith("SCAN"))).toEqual([]);
  });
}
