/** What keeps the database from its work, in words: `why` goes on after "the database", `next` is what fixes it. */
export interface DatabaseTrouble {
  why: string;
  next: string;
}

const UNREACHABLE: DatabaseTrouble = {
  why: "can't be reached",
  next: "Start PostgreSQL, or fix the network between it and zt-bot.",
};

/**
 * What each code means. Numbers are SQLite's, of which the lowest byte counts (https://sqlite.org/rescode.html); the others
 * PostgreSQL's (https://www.postgresql.org/docs/current/errcodes-appendix.html) and the operating system's.
 */
const TROUBLES: readonly [codes: readonly (number | string)[], means: DatabaseTrouble][] = [
  [[13, "53100", "ENOSPC"], { why: "has no room: its disk is full", next: "Free space on the disk." }],
  [
    [8, "25006", "EROFS"],
    {
      why: "takes no writes: it is read-only",
      next: "Make it writable again. A PostgreSQL that was failed over to may still be a copy: promote it, or let DATABASE_URL lead to the primary.",
    },
  ],
  [[5, "55P03"], { why: "is locked by another program", next: "End the program that holds the lock." }],
  [
    [14, "EACCES"],
    {
      why: "can't be opened",
      next: "Let zt-bot's user read and write the file and its folder, on a disk that is not read-only.",
    },
  ],
  [["57P01", "57P02", "57P03", "25P03"], UNREACHABLE],
  [["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"], UNREACHABLE],
  [["ENOTFOUND", "EAI_AGAIN"], UNREACHABLE],
  [
    ["53300"],
    {
      why: "takes no more connections",
      next: "Raise max_connections of PostgreSQL, or end connections that nothing uses.",
    },
  ],
  [
    ["28000", "28P01", "3D000"],
    { why: "does not let zt-bot in", next: "Correct user, password and database in DATABASE_URL." },
  ],
  [
    [10],
    {
      why: "can't be read or written: its disk reports an error",
      next: "Look at the disk and at the system's log: it may be failing, or read-only since an error.",
    },
  ],
  [
    [11, 26, "XX001", "XX002"],
    {
      why: "is damaged",
      next: "Stop zt-bot, keep a copy of the files, and restore a backup: docs/runbook.md, Data.",
    },
  ],
];

const BY_CODE = new Map(TROUBLES.flatMap(([codes, means]) => codes.map((code) => [code, means] as const)));

/** Of node-postgres, which gives these no code: pg/lib/client.js, pg-pool/index.js; the third is pg.ts's own. */
const CUT =
  /^(?:Connection terminated|timeout exceeded when trying to connect|PostgreSQL does not answer|Client has encountered a connection error)/;

/** SQLite's own code of an error, without what says more of it; null: it is none of SQLite's. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return Number(error.errcode) & 0xff;
}

/** What an error of a database means for those who run it; null: it is none of these, but a mistake of ours perhaps. */
export function databaseTroubleOf(error: unknown): DatabaseTrouble | null {
  if (!(error instanceof Error)) return null;
  // Of a name with several addresses none was reached.
  if (error instanceof AggregateError) return databaseTroubleOf(error.errors[0]);
  const sqlite = sqliteCode(error);
  if (sqlite !== null) return BY_CODE.get(sqlite) ?? null;
  const known = "code" in error && typeof error.code === "string" ? BY_CODE.get(error.code) : undefined;
  if (known !== undefined) return known;
  if (CUT.test(error.message)) return UNREACHABLE;
  return error.cause === undefined ? null : databaseTroubleOf(error.cause);
}
