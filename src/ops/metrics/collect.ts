import { Counter, Gauge, Histogram, type Registry } from "prom-client";

import { ACTION_NAMES, actionsThat } from "../../actions/index.ts";
import type { Cloudflare } from "../../api/cloudflare.ts";
import { PRIORITIES } from "../../api/rate/turn.ts";
import { readNewest } from "../../audit/search.ts";
import type { AuditForward } from "../../config.ts";
import { STATUSES } from "../../requests/request.ts";
import type { Db } from "../../store/open.ts";
import * as read from "./read.ts";

export interface CollectDeps {
  db: Db;
  now(): number;
  auditForward: AuditForward | null;
  budget: Cloudflare["budget"];
  /** How many calls the budget is for. */
  budgetLimit: number;
  /** Why the process takes no commands now, or null when it does. */
  notReady(): Promise<string | null>;
}

/** What is read at each scrape: values to set, which take effect together or not at all. */
interface Collector {
  name: string;
  gauges: readonly Gauge[];
  read(): Promise<() => void>;
}

const SHARED = "Shared by all replicas: take the max, not the sum.";
const OPEN_STATES = ["pending", "approved", "executing", "unknown"];

const DECISION_SECONDS = [10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400];
const EXECUTION_SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];
const CONTAINMENT_SECONDS = [5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400];

/** What reads the database gives up after so long: a scrape is answered in time with what there is. */
const PATIENCE_MS = 2000;

/**
 * Makes the metrics that are read when they are scraped. @returns what reads all of them at once, and never rejects: what
 * could not be read is absent, never 0.
 */
export function createCollectors(registry: Registry, deps: CollectDeps): () => Promise<void> {
  const success = new Gauge({
    name: "zt_bot_collector_success",
    help: "1 when these metrics could be read for this scrape, else 0.",
    labelNames: ["collector"],
    registers: [registry],
  });
  const collectors = [
    collectProcess(registry, deps),
    collectRequests(registry, deps),
    collectOutbox(registry, deps),
    collectWork(registry, deps),
    collectRecord(registry, deps),
    collectEvents(registry, deps),
  ];
  for (const { gauges } of collectors) clear(gauges);
  return async () => {
    await Promise.all(
      collectors.map(async ({ name, gauges, read }) => {
        const apply = await inTime(read());
        clear(gauges);
        apply?.();
        success.set({ collector: name }, apply === null ? 0 : 1);
      }),
    );
  };
}

