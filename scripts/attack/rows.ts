import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sql } from "kysely";

import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { PEOPLE, POLICY, SANDBOX_POLICY } from "../../sandbox/workspace.ts";
import { START } from "../../src/audit/chain.ts";
import { canonicalJson } from "../../src/canonical-json.ts";
import { hashPlan, parsePlan } from "../../src/requests/plan.ts";
import type { Db } from "../../src/store/open.ts";
import { control, unless, type Attack, type Outcome } from "./attack.ts";
import { answerTo, approve, ask, comesAbout, idOf, threadOf } from "./people.ts";
import { readRows, chainAgain, replaceRows, writeSomeRecord } from "./record.ts";
import { runScript, type Ran, type Target, type Targets } from "./targets.ts";

const ITEM = "unproven rows";

/** What the owner of the database can make the bot do, by rows that nobody's click wrote. */
export const rowAttacks: Attack[] = [
  {
    item: ITEM,
    name: "forged-vote",
    claim: "one UPDATE that sets approved with a vote is not carried out",
    isolated: true,
    run: (targets) => whilePaused(targets, (db, id) => setApproved(db, id, [vote(PEOPLE.bob)])),
  },
  {
    item: ITEM,
    name: "forged-second-vote",
    claim: "a forged vote beside a true one does not make up the quorum",
    isolated: true,
    run: (targets) =>
      whilePaused(
        targets,
        async (db, id) => {
          const { votes } = await db
            .selectFrom("requests")
            .select("votes")
            .where("id", "=", id)
            .executeTakeFirstOrThrow();
          const given = JSON.parse(votes) as unknown[];
          control(given.length === 1, "the true vote was not counted");
          await setApproved(db, id, [...given, vote(PEOPLE.carol)]);
        },
        {
          policy: `${POLICY}protected: { emails: [mallory@example.com], quorum: 2 }\n`,
          async before(target, card) {
            await approve(target, card);
            const id = idOf(target, card);
            await comesAbout(
              () =>
                target.database(async (db) => {
                  const row = await db
                    .selectFrom("requests")
                    .select("vote_count")
                    .where("id", "=", id)
                    .executeTakeFirst();
                  return row?.vote_count === 1;
                }),
              10_000,
            );
          },
        },
      ),
  },
  {
    item: ITEM,
    name: "forged-break-glass",
    claim: "a forged action alone is not carried out",
    isolated: true,
    run: (targets) =>
      whilePaused(
        targets,
        async (db, id) => {
          await setApproved(db, id, []);
          const alone = JSON.stringify({
            by: PEOPLE.alice,
            at: Date.now(),
            reason: "at once",
            via: PEOPLE.alice,
          });
          await db.updateTable("requests").set({ break_glass: alone }).where("id", "=", id).execute();
        },
        { policy: SANDBOX_POLICY },
      ),
  },
  {
    item: ITEM,
    name: "request-that-nobody-made",
    claim: "an approved request that no row of the record tells of is not carried out",
    isolated: true,
    run: (targets) =>
      whilePaused(targets, async (db, id) => {
        const row = await db
          .selectFrom("requests")
          .selectAll()
          .where("id", "=", id)
          .executeTakeFirstOrThrow();
        const people = await db
          .selectFrom("request_targets")
          .selectAll()
          .where("request_id", "=", id)
          .execute();
        const made = {
          ...row,
          id: "ZT-0000001",
          card_ts: null,
          card_version: 0,
          card_attempted_at: null,
          once: null,
        };
        await db.insertInto("requests").values(made).execute();
        for (const one of people)
          await db
            .insertInto("request_targets")
            .values({ ...one, request_id: made.id })
            .execute();
        await setApproved(db, made.id, [vote(PEOPLE.bob)]);
      }),
  },
  {
    item: ITEM,
    name: "another-plan",
    claim: "another plan under the stored hash, or with its own, is not carried out when it is approved",
    isolated: true,
    timeoutMs: 120_000,
    async run(targets) {
      const wrong: string[] = [];
      const target = await targets.start();
      for (const [way, withHash] of [
        ["under the stored hash", false],
        ["with its own hash", true],
      ] as const) {
        const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
        const id = idOf(target, card);
        await target.database((db) => aimAt(db, target, id, "erin@example.com", withHash));
        await approve(target, card);
        await carriesOutAnother(target);
        if (isRevoked(target, "erin@example.com")) wrong.push(`${way} it was carried out`);
        await answerTo(target, PEOPLE.alice, `cancel ${id}`).catch(() => "");
      }
      return unless(wrong, "neither was carried out; a true request was");
    },
  },
  {
    item: ITEM,
    name: "another-person-in-the-rows",
    claim: "a row of another person under an approved plan sends nothing about them",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const erin = userOf(target, "erin@example.com");
      const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
      const id = idOf(target, card);
      await target.database((db) =>
        db
          .updateTable("request_targets")
          .set({ target_id: erin.id, email: erin.email })
          .where("request_id", "=", id)
          .execute(),
      );
      await approve(target, card);
      await carriesOutAnother(target);
      const wrong = isRevoked(target, erin.email) ? ["the other person was revoked"] : [];
      return unless(wrong, "nothing was sent about the other person");
    },
  },
  {
    item: ITEM,
    name: "approval-used-again",
    claim: "a request that is over, set back to approved, is not carried out once more",
    isolated: true,
    async run(targets) {
      const target = await writeSomeRecord(targets);
      const before = revocations(target, "mallory@example.com");
      control(before === 1, `${before} calls for one request`);
      await target.database(async (db) => {
        const { id, votes } = await db
          .selectFrom("requests")
          .select(["id", "votes"])
          .executeTakeFirstOrThrow();
        await db.updateTable("requests").set({ result: null, finished_at: null, started_at: null }).execute();
        await db
          .updateTable("request_targets")
          .set({
            state: "waiting",
            attempts: 0,
            due_at: 0,
            sent_at: null,
            answered_at: null,
            outcome: null,
            looks: 0,
          })
          .execute();
        await setApproved(db, id, JSON.parse(votes) as unknown[]);
      });
      await target.stop();
      await target.start();
      await carriesOutAnother(target);
      const again = revocations(target, "mallory@example.com");
      return unless(again > 1 ? [`it was sent ${again} times`] : [], "it was sent once");
    },
  },
  {
    item: ITEM,
    name: "verify-cross-check",
    claim:
      "verify names requests that the record does not prove, and rows of the record whose request is gone",
    isolated: true,
    async run(targets) {
      const target = await writeSomeRecord(targets);
      const card = await ask(target, "revoke dana@example.com --reason after it");
      const id = idOf(target, card);
      await target.stop();
      control((await target.audit("verify")).code === 0, "an untouched record is called broken");
      const requests = await target.database((db) => db.selectFrom("requests").selectAll().execute());
      const people = await target.database((db) => db.selectFrom("request_targets").selectAll().execute());
      const ways: Record<string, (db: Db) => Promise<unknown>> = {
        "a forged vote": (db) => setApproved(db, id, [vote(PEOPLE.bob)]),
        "another plan": (db) => aimAt(db, target, id, "erin@example.com", true),
        "another reason": (db) =>
          db.updateTable("requests").set({ reason: "as the chief said" }).where("id", "=", id).execute(),
        "another requester": (db) =>
          db.updateTable("requests").set({ requester_id: PEOPLE.carol }).where("id", "=", id).execute(),
        "a request taken out": async (db) => {
          await db.deleteFrom("request_targets").execute();
          await db.deleteFrom("posts").execute();
          await sql`DELETE FROM target_locks`.execute(db);
          await db.deleteFrom("requests").execute();
        },
      };
      const wrong: string[] = [];
      for (const [way, tamper] of Object.entries(ways)) {
        await target.database(tamper);
        const { code } = await target.audit("verify");
        if (code !== 1) wrong.push(`${way}: exit code ${code}`);
        await target.database(async (db) => {
          await db.deleteFrom("request_targets").execute();
          await db.deleteFrom("posts").execute();
          await db.deleteFrom("requests").execute();
          await db.insertInto("requests").values(requests).execute();
          await db.insertInto("request_targets").values(people).execute();
        });
      }
      return unless(wrong, `${Object.keys(ways).length} ways, each named`);
    },
  },
  {
    item: "signed heads",
    name: "written-again-with-hashes",
    claim: "a record that was written again, with all its hashes and its head, does not pass verify",
    isolated: true,
    async run(targets) {
      const target = await writeSomeRecord(targets);
      await target.stop();
      control((await target.audit("verify")).code === 0, "an untouched record is called broken");
      const rows = await readRows(target);
      const forged = rows.map((row) =>
        row.event === "request.voted" || row.event === "request.approved"
          ? { ...row, actor: PEOPLE.carol }
          : row,
      );
      await replaceRows(target, chainAgain(forged, START), true);
      const again = await target.audit("verify");
      const wrong = again.code === 0 ? [`rewritten: exit code 0: ${again.stdout.split("\n")[0]}`] : [];
      await replaceRows(target, rows, true);
      control((await target.audit("verify")).code === 0, "the record put back is called broken");
      await replaceRows(target, rows.slice(0, -3), true);
      const cut = await target.audit("verify");
      if (cut.code === 0) wrong.push(`the end cut off: exit code 0: ${cut.stdout.split("\n")[0]}`);
      return unless(wrong, `rewritten: exit code ${again.code}; the end cut off: exit code ${cut.code}`);
    },
  },
  {
    item: "signed heads",
    name: "signed-again",
    claim:
      "with the public key and a head that was kept, a rewritten record shows, also where the bot signed it since",
    isolated: true,
    timeoutMs: 120_000,
    async run(targets) {
      const folder = mkdtempSync(join(tmpdir(), "zt-attack-"));
      const file = join(folder, "signing.key");
      const made = await runScript({}, "audit.ts", ["make-key", "--file", file]);
      control(made.code === 0, `no key can be made: ${made.stderr}`);
      const target = await writeSomeRecord(targets, { env: { AUDIT_SIGNING_KEY_FILE: file } });
      await target.stop();
      const key = (await target.audit("public-key")).stdout.trim();
      control(key !== "", "there is no public key");
      const rows = await readRows(target);
      const { note } = JSON.parse(rows.findLast(({ event }) => event === "audit.signed")?.data ?? "{}") as {
        note?: string;
      };
      control(note !== undefined, "nothing is signed");
      const kept = join(target.folder, "head.txt");
      writeFileSync(kept, note);
      const verify = (): Promise<Ran> => target.audit("verify", "--public-key", key, "--heads", kept);
      const good = await verify();
      control(good.code === 0, `an untouched record does not verify: ${good.stdout}${good.stderr}`);
      const wrong: string[] = [];
      const elsewhere = rows.map((row) =>
        row.event === "command.refused" || row.event === "policy.loaded" ? { ...row, at: row.at - 1 } : row,
      );
      const unsigned = elsewhere.filter(({ event }) => event !== "audit.signed");
      await replaceRows(target, chainAgain(elsewhere, START), true);
      if ((await target.audit("verify", "--public-key", key)).code !== 1)
        wrong.push("rewritten, it verifies");
      await replaceRows(target, chainAgain(unsigned, START), true);
      if ((await target.audit("verify", "--public-key", key)).code !== 1)
        wrong.push("without its signatures, it verifies");
      // The bot finds no signature, and signs what it finds.
      await target.start();
      await target.stop();
      rmSync(folder, { recursive: true });
      if ((await verify()).code !== 1) wrong.push("signed again, it verifies against a head from before");
      return unless(wrong, "rewritten, stripped of signatures, and signed again: none verifies");
    },
  },
];

