import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { readRequestAudit } from "../../src/audit/append.ts";
import {
  checkArchive,
  findCheckpoint,
  removeArchived,
  writeArchive,
  writeCheckpoint,
} from "../../src/audit/archive.ts";
import { executeRequest } from "../../src/execution/execute.ts";
import { readRequest } from "../../src/requests/repository.ts";
import { stopRequest } from "../../src/requests/transition.ts";
import { openStore, type Db, type Store } from "../../src/store/open.ts";
import { CAROL, NOW } from "../store/fixture.ts";
import { approveRevocation, createExecution } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "zt-proved-"));
let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "sqlite", directory: folder, file: join(folder, "zt.db") });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const now = () => NOW + 5000;

async function eventsOf(id: string): Promise<string[]> {
  return (await readRequestAudit(store.db, id)).map(({ event }) => event);
}

/** The same database, in which `before` happens just before the record is read for the first time. */
function interrupted(db: Db, before: () => Promise<unknown>): Db {
  let isOver = false;
  const wrap = <T extends object>(value: T): T =>
    new Proxy(value, {
      get(of, name) {
        const member: unknown = Reflect.get(of, name);
        if (typeof member !== "function") return member;
        if (name !== "execute")
          return (...given: unknown[]): unknown => {
            const made: unknown = Reflect.apply(member, of, given);
            return typeof made === "object" && made !== null && "execute" in made ? wrap(made) : made;
          };
        return async () => {
          if (!isOver) {
            isOver = true;
            await before();
          }
          return Reflect.apply(member, of, []) as unknown;
        };
      },
    });
  return new Proxy(db, {
    get(of, name) {
      const member: unknown = Reflect.get(of, name);
      if (typeof member !== "function") return member;
      return (...given: unknown[]): unknown => {
        const made: unknown = Reflect.apply(member, of, given);
        return name === "selectFrom" && given[0] === "audit" ? wrap(made as object) : made;
      };
    },
  });
}

it("takes a stop that comes while the record is read for a stop, and not for a forged row", async () => {
  const { id } = await approveRevocation(store.db, 2);
  const { deps, sent } = createExecution(store.db, { now });
  const stop = () => stopRequest(store.db, id, { actor: CAROL, at: now(), data: {} });
  await executeRequest({ ...deps, db: interrupted(store.db, stop) }, id);

  expect(await eventsOf(id)).toContain("request.stopped");
  expect(await eventsOf(id)).not.toContain("request.unproven");
  expect(sent).toEqual([]);
});

it("ends in words what was over before anything was sent, also where the process stopped just then", async () => {
  const { id } = await approveRevocation(store.db, 2);
  let isStopping = false;
  const { deps, sent } = createExecution(store.db, {
    now,
    get(user) {
      isStopping = true;
      return Promise.resolve({ id: user, email: "somebody-else@example.com" });
    },
  });
  await executeRequest({ ...deps, isStopping: () => isStopping }, id);
  expect((await readRequest(store.db, id))?.status).toBe("approved");
  await executeRequest(deps, id, true);

  expect(await eventsOf(id)).not.toContain("request.unproven");
  expect((await readRequest(store.db, id))?.status).toBe("failed");
  expect(sent).toEqual([]);
});

it("does not take a user for failed whom nobody looked at", async () => {
  const { id } = await approveRevocation(store.db, 2);
  const { deps, sent } = createExecution(store.db, { now });
  await store.db
    .updateTable("request_targets")
    .set({ state: "failed" })
    .where("request_id", "=", id)
    .where("position", "=", 0)
    .execute();
  await executeRequest(deps, id, true);

  expect(await eventsOf(id)).toContain("request.unproven");
  expect(sent).toEqual([]);
});

it("looks into what was sent to its end, also where the request was put back to approved", async () => {
  const { id } = await approveRevocation(store.db);
  let at = now();
  const { deps, sent } = createExecution(store.db, {
    now: () => at,
    activeSessions: () => Promise.resolve([{ nonce: "n", issuedAt: NOW - 3_600_000 }]),
  });
  const first = await executeRequest(deps, id);
  expect(first).not.toBeNull();
  await store.db
    .updateTable("requests")
    .set({ status: "approved", execution_due: 0 })
    .where("id", "=", id)
    .execute();
  for (let due = await executeRequest(deps, id, true); due !== null; due = await executeRequest(deps, id))
    at = Math.max(at, due);

  expect(await eventsOf(id)).toContain("request.unproven");
  expect((await readRequest(store.db, id))?.status).toBe("succeeded");
  expect(sent).toHaveLength(1);
});

it("does not say that nothing was done of what an archive may say more of", async () => {
  const { id } = await approveRevocation(store.db);
  let at = now();
  const { deps, sent } = createExecution(store.db, { now: () => at });
  for (let due = await executeRequest(deps, id); due !== null; due = await executeRequest(deps, id))
    at = Math.max(at, due);
  expect(sent).toHaveLength(1);
  // In a record of its own: nothing else is open there.
  const open = store.db.updateTable("requests").set({ status: "failed" });
  await open.where("status", "in", ["approved", "executing", "unknown", "pending"]).execute();
  await writeCheckpoint(store.db, CAROL, at);
  const checkpoint = await findCheckpoint(store.db);
  if (checkpoint === null) throw new Error("no checkpoint");
  await writeArchive(store.db, join(folder, "archive"), checkpoint);
  const archive = await checkArchive(join(folder, "archive"));
  await removeArchived(store.db, "sqlite", { archive, checkpoint, by: CAROL, at });
  await store.db
    .updateTable("requests")
    .set({ status: "approved", execution_due: 0 })
    .where("id", "=", id)
    .execute();
  await executeRequest(deps, id, true);

  expect(await readRequest(store.db, id)).toMatchObject({
    status: "failed",
    result: { verification: { confirmed: false }, failure: {} },
  });
  expect(sent).toHaveLength(1);
});
