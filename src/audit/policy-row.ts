import type { Db } from "../store/open.ts";
import { appendAudit, BOT } from "./append.ts";

const NAME = "policy";

/**
 * Records which policy is in force from now on, once for all replicas: what was allowed when can then be read from
 * the record alone. Nothing is written where it is the last that was recorded.
 */
export async function recordPolicy(db: Db, hash: string, at: number): Promise<void> {
  const data = JSON.stringify({ hash });
  await db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom("switches")
      .select("data")
      .where("name", "=", NAME)
      .executeTakeFirst();
    const written = await trx
      .insertInto("switches")
      .values({ name: NAME, data, at })
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet({ data, at }).where("switches.data", "!=", data),
      )
      .returning("name")
      .executeTakeFirst();
    if (written === undefined) return;
    const previous = before === undefined ? null : (JSON.parse(before.data) as { hash: string }).hash;
    await appendAudit(trx, { at, actor: BOT, event: "policy.loaded", data: { policy_hash: hash, previous } });
  });
}

/** Records that somebody tried to put a policy in force that is none. */
export async function recordBrokenPolicy(
  db: Db,
  hash: string,
  problems: readonly string[],
  at: number,
): Promise<void> {
  await appendAudit(db, { at, actor: BOT, event: "policy.refused", data: { policy_hash: hash, problems } });
}
