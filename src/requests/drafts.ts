import { randomBytes } from "node:crypto";

import { z } from "zod";

import type { Db } from "../store/open.ts";

/** What was typed of a request or an incident, kept until its form is opened by a button. */
const Draft = z.object({
  /** As they are typed; none where the button itself names the user. */
  users: z.array(z.string()),
  devices: z.boolean(),
  warpReauth: z.boolean(),
  /** Of a revocation: also block them. Of a block: for how long, as typed. */
  block: z.boolean().optional(),
  duration: z.string().optional(),
  reason: z.string(),
  /** Names among `users` that the requester was shown as not found. */
  notFound: z.array(z.string()).optional(),
  /** Of an incident to be opened. */
  title: z.string().optional(),
  severity: z.number().optional(),
});
export type Draft = z.infer<typeof Draft>;

/** Keeps a draft for a day (prune.ts), so that a button needs to carry its id only. @returns the id. */
export async function saveDraft(db: Db, asker: string, at: number, draft: Draft): Promise<string> {
  const id = randomBytes(8).toString("hex");
  await db
    .insertInto("drafts")
    .values({ id, asker, data: JSON.stringify(draft), created_at: at })
    .execute();
  return id;
}

/** Only for who typed it. */
export async function readDraft(db: Db, id: string, asker: string): Promise<Draft | null> {
  const row = await db
    .selectFrom("drafts")
    .select("data")
    .where("id", "=", id)
    .where("asker", "=", asker)
    .executeTakeFirst();
  return row === undefined ? null : Draft.parse(JSON.parse(row.data));
}
