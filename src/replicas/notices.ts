import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { sql } from "kysely";
import pg from "pg";
import { z } from "zod";

import type { Log } from "../log/log.ts";
import type { Db } from "../store/open.ts";
import { withStandardTls } from "../store/pg.ts";

/** What replicas tell one another through PostgreSQL, while they are connected to it. */
export interface Notices {
  /** Tells the other processes, and not this one. In the background: what can't be told is in the log. */
  tell(name: string, data: Record<string, unknown>): void;
  /** `data`: what another one told; null after a time without a connection, when something may have been missed. */
  on(name: string, listener: (data: Record<string, unknown> | null) => void): void;
  close(): Promise<void>;
}

const CHANNEL = "zt_bot";
/** Anyone who can connect to the database can send a notice. */
const Notice = z.object({ from: z.string(), name: z.string(), data: z.record(z.string(), z.unknown()) });
/** A connection on which nothing comes is asked whether it is there: the network may swallow everything. */
const ALIVE_MS = 30_000;
const CONNECT_MS = 15_000;
const RECONNECT_MS = 2000;

/**
 * `LISTEN` on a connection of its own, which is made again when it is cut; `NOTIFY` over the pool. `processId` names
 * this process. A pooler that hands out connections by transaction (PgBouncer) delivers nothing: what depends on
 * notices has to be right without them, only later.
 */
export function createNotices(
  url: string,
  { db, log, processId }: { db: Db; log: Log; processId: string },
): Notices {
  const listeners = new Map<string, ((data: Record<string, unknown> | null) => void)[]>();
  const closing = new AbortController();
  const running = listen();

  async function listen(): Promise<void> {
    let isFirst = true;
    let isCutOff = false;
    while (!closing.signal.aborted) {
      const client = new pg.Client({
        connectionString: withStandardTls(url),
        fallback_application_name: "zt-bot notices",
        connectionTimeoutMillis: CONNECT_MS,
        query_timeout: CONNECT_MS,
        keepAlive: true,
      });
      client.on("notification", ({ payload }) => deliver(payload ?? ""));
      // Told by `end` as well; without a listener it would end the process.
      client.on("error", () => {});
      try {
        await client.connect();
        await client.query(`LISTEN ${CHANNEL}`);
        // Nobody knows what was told meanwhile.
        if (!isFirst) for (const all of listeners.values()) for (const one of all) one(null);
        isFirst = false;
        if (isCutOff) log.info({}, "notices from other replicas again");
        isCutOff = false;
        await untilCut(client, closing.signal);
      } catch (error) {
        // Told of once, and not at each try.
        if (!closing.signal.aborted && !isCutOff)
          log.warn({ err: error }, "no notices from other replicas for a moment");
        isCutOff = true;
      }
      await client.end().catch((error: unknown) => log.debug({ err: error }, "connection was gone already"));
      await sleep(RECONNECT_MS, undefined, { signal: closing.signal }).catch(() => {
        // Woken up to stop.
      });
    }
  }

  function deliver(payload: string): void {
    const notice = readNotice(payload);
    if (notice === null) log.warn("a notice that is none of ours was left aside");
    else if (notice.from !== processId)
      for (const listener of listeners.get(notice.name) ?? []) listener(notice.data);
  }

  return {
    tell(name, data) {
      const payload = JSON.stringify({ from: processId, name, data });
      sql`SELECT pg_notify(${CHANNEL}, ${payload})`
        .execute(db)
        .catch((error: unknown) => log.warn({ err: error, name }, "other replicas were not told"));
    },
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

function readNotice(payload: string): z.output<typeof Notice> | null {
  try {
    return Notice.safeParse(JSON.parse(payload)).data ?? null;
  } catch {
    // No JSON.
    return null;
  }
}

/** Resolves when the connection is over, or at the signal. @throws when PostgreSQL does not answer on it. */
async function untilCut(client: pg.Client, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const ended = once(client, "end", { signal }).catch(() => {
    // Told to stop.
  });
  void ended.then(() => over.abort());
  while (!stop.aborted) {
    await sleep(ALIVE_MS, undefined, { signal: stop }).catch(() => {
      // Over, which ends the loop.
    });
    if (!stop.aborted) await client.query("SELECT 1");
  }
}
