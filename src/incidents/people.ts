import type { Transaction } from "kysely";

import type { AccessUser } from "../api/cloudflare.ts";
import type { Db } from "../store/open.ts";
import type { Database } from "../store/schema.ts";
import { transact } from "../store/transact.ts";
import { lockIncidents } from "./change.ts";

type Trx = Transaction<Database>;

/** Rows in one INSERT: databases take only so many parameters. */
export async function insertPeople(
  trx: Trx,
  incidentId: string,
  people: readonly AccessUser[],
  { at, from }: { at: number; from: number },
): Promise<void> {
  if (people.length === 0) return;
  await trx
    .insertInto("incident_people")
    .values(
      people.map((profile, index) => ({
        incident_id: incidentId,
        target_id: profile.id,
        email: profile.email,
        name: profile.name,
        position: from + index,
        profile: JSON.stringify(profile),
        added_at: at,
        removed_at: null,
        seen: null,
        look_due: at,
        look_until: null,
        idp_disabled_by: null,
        idp_disabled_at: null,
      })),
    )
    // Someone who was removed comes back.
    .onConflict((conflict) =>
      conflict
        .columns(["incident_id", "target_id"])
        .doUpdateSet({ removed_at: null, added_at: at, look_due: at }),
    )
    .execute();
}

/** Adds people in the transaction of the change that tells of it. @returns false when all of them belong to it. */
export async function addPeople(
  trx: Trx,
  id: string,
  people: readonly AccessUser[],
  at: number,
): Promise<boolean> {
  const rows = await trx
    .selectFrom("incident_people")
    .select(["target_id", "removed_at"])
    .where("incident_id", "=", id)
    .execute();
  const there = new Set(rows.flatMap((row) => (row.removed_at === null ? [row.target_id] : [])));
  const fresh = people.filter((one) => !there.has(one.id));
  await insertPeople(trx, id, fresh, { at, from: rows.length });
  return fresh.length > 0;
}

/** @returns false when none of them belongs to it. */
export async function removePeople(
  trx: Trx,
  id: string,
  targetIds: readonly string[],
  at: number,
): Promise<boolean> {
  const rows = await trx
    .updateTable("incident_people")
    .set({ removed_at: at, look_due: null, look_until: null })
    .where("incident_id", "=", id)
    .where("target_id", "in", targetIds)
    .where("removed_at", "is", null)
    .returning("target_id")
    .execute();
  return rows.length > 0;
}

/**
 * Who says that someone's account is disabled at the identity provider; they are read again, as what is left follows
 * from it. @returns false where that was so before, or they no longer belong to it.
 */
export async function setIdpDisabled(
  trx: Trx,
  id: string,
  targetId: string,
  { by, at }: { by: string | null; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("incident_people")
    .set({ idp_disabled_by: by, idp_disabled_at: by === null ? null : at, look_due: at })
    .where("incident_id", "=", id)
    .where("target_id", "=", targetId)
    .where("removed_at", "is", null)
    .where("idp_disabled_by", by === null ? "is not" : "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Has someone read again in every open incident they belong to. */
export async function lookAgainAt(trx: Trx, targetId: string, at: number): Promise<void> {
  const rows = await trx
    .selectFrom("incidents")
    .innerJoin("incident_people", "incident_people.incident_id", "incidents.id")
    .select("incidents.id")
    .where("incident_people.target_id", "=", targetId)
    .where("incident_people.removed_at", "is", null)
    .where("incidents.status", "=", "open")
    .execute();
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await lockIncidents(trx, ids);
  await trx
    .updateTable("incident_people")
    .set({ look_due: at })
    .where("target_id", "=", targetId)
    .where("removed_at", "is", null)
    .where("incident_id", "in", ids)
    .execute();
}

/** Has all of its people read again, now. @returns false when no one belongs to it. */
export function refreshIncident(db: Db, id: string, at: number): Promise<boolean> {
  return transact(db, async (trx) => {
    await lockIncidents(trx, [id]);
    const { numUpdatedRows } = await trx
      .updateTable("incident_people")
      .set({ look_due: at })
      .where("incident_id", "=", id)
      .where("removed_at", "is", null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

/** Has these of its people read at a later time, but those who are to be read anyway. */
export async function refreshLater(
  db: Db,
  id: string,
  targetIds: readonly string[],
  at: number,
): Promise<void> {
  if (targetIds.length === 0) return;
  await db
    .updateTable("incident_people")
    .set({ look_due: at })
    .where("incident_id", "=", id)
    .where("target_id", "in", targetIds)
    .where("removed_at", "is", null)
    // Who is being read now may have been asked for before what is to be seen.
    .where((eb) => eb.or([eb("look_due", "is", null), eb("look_until", "is not", null)]))
    .execute();
}
