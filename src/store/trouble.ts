/** What keeps the database from its work, in words: `why` goes on after "the database", `next` is what fixes it. */
export interface DatabaseTrouble {
  why: string;
  next: string;
}

const FULL: DatabaseTrouble = { why: "has no room: its disk is full", next: "Free space on the disk." };
const READ_ONLY: DatabaseTrouble = {
  why: "takes no writes: it is read-only",
  next: "Make it writable again. A PostgreSQL that was failed over to may still be a copy: promote it, or let DATABASE_URL lead to the primary.",
};
const LOCKED: DatabaseTrouble = {
  why: "is locked by another program",
  next: "End the program that holds the lock.",
};
const CLOSED: DatabaseTrouble = {
  why: "can't be opened",
  next: "Let zt-bot's user read and write the file and its folder, on a disk that is not read-only.",
};
const UNREACHABLE: DatabaseTrouble = {
  why: "can't be reached",
  next: "Start PostgreSQL, or fix the network between it and zt-bot.",
};
const CROWDED: DatabaseTrouble = {
  why: "takes no more connections",
  next: "Raise max_connections of PostgreSQL, or end connections that nothing uses.",
};
const REFUSING: DatabaseTrouble = {
  why: "does not let zt-bot in",
  next: "Correct user, password and database in DATABASE_URL.",
};
const FAILING: DatabaseTrouble = {
  why: "can't be read or written: its disk reports an error",
  next: "Look at the disk and at the system's log: it may be failing, or read-only since an error.",
};
const DAMAGED: DatabaseTrouble = {
  why: "is damaged",
  next: "Stop zt-bot, keep a copy of the files, and restore a backup: docs/runbook.md, Data.",
};

/** By the lowest byte of SQLite's code: https://sqlite.org/rescode.html */
const SQLITE: ReadonlyMap<number, DatabaseTrouble> = new Map([
  [5, LOCKED],
  [8, READ_ONLY],
  [10, FAILING],
  [11, DAMAGED],
  [13, FULL],
  [14, CLOSED],
  [26, DAMAGED],
]);

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and the operating system's codes. */
const CODES: ReadonlyMap<string, DatabaseTrouble> = new Map([
  ["25006", READ_ONLY],
  ["53100", FULL],
  ["53300", CROWDED],
  ["55P03", LOCKED],
  ["57P01", UNREACHABLE],
  ["57P02", UNREACHABLE],
  ["57P03", UNREACHABLE],
  ["25P03", UNREACHABLE],
  ["28000", REFUSING],
  ["28P01", REFUSING],
  ["3D000", REFUSING],
  ["XX001", DAMAGED],
  ["XX002", DAMAGED],
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"].map(
    (code) => [code, UNREACHABLE] as const,
  ),
  ...["ENOTFOUND", "EAI_AGAIN"].map((code) => [code, UNREACHABLE] as const),
  ["ENOSPC", FULL],
  ["EROFS", READ_ONLY],
  ["EACCES", CLOSED],
]);

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
  if (sqlite !== null) return SQLITE.get(sqlite) ?? null;
  const known = "code" in error && typeof error.code === "string" ? CODES.get(error.code) : undefined;
  if (known !== undefined) return known;
  if (CUT.test(error.message)) return UNREACHABLE;
  return error.cause === undefined ? null : databaseTroubleOf(error.cause);
}
