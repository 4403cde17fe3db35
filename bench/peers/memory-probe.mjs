import { writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Preloaded with --import into what is measured: at SIGUSR2 it collects garbage and writes a line with what is left.
process.on("SIGUSR2", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  writeSync(1, `${JSON.stringify({ level: "info", msg: "memory", held: heapUsed + external, rss })}\n`);
});
