import { type KeyObject, randomBytes, randomInt } from "node:crypto";

import type { Selectable, Transaction } from "kysely";

import { appendAudit } from "../../audit/append.ts";
import type { Writer } from "../../requests/change.ts";
import type { Db } from "../../store/open.ts";
import type { AuthenticatorsTable, Database } from "../../store/schema.ts";
import { idOfKey, seal, unseal } from "./seal.ts";
import { stepOfCode } from "./totp.ts";

const MINUTE = 60_000;
/** So many wrong codes within this time, and none is looked at for as long again. */
const MAX_WRONG = 5;
const WRONG_WITHIN_MS = 15 * MINUTE;
const LOCKED_MS = 15 * MINUTE;

/** Who has to confirm an authenticator has a day for it. */
export const WAITS_MS = 24 * 60 * MINUTE;

/** An authenticator, without its secret. */
export interface Authenticator {
  id: string;
  userId: string;
  state: "waiting" | "effective" | "replaced" | "declined";
  createdAt: number;
  effectiveAt: number | null;
  confirmedBy: string | null;
  checkNumber: string;
  /** The message that asks for its confirmation. */
  message: { channel: string; ts: string } | null;
}

/** Who does it, when, and what the record holds beside that. */
export interface Doing {
  by: string;
  teamId: string;
  at: number;
  auditContext: Record<string, unknown>;
}

type Trx = Transaction<Database>;

export async function readAuthenticator(db: Db, id: string): Promise<Authenticator | null> {
  const row = await db.selectFrom("authenticators").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Someone's that counts, and one that waits for someone else's word (a day at most). */
export async function readOwn(
  db: Db,
  key: KeyObject,
  userId: string,
  now: number,
): Promise<{ effective: Authenticator | null; waiting: Authenticator | null }> {
  const rows = await db
    .selectFrom("authenticators")
    .selectAll()
    .where("user_id", "=", userId)
    .where("key_id", "=", idOfKey(key))
    .where("state", "in", ["effective", "waiting"])
    .execute();
  const all = rows.map(fromRow);
  return {
    effective: all.find(({ state }) => state === "effective") ?? null,
    waiting: all.find(({ state, createdAt }) => state === "waiting" && createdAt > now - WAITS_MS) ?? null,
  };
}

/** The Slack user ids of everyone who has one that counts. */
export async function readEnrolled(db: Db, key: KeyObject): Promise<Set<string>> {
  const rows = await db
    .selectFrom("authenticators")
    .select("user_id")
    .where("key_id", "=", idOfKey(key))
    .where("state", "=", "effective")
    .execute();
  return new Set(rows.map((row) => row.user_id));
}

export interface NewAuthenticator {
  secret: string;
  /** The step of the code that proved it: not taken again. */
  step: number;
}

/** Keeps one that waits for someone else's confirmation, instead of any that waited before. */
export function addWaiting(
  db: Db,
  key: KeyObject,
  { secret, step }: NewAuthenticator,
  { by, teamId, at, auditContext }: Doing,
): Promise<Authenticator> {
  return db.transaction().execute(async (trx) => {
    await lockPerson(trx, by, at);
    await dropWaiting(trx, by);
    const added = await insert(trx, key, by, { secret, step, state: "waiting", at });
    await appendAudit(trx, {
      at,
      teamId,
      actor: by,
      event: "authenticator.asked",
      data: { authenticator: added.id, ...auditContext },
    });
    return added;
  });
}

/** Puts one in the place of the one whose code was just given (`replaces`). @returns null when that is gone. */
export function replaceOwn(
  db: Db,
  key: KeyObject,
  { secret, step }: NewAuthenticator,
  replaces: string,
  { by, teamId, at, auditContext }: Doing,
): Promise<Authenticator | null> {
  return db.transaction().execute(async (trx) => {
    await lockPerson(trx, by, at);
    if ((await dropEffective(trx, by, replaces)) !== replaces) return null;
    await dropWaiting(trx, by);
    const added = await insert(trx, key, by, { secret, step, state: "effective", at });
    await appendAudit(trx, {
      at,
      teamId,
      actor: by,
      event: "authenticator.effective",
      data: { authenticator: added.id, user: by, replaces, confirmed_by: by, ...auditContext },
    });
    return added;
  });
}

/**
 * Makes one that waits count, in the place of the person's earlier one. `code`: the authenticator of who confirms, whose
 * code they gave; null where no one had one yet.
 * @returns null when it no longer waits.
 */
export function confirmWaiting(
  db: Db,
  key: KeyObject,
  id: string,
  code: string | null,
  { by, teamId, at, auditContext }: Doing,
): Promise<Authenticator | null> {
  return db.transaction().execute(async (trx) => {
    const found = await trx
      .selectFrom("authenticators")
      .select("user_id")
      .where("id", "=", id)
      .executeTakeFirst();
    if (found === undefined) return null;
    await lockPerson(trx, found.user_id, at);
    const confirmed = await trx
      .updateTable("authenticators")
      .set({ confirmed_by: by, effective_at: at })
      .where("id", "=", id)
      .where("state", "=", "waiting")
      .where("key_id", "=", idOfKey(key))
      .where("created_at", ">", at - WAITS_MS)
      .returning("id")
      .executeTakeFirst();
    if (confirmed === undefined) return null;
    const replaces = await dropEffective(trx, found.user_id);
    const row = await trx
      .updateTable("authenticators")
      .set({ state: "effective" })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const data = {
      authenticator: id,
      user: found.user_id,
      confirmed_by: by,
      ...(code === null ? {} : { code_of: code }),
      ...(replaces === null ? {} : { replaces }),
      ...auditContext,
    };
    await appendAudit(trx, { at, teamId, actor: by, event: "authenticator.effective", data });
    return fromRow(row);
  });
}

/** Says no to one that waits. @returns null when it no longer waits. */
export function declineWaiting(
  db: Db,
  id: string,
  { by, teamId, at, auditContext }: Doing,
): Promise<Authenticator | null> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("authenticators")
      .set({ state: "declined" })
      .where("id", "=", id)
      .where("state", "=", "waiting")
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const data = { authenticator: id, user: row.user_id, ...auditContext };
    await appendAudit(trx, { at, teamId, actor: by, event: "authenticator.declined", data });
    return fromRow(row);
  });
}

