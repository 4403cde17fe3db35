import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";

import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { Config } from "../../src/config.ts";
import type { Request } from "../../src/requests/request.ts";
import { insertRequest, readRequest } from "../../src/requests/repository.ts";
import { migrateStore, openStore, type Store, StoreInUseError } from "../../src/store/open.ts";
import { createDatabase, createOwnedDatabase, describeWithPostgres } from "../support/postgres.ts";
import { auditChainContract, type Dialect } from "./contracts/audit-chain.contract.ts";
import { auditSearchContract, sqliteAuditSearchContract } from "./contracts/audit-search.contract.ts";
import { auditContract, postgresAuditContract, sqliteAuditContract } from "./contracts/audit.contract.ts";
import { executionContract } from "./contracts/execution.contract.ts";
import { stepUpContract } from "./contracts/step-up.contract.ts";
import { incidentsContract } from "./contracts/incidents.contract.ts";
import { deliveriesContract } from "./contracts/deliveries.contract.ts";
import { homesContract } from "./contracts/homes.contract.ts";
import { draftsContract } from "./contracts/drafts.contract.ts";
import { type GetStore, newRequest } from "./fixture.ts";
import { postsContract } from "./contracts/posts.contract.ts";
import { breakGlassContract } from "./contracts/break-glass.contract.ts";
import { approvalsContract } from "./contracts/approvals.contract.ts";
import { requestsContract } from "./contracts/requests.contract.ts";
import {
  sqliteListContract,
  deliveryFailureContract,
  postgresListContract,
} from "./contracts/delivery-failure.contract.ts";
import { changeContract, writePathContract } from "./contracts/change.contract.ts";
import { postgresClockContract, sqliteClockContract } from "./contracts/clock.contract.ts";
import { leaseContract, postgresLeaseContract, sqliteLeaseContract } from "./contracts/lease.contract.ts";
import { postgresLockOrderContract } from "./contracts/lock-order.contract.ts";
import { targetsContract } from "./contracts/targets.contract.ts";
import { proofContract } from "./contracts/proof.contract.ts";
import { pruningContract, sqlitePruningContract } from "./contracts/pruning.contract.ts";
import { watchContract } from "./contracts/watch.contract.ts";

type Place = Config["database"];

writePathContract();

describe("in SQLite", () => {
  const store = useStore(createFolder);
  contracts(store);
  recordContracts(store, "sqlite");
  sqliteAuditContract(store);
  sqliteAuditSearchContract(store);
  sqliteListContract(store);
  sqlitePruningContract(store);
  sqliteLeaseContract(store);
  sqliteClockContract(store);

  it("the folder is made, and belongs to one at a time", async () => {
    const { place } = await usePlace(createFolder);
    const first = await openStore(place);
    await expect(openStore(place)).rejects.toThrow(StoreInUseError);
    await first.close();
    await (await openStore(place)).close();
  });

  it("where SQLite itself rolls back, as on a full disk, the reason is told, and the next change is taken", async () => {
    const { place } = await usePlace(createFolder);
    const { db, close } = await openStore(place);
    onTestFinished(close);
    await sql`CREATE TRIGGER full_disk BEFORE INSERT ON requests BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`.execute(
      db,
    );
    await expect(insertRequest(db, newRequest())).rejects.toThrow("database or disk is full");
    await sql`DROP TRIGGER full_disk`.execute(db);
    const { id } = await insertRequest(db, newRequest());
    expect(await readRequest(db, id)).not.toBeNull();
  });

  it("files and folder are their owner's alone, also those that were open to others before", async () => {
    const { place } = await usePlace(createFolder);
    if (place.kind !== "sqlite") throw new Error("not a file");
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const first = await openStore(place);
    expect(modesIn(place.directory)).toEqual({ ".": "700", "zt.db": "600", ...beside("600") });
    expect(first.warnings).toEqual([]);
    await first.close();
    chmodSync(place.directory, 0o755);
    for (const name of ["zt.db", "lock.db"]) chmodSync(join(place.directory, name), 0o664);
    const again = await openStore(place);
    expect(modesIn(place.directory)).toEqual({ ".": "755", "zt.db": "600", ...beside("600") });
    expect(again.warnings).toEqual([
      `other users of this machine may look into ${place.directory}: chmod 700 ${place.directory}`,
    ]);
    await again.close();
  });

  it("opening again changes nothing", async () => {
    const { written, found } = await openAgain(createFolder);
    expect(found).toEqual([written, written]);
  });
});

