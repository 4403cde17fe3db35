import { appendFileSync, copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../src/canonical-json.ts";
import { chainRow, hashRow, START, type ChainedRow, type Link } from "../../src/audit/chain.ts";
import { toJsonLine } from "../../src/audit/formats.ts";
import { advanceSink, claimSink, nameSink } from "../../src/audit/forward/position.ts";
import { readBatches } from "../../src/audit/read.ts";
import type { Db } from "../../src/store/open.ts";
import { ALICE, NOW } from "../store/fixture.ts";
import { appendAudit } from "../support/audit.ts";
import { describeWithPostgres } from "../support/postgres.ts";
import { appendRows, type Dialect, makePlace, openPlace, type Place, runHere, tamper } from "./support.ts";

describe("what is done to the record, on SQLite", () => {
  attacks("sqlite");
  attacksOnFiles();
});
describeWithPostgres("what is done to the record, on PostgreSQL", () => attacks("postgres"));

interface Scene {
  place: Place;
  db: Db;
  close(): Promise<void>;
  file(name: string): string;
  verify(...args: string[]): ReturnType<typeof runHere>;
  /** The end of the record now, as it is noted down. */
  anchor(): Promise<string>;
}

async function start(dialect: Dialect): Promise<Scene> {
  const place = await makePlace(dialect);
  const { db, close } = await openPlace(place);
  const env = { DATABASE_URL: place.url, AUDIT_FORWARD: `file:${join(place.folder, "copy.jsonl")}` };
  return {
    place,
    db,
    close,
    file: (name) => join(place.folder, name),
    verify: (...args) => runHere(env, "verify", ...args),
    async anchor() {
      const { seq, hash } = await db.selectFrom("audit_head").selectAll().executeTakeFirstOrThrow();
      return `${seq}:${hash}`;
    },
  };
}

async function readAll(db: Db): Promise<ChainedRow[]> {
  const rows: ChainedRow[] = [];
  for await (const batch of readBatches(db)) rows.push(...batch);
  return rows;
}

async function setHead(db: Db, { seq, hash }: Link): Promise<void> {
  await db.updateTable("audit_head").set({ seq, hash }).execute();
}

/** Writes all rows from `seq` on once more, so that the chain is whole again. */
async function rewriteFrom(db: Db, seq: number, change: Partial<ChainedRow>): Promise<void> {
  const rows = await readAll(db);
  let before: Link = rows.find((row) => row.seq === seq - 1) ?? START;
  for (const row of rows.filter((one) => one.seq >= seq)) {
    const rewritten = chainRow(before, { ...row, ...(row.seq === seq ? change : {}) });
    await db.updateTable("audit").set(rewritten).where("seq", "=", row.seq).execute();
    before = rewritten;
  }
  await setHead(db, before);
}

/** As the forwarder writes it, and as it notes that. */
async function forward({ db, file, place }: Scene, rows?: readonly ChainedRow[]): Promise<string> {
  const all = rows ?? (await readAll(db));
  appendFileSync(file("copy.jsonl"), all.map(toJsonLine).join(""));
  const sink = nameSink({ kind: "file", file: join(place.folder, "copy.jsonl") });
  await claimSink(db, { sink, owner: "test", now: NOW, forMs: 0 });
  const { seq, hash } = all.at(-1) ?? START;
  await advanceSink(db, { sink, owner: "test", seq, hash });
  return file("copy.jsonl");
}

/** Rows 1 to 10 in a.jsonl and 11 to 17 in b.jsonl, and nothing of them in the database. */
async function archiveTwice(scene: Scene): Promise<string[]> {
  const files: string[] = [];
  await scene.close();
  const other = (...args: string[]) => runHere({ DATABASE_URL: scene.place.url }, ...args);
  for (const name of ["a.jsonl", "b.jsonl"]) {
    await other("checkpoint");
    expect(await other("archive", "--file", scene.file(name), "--remove")).toMatchObject({ code: 0 });
    files.push("--archive", scene.file(name));
  }
  return files;
}

function edit(file: string, change: (text: string) => string): void {
  const before = readFileSync(file, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
}

function attacks(dialect: Dialect): void {
  it("an anchor of before the first row is not passed over: all rows deleted and two forged do not pass as whole", async () => {
    const { db, place, verify, anchor } = await start(dialect);
    await appendRows(db, 12);
    const noted = await anchor();
    await tamper(place, db, async () => {
      await db.deleteFrom("audit").execute();
      const fields = { at: NOW, team_id: null, request_id: null, actor: ALICE };
      const before = { seq: 40, hash: "a".repeat(64) };
      const checkpoint = chainRow(before, { ...fields, event: "audit.checkpoint", data: "{}" });
      const data = canonicalJson({
        checkpoint: { seq: checkpoint.seq, hash: checkpoint.hash },
        rows: { from: 1, to: 40 },
        last_hash: before.hash,
        file: "a.jsonl",
        sha256: "b".repeat(64),
      });
      const archived = chainRow(checkpoint, { ...fields, event: "audit.archived", data });
      await db.insertInto("audit").values([checkpoint, archived]).execute();
      await setHead(db, archived);
    });
    const ran = await verify("--anchor", noted);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`${noted} was not compared: row 12 was archived.`);
    expect(ran.stdout, "nothing to note down in its place").not.toContain("--anchor");
  });

  it("each anchor is compared with the row that it names, also one in an archive, and both of two for the same row", async () => {
    const scene = await start(dialect);
    const { db, verify, anchor } = scene;
    await appendRows(db, 10);
    const noted = await anchor();
    const wrong = `10:${"c".repeat(64)}`;
    expect(await verify("--anchor", wrong, "--anchor", noted)).toMatchObject({ code: 1 });
    const [one, two, ...rest] = await archiveTwice(scene);
    expect(await verify("--anchor", noted)).toMatchObject({ code: 2 });
    const archives = [one ?? "", two ?? "", ...rest];
    expect(await verify(...archives, "--anchor", noted)).toMatchObject({ code: 0, stderr: "" });
    const broken = await verify(...archives, "--anchor", wrong, "--anchor", noted);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain("a.jsonl is broken: row 10 has not the hash that was noted down");
    // The first row holds the hash of the last archived one.
    const last = JSON.parse(
      readFileSync(scene.file("b.jsonl"), "utf8").trimEnd().split("\n").at(-1) ?? "",
    ) as Link;
    expect(await verify("--anchor", `${last.seq}:${last.hash}`)).toMatchObject({ code: 0 });
    expect(await verify("--anchor", `${last.seq}:${"c".repeat(64)}`)).toMatchObject({ code: 1 });
    const partly = await verify(one ?? "", two ?? "");
    expect(partly).toMatchObject({ code: 2, stderr: expect.stringContaining("archive that was not named") });
  });

  it("an archive whose rows still stand in the database is compared with them", async () => {
    const { db, file, place, verify } = await start(dialect);
    await appendRows(db, 6);
    const env = { DATABASE_URL: place.url };
    await runHere(env, "checkpoint");
    await runHere(env, "archive", "--file", file("a.jsonl"));
    expect(await verify("--archive", file("a.jsonl"))).toMatchObject({ code: 0, stderr: "" });
    await tamper(place, db, () => rewriteFrom(db, 3, { actor: "nobody" }));
    expect(await verify()).toMatchObject({ code: 0 });
    const ran = await verify("--archive", file("a.jsonl"));
    expect(ran).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("broken at row 6, which is changed"),
    });
  });

  it("history that was rewritten behind what was forwarded shows in every verification, and so does a cut end", async () => {
    const scene = await start(dialect);
    const { db, place, verify } = scene;
    await appendRows(db, 8);
    await forward(scene);
    await appendRows(db, 2);
    expect(await verify()).toMatchObject({ code: 0 });
    await tamper(place, db, () => rewriteFrom(db, 3, { actor: "nobody" }));
    const rewritten = await verify();
    expect(rewritten.code).toBe(1);
    expect(rewritten.stderr).toContain("copy.jsonl: row 8 is not the one that was forwarded");
    const [row] = (await readAll(db)).filter(({ seq }) => seq === 5);
    await db.deleteFrom("audit").where("seq", ">", 5).execute();
    await setHead(db, row ?? START);
    expect(await verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("row 8 was forwarded, and the record ends before it"),
    });
  });

  it("no rows are taken out into an archive where the record does not fit what was forwarded", async () => {
    const scene = await start(dialect);
    const { db, place, close, file } = scene;
    await appendRows(db, 4);
    await appendAudit(db, { at: NOW, actor: ALICE, event: "audit.checkpoint" });
    await forward(scene);
    await tamper(place, db, () => rewriteFrom(db, 2, { actor: "nobody" }));
    await close();
    const env = { DATABASE_URL: place.url, AUDIT_FORWARD: `file:${file("copy.jsonl")}` };
    const ran = await runHere(env, "archive", "--file", file("a.jsonl"), "--remove");
    expect(ran).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("so nothing was taken out: row 5 is not"),
    });
  });

  it("a forwarded copy is whole with repeated and overlapping rows, a cut line that comes again, and in rotated parts", async () => {
    const scene = await start(dialect);
    const { db, verify } = scene;
    await appendRows(db, 9);
    const rows = await readAll(db);
    const lines = rows.map(toJsonLine);
    await forward(scene, rows.slice(0, 5));
    // Cut in a character of two bytes, then all of the batch again; one of before after later ones; the end being written.
    const cut = Buffer.from(lines[6] ?? "");
    const at = cut.indexOf("é") + 1;
    appendFileSync(
      scene.file("copy.jsonl"),
      Buffer.concat([Buffer.from(lines[5] ?? ""), cut.subarray(0, at)]),
    );
    appendFileSync(scene.file("copy.jsonl"), "\n");
    await forward(scene, rows.slice(2, 9));
    appendFileSync(scene.file("copy.jsonl"), lines.slice(1, 4).join(""));
    appendFileSync(scene.file("copy.jsonl"), (lines[8] ?? "").slice(0, 20));
    const ran = await verify("--copy", scene.file("copy.jsonl"));
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("rows 1 to 9 are whole (7 lines came more than once, which is normal)");

    writeFileSync(scene.file("copy.1"), lines.slice(0, 6).join(""));
    writeFileSync(scene.file("copy.2"), lines.slice(4).join(""));
    const parts = [scene.file("copy.1"), scene.file("copy.2")].flatMap((file) => ["--copy", file]);
    expect(await verify(...parts)).toMatchObject({ code: 0, stderr: "" });
    expect(await verify("--copy", scene.file("copy.2"))).toMatchObject({ code: 0 });
  });

  it("a forwarded copy shows which rows of the record were changed, deleted or rewritten", async () => {
    const scene = await start(dialect);
    const { db, place, verify, file } = scene;
    await appendRows(db, 9);
    const copy = await forward(scene);
    await tamper(place, db, async () => {
      await db.updateTable("audit").set({ actor: "nobody" }).where("seq", "=", 3).execute();
      await db.deleteFrom("audit").where("seq", "in", [6, 7]).execute();
    });
    const changed = await verify("--copy", copy);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain("broken at row 3, which is changed");
    expect(changed.stderr).toContain(`does not hold what ${copy} holds: 3 rows (3, 6 to 7)`);
    await db.deleteFrom("audit").where("seq", ">", 2).execute();
    await setHead(db, (await readAll(db))[1] ?? START);
    expect(await verify("--copy", copy)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`ends at row 2, and ${copy} goes on to row 9`),
    });
    expect(readFileSync(file("copy.jsonl"), "utf8").split("\n")).toHaveLength(10);
  });

  it("a copy is compared with archives as well, and it is said when nothing of it could be", async () => {
    const scene = await start(dialect);
    await appendRows(scene.db, 10);
    const copy = await forward(scene);
    const archives = await archiveTwice(scene);
    // Forwarded to another place since, as these settings have it.
    const verify = (...args: string[]) => runHere({ DATABASE_URL: scene.place.url }, "verify", ...args);
    expect(await verify("--copy", copy)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("none of them is in the database"),
    });
    expect(await verify("--copy", copy, ...archives)).toMatchObject({ code: 0, stderr: "" });
  });
}

