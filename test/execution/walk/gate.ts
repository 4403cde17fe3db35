import type { Transaction } from "kysely";

import type { Db } from "../../../src/store/open.ts";
import type { Database } from "../../../src/store/schema.ts";

/** What befalls a process at its nth step: a step is a question to another system, or one side of a transaction. */
export interface Fate {
  kind: "kill" | "freeze";
  step: number;
}

/** One process that carries out a request, as the kernel sees it: it can be stopped at any step. */
export interface Gate {
  /** Every step of the process goes through here; a stopped process stays here. */
  pass(): Promise<void>;
  /** Resolves when the process stands still (again): nothing of it is under way. True: for good. */
  stopped(): Promise<boolean>;
  /** SIGCONT. */
  thaw(): void;
  /** The database as this process uses it: each transaction is a step before it and one after. */
  db: Db;
}

interface GateOptions {
  db: Db;
  fates: readonly Fate[];
  /** Happens just before this step, while the process stands at it. */
  during: { step: number; happen(): Promise<void> } | null;
  /** It goes round in circles. */
  isEndless(): void;
  /** A transaction begins. `committed`: right after it, whether or not the process lives on. */
  watch(): { committed(): Promise<void>; closed(): void };
}

const MAX_STEPS = 3000;

export function createGate({ db, fates, during, isEndless, watch }: GateOptions): Gate {
  let stopped = Promise.withResolvers<boolean>();
  let thawed = Promise.withResolvers<void>();
  let steps = 0;
  let inTransaction = 0;
  let fate: Fate | null = null;

  const isStanding = (): boolean => fate !== null;

  function standStill(): void {
    if (fate !== null && inTransaction === 0) stopped.resolve(fate.kind === "kill");
  }

  async function pass(): Promise<void> {
    steps += 1;
    if (steps > MAX_STEPS) {
      isEndless();
      await new Promise(() => {});
    }
    if (during?.step === steps) await during.happen();
    fate ??= fates.find(({ step }) => step === steps) ?? null;
    // Woken, it may be stopped once more before this step is made.
    while (isStanding()) {
      standStill();
      await thawed.promise;
    }
  }

  async function inTurn<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    await pass();
    inTransaction += 1;
    const { committed, closed } = watch();
    try {
      const result = await db.transaction().execute(work);
      await committed();
      return result;
    } finally {
      closed();
      inTransaction -= 1;
      standStill();
      await pass();
    }
  }

  return {
    pass,
    stopped: () => stopped.promise,
    thaw() {
      fate = null;
      stopped = Promise.withResolvers();
      thawed.resolve();
      thawed = Promise.withResolvers();
    },
    db: new Proxy(db, {
      get(target, name) {
        if (name === "transaction") return () => ({ execute: inTurn });
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  };
}