// All that the bot does with its tables, with no more rights than it needs for that.
describeWithPostgres("in PostgreSQL, as a role with the least rights", () => {
  const store = useStore(createOwnedPostgres);
  contracts(store);
  postgresListContract(store);
  postgresLeaseContract(store);
  postgresClockContract(store);
  postgresLockOrderContract(store);
});

/** Each in a file of that name. */
const MIGRATIONS = readdirSync(join(import.meta.dirname, "../../src/store/migrations"))
  .map((file) => parse(file).name)
  .toSorted();

describeWithPostgres("in PostgreSQL, as the owner of the tables", () => {
  const store = useStore(createPostgres);
  recordContracts(store, "postgres");
  postgresAuditContract(store);

  it("opening again changes nothing", async () => {
    const { written, found } = await openAgain(createPostgres);
    expect(found).toEqual([written, written]);
  });

  it("replicas that open an empty database at once bring it up to date once, and all work", async () => {
    for (let round = 0; round < 3; round += 1) {
      const { place } = await usePlace(createPostgres);
      const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(place)));
      for (const { db } of stores) await insertRequest(db, newRequest());
      const [first] = stores;
      if (first === undefined) throw new Error("no store");
      const { rows } = await sql`SELECT name FROM kysely_migration`.execute(first.db);
      expect(rows).toEqual(MIGRATIONS.map((name) => ({ name })));
      expect(await first.db.selectFrom("requests").select("id").execute()).toHaveLength(4);
      await Promise.all(stores.map((one) => one.close()));
    }
  });
});

function contracts(store: GetStore): void {
  changeContract(store);
  leaseContract(store);
  executionContract(store);
  requestsContract(store);
  approvalsContract(store);
  breakGlassContract(store);
  postsContract(store);
  auditSearchContract(store);
  targetsContract(store);
  deliveriesContract(store);
  homesContract(store);
  incidentsContract(store);
  watchContract(store);
  draftsContract(store);
  pruningContract(store);
  stepUpContract(store);
  deliveryFailureContract(store);
}

/** What the database itself refuses, and what shows of changes made all the same. */
function recordContracts(store: GetStore, dialect: Dialect): void {
  proofContract(store, dialect);
  auditContract(store);
  auditChainContract(store, dialect);
}

interface Made {
  place: Place;
  remove(): Promise<void> | void;
}

function createFolder(): Promise<Made> {
  const folder = mkdtempSync(join(tmpdir(), "zt-store-"));
  const directory = join(folder, "not", "yet", "there");
  return Promise.resolve({
    place: { kind: "sqlite", file: join(directory, "zt.db"), directory },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  });
}

async function createPostgres(): Promise<Made> {
  const { url, drop } = await createDatabase();
  return { place: { kind: "postgres", url }, remove: drop };
}

async function createOwnedPostgres(): Promise<Made> {
  const { ownerUrl, botUrl, bot, drop } = await createOwnedDatabase();
  await migrateStore({ kind: "postgres", url: ownerUrl }, bot);
  return { place: { kind: "postgres", url: botUrl }, remove: drop };
}

/** One store for all tests of a suite: they share nothing but tables. */
function useStore(create: () => Promise<Made>): GetStore {
  let made: Made | undefined;
  let store: Store | undefined;
  beforeAll(async () => {
    made = await create();
    store = await openStore(made.place);
  });
  afterAll(async () => {
    await store?.close();
    await made?.remove();
  });
  return () => {
    if (store === undefined) throw new Error("the store is not open yet");
    return store;
  };
}

async function usePlace(create: () => Promise<Made>): Promise<Made> {
  const made = await create();
  onTestFinished(() => made.remove());
  return made;
}

/** The rights of a folder and of the files in it, in octal digits. */
function modesIn(folder: string): Record<string, string> {
  const modes = [".", ...readdirSync(folder)].map((name) => [
    name,
    (statSync(join(folder, name)).mode & 0o777).toString(8),
  ]);
  return Object.fromEntries(modes) as Record<string, string>;
}

function beside(mode: string): Record<string, string> {
  return Object.fromEntries(
    ["zt.db-wal", "zt.db-shm", "lock.db", "lock.db-journal"].map((name) => [name, mode]),
  );
}

/** What was written at first, and what two further openings found. */
async function openAgain(create: () => Promise<Made>) {
  const { place } = await usePlace(create);
  const first = await openStore(place);
  const written = await insertRequest(first.db, newRequest());
  await first.close();
  const found: (Request | null)[] = [];
  for (let time = 0; time < 2; time += 1) {
    const again = await openStore(place);
    found.push(await readRequest(again.db, written.id));
    await again.close();
  }
  return { written, found };
}