/**
 * Two requests while the bot is paused: one is forged, the other approved by a person. After the resume only the second
 * may be carried out.
 */
async function whilePaused(
  targets: Targets,
  forge: (db: Db, id: string) => Promise<unknown>,
  options: { policy?: string; before?: (target: Target, card: StoredMessage) => Promise<unknown> } = {},
): Promise<Outcome> {
  const target = await targets.start(options.policy === undefined ? {} : { policy: options.policy });
  const paused = await answerTo(target, PEOPLE.carol, "pause --reason an exercise");
  control(/paused/i.test(paused), `it can't be paused: ${paused}`);
  const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
  const id = idOf(target, card);
  const own = await ask(target, "revoke dana@example.com --reason stolen laptop");
  await approve(target, own);
  await options.before?.(target, card);
  await target.database((db) => forge(db, id));
  await answerTo(target, PEOPLE.carol, "resume");
  const isDone = await comesAbout(() => isRevoked(target, "dana@example.com"), 35_000);
  control(isDone, "what a person approved is not carried out");
  // The same sweep takes up both.
  await carriesOutAnother(target);
  const wrong = isRevoked(target, "mallory@example.com") ? ["the forged one was carried out"] : [];
  return unless(wrong, "the forged one was not carried out, what a person approved was");
}

