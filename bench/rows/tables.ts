import { join } from "node:path";

import pg from "pg";

import { readNewest, searchAudit, type AuditQuery } from "../../src/audit/search.ts";
import { findLooks } from "../../src/incidents/look.ts";
import * as metrics from "../../src/ops/metrics/read.ts";
import { listRequests } from "../../src/requests/list.ts";
import { readPause } from "../../src/requests/pause.ts";
import type { Plan } from "../../src/requests/plan.ts";
import { addPosts, approverKey } from "../../src/requests/posts.ts";
import { findPending, findUnreviewedRequests, readOpenTrouble } from "../../src/requests/queries.ts";
import { insertRequest, readRequest } from "../../src/requests/repository.ts";
import { findSweepWork } from "../../src/requests/sweep-queries.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openStore, type Db, type Store } from "../../src/store/open.ts";
import { MAX_PAGE } from "../../src/views/list.ts";
import { AUDIT_PAGE_SIZE } from "../../src/views/request/audit.ts";
import { REQUESTS_PAGE_SIZE } from "../../src/views/request/requests.ts";
import { findUnshownThreads } from "../../src/threads/publish.ts";
import { isLookDue } from "../../src/watch/watch.ts";
import { fillHistory } from "../fill-history.ts";
import { makeTemplate, type HistoryTemplate } from "../history-template.ts";
import { inTime, notMeasured } from "../line.ts";
import { createTimes, type Times } from "../percentiles.ts";
import type { Line, Row, Setting } from "../row.ts";

/** Rows of the record; requests, people, messages and watches come in proportion. */
const SIZES = [1000, 100_000, 1_000_000];
const QUICK_SIZES = [1000, 20_000];
/** Short operations are measured more often than others. */
const RUNS_FOR_EACH = 10;
const WARM_UP = 20;
/** So many are open at a time, whatever the history. */
const OPEN = 30;
const AT_MOST = 1.5;
const RESPONDER = "U0RESP003";
const APPROVER = "U0BOB0001";
const SOMEBODY = { email: "user-7@example.com", id: "0a1b2c3d-0000-4000-8000-000000000007" };

export const tables: Row = {
  name: "tables",
  title: "what reads and writes the database, by the length of the record",
  beside: "the same with the smallest record",
  async run(setting): Promise<Line[]> {
    const template = await makeTemplate();
    const lines = await measureIn("SQLite", setting, template, inFolder(setting.folder));
    if (setting.postgres === null) return [...lines, notMeasured("PostgreSQL", "no --database was given")];
    return [...lines, ...(await measureIn("PostgreSQL", setting, template, onServer(setting.postgres)))];
  },
};

/** A new database of this size. */
type Make = (size: number) => Promise<{ url: string; drop(): Promise<void> }>;

function inFolder(folder: string): Make {
  return (size) =>
    Promise.resolve({
      url: `file:${join(folder, String(size), "zt.db")}`,
      drop: () => Promise.resolve(),
    });
}

