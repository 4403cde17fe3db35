import type { Row } from "../row.ts";
import { start } from "./start.ts";

/** Every row, in the order in which they are run and written down. */
export const ROWS: readonly Row[] = [start];
