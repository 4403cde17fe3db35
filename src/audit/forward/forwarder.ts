import { setTimeout as sleep } from "node:timers/promises";

import type { Kysely } from "kysely";

import type { AuditForward } from "../../config.ts";
import type { Log } from "../../log.ts";
import type { Database } from "../../store/schema.ts";
import { toJsonLine } from "../formats.ts";
import { readBatches } from "../read.ts";
import { readNewest } from "../search.ts";
import { advanceSink, claimSink, nameSink, readPosition, releaseSink } from "./position.ts";
import { createSink, SinkError, TAKE_TIMEOUT_MS } from "./sinks.ts";

interface ForwardDeps {
  db: Kysely<Database>;
  log: Log;
  now(): number;
  /** Names this process among replicas; the same after a restart where there is only one. */
  owner: string;
}

export interface Forwarder {
  start(): void;
  /** Leaves off where it is; what was not yet taken is sent again by the one that goes on. */
  stop(): Promise<void>;
}

/** How often one looks for new rows. */
const LOOK_MS = 1000;
/** The right to forward lasts this long after each look, well beyond the slowest answer. */
const CLAIM_MS = 3 * TAKE_TIMEOUT_MS;
const MAX_ROWS = 500;
/** A sink that took so many batches in a row gets larger ones: it may have a limit that was met before. */
const GROW_AFTER = 20;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5 * 60_000;

/**
 * Sends the record on, a row at least once and in order: the position moves when a batch was taken, so a crash in
 * between repeats that batch (`seq` tells). Of several replicas one does it at a time. A sink in trouble is asked
 * again after ever longer waits, with ever fewer rows, as it may be one that it does not take; no row is left out.
 * Nothing else waits for it.
 */
export function createForwarder(forward: AuditForward, deps: ForwardDeps): Forwarder {
  const { db, log, now, owner } = deps;
  const name = nameSink(forward);
  const sink = createSink(forward);
  const stopping = new AbortController();
  const { signal } = stopping;
  let size = MAX_ROWS;
  /** In a row, both. */
  let failures = 0;
  let taken = 0;
  let running: Promise<void> | undefined;

  /** @returns how long to wait before the next look, milliseconds. */
  async function forwardSome(): Promise<number> {
    if ((await readNewest(db)) <= (await readPosition(db, forward))) return LOOK_MS;
    const from = await claimSink(db, { sink: name, owner, now: now(), forMs: CLAIM_MS });
    if (from === null) return LOOK_MS;
    const { value: rows } = await readBatches(db, { from: from + 1 }, size).next();
    const [first, last] = [rows?.[0], rows?.at(-1)];
    if (rows === undefined || first === undefined || last === undefined) return LOOK_MS;
    if (first.seq !== from + 1)
      log.warn({ from: from + 1, to: first.seq - 1 }, "audit rows were archived before they were forwarded");
    try {
      await sink.take(rows.map(toJsonLine).join(""), signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof SinkError)) throw error;
      return backOff(error, first.seq, rows.length);
    }
    if (failures > 0) log.info({ to: sink.where, failures }, "audit rows are taken again");
    failures = 0;
    taken += 1;
    if (taken % GROW_AFTER === 0) size = Math.min(MAX_ROWS, size * 2);
    // False: this process was so slow that another has taken over, and goes on from where it was.
    await advanceSink(db, { sink: name, owner, seq: last.seq });
    return 0;
  }

  function backOff(error: SinkError, seq: number, rows: number): number {
    failures += 1;
    taken = 0;
    size = Math.max(1, Math.floor(Math.min(size, rows) / 2));
    const wait = Math.max(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), error.retryAfterMs ?? 0);
    const waitMs = Math.min(wait, LONGEST_WAIT_MS);
    const { message: why } = error;
    log.warn({ to: sink.where, why, seq, rows, failures, waitMs }, "audit rows were not taken");
    return waitMs;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let waitMs: number;
      try {
        waitMs = await forwardSome();
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, "audit rows could not be forwarded");
        waitMs = 10 * LOOK_MS;
      }
      if (waitMs > 0) await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
      await releaseSink(db, name, owner);
    },
  };
}
