import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The tests wait for processes and sockets more than they compute.
    maxWorkers: 3,
    // The machine-readable report is where .ci/run takes its last line from.
    reporters: ["default", ["json", { outputFile: "test-results/vitest.json" }]],
  },
});
