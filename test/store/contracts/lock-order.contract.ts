import { sql, type Transaction } from "kysely";
import { describe, expect, it, vi } from "vitest";

import { changeIncident, lockIncidents } from "../../../src/incidents/change.ts";
import { openIncident } from "../../../src/incidents/open.ts";
import { refreshIncident, setIdpDisabled } from "../../../src/incidents/people.ts";
import { amendNote, noteKey, readNote } from "../../../src/incidents/notes.ts";
import { changeRequest, lockRequests } from "../../../src/requests/change.ts";
import { moveRequest, withdrawRequest } from "../../../src/requests/transition.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import type { Db } from "../../../src/store/open.ts";
import type { Database } from "../../../src/store/schema.ts";
import { transact } from "../../../src/store/transact.ts";
import {
  expectEvent,
  findActive,
  lockWatching,
  readEvents,
  readWatch,
  watchRevoked,
  writeLook,
  type NewWatch,
  type Watch,
} from "../../../src/watch/watch.ts";
import { appendAudit } from "../../support/audit.ts";
import { ALICE, BOB, EVIDENCE, newRequest, NOW, requestIn, transitionTo, type GetStore } from "../fixture.ts";

/** Transactions that want the same rows: none may wait for one that waits for it. ARCHITECTURE.md, Storage and time. */
export function postgresLockOrderContract(store: GetStore): void {
  const db = () => store().db;

  describe("transactions that want the same rows at once", () => {
    it("do not wait for each other: a request ends while its person's incident changes", async () => {
      const { id } = await openAbout("lock-a");
      const { plan, ...input } = newRequest();
      const request = await insertRequest(db(), {
        ...input,
        plan: { ...plan, target: { ...plan.target, id: "lock-a" } },
      });
      const [held, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const changing = db()
        .transaction()
        .execute((trx) =>
          changeIncident(trx, {
            id,
            at: NOW,
            actor: ALICE,
            event: "incident.idp-disabled",
            key: "idp",
            async also() {
              await setIdpDisabled(trx, id, "lock-a", { by: ALICE, at: NOW });
              held.resolve();
              await go.promise;
              return true;
            },
          }),
        );
      await held.promise;
      const ending = db()
        .transaction()
        .execute((trx) => moveRequest(trx, request.id, transitionTo("denied")));
      await untilWaiting(1);
      go.resolve();
      expect(await Promise.all([changing, ending])).toMatchObject([{ id }, { status: "denied" }]);
    });

    it("do not wait for each other: a revocation ends while a watch of an earlier one sees someone", async () => {
      const { id } = await openAbout("lock-b");
      const watch = await revoked("lock-b");
      const next = await requestAbout("lock-b");
      const again = [newWatch("lock-b")];
      const looked = await behind(
        id,
        () =>
          db()
            .transaction()
            .execute(async (trx) => {
              await lockWatching(trx, next, again);
              return moveRequest(
                trx,
                next,
                transitionTo("succeeded", {
                  also: (request, inside) => watchRevoked(inside, request, again),
                }),
              );
            }),
        (counted) => writeLook(counted, watch, found(watch), NOW, 300_000),
      );
      // The revocation was first, and its own watch goes on.
      expect(looked).toBe(false);
      expect((await findActive(db(), { userId: "lock-b" })).map((one) => one.requestId)).toEqual([next]);
    });

    it("do not wait for each other: a sign-in was expected while the watch sees another one", async () => {
      const { id } = await openAbout("lock-c");
      const watch = await revoked("lock-c");
      await writeLook(db(), watch, found(watch), NOW, 300_000);
      const [told] = await readEvents(db(), watch.id);
      const now = await readWatch(db(), watch.id);
      if (told === undefined || now === null) throw new Error("nothing was seen");
      const looked = await behind(
        id,
        (counted) => expectEvent(counted, told, now, { by: BOB, at: NOW, auditContext: {} }),
        (counted) => writeLook(counted, now, found(now, "two"), NOW, 300_000),
      );
      expect(looked).toBe(true);
    });

    it("do not wait for each other: an incident is refreshed while one change is about several of its people", async () => {
      const { id } = await openAbout("lock-f", "lock-g");
      const [held, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const say = { by: ALICE, at: NOW };
      const changing = db()
        .transaction()
        .execute(async (trx) => {
          await lockIncidents(trx, [id]);
          await setIdpDisabled(trx, id, "lock-g", say);
          held.resolve();
          await go.promise;
          return setIdpDisabled(trx, id, "lock-f", say);
        });
      await held.promise;
      const refreshing = refreshIncident(db(), id, NOW);
      await untilWaiting(1);
      go.resolve();
      expect(await Promise.all([changing, refreshing])).toEqual([true, true]);
    });

    it("run again as a whole where PostgreSQL ended one of them: a request that is withdrawn", async () => {
      const { id } = await requestIn(db(), "approved");
      const held = { code: "paused", why: "to see", since: NOW } as const;
      await changeRequest(db(), { id, at: NOW, set: { held: JSON.stringify(held) } });
      const withdrawn = await endedOnce(
        () => withdrawRequest(db(), id, { actor: ALICE, at: NOW }),
        (trx) => lockRequests(trx, [id]),
      );
      expect(withdrawn).toMatchObject({ status: "voided" });
    });

    it("run again as a whole where PostgreSQL ended one of them: a note that is edited", async () => {
      const { id } = await openAbout("lock-h");
      const key = noteKey({ channel: "C0INCIDN7", ts: "1.1" });
      await changeIncident(db(), {
        id,
        at: NOW,
        actor: ALICE,
        event: "incident.noted",
        kind: "note",
        key,
        entry: { note: "before", isReaction: true, reactedAt: 1, version: 1 },
      });
      const edited = await endedOnce(
        () =>
          amendNote(db(), id, key, {
            change: { kind: "edited", note: "after", by: ALICE, version: 2 },
            at: NOW,
          }),
        (trx) => lockIncidents(trx, [id]),
      );
      expect(edited).toBe(true);
      expect(await readNote(db(), id, key)).toMatchObject({ note: "after" });
    });

    it("run again as a whole where PostgreSQL ended one of them all the same", async () => {
      const [one, two] = [await openAbout("lock-d"), await openAbout("lock-e")];
      const both = Promise.withResolvers<void>();
      let holding = 0;
      const inOrder = (first: string, second: string) =>
        transact(db(), async (trx) => {
          await lockIncidents(trx, [first]);
          if ((holding += 1) === 2) both.resolve();
          await both.promise;
          await lockIncidents(trx, [second]);
          return second;
        });
      expect(await Promise.all([inOrder(one.id, two.id), inOrder(two.id, one.id)])).toEqual([two.id, one.id]);
      expect(holding).toBe(3);
    });
  });

  /**
   * Work for whose first lock someone waits who holds the last one: PostgreSQL ends whoever has waited for a second, which
   * is the work, and on a machine under load the other one now and then.
   */
  async function endedOnce<T>(
    work: () => Promise<T>,
    lockFirst: (trx: Transaction<Database>) => Promise<unknown>,
  ): Promise<T> {
    const held = Promise.withResolvers<void>();
    let isAgain = false;
    const holding = transact(db(), async (trx) => {
      await appendAudit(trx, { at: NOW, actor: ALICE, event: "alone" });
      held.resolve();
      if (!isAgain) await untilWaiting(1);
      isAgain = true;
      await lockFirst(trx);
    });
    await Promise.race([held.promise, holding]);
    const [result] = await Promise.all([work(), holding]);
    return result;
  }

  /** Holds an incident until both wait, and lets them go. Neither may be rolled back and run again. */
  async function behind<T>(
    incidentId: string,
    first: (db: Db) => Promise<unknown>,
    second: (db: Db) => Promise<T>,
  ): Promise<T> {
    const [held, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = db()
      .transaction()
      .execute(async (trx) => {
        await lockIncidents(trx, [incidentId]);
        held.resolve();
        await go.promise;
      });
    await held.promise;
    const begun = vi.spyOn(db(), "transaction");
    try {
      const one = first(db());
      await untilWaiting(1);
      const two = second(db());
      await untilWaiting(2);
      go.resolve();
      const [, , last] = await Promise.all([holding, one, two]);
      expect(begun).toHaveBeenCalledTimes(2);
      return last;
    } finally {
      go.resolve();
      begun.mockRestore();
    }
  }

  async function untilWaiting(count: number): Promise<void> {
    await vi.waitFor(
      async () => {
        const { rows } = await sql`
          SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE NOT granted AND datname = current_database()`.execute(db());
        expect(rows).toHaveLength(count);
      },
      { timeout: 10_000 },
    );
  }

  function openAbout(...ids: string[]) {
    return openIncident(db(), {
      teamId: "T0SANDBOX",
      title: "locks",
      severity: 2,
      channel: "C0INCIDN7",
      openedBy: ALICE,
      people: ids.map((id) => ({ ...EVIDENCE.user, id, email: `${id}@example.com` })),
      at: NOW,
      auditContext: {},
    });
  }

  function newWatch(id: string): NewWatch {
    const who = { id, email: `${id}@example.com`, name: id };
    return { teamId: "T0SANDBOX", who, askedBy: ALICE, tells: [ALICE], since: NOW, at: NOW, ms: 3_600_000 };
  }

  async function requestAbout(targetId: string): Promise<string> {
    const { plan, ...input } = newRequest();
    const { id } = await insertRequest(db(), {
      ...input,
      plan: { ...plan, target: { ...plan.target, id: targetId } },
    });
    for (const to of ["approved", "executing"] as const) await moveRequest(db(), id, transitionTo(to));
    return id;
  }

  /** Someone is watched whom a request has revoked. */
  async function revoked(targetId: string): Promise<Watch> {
    const { id } = await requestIn(db(), "executing");
    const watches = [newWatch(targetId)];
    await moveRequest(
      db(),
      id,
      transitionTo("succeeded", { also: (request, trx) => watchRevoked(trx, request, watches) }),
    );
    const watch = (await findActive(db(), { userId: targetId })).find((one) => one.requestId === id);
    if (watch === undefined) throw new Error("no one is watched");
    return watch;
  }
}

function found(watch: Watch, key = "one"): Parameters<typeof writeLook>[2] {
  return {
    memory: { ...watch.memory, readTo: NOW + 1000 },
    events: [
      {
        key,
        isReturn: true,
        event: { kind: "signed-in", at: NOW + 1000, ip: null, country: null, apps: [], count: 1 },
      },
    ],
    sees: null,
  };
}
