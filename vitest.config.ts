import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

import { defineConfig } from "vitest/config";

const STORE = ["test/store/**/*.test.ts", "test/audit/**/*.test.ts"];
const E2E = ["test/e2e/**/*.test.ts"];
const PROCESS = ["test/process/**/*.test.ts", "test/audit/*cli.test.ts", "test/audit/verify-memory.test.ts"];
const BROWSER = ["test/sandbox/*.test.ts", "test/sandbox/web/**/*.test.ts"];

/** Here a database does not wait for a disk. What a power cut leaves is a matter of the tests that kill processes. */
const IN_MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/**
 * The tests, by what they need. `npm test` runs the first three, without what needs PostgreSQL or takes long;
 * `npm run test:all` runs everything.
 */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    tags: [
      { name: "postgres", description: "Needs PostgreSQL." },
      { name: "slow", description: "Waits for real time or does much: more than three seconds." },
    ],
    // The machine-readable report is where .ci/run takes its last line from.
    reporters: ["default", ["json", { outputFile: "test-results/vitest.json" }]],
    projects: [
      inProcess("unit", ["test/**/*.test.ts"], [...STORE, ...E2E, ...PROCESS, ...BROWSER]),
      inProcess("store", STORE, PROCESS),
      inProcess("e2e", E2E),
      alone("process", PROCESS, 1),
      alone("browser", BROWSER, 2),
    ],
  },
});

/** Tests that start nothing outside of their own process. They share what they import, which takes longer than they do. */
function inProcess(name: string, include: string[], exclude: string[] = []) {
  const env = { TMPDIR: IN_MEMORY };
  const test = {
    name,
    include,
    exclude,
    env,
    isolate: false,
    // They wait for sockets and timers: three leave two cores idle for a fifth of the time.
    maxWorkers: 4,
    // What a test leaves behind is much and of no use: in so much room it is swept up seldom.
    execArgv: ["--max-semi-space-size=32"],
    sequence: { groupOrder: 0 },
  };
  return { extends: true as const, test };
}

/** Tests that start processes, and measure what these do in time: nothing else runs beside them. */
function alone(name: string, include: string[], groupOrder: number) {
  return { extends: true as const, test: { name, include, maxWorkers: 2, sequence: { groupOrder } } };
}
