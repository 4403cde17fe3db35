import { parseArgs } from "node:util";

import { CSV_HEAD, toCsvLine, toJsonLine } from "../../src/audit/formats.ts";
import { readBatches } from "../../src/audit/read.ts";
import { type AuditCommand, readArgs, readTime, UsageError, withTables } from "./command.ts";

/** `export [--since WHEN] [--until WHEN] [--format jsonl|csv]` */
export const exportRows: AuditCommand = async (args) => {
  const { values } = readArgs(() =>
    parseArgs({
      args,
      options: {
        since: { type: "string" },
        until: { type: "string" },
        format: { type: "string", default: "jsonl" },
      },
    }),
  );
  const { format } = values;
  if (format !== "jsonl" && format !== "csv") throw new UsageError(`--format is jsonl or csv, not ${format}`);
  const range = {
    ...(values.since === undefined ? {} : { since: readTime("--since", values.since) }),
    ...(values.until === undefined ? {} : { until: readTime("--until", values.until) }),
  };
  const [head, toLine] = format === "csv" ? [CSV_HEAD, toCsvLine] : ["", toJsonLine];
  return withTables(async ({ db }) => {
    try {
      await write(head);
      for await (const batch of readBatches(db, range)) await write(batch.map(toLine).join(""));
    } catch (error) {
      // The reader has enough, as `| head` does.
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
    }
    return 0;
  });
};

// Each write has its own error; without a listener the same one would end the process.
process.stdout.on("error", () => {});

/** Resolves when it is written: no more than this waits in memory for a slow reader. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