/** Asks for one more and approves it, until it is sent: what came before it in the queue has had its turn. */
async function carriesOutAnother(target: Target): Promise<void> {
  const before = revocations(target, "rhea@example.com");
  const card = await ask(target, "revoke rhea@example.com --reason after it");
  await approve(target, card);
  const isSent = await comesAbout(() => revocations(target, "rhea@example.com") > before, 30_000);
  control(isSent, "a true request is not carried out");
  await comesAbout(() => threadOf(target, card).includes("Next:"), 15_000);
}

/** How often Cloudflare was asked to revoke this user. */
function revocations({ cloudflare }: Target, email: string): number {
  return cloudflare.requests.filter(
    ({ path, body }) => path.includes("revoke_user") && JSON.stringify(body ?? "").includes(email),
  ).length;
}

function isRevoked(target: Target, email: string): boolean {
  return revocations(target, email) > 0;
}

function vote(by: string): unknown {
  return { by, at: Date.now(), via: "S0LEADS01" };
}

async function setApproved(db: Db, id: string, votes: unknown[]): Promise<void> {
  const at = Date.now();
  await db
    .updateTable("requests")
    .set((eb) => ({
      status: "approved",
      votes: JSON.stringify(votes),
      vote_count: votes.length,
      decided_at: at,
      decided_by: PEOPLE.bob,
      execution_due: 0,
      held: null,
      version: eb("version", "+", 1),
    }))
    .where("id", "=", id)
    .execute();
}

function userOf({ cloudflare }: Target, email: string): { id: string; email: string } {
  const user = cloudflare.state.users.find((one) => one.email === email);
  control(user !== undefined, `there is no ${email}`);
  return user;
}

/** Puts another person in the place of the one that a plan is about, everywhere but in the record. */
async function aimAt(db: Db, target: Target, id: string, email: string, withHash: boolean): Promise<void> {
  const other = userOf(target, email);
  const { plan } = await db
    .selectFrom("requests")
    .select("plan")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  const before = parsePlan(JSON.parse(plan));
  const forged = parsePlan({ ...before, target: { ...before.target, id: other.id, email } });
  await db
    .updateTable("requests")
    .set({
      plan: canonicalJson(forged),
      target_id: other.id,
      target_email: email,
      ...(withHash ? { plan_hash: hashPlan(forged) } : {}),
    })
    .where("id", "=", id)
    .execute();
  await db
    .updateTable("request_targets")
    .set({ target_id: other.id, email })
    .where("request_id", "=", id)
    .execute();
}
