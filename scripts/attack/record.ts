import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { sql } from "kysely";

import { PEOPLE } from "../../sandbox/workspace.ts";
import { chainRow, START, type ChainedRow } from "../../src/audit/chain.ts";
import { toJsonLine } from "../../src/audit/formats.ts";
import type { Db } from "../../src/store/open.ts";
import { control, unless, type Attack } from "./attack.ts";
import { answerTo, approve, ask, comesAbout, threadOf } from "./people.ts";
import { pastTriggers, type Target, type TargetOptions, type Targets } from "./targets.ts";

const PLAIN = "plain tampering";
const OFFLINE = "anchors and archives";
const COPY = "the forwarded copy";

/** What the owner of the database, or of the files beside it, can do to the record without its showing. */
export const recordAttacks: Attack[] = [
  {
    item: PLAIN,
    name: "plain-tampering",
    claim: "nine ways of tampering with rows are each named by verify",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      const target = await writeSomeRecord(targets);
      await target.stop();
      control((await target.audit("verify")).code === 0, "an untouched record is called broken");
      const untouched = await readRows(target);
      const { seq: last, hash: end } = untouched.at(-1) ?? START;
      const ways: Record<string, (db: Db) => Promise<unknown>> = {
        "another actor": (db) =>
          db.updateTable("audit").set({ actor: "U0NOBODY1" }).where("seq", "=", 2).execute(),
        "another time": (db) => db.updateTable("audit").set({ at: 1 }).where("seq", "=", 2).execute(),
        "other data": (db) => db.updateTable("audit").set({ data: "{}" }).where("seq", "=", 2).execute(),
        "another request": (db) =>
          db.updateTable("audit").set({ request_id: "ZT-0000000" }).where("seq", "=", 2).execute(),
        "another hash": (db) => db.updateTable("audit").set({ hash: end }).where("seq", "=", 2).execute(),
        "a row left out": (db) => db.deleteFrom("audit").where("seq", "=", 2).execute(),
        "the first row left out": (db) => db.deleteFrom("audit").where("seq", "=", 1).execute(),
        "the end cut off": (db) =>
          db
            .deleteFrom("audit")
            .where("seq", ">=", last - 1)
            .execute(),
        "a row put behind the head": (db) =>
          db
            .insertInto("audit")
            .values(forgedRow({ seq: last, hash: end }))
            .execute(),
        "two rows exchanged": async (db) => {
          await db.updateTable("audit").set({ seq: 1_000_000 }).where("seq", "=", 2).execute();
          await db.updateTable("audit").set({ seq: 2 }).where("seq", "=", 3).execute();
          await db.updateTable("audit").set({ seq: 3 }).where("seq", "=", 1_000_000).execute();
        },
      };
      const wrong: string[] = [];
      for (const [way, tamper] of Object.entries(ways)) {
        await pastTriggers(target, tamper);
        const { code, stderr } = await target.audit("verify");
        if (code !== 1 || !stderr.includes("row")) wrong.push(`${way}: exit code ${code}`);
        await replaceRows(target, untouched, false);
      }
      control((await target.audit("verify")).code === 0, "the record put back as it was is called broken");
      return unless(wrong, `${Object.keys(ways).length} ways, each named`);
    },
  },
  {
    item: OFFLINE,
    name: "anchor-before-the-first-row",
    claim: "all rows deleted and two forged do not pass verify with the anchor that was noted down",
    isolated: true,
    async run(targets) {
      const target = await writeSomeRecord(targets);
      const anchor = await anchorOf(target);
      await target.stop();
      control(
        (await target.audit("verify", "--anchor", anchor)).code === 0,
        "an untouched record does not fit its anchor",
      );
      const first = Number(anchor.split(":")[0]) + 1;
      const before = { seq: first - 1, hash: "f".repeat(64) };
      const one = forgedRow(before);
      // As an operator who had archived everything before would have written it.
      const two = chainRow(one, {
        ...forgedRow(one),
        event: "audit.archived",
        data: JSON.stringify({ checkpoint: { hash: one.hash, seq: one.seq } }),
      });
      const begin = chainRow(before, { ...one, event: "audit.checkpoint" });
      await replaceRows(
        target,
        [
          begin,
          chainRow(begin, {
            ...two,
            data: JSON.stringify({ checkpoint: { hash: begin.hash, seq: begin.seq } }),
          }),
        ],
        true,
      );
      const { code, stdout } = await target.audit("verify", "--anchor", anchor);
      return unless(code === 0 ? [`exit code 0: ${stdout}`] : [], `exit code ${code}`);
    },
  },
  {
    item: OFFLINE,
    name: "forged-archive-and-anchor",
    claim: "rows in an archive are compared with the anchors too",
    isolated: true,
    async run(targets) {
      const { target, file, anchor } = await archiveSome(targets);
      const good = await target.audit("verify", "--archive", file, "--anchor", anchor);
      control(good.code === 0, `an untouched archive does not fit its anchor: ${good.stderr}`);
      // All of it written again, archive and database, with its hashes.
      const rows = readFileSync(file, "utf8").trim().split("\n").length;
      const forged: ChainedRow[] = [];
      for (let index = 0; index < rows; index += 1) forged.push(forgedRow(forged.at(-1) ?? START));
      writeFileSync(file, forged.map(toJsonLine).join(""));
      const kept = chainAgain(await readRows(target), forged.at(-1) ?? START);
      await replaceRows(target, kept, true);
      const { code, stdout } = await target.audit("verify", "--archive", file, "--anchor", anchor);
      return unless(code === 0 ? [`exit code 0: ${stdout}`] : [], `exit code ${code}`);
    },
  },
  {
    item: OFFLINE,
    name: "altered-archive-lines",
    claim: "an archive altered outside the hash is not the file whose SHA-256 was recorded",
    isolated: true,
    async run(targets) {
      const { target, file } = await archiveSome(targets);
      const untouched = readFileSync(file, "utf8");
      control(
        (await target.audit("verify", "--archive", file)).code === 0,
        "an untouched archive is called broken",
      );
      const ways: Record<string, (text: string) => string> = {
        "another time": (text) => text.replace(/"time":"20/, '"time":"19'),
        "a further key": (text) => text.replace("{", '{"note":"approved by the chief",'),
        "a doubled key": (text) => text.replace("{", '{"actor":"U0NOBODY1",'),
        "another order of keys": (text) => text.replace(/^\{("seq":\d+),("time":"[^"]+"),/, "{$2,$1,"),
        spaces: (text) => text.replace('"seq":', '"seq": '),
        "an empty line": (text) => `${text}\n`,
      };
      const wrong: string[] = [];
      for (const [way, alter] of Object.entries(ways)) {
        const altered = alter(untouched);
        control(altered !== untouched, `${way} alters nothing`);
        writeFileSync(file, altered);
        const { code, stdout } = await target.audit("verify", "--archive", file);
        if (code === 0) wrong.push(`${way}: ${stdout.split("\n")[0]}`);
      }
      return unless(wrong, `${Object.keys(ways).length} ways, none passes`);
    },
  },
  {
    item: COPY,
    name: "rewritten-and-forwarded",
    claim:
      "history that is rewritten after it was forwarded stops the forwarder with an alarm, and verify names the sink",
    isolated: true,
    async run(targets) {
      const { target, file } = await forwardSome(targets);
      await target.stop();
      control((await target.audit("verify")).code === 0, "an untouched record is called broken");
      const before = readFileSync(file, "utf8");
      const rows = await readRows(target);
      await replaceRows(
        target,
        chainAgain(
          rows.map((row) => (row.seq === 2 ? { ...row, actor: "U0NOBODY1" } : row)),
          START,
        ),
        true,
      );
      const wrong: string[] = [];
      const { code } = await target.audit("verify");
      if (code === 0) wrong.push("verify is content with a record that the copy contradicts");
      await target.start();
      await answerTo(target, PEOPLE.alice, "revoke dana@example.com --reason after it");
      const hasAlarm = await comesAbout(
        () =>
          target.bot
            .logs()
            .some(
              ({ level, msg }) =>
                (level === "error" || level === "fatal") && /record|chain|forward|audit|history/i.test(msg),
            ),
        8000,
      );
      if (!hasAlarm) wrong.push("no error in the log");
      if (readFileSync(file, "utf8").length > before.length) wrong.push("further rows were forwarded");
      return unless(wrong, "an error in the log, nothing more forwarded, and verify does not pass");
    },
  },
  {
    item: COPY,
    name: "verify-a-copy",
    claim: "verify --copy passes an untouched copy with repeats, and no altered one",
    isolated: true,
    async run(targets) {
      const { target, file } = await forwardSome(targets);
      await target.stop();
      const text = readFileSync(file, "utf8");
      const lines = text.trimEnd().split("\n");
      // At least once: the last batch comes again after a crash.
      appendFileSync(file, `${lines.slice(-3).join("\n")}\n`);
      const good = await target.audit("verify", "--copy", file);
      control(good.code === 0, `an untouched copy does not pass (exit code ${good.code}): ${good.stderr}`);
      const ways: Record<string, (lines: string[]) => string[]> = {
        "another actor": (all) =>
          all.map((line, index) =>
            index === 1 ? line.replace(/"actor":"[^"]*"/, '"actor":"U0NOBODY1"') : line,
          ),
        "a line left out": (all) => all.filter((_line, index) => index !== 1),
        "another time": (all) =>
          all.map((line, index) => (index === 1 ? line.replace(/"time":"20/, '"time":"19') : line)),
        "written again": () => {
          const forged: ChainedRow[] = [];
          for (let index = 0; index < lines.length; index += 1)
            forged.push(forgedRow(forged.at(-1) ?? START));
          return forged.map((row) => toJsonLine(row).trimEnd());
        },
      };
      const wrong: string[] = [];
      for (const [way, alter] of Object.entries(ways)) {
        writeFileSync(file, `${alter(lines).join("\n")}\n`);
        const { code } = await target.audit("verify", "--copy", file);
        if (code !== 1) wrong.push(`${way}: exit code ${code}`);
      }
      return unless(wrong, `${Object.keys(ways).length} ways, each named`);
    },
  },
];

/** A bot that has carried one request out: some rows of every kind. */
export async function writeSomeRecord(targets: Targets, options?: TargetOptions): Promise<Target> {
  const target = await targets.start(options);
  const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
  await approve(target, card);
  const isOver = await comesAbout(() => threadOf(target, card).includes("Next:"), 30_000);
  control(isOver, "an approved request is not carried out");
  return target;
}

async function forwardSome(targets: Targets): Promise<{ target: Target; file: string }> {
  const target = await targets.prepare();
  const file = join(target.folder, "copy.jsonl");
  target.env["AUDIT_FORWARD"] = `file:${file}`;
  await target.start();
  const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
  await approve(target, card);
  await comesAbout(() => threadOf(target, card).includes("Next:"), 30_000);
  const { length } = await readRows(target);
  const isForwarded = await comesAbout(
    () => existsSync(file) && readFileSync(file, "utf8").split("\n").length > length,
    10_000,
  );
  control(isForwarded, "rows are not forwarded");
  return { target, file };
}

/** A record whose beginning was archived and taken out, and what was noted down before of a row in the archive. */
async function archiveSome(targets: Targets): Promise<{ target: Target; file: string; anchor: string }> {
  const target = await writeSomeRecord(targets);
  const anchor = await anchorOf(target);
  await target.stop();
  const file = join(target.folder, "archive.jsonl");
  const done = [
    await target.audit("checkpoint"),
    await target.audit("archive", "--file", file, "--remove"),
  ].map(({ code, stderr }) => `${code} ${stderr}`.trim());
  control(done.join() === "0,0", `nothing could be archived: ${done.join()}`);
  return { target, file, anchor };
}

async function anchorOf(target: Target): Promise<string> {
  const { seq, hash } = (await readRows(target)).at(-1) ?? START;
  return `${seq}:${hash}`;
}

export function readRows(target: Target): Promise<ChainedRow[]> {
  return target.database((db) => db.selectFrom("audit").selectAll().orderBy("seq").execute());
}

/** Puts these in the place of all rows, and the head after the last of them where that is asked for. */
export async function replaceRows(
  target: Target,
  rows: readonly ChainedRow[],
  withHead: boolean,
): Promise<void> {
  await pastTriggers(target, async (db) => {
    await db.deleteFrom("audit").execute();
    for (const row of rows) await db.insertInto("audit").values(row).execute();
    const { seq, hash } = rows.at(-1) ?? START;
    if (withHead) await sql`UPDATE audit_head SET seq = ${seq}, hash = ${hash}`.execute(db);
  });
}

/** Rows with the hashes that they would have behind this one. */
export function chainAgain(rows: readonly ChainedRow[], before: { seq: number; hash: string }): ChainedRow[] {
  const chained: ChainedRow[] = [];
  for (const { seq: _seq, prev_hash: _before, hash: _hash, ...fields } of rows)
    chained.push(chainRow(chained.at(-1) ?? before, fields));
  return chained;
}

function forgedRow(before: { seq: number; hash: string }): ChainedRow {
  return chainRow(before, {
    at: Date.now(),
    team_id: "T0SANDBOX",
    request_id: null,
    actor: "U0NOBODY1",
    event: "command.refused",
    data: "{}",
  });
}
