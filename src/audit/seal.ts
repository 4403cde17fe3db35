import { z } from "zod";

import type { ChainedRow } from "./chain.ts";
import { ARCHIVED } from "./events.ts";

const SealData = z.object({
  checkpoint: z.object({ seq: z.number(), hash: z.string() }),
  rows: z.object({ from: z.number(), to: z.number() }),
  last_hash: z.string(),
  file: z.string(),
  sha256: z.string(),
});

/** What the record says of rows that were taken out into a file. */
export interface Seal extends z.infer<typeof SealData> {
  /** The row that says so. */
  seq: number;
}

/** null for a row that is none; also for one that somebody wrote whose data is not what zt-bot writes. */
export function readSeal({ seq, event, data }: ChainedRow): Seal | null {
  if (event !== ARCHIVED) return null;
  try {
    return { ...SealData.parse(JSON.parse(data)), seq };
  } catch {
    return null;
  }
}
