import type { Db } from "../store/open.ts";
import { findOpenIncidents } from "./queries.ts";

/** The incident whose thread this is; null for any other thread. */
export async function findIncidentOfThread(db: Db, channel: string, ts: string): Promise<string | null> {
  const row = await db
    .selectFrom("threads")
    .select("id")
    .where("kind", "=", "incident")
    .where("channel", "=", channel)
    .where("ts", "=", ts)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** The incident that is meant where none is named: that of the thread, or the only open one of the channel. */
export async function findIncidentHere(
  db: Db,
  channel: string,
  threadTs: string | undefined,
): Promise<string | null> {
  const here = threadTs === undefined ? null : await findIncidentOfThread(db, channel, threadTs);
  if (here !== null) return here;
  const [only, ...others] = await findOpenIncidents(db, { channel });
  return only !== undefined && others.length === 0 ? only.id : null;
}

/** Whether any incident is told in this channel: of what happens elsewhere, nothing is asked of Slack. */
export async function hasIncidents(db: Db, channel: string): Promise<boolean> {
  const row = await db
    .selectFrom("threads")
    .select("id")
    .where("kind", "=", "incident")
    .where("channel", "=", channel)
    .executeTakeFirst();
  return row !== undefined;
}
