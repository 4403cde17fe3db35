import { existsSync } from "node:fs";

import { readLastVerify } from "../../audit/last-verify.ts";
import { verifyTail } from "../../audit/verify-tail.ts";
import type { Config } from "../../config.ts";
import { probeWrite } from "../../store/deliveries.ts";
import { readMigrations } from "../../store/migrations-made.ts";
import { type Db, listMigrations, openTables } from "../../store/open.ts";
import { findMissingRights, readRole } from "../../store/rights.ts";
import { DatabaseError } from "./database-error.ts";
import { attempt } from "./deadline.ts";
import type { DatabaseReading, DirectMessages } from "./readings.ts";

/** So many of the newest rows of the record are checked: some hundredths of a second. */
const TAIL = 2000;

/** Opens the tables beside the bot, whether it runs or not, and reads how they stand. @throws DatabaseError */
export async function readDatabaseAt(config: Config["database"]): Promise<DatabaseReading | "none yet"> {
  if (config.kind === "sqlite" && !existsSync(config.file)) return "none yet";
  const opened = await attemptIn(() => openTables(config));
  try {
    return await readDatabase(opened.db, config.kind);
  } finally {
    await opened.close();
  }
}

/** How the tables stand, and that they can be written: one row of no meaning is. @throws DatabaseError */
export async function readDatabase(db: Db, kind: Config["database"]["kind"]): Promise<DatabaseReading> {
  return attemptIn(async () => {
    const migrations = await readMigrations(db, listMigrations(kind));
    // Of tables that this version can't work with nothing more can be asked.
    if (migrations.missing.length > 0 || migrations.isTooNew)
      return {
        migrations,
        missingRights: [],
        writeTrouble: null,
        lastVerify: null,
        tail: null,
        direct: null,
      };
    const [missingRights, written, lastVerify, tail, direct] = await Promise.all([
      kind === "postgres" ? findMissingRights(db, await readRole(db)) : [],
      attempt(() => attemptIn(() => probeWrite(db))),
      readLastVerify(db),
      verifyTail(db, TAIL),
      readDirectMessages(db),
    ]);
    const writeTrouble = written.ok
      ? null
      : written.failure.of === "database"
        ? written.failure.why
        : "it failed";
    return { migrations, missingRights, writeTrouble, lastVerify, tail, direct };
  });
}

/** A direct message that Slack did not take stands in a channel, whose id begins with another letter. */
async function readDirectMessages(db: Db): Promise<DirectMessages> {
  const newest = await db
    .selectFrom("posts")
    .select(["posted_at", "channel"])
    .where("surface", "=", "dm")
    .where("posted_at", "is not", null)
    .where("channel", "is not", null)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  if (newest?.posted_at == null || newest.channel === null) return null;
  return { at: newest.posted_at, isDelivered: newest.channel.startsWith("D") };
}

async function attemptIn<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof DatabaseError ? error : new DatabaseError(describe(error));
  }
}

/** Drivers' messages name tables, hosts and roles; a password in a URL is never among them, and is taken out all the same. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "no reason was given";
  const code = (error as { code?: unknown }).code;
  const text = error.message || (typeof code === "string" ? code : error.name);
  return text.replaceAll(/(?<=:\/\/)[^\s@]*@/g, "").slice(0, 300);
}
