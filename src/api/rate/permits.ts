import { BudgetSpentError, type Priority, type TurnOptions } from "./turn.ts";

/** What was got of a budget that several processes share. Times are durations: their clocks differ. */
export interface PermitLease {
  /** Names it, to give back what was not used of it. */
  id: string;
  /** Calls that may go out; 0: none are left. */
  granted: number;
  /** For how long they may. */
  validMs: number;
  /** When to ask again, where none was granted. */
  retryMs: number;
}

/** A budget that several processes share: permits for calls, leased some at a time. */
export interface SharedBudget {
  /** Asks for up to so many calls. Never rejects: where the others can't be asked, each process keeps its own count. */
  lease(wanted: number, priority: Priority): Promise<PermitLease>;
  /** Only so many of a lease's calls went out. */
  settle(id: string, used: number): void;
  /** Cloudflare refuses calls for so long: tells the other processes. */
  pause(ms: number): void;
  /** Another process was refused, and for how long. */
  onPaused(listener: (ms: number) => void): void;
}

/** The most calls asked for at a time: one write for so many, and not too many kept from the others. */
const MOST: Record<Priority, number> = { urgent: 10, interactive: 20, bulk: 50 };
/** A database takes milliseconds for an answer; one that hangs takes as long as its connection lives. */
const ANSWER_MS = 1000;
/** A summary alone takes as many. */
const LEAST = 5;

/** What is left of a lease, and until when. */
interface Pocket {
  id: string;
  granted: number;
  left: number;
  until: number;
}

export interface Permits {
  /** Resolves when one call may go out. @throws BudgetSpentError where that would be too late, or it was given up. */
  take(options: TurnOptions): Promise<void>;
  /** Epoch milliseconds until which the shared budget had nothing left when it was last asked; 0: it had. */
  shortUntil(priority: Priority): number;
}

/** Takes one permit a call out of leases: most calls wait for nothing. */
export function createPermits(share: SharedBudget): Permits {
  const pockets = new Map<Priority, Pocket>();
  const short = new Map<Priority, number>();
  const asking = new Map<Priority, Promise<void>>();
  const waiting: Record<Priority, number> = { urgent: 0, interactive: 0, bulk: 0 };

  function takeOne(priority: Priority): boolean {
    const pocket = pockets.get(priority);
    if (pocket === undefined || pocket.left === 0 || pocket.until <= Date.now()) return false;
    pocket.left -= 1;
    return true;
  }

  /** At its end what is left of a lease goes back to all. */
  function settleLater(priority: Priority, pocket: Pocket, validMs: number): void {
    setTimeout(() => {
      if (pockets.get(priority) === pocket) pockets.delete(priority);
      if (pocket.left > 0) share.settle(pocket.id, pocket.granted - pocket.left);
    }, validMs).unref();
  }

  /** One question at a time for each priority; all who wait share its answer. */
  function ask(priority: Priority): Promise<void> {
    const running = asking.get(priority);
    if (running !== undefined) return running;
    // All that are made at the same moment are waiting by then.
    const asked = Promise.resolve()
      .then(() => share.lease(Math.min(Math.max(waiting[priority], LEAST), MOST[priority]), priority))
      .then(({ id, granted, validMs, retryMs }) => {
        short.set(priority, granted > 0 ? 0 : Date.now() + retryMs);
        if (granted === 0) return;
        const pocket = { id, granted, left: granted, until: Date.now() + validMs };
        pockets.set(priority, pocket);
        settleLater(priority, pocket, validMs);
      })
      .finally(() => asking.delete(priority));
    asking.set(priority, asked);
    return asked;
  }

  /** False where the others can't be asked in time: our own count has to do then, as a containment can't wait. */
  async function askInTime(priority: Priority, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const late = waitUntil(Date.now() + ANSWER_MS, AbortSignal.any([signal, over.signal]));
    const isAnswered = await Promise.race([ask(priority).then(() => true), late.then(() => signal.aborted)]);
    over.abort();
    return isAnswered;
  }

  async function waitForOne({ priority, signal, maxWaitMs }: TurnOptions): Promise<void> {
    const deadline = Date.now() + maxWaitMs;
    while (!takeOne(priority)) {
      const retryAt = short.get(priority) ?? 0;
      if (retryAt > deadline || signal.aborted) throw new BudgetSpentError(retryAt);
      if (retryAt > Date.now()) await waitUntil(retryAt, signal);
      else if (!(await askInTime(priority, signal))) return;
    }
  }

  return {
    async take(options) {
      waiting[options.priority] += 1;
      try {
        await waitForOne(options);
      } finally {
        waiting[options.priority] -= 1;
      }
    },
    shortUntil: (priority) => short.get(priority) ?? 0,
  };
}

/** Until this time, or until it is given up. */
export function waitUntil(at: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, at - Date.now());
    signal.addEventListener("abort", done);
  });
}
