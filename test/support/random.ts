import { onTestFailed } from "vitest";

/** Numbers that are the same whenever the seed is. */
export interface Random {
  seed: number;
  /** A whole number of `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<T>(from: readonly T[]): T;
}

/** A seed of its own each time, named when the test fails; `TEST_SEED` plays one again. */
export function createRandom(): Random {
  const seed = Number(process.env["TEST_SEED"] || Date.now() % 1_000_000_000);
  onTestFailed(() => void process.stderr.write(`to play it again: TEST_SEED=${seed}\n`));
  // mulberry32
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    seed,
    between,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error("nothing to pick from");
      return from[between(0, from.length - 1)] as T;
    },
  };
}