/** Notes where the message stands that asks for the confirmation. */
export async function keepMessage(
  db: Db,
  id: string,
  { channel, ts }: { channel: string; ts: string },
): Promise<void> {
  await db.updateTable("authenticators").set({ channel, ts }).where("id", "=", id).execute();
}

export type TakenCode =
  | { kind: "taken"; authenticator: string }
  /** They have no authenticator that counts. */
  | { kind: "none" }
  | { kind: "wrong"; left: number }
  /** Right, and taken before. */
  | { kind: "used" }
  /** `isNew`: by this very code. */
  | { kind: "locked"; until: number; isNew: boolean };

/**
 * Takes a code once. In one transaction, under a lock on the person, so that of many codes sent at once each is counted
 * before the next is looked at. `what`: for the record, what it was given for.
 */
export function takeCode(
  db: Db,
  key: KeyObject,
  code: string,
  doing: Doing & { what: string; requestId: string | null },
): Promise<TakenCode> {
  const { by, at } = doing;
  return db.transaction().execute(async (trx) => {
    const tries = await lockPerson(trx, by, at);
    if (tries.locked_until > at) return { kind: "locked", until: tries.locked_until, isNew: false };
    const own = await trx
      .selectFrom("authenticators")
      .selectAll()
      .where("user_id", "=", by)
      .where("key_id", "=", idOfKey(key))
      .where("state", "=", "effective")
      .executeTakeFirst();
    const secret = own === undefined ? null : unseal(key, own.secret, purposeOf(own.id, by));
    if (own === undefined || secret === null) return { kind: "none" };
    const step = stepOfCode(secret, code, at);
    if (step === null) return countWrong(trx, tries, doing);
    const taken = await trx
      .updateTable("authenticators")
      .set({ last_step: step })
      .where("id", "=", own.id)
      .where("last_step", "<", step)
      .returning("id")
      .executeTakeFirst();
    if (taken === undefined) {
      await recordCode(trx, "code.refused", doing, { why: "used" });
      return { kind: "used" };
    }
    await trx.updateTable("code_tries").set({ wrong: 0 }).where("user_id", "=", by).execute();
    await recordCode(trx, "code.taken", doing, { authenticator: own.id });
    return { kind: "taken", authenticator: own.id };
  });
}

