import { setTimeout as sleep } from "node:timers/promises";

import type { Kysely } from "kysely";

import type { AuditForward } from "../../config.ts";
import type { Log } from "../../log/log.ts";
import type { Database } from "../../store/schema.ts";
import { type ChainedRow, isNext, type Link } from "../chain.ts";
import { toJsonLine } from "../formats.ts";
import { readBatches, readRow } from "../read.ts";
import { readNewest } from "../search.ts";
import {
  advanceSink,
  claimSink,
  findFit,
  nameSink,
  type Position,
  readPosition,
  releaseSink,
} from "./position.ts";
import { createSink, SinkError, TAKE_TIMEOUT_MS } from "./sinks.ts";

interface ForwardDeps {
  db: Kysely<Database>;
  log: Log;
  now(): number;
  /** Names this process among replicas; the same after a restart where there is only one. */
  owner: string;
  /** Tells people that the record does not fit its copy. @returns false when it has to be told again. */
  alarm?: (why: string) => Promise<boolean>;
  /** Something waits for the copy: a sink in trouble is asked again this soon, milliseconds. */
  longestWaitMs?: number;
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
/** How often the log says that nothing is forwarded; people are told again where they could not be. */
const SAY_AGAIN_MS = 60_000;

/**
 * Sends the record on, a row at least once and in order: the position moves when a batch was taken, so a crash in
 * between repeats that batch (`seq` tells). Of several replicas one does it at a time. A sink in trouble is asked
 * again after ever longer waits, with ever fewer rows, as it may be one that it does not take; no row is left out.
 *
 * What was sent is never contradicted: each row has to follow the one that was sent last, by its hash, and a file's last
 * row has to be the record's. Where that is not so, history was rewritten, and nothing is sent until it fits again.
 */
export function createForwarder(forward: AuditForward, deps: ForwardDeps): Forwarder {
  const { db, log, now, owner, alarm, longestWaitMs = LONGEST_WAIT_MS } = deps;
  const name = nameSink(forward);
  const sink = createSink(forward);
  const stopping = new AbortController();
  const { signal } = stopping;
  let size = MAX_ROWS;
  /** In a row, both. */
  let failures = 0;
  let taken = 0;
  let stopped: { why: string; saidAt: number; isTold: boolean } | null = null;
  /** What this process sent last: the position in the database may have been rewritten with the rest. */
  let sent: Link | null = null;
  let running: Promise<void> | undefined;

  /** @returns how long to wait before the next look, milliseconds. */
  async function forwardSome(): Promise<number> {
    // Also where there is nothing to send: what was sent may have been rewritten.
    const known = await readPosition(db, forward);
    const kept = sent === null ? null : await findFit(db, sent);
    // Archived since, another replica having gone on from there, it is a gap.
    if (kept?.kind === "rewritten") return stop(kept.why);
    const fit = await findFit(db, known);
    if (fit.kind === "fits" && stopped === null && (await readNewest(db)) <= known.seq) return LOOK_MS;
    const from = await claimSink(db, { sink: name, owner, now: now(), forMs: CLAIM_MS });
    if (from === null) return LOOK_MS;
    // Moved meanwhile, by another replica or by somebody else: all of it is looked at again.
    if (from.seq !== known.seq || from.hash !== known.hash) return 0;
    if (fit.kind !== "fits") return stop(fit.why);
    const batch = (await readBatches(db, { from: from.seq + 1 }, size).next()).value ?? [];
    try {
      const other = await findOther(await sink.last());
      if (other !== null) return await stop(other);
      const rows = fitting(batch, from);
      const [first, last] = [rows[0], rows.at(-1)];
      if (batch[0] !== undefined && first === undefined)
        return await stop(
          `row ${batch[0].seq} is not as it was written, or does not follow the one before it`,
        );
      if (stopped !== null)
        log.info({ to: sink.where }, "audit rows are forwarded again: the record fits its copy");
      stopped = null;
      if (first === undefined || last === undefined) return LOOK_MS;
      if (first.seq !== from.seq + 1)
        log.warn({ from: 1, to: first.seq - 1 }, "audit rows were archived before they were forwarded");
      await sink.take(rows.map(toJsonLine).join(""), signal);
      if (failures > 0) log.info({ to: sink.where, failures }, "audit rows are taken again");
      failures = 0;
      taken += 1;
      if (taken % GROW_AFTER === 0) size = Math.min(MAX_ROWS, size * 2);
      // False: this process was so slow that another has taken over, and goes on from where it was.
      await advanceSink(db, { sink: name, owner, seq: last.seq, hash: last.hash });
      sent = { seq: last.seq, hash: last.hash };
      return 0;
    } catch (error) {
      if (signal.aborted || !(error instanceof SinkError)) throw error;
      return backOff(error, from.seq + 1, batch.length);
    }
  }

  /** What is at the end of the sink has to be what stands in the record. @returns what is not, in words. */
  async function findOther(held: Link | null): Promise<string | null> {
    if (held === null) return null;
    const { seq, hash } = held;
    if (seq > (await readNewest(db)))
      return `${sink.where} ends with row ${seq}, and the record ends before it`;
    const row = await readRow(db, seq);
    // Archived since: the next row was held against it when it was sent.
    return row === undefined || row.hash === hash ? null : `${sink.where} holds another row ${seq}`;
  }

  async function stop(why: string): Promise<number> {
    if (stopped?.why !== why) stopped = { why, saidAt: -Infinity, isTold: false };
    if (now() - stopped.saidAt < SAY_AGAIN_MS) return LOOK_MS;
    stopped.saidAt = now();
    log.error({ to: sink.where, why }, "the record does not fit its copy: nothing is forwarded");
    stopped.isTold ||= (await alarm?.(`${why} (${sink.where})`)) ?? true;
    return LOOK_MS;
  }

  function backOff(error: SinkError, seq: number, rows: number): number {
    failures += 1;
    taken = 0;
    size = Math.max(1, Math.floor(Math.min(size, rows) / 2));
    const wait = Math.max(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), error.retryAfterMs ?? 0);
    const waitMs = Math.min(wait, longestWaitMs);
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
      // Aborted when the bot stops: the loop ends by itself.
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

/** As many rows as follow one another from the one that was sent last; a new place begins with the first there is. */
function fitting(batch: readonly ChainedRow[], { seq, hash }: Position): ChainedRow[] {
  const [first] = batch;
  if (first === undefined) return [];
  let before: Link =
    seq === 0 || hash === null ? { seq: first.seq - 1, hash: first.prev_hash } : { seq, hash };
  const rows: ChainedRow[] = [];
  for (const row of batch) {
    if (!isNext(row, before)) break;
    rows.push(row);
    before = row;
  }
  return rows;
}