function onServer(server: string): Make {
  return async (size) => {
    const name = `zt_bench_tables_${size}_${process.pid}`;
    await onPostgres(server, `CREATE DATABASE ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    return { url: url.href, drop: () => onPostgres(server, `DROP DATABASE ${name} WITH (FORCE)`) };
  };
}

async function onPostgres(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function measureIn(
  name: string,
  { runs, isQuick, log }: Setting,
  template: HistoryTemplate,
  make: Make,
): Promise<Line[]> {
  const sizes = isQuick ? QUICK_SIZES : SIZES;
  const filled: Filled[] = [];
  try {
    for (const size of sizes) {
      const { url, drop } = await make(size);
      const one: Filled = {
        size,
        last: { requests: 1, record: 1 },
        store: await openStore(placeOf(url)),
        drop,
      };
      filled.push(one);
      // Who fills it does so alone.
      await one.store.close();
      const perRequest = rowsOfTheRecord(template) / template.requests.length;
      const startedAt = performance.now();
      const { rows } = await fillHistory(url, template, Math.round(size / perRequest), Date.now());
      const written = Object.entries(rows).map(([table, count]) => `${count} ${table}`);
      log(`${name}: ${written.join(", ")} written in ${inTime(performance.now() - startedAt)}`);
      one.last = {
        requests: lastPage((rows["requests"] ?? 0) + OPEN, REQUESTS_PAGE_SIZE),
        record: lastPage(rows["audit"] ?? 0, AUDIT_PAGE_SIZE),
      };
      one.store = await openStore(placeOf(url));
    }
    return linesOf(name, sizes, await measureAll(filled, isQuick ? runs : runs * RUNS_FOR_EACH));
  } finally {
    for (const { store, drop } of filled) {
      await store.close().catch(() => {});
      await drop();
    }
  }
}

interface Filled {
  size: number;
  last: LastPages;
  store: Store;
  drop(): Promise<void>;
}

function rowsOfTheRecord({ requests }: HistoryTemplate): number {
  return requests.flatMap(({ rows }) => rows).filter(({ table }) => table === "audit").length;
}

function placeOf(url: string): Parameters<typeof openStore>[0] {
  if (!url.startsWith("file:")) return { kind: "postgres", url };
  const file = url.slice("file:".length);
  return { kind: "sqlite", file, directory: join(file, "..") };
}

/**
 * How long each operation takes with each size, often enough, after some that do not count. The sizes take turns, so that
 * what else the machine does comes to all of them.
 */
async function measureAll(filled: readonly Filled[], runs: number): Promise<Map<number, Map<string, Times>>> {
  for (const { store } of filled) for (let open = 0; open < OPEN; open += 1) await ask(store.db);
  const measured = new Map(filled.map(({ size }) => [size, new Map<string, Times>()]));
  for (const [what, operation] of Object.entries(OPERATIONS)) {
    for (const { size } of filled) measured.get(size)?.set(what, createTimes());
    for (let run = -WARM_UP; run < runs; run += 1) {
      for (const { size, store, last } of filled) {
        const given = (await operation.prepare?.(store.db)) ?? "";
        const startedAt = performance.now();
        await operation.run(store.db, { given, last });
        if (run >= 0)
          measured
            .get(size)
            ?.get(what)
            ?.add(performance.now() - startedAt);
      }
    }
  }
  return measured;
}

/** The last page, of all that there is or that is turned to. */
interface LastPages {
  requests: number;
  record: number;
}

function lastPage(rows: number, size: number): number {
  return Math.min(Math.ceil(rows / size), MAX_PAGE);
}

interface Operation {
  /** What is not measured. @returns a request's id. */
  prepare?: (db: Db) => Promise<string>;
  run: (db: Db, on: { given: string; last: LastPages }) => Promise<unknown>;
}

/** As the bot calls them: a click, `/zt requests`, `/zt audit`, the App Home, the engine each second, and a scrape. */
const OPERATIONS: Record<string, Operation> = {
  "ask: the request with its first messages": { run: ask },
  "decide: the request is read and approved": {
    prepare: ask,
    async run(db, { given: id }) {
      const request = await readRequest(db, id);
      const at = Date.now();
      const votes = { all: [{ by: APPROVER, at }], seen: request?.votes.length ?? 0 };
      const posts = [{ key: "decision", surface: "thread", data: { kind: "decision", at } } as const];
      const moved = await moveRequest(db, id, { to: "approved", actor: APPROVER, at, votes, posts });
      if (moved === null) throw new Error("the decision was not taken");
      // Over, so that as many are open at the next run.
      await moveRequest(db, id, { to: "voided", actor: "zt-bot", at: at + 1 });
    },
  },
  "list: open requests": { run: (db) => listRequests(db, { isOpenOnly: true, offset: 0, limit: 6 }) },
  "list: one person's": {
    run: (db) => listRequests(db, { isOpenOnly: false, requesterId: RESPONDER, offset: 0, limit: 6 }),
  },
  "page: the second of all requests": { run: (db) => listPage(db, OPEN / REQUESTS_PAGE_SIZE + 2) },
  "page: the last of all requests": { run: (db, { last }) => listPage(db, last.requests) },
  "search: the record, first page": { run: (db) => search(db, {}) },
  "search: the record, second page": { run: (db) => searchPage(db, 2) },
  "search: the record, last page": { run: (db, { last }) => searchPage(db, last.record) },
  "search: someone who was revoked": {
    run: (db) => search(db, { person: { slackId: null, email: SOMEBODY.email, accessId: SOMEBODY.id } }),
  },
  "search: what a responder did": {
    run: (db) => search(db, { person: { slackId: RESPONDER, email: "nobody@example.com", accessId: null } }),
  },
  "App Home": {
    run: (db) =>
      Promise.all([
        findPending(db, Date.now(), 101),
        findUnreviewedRequests(db),
        listRequests(db, { isOpenOnly: false, requesterId: RESPONDER, offset: 0, limit: 6 }),
        readPause(db),
        readOpenTrouble(db),
      ]),
  },
  "the engine's poll, with the outbox": {
    async run(db) {
      await findSweepWork(db, Date.now());
      await isLookDue(db, Date.now(), 30_000);
      await findUnshownThreads(db, Date.now());
      await findLooks(db, Date.now());
    },
  },
  "a scrape of /metrics": {
    async run(db) {
      const newest = await readNewest(db);
      await Promise.all([
        metrics.openRequests(db, Date.now()),
        metrics.outbox(db),
        metrics.work(db),
        metrics.record(db, null, Date.now()),
        metrics.eventsAfter(db, newest - 20),
      ]);
    },
  },
};

let asked = 0;

/** A new request, of which approvers were told. @returns its id. */
async function ask(db: Db): Promise<string> {
  asked += 1;
  const at = Date.now();
  const plan: Plan = {
    action: "revoke",
    accountId: "023e105f4ecef8ad9ca31a8372d0c353",
    target: {
      id: `0a1b2c3d-0000-4000-9000-${String(asked).padStart(12, "0")}`,
      email: `asked-${asked}@example.com`,
      name: "Asked",
    },
    options: { devices: false, warpReauth: false },
  };
  const { id } = await insertRequest(db, {
    teamId: "T0SANDBOX",
    plan,
    evidence: null,
    requesterId: RESPONDER,
    originChannel: "C0SECURE1",
    cardChannel: "C0APPROV1",
    reason: "laptop stolen",
    isProtected: false,
    nudgeAt: null,
    at,
    expiresAt: at + 3_600_000,
    posts: [{ key: "evidence", surface: "thread", data: { kind: "evidence" } }],
  });
  await addPosts(
    db,
    id,
    at,
    [1, 2, 3].map((nth) => ({
      key: approverKey(`U0BOB000${nth}`),
      surface: "dm",
      data: { kind: "approver", to: `U0BOB000${nth}` },
    })),
  );
  return id;
}

function listPage(db: Db, page: number): Promise<unknown> {
  const offset = (page - 1) * REQUESTS_PAGE_SIZE;
  return listRequests(db, { isOpenOnly: false, offset, limit: REQUESTS_PAGE_SIZE + 1 });
}

function searchPage(db: Db, page: number): Promise<unknown> {
  return search(db, { offset: (page - 1) * AUDIT_PAGE_SIZE });
}

async function search(db: Db, query: Partial<AuditQuery>): Promise<unknown> {
  return searchAudit(db, { offset: 0, limit: AUDIT_PAGE_SIZE + 1, upTo: await readNewest(db), ...query });
}

function linesOf(
  name: string,
  sizes: readonly number[],
  measured: ReadonlyMap<number, ReadonlyMap<string, Times>>,
): Line[] {
  const [smallest = 0, ...larger] = sizes;
  return larger.flatMap((size) =>
    Object.keys(OPERATIONS).map((what): Line => {
      const [ours, least] = [measured.get(size)?.get(what), measured.get(smallest)?.get(what)];
      if (ours === undefined || least === undefined) return notMeasured(what, "it was not run");
      const [median, beside] = [ours.percentile(50), least.percentile(50)];
      return {
        what: `${name}, ${size.toLocaleString("en")} rows: ${what}`,
        ours: toText(ours),
        beside: toText(least),
        ratio: median / beside,
        goal: `≤ ${AT_MOST}×`,
        met: median <= AT_MOST * beside,
      };
    }),
  );
}

function toText(times: Times): string {
  return `${inTime(times.percentile(50))} (p95 ${inTime(times.percentile(95))})`;
}
