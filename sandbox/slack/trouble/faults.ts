import { setTimeout as delay } from "node:timers/promises";
import type { Fault, Hold, SlackFaults } from "../types.ts";

interface ActiveHold {
  method: string;
  moment: "before" | "answer";
  arrive(): void;
  released: Promise<void>;
}

export interface FaultTable extends SlackFaults {
  /** The fault for this call, counted down; undefined when there is none. */
  take(method: string): Fault | undefined;
  /** Waits while a hold for this method and moment is on. */
  wait(method: string, moment: "before" | "answer"): Promise<void>;
}

/** Keeps the faults that tests and the page switch on. A method's own fault goes before the one for `*`. */
export function createFaults(now: () => number): FaultTable {
  const faults = new Map<string, { fault: Fault; left: number; until: number }>();
  const holds = new Set<ActiveHold>();

  function hold(method: string, moment: ActiveHold["moment"]): Hold {
    const arrival = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const active: ActiveHold = { method, moment, arrive: arrival.resolve, released: release.promise };
    holds.add(active);
    return {
      arrived: arrival.promise,
      release() {
        holds.delete(active);
        release.resolve();
      },
    };
  }

  return {
    set(method, fault) {
      const { times = Number.POSITIVE_INFINITY, forMs = Number.POSITIVE_INFINITY } = fault;
      faults.set(method, { fault, left: times, until: now() + forMs });
    },
    clear() {
      faults.clear();
    },
    hold: (method) => hold(method, "before"),
    holdAnswer: (method) => hold(method, "answer"),
    take(method) {
      const key = faults.has(method) ? method : "*";
      const entry = faults.get(key);
      if (entry === undefined) return undefined;
      const restMs = entry.until - now();
      if (restMs <= 0) {
        faults.delete(key);
        return undefined;
      }
      entry.left -= 1;
      if (entry.left <= 0) faults.delete(key);
      const { fault } = entry;
      if (fault.retryAfter === undefined || fault.forMs === undefined) return fault;
      return { ...fault, retryAfter: Math.ceil(restMs / 1000) };
    },
    async wait(method, moment) {
      const matching = [...holds].filter(
        (each) => each.moment === moment && (each.method === method || each.method === "*"),
      );
      for (const each of matching) {
        each.arrive();
        await each.released;
      }
    },
  };
}

/** Waits for a fault's latency, if it has one. */
export async function waitLatency(fault: Fault | undefined): Promise<void> {
  if (fault?.latencyMs !== undefined) await delay(fault.latencyMs);
}