/** What has to do with files alone is the same with either database. */
function attacksOnFiles(): void {
  it("an archive whose lines were altered outside the hash is not whole: the time, a further key, one that stands twice", async () => {
    const scene = await start("sqlite");
    await appendRows(scene.db, 4);
    // It may stand in a reason, and is no end of a line.
    await appendAudit(scene.db, { at: NOW, actor: ALICE, event: "e", data: { reason: "a\u2028b" } });
    const archives = await archiveTwice(scene);
    expect(await scene.verify(...archives)).toMatchObject({ code: 0, stderr: "" });
    const file = scene.file("a.jsonl");
    const good = readFileSync(file, "utf8");
    for (const change of [
      (text: string) => text.replace(/"time":"\d{4}/, '"time":"1999'),
      (text: string) => text.replace('"actor"', '"note":"approved by all","actor"'),
      (text: string) => text.replace('"actor":"', '"actor":"U0FORGED1","actor":"'),
      (text: string) => text.replace('"index":1', '"index":7,"index":1'),
      (text: string) => text.replace('{"seq":2,', '{ "seq":2,'),
    ]) {
      edit(file, change);
      const ran = await scene.verify(...archives);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(
        /a\.jsonl is broken: line \d \(row \d\) was altered outside of what its hash covers/,
      );
      writeFileSync(file, good);
    }
  });

  it("the SHA-256 that the record holds of an archive is compared with the file", async () => {
    const scene = await start("sqlite");
    await appendRows(scene.db, 4);
    const archives = await archiveTwice(scene);
    edit(scene.file("a.jsonl"), (text) => text.trimEnd());
    const ran = await scene.verify(...archives);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("a.jsonl is not the file that was archived: its SHA-256 is");
    edit(scene.file("a.jsonl"), (text) => `${text}\n`);
    expect(await scene.verify(...archives)).toMatchObject({ code: 0 });
    const [a, b] = [scene.file("a.jsonl"), scene.file("b.jsonl")];
    renameSync(a, `${a}.was`);
    copyFileSync(b, a);
    renameSync(`${a}.was`, b);
    expect(await scene.verify(...archives)).toMatchObject({ code: 2 });
    // One file of both: each row is as it was written, but no row tells of such a file.
    writeFileSync(b, readFileSync(b, "utf8") + readFileSync(a, "utf8"));
    const one = await scene.verify("--archive", b);
    expect(one).toMatchObject({ code: 2, stderr: expect.stringContaining("holds the SHA-256 of") });
  });

  it("a copy that was tampered with is named: cut, altered, with a hole, a row that comes twice with two contents, or no copy at all", async () => {
    const scene = await start("sqlite");
    const { db, verify } = scene;
    await appendRows(db, 9);
    const copy = await forward(scene);
    const good = readFileSync(copy, "utf8");
    const [first = ""] = good.split("\n");
    const forged = chainRow(START, { ...(JSON.parse(first) as ChainedRow), data: "{}" });
    for (const [change, code, words] of [
      [(text: string) => text.split("\n").slice(0, -3).join("\n"), 2, "rows up to 9 were forwarded"],
      [
        (text: string) => text.replace('"index":3', '"index":4'),
        1,
        "line 4 (row 4) is not as it was written",
      ],
      [
        (text: string) => text.replace(/"time":"\d{4}/, '"time":"1999'),
        1,
        "line 1 (row 1) was altered outside",
      ],
      [
        (text: string) => text.split("\n").toSpliced(3, 2).join("\n"),
        1,
        "rows 4 to 5 did not come before it",
      ],
      [(text: string) => text + toJsonLine(forged), 1, "holds row 1 for another time, with another content"],
      [
        (text: string) => text.replace(first, first.slice(0, 50)),
        1,
        "line 1 is cut, and its row does not come again",
      ],
      [(text: string) => `${text}rm -rf\n`, 1, "line 10 is no row of the record"],
      [() => "", 2, "holds no row of the record"],
    ] as const) {
      edit(copy, change);
      const ran = await verify("--copy", copy);
      expect(ran.stderr).toContain(words);
      expect(ran.code).toBe(code);
      writeFileSync(copy, good);
    }
    // Written from the beginning by somebody who knows how: whole in itself, and not what the record holds.
    let before: Link = START;
    const others = (await readAll(db)).map((row) => {
      const other = chainRow(before, { ...row, actor: "nobody" });
      before = other;
      return other;
    });
    expect(others.every((row) => row.hash === hashRow(row))).toBe(true);
    writeFileSync(copy, others.map(toJsonLine).join(""));
    expect(await verify("--copy", copy)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("9 rows (1 to 9)"),
    });
  });
}
