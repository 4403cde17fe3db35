import { join } from "node:path";

import postgres from "postgres";

/** A clock that goes some times as fast as the real one, for processes and emulators that are to agree on it. */
export interface FastClock {
  scale: number;
  /** Epoch milliseconds. */
  now(): number;
  /** The same moment as `now` gives it, from one of the real clock. */
  at(real: number): number;
  /** The environment of a process that goes by it. */
  env: Record<string, string>;
}

/** Begins now: what happened before is where it was. */
export function scaleClock(scale: number): FastClock {
  const from = Date.now();
  const at = (real: number): number => Math.floor(from + (real - from) * scale);
  return {
    scale,
    at,
    now: () => at(Date.now()),
    env: {
      NODE_OPTIONS: `--import=${join(import.meta.dirname, "scaled-clock.mjs")}`,
      CLOCK_SCALE: String(scale),
      CLOCK_FROM: String(from),
    },
  };
}

/** Makes an empty database go by the clock as well: replicas take their time from there. */
export async function scaleDatabase(url: string, { scale, env }: FastClock): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const from = `${env["CLOCK_FROM"]}::numeric / 1000`;
  try {
    await sql.unsafe(
      `CREATE FUNCTION public.clock_timestamp() RETURNS timestamp with time zone LANGUAGE sql VOLATILE AS
         $$ SELECT to_timestamp(${from} + (extract(epoch FROM pg_catalog.clock_timestamp()) - ${from}) * ${scale}) $$`,
    );
    // Before the server's own function of that name.
    await sql.unsafe(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = public, pg_catalog`);
  } finally {
    await sql.end();
  }
}