/** null for what failed, or came too late. */
async function inTime<T>(work: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), PATIENCE_MS);
  try {
    return await Promise.race([work, late.promise]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Unset: `reset` alone would set one without labels to 0. */
function clear(gauges: readonly Gauge[]): void {
  for (const gauge of gauges) {
    gauge.reset();
    gauge.remove({});
  }
}

function makeGauge(registry: Registry) {
  return (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `zt_bot_${name}`, help, labelNames, registers: [registry] });
}

/** What needs no query. */
function collectProcess(registry: Registry, { budget, budgetLimit, notReady }: CollectDeps): Collector {
  const gauge = makeGauge(registry);
  const ready = gauge("ready", "1 when this process takes commands: what /readyz says.");
  const left = gauge("cloudflare_budget_calls", "Calls to Cloudflare that this process may make now.", [
    "priority",
  ]);
  const limit = gauge("cloudflare_budget_limit_calls", "Calls in one window: CLOUDFLARE_RATE_BUDGET.");
  return {
    name: "process",
    gauges: [ready, left, limit],
    async read() {
      const isReady = (await notReady()) === null;
      return () => {
        ready.set(isReady ? 1 : 0);
        limit.set(budgetLimit);
        for (const priority of PRIORITIES) left.set({ priority }, budget.left(priority));
      };
    },
  };
}

function collectRequests(registry: Registry, { db, now }: CollectDeps): Collector {
  const gauge = makeGauge(registry);
  const open = gauge("requests_open", `Requests that are not over. ${SHARED}`, ["action", "state"]);
  const oldest = gauge("requests_open_oldest_seconds", `Age of the oldest in each state. ${SHARED}`, [
    "state",
  ]);
  const held = gauge("requests_held", `Approved requests that are kept from going on. ${SHARED}`, ["reason"]);
  const due = gauge(
    "execution_queue_requests",
    `Requests that are due and that no one carries out. ${SHARED}`,
  );
  const wait = gauge("execution_queue_oldest_seconds", `How long the oldest of them is due. ${SHARED}`);
  return {
    name: "requests",
    gauges: [open, oldest, held, due, wait],
    async read() {
      const at = now();
      const { rows, queue } = await read.openRequests(db, at);
      return () => {
        for (const state of OPEN_STATES) {
          for (const action of ACTION_NAMES) open.set({ action, state }, 0);
          const ages = rows.filter((row) => row.state === state).map((row) => at - row.createdAt);
          oldest.set({ state }, Math.max(0, ...ages) / 1000);
        }
        for (const { action, state } of rows) open.inc({ action: actionLabel(action), state });
        for (const code of read.HELD) held.set({ reason: code }, 0);
        for (const row of rows) if (row.held !== null) held.inc({ reason: row.held });
        due.set(queue.length);
        wait.set(Math.max(0, ...queue) / 1000);
      };
    },
  };
}

function collectOutbox(registry: Registry, { db, now }: CollectDeps): Collector {
  const gauge = makeGauge(registry);
  const messages = gauge("outbox_messages", `Messages that Slack does not have yet. ${SHARED}`);
  const oldest = gauge("outbox_oldest_seconds", `How long the oldest of them waits. ${SHARED}`);
  return {
    name: "outbox",
    gauges: [messages, oldest],
    async read() {
      const { count, since } = await read.outbox(db);
      const at = now();
      return () => {
        messages.set(count);
        oldest.set(since === null ? 0 : Math.max(0, at - since) / 1000);
      };
    },
  };
}

function collectWork(registry: Registry, { db }: CollectDeps): Collector {
  const gauge = makeGauge(registry);
  const watches = gauge("watches_active", `People who are watched. ${SHARED}`);
  const incidents = gauge("incidents_open", `Incidents that are not closed. ${SHARED}`, ["severity"]);
  const unreviewed = gauge("break_glass_unreviewed", `Break-glass actions that wait for a review. ${SHARED}`);
  const paused = gauge("paused", `1 while /zt pause is on: nothing is carried out. ${SHARED}`);
  return {
    name: "work",
    gauges: [watches, incidents, unreviewed, paused],
    async read() {
      const work = await read.work(db);
      return () => {
        watches.set(work.watches);
        unreviewed.set(work.unreviewed);
        paused.set(work.isPaused ? 1 : 0);
        for (const severity of [1, 2, 3, 4]) incidents.set({ severity }, 0);
        for (const severity of work.incidents) incidents.inc({ severity });
      };
    },
  };
}

function collectRecord(registry: Registry, { db, now, auditForward }: CollectDeps): Collector {
  const gauge = makeGauge(registry);
  const rows = gauge("record_rows", `The number of the record's last row. ${SHARED}`);
  const verifiedAt = gauge(
    "record_last_verify_timestamp_seconds",
    `When the record was verified last; absent when it never was. ${SHARED}`,
  );
  const isIntact = gauge("record_last_verify_ok", `0 when it was found broken then. ${SHARED}`);
  const lagRows = gauge("record_copy_lag_rows", `Rows that AUDIT_FORWARD does not have yet. ${SHARED}`);
  const lagTime = gauge("record_copy_lag_seconds", `Age of the oldest of them. ${SHARED}`);
  const stopped = gauge("record_copy_stopped", `1 when the copy contradicts the record. ${SHARED}`);
  return {
    name: "record",
    gauges: [rows, verifiedAt, isIntact, lagRows, lagTime, stopped],
    async read() {
      const { newest, lag, last } = await read.record(db, auditForward, now());
      return () => {
        rows.set(newest);
        if (last !== null) {
          verifiedAt.set(last.at / 1000);
          isIntact.set(last.outcome === "broken" ? 0 : 1);
        }
        if (lag === null) return;
        lagRows.set(lag.rows);
        lagTime.set(lag.ms / 1000);
        stopped.set(lag.stopped === null ? 0 : 1);
      };
    },
  };
}

/**
 * What became of requests, from the record's rows since the last scrape: each replica counts all of them, whichever
 * made them, so that none is lost with a process that dies.
 */
function collectEvents(registry: Registry, { db }: CollectDeps): Collector {
  const registers = [registry];
  const transitions = new Counter({
    name: "zt_bot_request_transitions_total",
    help: `How often a request came into each state since this process started. ${SHARED}`,
    labelNames: ["action", "state"],
    registers,
  });
  // From 0 on: what begins at 1 has no increase, and the first failure would raise no alert.
  for (const action of ACTION_NAMES) for (const state of STATUSES) transitions.inc({ action, state }, 0);
  const decisions = new Histogram({
    name: "zt_bot_request_decision_seconds",
    help: `From a request to its decision. ${SHARED}`,
    labelNames: ["action", "decision"],
    buckets: DECISION_SECONDS,
    registers,
  });
  const executions = new Histogram({
    name: "zt_bot_request_execution_seconds",
    help: `From the approval until it is verified or given up. ${SHARED}`,
    labelNames: ["action", "outcome"],
    buckets: EXECUTION_SECONDS,
    registers,
  });
  const containments = new Histogram({
    name: "zt_bot_containment_seconds",
    help: `From a request that takes access away to its verified end. ${SHARED}`,
    labelNames: ["action"],
    buckets: CONTAINMENT_SECONDS,
    registers,
  });
  const takesAccess = new Set<string>(actionsThat("takes"));
  /** The last row that was counted; null where it could not be read. */
  const start = (): Promise<number | null> => readNewest(db).catch(() => null);
  let position = start();
  return {
    name: "events",
    gauges: [],
    async read() {
      const known = await position;
      if (known === null) position = start();
      const after = await position;
      if (after === null) throw new Error("the newest row of the record is unknown");
      const { events, upTo } = await read.eventsAfter(db, after);
      return () => {
        position = Promise.resolve(upTo);
        for (const { action: name, state, at, createdAt, decidedAt, isVerified } of events) {
          const action = actionLabel(name);
          transitions.inc({ action, state });
          const seconds = (at - createdAt) / 1000;
          if (["approved", "denied", "cancelled", "expired"].includes(state))
            decisions.observe({ action, decision: state }, seconds);
          if ((state === "succeeded" || state === "failed") && decidedAt !== null)
            executions.observe({ action, outcome: state }, (at - decidedAt) / 1000);
          if (isVerified && takesAccess.has(action)) containments.observe({ action }, seconds);
        }
      };
    },
  };
}

const KNOWN_ACTIONS = new Set<string>(ACTION_NAMES);

/** The name comes from a table, which somebody else may have written to. */
function actionLabel(name: string): string {
  return KNOWN_ACTIONS.has(name) ? name : "other";
}
