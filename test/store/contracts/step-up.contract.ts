import { createSecretKey } from "node:crypto";

import { describe, expect, it } from "vitest";

import {
  addWaiting,
  confirmWaiting,
  declineWaiting,
  readEnrolled,
  readOwn,
  replaceOwn,
  takeCode,
  type Authenticator,
} from "../../../src/approvals/step-up/authenticators.ts";
import { newSecret } from "../../../src/approvals/step-up/totp.ts";
import { crossCheck } from "../../../src/requests/cross-check.ts";
import { codeAt, wrongCodeAt } from "../../support/phone.ts";
import { BOB, CAROL, type GetStore, NOW } from "../fixture.ts";

const KEY = createSecretKey(Buffer.alloc(32, 1));
const OTHER_KEY = createSecretKey(Buffer.alloc(32, 2));
const MINUTE = 60_000;

let people = 0;

/** Somebody of their own for each test. */
function somebody(): string {
  people += 1;
  return `U0PHONE${String(people).padStart(3, "0")}`;
}

export function stepUpContract(store: GetStore): void {
  const db = () => store().db;
  const doing = (by: string, at = NOW) => ({ by, teamId: "T0HOME", at, auditContext: {} });

  async function setUp(user: string, by = BOB): Promise<{ secret: string; authenticator: Authenticator }> {
    const secret = newSecret();
    const { id } = await addWaiting(db(), KEY, { secret, step: 0 }, doing(user));
    const authenticator = await confirmWaiting(db(), KEY, id, null, doing(by));
    if (authenticator === null) throw new Error("it was not confirmed");
    return { secret, authenticator };
  }

  function give(user: string, code: string, at = NOW) {
    return takeCode(db(), KEY, code, { ...doing(user, at), what: "approve", requestId: null });
  }

  /** What the record holds of a person, without the chain. */
  async function recordOf(user: string): Promise<[string, Record<string, unknown>][]> {
    const rows = await db()
      .selectFrom("audit")
      .select(["event", "data"])
      .where("actor", "=", user)
      .orderBy("seq")
      .execute();
    return rows.map(({ event, data }) => [event, JSON.parse(data) as Record<string, unknown>]);
  }

  it("that counts and was not confirmed, or the other way round, shows when the record is verified", async () => {
    const told = async () =>
      (await crossCheck(db())).findings.filter((finding) => finding.startsWith("authenticator"));
    const before = await told();
    const [user, other] = [somebody(), somebody()];
    const waiting = await addWaiting(db(), KEY, { secret: newSecret(), step: 0 }, doing(user));
    const { authenticator } = await setUp(other);
    const { authenticator: newer } = await setUp(other);
    expect(await told()).toEqual(before);

    await db()
      .updateTable("authenticators")
      .set({ state: "effective" })
      .where("id", "=", waiting.id)
      .execute();
    await db().updateTable("authenticators").set({ state: "replaced" }).where("id", "=", newer.id).execute();
    expect((await told()).filter((finding) => !before.includes(finding))).toEqual([
      `authenticator ${waiting.id} of ${user} counts, and the record does not say so`,
      `authenticator ${newer.id} of ${other} counts by the record, and not in the table`,
    ]);
    expect(newer.id).not.toBe(authenticator.id);
  });

  describe("a code", () => {
    it("is taken once, also when it is sent many times at once, and the record names the authenticator", async () => {
      const user = somebody();
      const { secret, authenticator } = await setUp(user);
      const code = codeAt(secret, NOW);
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => give(user, code)));
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["taken", ...Array(5).fill("used")]);
      const taken = (await recordOf(user)).filter(([event]) => event === "code.taken");
      expect(taken).toEqual([["code.taken", { what: "approve", authenticator: authenticator.id }]]);
      expect(await give(user, codeAt(secret, NOW + 30_000), NOW + 30_000)).toMatchObject({ kind: "taken" });
    });

    it("counts one step early and late, and no older one after a newer one", async () => {
      const user = somebody();
      const { secret } = await setUp(user);
      expect((await give(user, codeAt(secret, NOW - 60_000))).kind).toBe("wrong");
      expect((await give(user, codeAt(secret, NOW + 60_000))).kind).toBe("wrong");
      expect((await give(user, codeAt(secret, NOW - 30_000))).kind).toBe("taken");
      expect((await give(user, codeAt(secret, NOW + 30_000))).kind).toBe("taken");
      expect((await give(user, codeAt(secret, NOW))).kind).toBe("used");
    });

    it("of many wrong ones at once five are looked at, and then not even a right one for 15 minutes", async () => {
      const user = somebody();
      const { secret } = await setUp(user);
      const wrong = wrongCodeAt(secret, NOW);
      const outcomes = await Promise.all(Array.from({ length: 12 }, () => give(user, wrong)));
      const kinds = Object.groupBy(outcomes, ({ kind }) => kind);
      expect(kinds.wrong).toHaveLength(4);
      expect(kinds.locked).toHaveLength(8);
      expect(outcomes.filter((one) => one.kind === "locked" && one.isNew)).toHaveLength(1);
      const at = NOW + 14 * MINUTE;
      expect((await give(user, codeAt(secret, at), at)).kind).toBe("locked");
      const later = NOW + 15 * MINUTE;
      expect((await give(user, codeAt(secret, later), later)).kind).toBe("taken");
      const refused = (await recordOf(user)).filter(([event]) => event === "code.refused");
      expect(refused.map(([, { why }]) => why)).toEqual([...Array(4).fill("wrong"), "locked"]);
    });

    it("that is wrong is forgotten after 15 minutes", async () => {
      const user = somebody();
      const { secret } = await setUp(user);
      for (let nth = 1; nth <= 4; nth += 1) await give(user, wrongCodeAt(secret, NOW));
      const later = NOW + 15 * MINUTE + 1;
      expect(await give(user, wrongCodeAt(secret, later), later)).toEqual({ kind: "wrong", left: 4 });
    });
  });

  describe("an authenticator", () => {
    it("gives no codes that count before it is confirmed, nor after it was declined", async () => {
      const user = somebody();
      const secret = newSecret();
      const { id } = await addWaiting(db(), KEY, { secret, step: 0 }, doing(user));
      expect((await give(user, codeAt(secret, NOW))).kind).toBe("none");
      expect(await declineWaiting(db(), id, doing(BOB))).toMatchObject({ state: "declined" });
      expect(await confirmWaiting(db(), KEY, id, null, doing(BOB))).toBeNull();
      expect((await give(user, codeAt(secret, NOW))).kind).toBe("none");
    });

    it("is confirmed by one of two at once, and not after a day", async () => {
      const user = somebody();
      const made = { secret: newSecret(), step: 0 };
      const { id } = await addWaiting(db(), KEY, made, doing(user));
      const day = NOW + 24 * 60 * MINUTE;
      expect(await confirmWaiting(db(), KEY, id, null, doing(BOB, day))).toBeNull();
      const both = await Promise.all(
        [BOB, CAROL].map((by) => confirmWaiting(db(), KEY, id, null, doing(by))),
      );
      expect(both.filter((one) => one !== null)).toHaveLength(1);
    });

    it("takes the place of the one before: of each person one counts, and one waits", async () => {
      const user = somebody();
      const first = await setUp(user);
      const next = { secret: newSecret(), step: 0 };
      const waiting = await addWaiting(db(), KEY, next, doing(user));
      // What waits changes nothing yet.
      expect((await give(user, codeAt(first.secret, NOW))).kind).toBe("taken");
      const newer = await addWaiting(db(), KEY, next, doing(user));
      expect(await confirmWaiting(db(), KEY, waiting.id, null, doing(BOB))).toBeNull();
      await confirmWaiting(db(), KEY, newer.id, null, doing(BOB));
      const own = await readOwn(db(), KEY, user, NOW);
      expect(own).toMatchObject({ effective: { id: newer.id, confirmedBy: BOB }, waiting: null });
      expect((await give(user, codeAt(first.secret, NOW + 30_000), NOW + 30_000)).kind).toBe("wrong");
    });

    it("is replaced once with a code of the one before", async () => {
      const user = somebody();
      const { authenticator } = await setUp(user);
      const both = await Promise.all(
        [1, 2].map(() =>
          replaceOwn(db(), KEY, { secret: newSecret(), step: 0 }, authenticator.id, doing(user)),
        ),
      );
      expect(both.filter((one) => one !== null)).toHaveLength(1);
    });

    it("does not count under another key, and its secret is not in the table", async () => {
      const user = somebody();
      const { secret } = await setUp(user);
      const rows = await db().selectFrom("authenticators").selectAll().where("user_id", "=", user).execute();
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect(await readOwn(db(), OTHER_KEY, user, NOW)).toEqual({ effective: null, waiting: null });
      expect([...(await readEnrolled(db(), OTHER_KEY))]).not.toContain(user);
      expect([...(await readEnrolled(db(), KEY))]).toContain(user);
    });

    it("of somebody else, copied to one's own name in the database, gives no codes that count", async () => {
      const [user, thief] = [somebody(), somebody()];
      const { secret } = await setUp(user);
      await setUp(thief);
      await db()
        .updateTable("authenticators")
        .set((eb) => ({
          secret: eb
            .selectFrom("authenticators as other")
            .select("other.secret")
            .where("other.user_id", "=", user),
        }))
        .where("user_id", "=", thief)
        .execute();
      expect((await give(thief, codeAt(secret, NOW))).kind).toBe("none");
    });
  });
}
