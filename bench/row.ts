/** One row of the table: measured beside a peer or a limit in the same run. */
export interface Row {
  /** As `--only` takes it. */
  name: string;
  /** What is measured, in a few words. */
  title: string;
  /** What it is measured beside. */
  beside: string;
  run: (setting: Setting) => Promise<Line[]>;
}

export interface Setting {
  /** How often something short is measured; rows say what they make of it. */
  runs: number;
  /** Only to see that it works: small sizes, less than 20 seconds a row. */
  isQuick: boolean;
  /** The URL of a PostgreSQL server on which databases may be made; null: there is none. */
  postgres: string | null;
  /** A temporary folder of the row's own, removed after it. */
  folder: string;
  /** Tells how far it is. */
  log: (line: string) => void;
}

/** One measured figure. */
export interface Line {
  what: string;
  /** As it is to be read: "128 ms". */
  ours: string;
  beside: string;
  /** Ours by the other; null where there is none. */
  ratio: number | null;
  /** In words: "≤ 2×". */
  goal: string;
  /** null: it has no goal, or it could not be measured, and `note` says why. */
  met: boolean | null;
  note?: string;
}
