import type { Row } from "../row.ts";
import { click } from "./click.ts";
import { replicas } from "./replicas.ts";
import { start } from "./start.ts";
import { thousand } from "./thousand.ts";
import { urgent } from "./urgent.ts";

/** Every row, in the order in which they are run and written down. */
export const ROWS: readonly Row[] = [start, click, thousand, urgent, replicas];
