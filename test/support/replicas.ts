import type postgres from "postgres";
import { expect, onTestFinished, vi } from "vitest";

import type { Balancer, Target } from "./balancer.ts";
import type { World } from "./harness.ts";
import { spawnBot, type BotProcess } from "./process.ts";
import type { Random } from "./random.ts";

/** One process of several on the same PostgreSQL. */
export interface Replica extends Target {
  name: string;
  bot: BotProcess;
  /** Its process has ended, and PostgreSQL has ended its sessions: nothing of it can come any more. */
  isGone: boolean;
}

export interface Fleet {
  /** Those that take requests now. */
  ready: readonly Replica[];
  /** Every one there ever was. */
  all: readonly Replica[];
  /** Starts one more and puts it behind the balancer. `main`: the file that it runs, of another version. */
  start(main?: string): Promise<Replica>;
  /** SIGTERM to one, as an upgrade does it; how it ended. The balancer is told nothing, and finds out by itself. */
  retire(replica: Replica): Promise<number | null>;
  /** SIGKILL; the balancer is told nothing, and finds out by itself. */
  kill(replica: Replica): Promise<void>;
  /** SIGTERM to all; how they ended. */
  stop(): Promise<(number | null)[]>;
  /** Rejects when a process ends that nobody killed or stopped. */
  died: Promise<never>;
}

/** Processes on the world's database, each under a name of its own in PostgreSQL. */
export function createFleet(world: World, sql: postgres.Sql, balancer?: Balancer<Replica>): Fleet {
  const ready: Replica[] = [];
  const all: Replica[] = [];
  let started = 0;
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => {});

  /** On this database: fleets of other tests have the same names on theirs. */
  async function sessionsOf(name: string): Promise<number> {
    const [row] = await sql`
      SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE application_name = ${name} AND datname = current_database()`;
    return Number(row?.["count"]);
  }

  /** As whoever runs it would: one that does not come up (Slack did not answer in time) is started again. */
  async function startAgain(main?: string): Promise<Replica> {
    let bot: BotProcess | undefined;
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      started += 1;
      const name = `replica-${started}`;
      bot = spawnBot({ ...world.env, PGAPPNAME: name }, undefined, main);
      const line = await Promise.race([bot.logged("ready", 120_000), bot.exited.then(() => null)]);
      if (line !== null) return { name, bot, url: String(line["url"]), isGone: false };
    }
    throw new Error(`none came up:\n${bot?.stdout()}${bot?.stderr()}`);
  }

  async function watch(replica: Replica): Promise<void> {
    const { code, signal } = await replica.bot.exited;
    if (ready.includes(replica))
      death.reject(
        new Error(`${replica.name} ended by itself (${code ?? signal}):\n${replica.bot.stderr()}`),
      );
  }

  return {
    ready,
    all,
    died: death.promise,
    async start(main) {
      const replica = await startAgain(main);
      ready.push(replica);
      all.push(replica);
      balancer?.add(replica);
      void watch(replica);
      return replica;
    },
    async kill(replica) {
      ready.splice(ready.indexOf(replica), 1);
      await replica.bot.kill();
      await vi.waitFor(async () => expect(await sessionsOf(replica.name)).toBe(0), { timeout: 30_000 });
      replica.isGone = true;
      balancer?.remove(replica);
    },
    async retire(replica) {
      ready.splice(ready.indexOf(replica), 1);
      const { code } = await replica.bot.stop();
      replica.isGone = true;
      balancer?.remove(replica);
      return code;
    },
    async stop() {
      return Promise.all(ready.splice(0).map(async ({ bot }) => (await bot.stop()).code));
    },
  };
}

export interface Chaos {
  /** How many were killed so far. */
  kills: number;
  /** Kills nobody any more; resolves when those killed are back. */
  stop(): Promise<void>;
  /** Rejects when one that was killed could not be replaced. */
  failed: Promise<never>;
}

/**
 * Kills one of the fleet after a random number of things that happened in Slack and Cloudflare, and starts another in
 * its place; then again. One at least is always there to take requests.
 */
export function startChaos(
  world: World,
  fleet: Fleet,
  random: Random,
  every: [from: number, to: number],
): Chaos {
  const replacing = new Set<Promise<void>>();
  let left = random.between(...every);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const chaos: Chaos = {
    kills: 0,
    failed: failure.promise,
    async stop() {
      stopListening();
      await Promise.race([Promise.all(replacing), failure.promise]);
    },
  };

  async function replace(): Promise<void> {
    try {
      await fleet.kill(random.pick(fleet.ready));
      await fleet.start();
    } catch (error) {
      failure.reject(error);
    }
  }

  function happened(): void {
    left -= 1;
    if (left > 0 || fleet.ready.length < 2) return;
    left = random.between(...every);
    chaos.kills += 1;
    const done = replace().finally(() => replacing.delete(done));
    replacing.add(done);
  }

  const stops = [world.slack.on("change", happened), world.cloudflare.on("change", happened)];
  function stopListening(): void {
    for (const stop of stops) stop();
  }
  onTestFinished(stopListening);
  return chaos;
}
