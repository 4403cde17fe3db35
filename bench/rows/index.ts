import type { Row } from "../row.ts";
import { ack } from "./ack.ts";
import { click } from "./click.ts";
import { lookUp } from "./look-up.ts";
import { replicas } from "./replicas.ts";
import { start } from "./start.ts";
import { tables } from "./tables.ts";
import { thousand } from "./thousand.ts";
import { urgent } from "./urgent.ts";

/** Every row, in the order in which they are run and written down. */
export const ROWS: readonly Row[] = [start, ack, lookUp, click, thousand, urgent, tables, replicas];
