import type { Db } from "./open.ts";

/** Notes that this Slack user has their App Home open; those that were opened before `forget` are forgotten. */
export async function noteHome(db: Db, userId: string, at: number, forget: number): Promise<void> {
  await db
    .insertInto("homes")
    .values({ user_id: userId, opened_at: at })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet({ opened_at: at }))
    .execute();
  await db.deleteFrom("homes").where("opened_at", "<", forget).execute();
}

/** Slack users who opened their App Home since then, the latest first. */
export async function readHomes(db: Db, since: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom("homes")
    .select("user_id")
    .where("opened_at", ">=", since)
    .orderBy("opened_at", "desc")
    .orderBy("user_id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.user_id);
}