async function countWrong(
  trx: Trx,
  { wrong: before, since }: { wrong: number; since: number },
  doing: Parameters<typeof takeCode>[3],
): Promise<TakenCode> {
  const { by, at } = doing;
  const isFirst = before === 0 || at - since > WRONG_WITHIN_MS;
  const wrong = isFirst ? 1 : before + 1;
  const isLocked = wrong >= MAX_WRONG;
  const until = at + LOCKED_MS;
  await trx
    .updateTable("code_tries")
    .set({
      wrong: isLocked ? 0 : wrong,
      ...(isFirst ? { since: at } : {}),
      ...(isLocked ? { locked_until: until } : {}),
    })
    .where("user_id", "=", by)
    .execute();
  await recordCode(trx, "code.refused", doing, { why: isLocked ? "locked" : "wrong", wrong });
  return isLocked ? { kind: "locked", until, isNew: true } : { kind: "wrong", left: MAX_WRONG - wrong };
}

async function recordCode(
  trx: Trx,
  event: "code.taken" | "code.refused",
  { by, teamId, at, what, requestId, auditContext }: Parameters<typeof takeCode>[3],
  more: Record<string, unknown>,
): Promise<void> {
  await appendAudit(trx, {
    at,
    teamId,
    requestId,
    actor: by,
    event,
    data: { what, ...more, ...auditContext },
  });
}

/** Whatever is done to a person's authenticators and codes, one at a time. */
async function lockPerson(trx: Trx, userId: string, at: number) {
  return trx
    .insertInto("code_tries")
    .values({ user_id: userId, wrong: 0, since: at, locked_until: 0 })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet({ user_id: userId }))
    .returning(["wrong", "since", "locked_until"])
    .executeTakeFirstOrThrow();
}

async function dropWaiting(trx: Writer, userId: string): Promise<void> {
  await trx
    .updateTable("authenticators")
    .set({ state: "replaced" })
    .where("user_id", "=", userId)
    .where("state", "=", "waiting")
    .execute();
}

/** @returns the id of the one that counted; null: there was none, or another than `only`. */
async function dropEffective(trx: Writer, userId: string, only?: string): Promise<string | null> {
  let query = trx
    .updateTable("authenticators")
    .set({ state: "replaced" })
    .where("user_id", "=", userId)
    .where("state", "=", "effective");
  if (only !== undefined) query = query.where("id", "=", only);
  const row = await query.returning("id").executeTakeFirst();
  return row?.id ?? null;
}

async function insert(
  trx: Trx,
  key: KeyObject,
  userId: string,
  { secret, step, state, at }: NewAuthenticator & { state: "waiting" | "effective"; at: number },
): Promise<Authenticator> {
  const id = randomBytes(8).toString("hex");
  const isEffective = state === "effective";
  const row = await trx
    .insertInto("authenticators")
    .values({
      id,
      user_id: userId,
      key_id: idOfKey(key),
      secret: seal(key, secret, purposeOf(id, userId)),
      state,
      created_at: at,
      effective_at: isEffective ? at : null,
      confirmed_by: isEffective ? userId : null,
      check_number: String(randomInt(1_000_000)).padStart(6, "0"),
      last_step: step,
      channel: null,
      ts: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return fromRow(row);
}

/** A row copied to another person, or another row, does not open. */
function purposeOf(id: string, userId: string): string {
  return `authenticator ${id} of ${userId}`;
}

function fromRow(row: Selectable<AuthenticatorsTable>): Authenticator {
  return {
    id: row.id,
    userId: row.user_id,
    state: row.state as Authenticator["state"],
    createdAt: row.created_at,
    effectiveAt: row.effective_at,
    confirmedBy: row.confirmed_by,
    checkNumber: row.check_number,
    message: row.channel === null || row.ts === null ? null : { channel: row.channel, ts: row.ts },
  };
}
