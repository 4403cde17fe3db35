import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import type { Db } from "../../src/store/open.ts";
import { ALICE, NOW, requestIn, transitionTo } from "../store/fixture.ts";
import { describeWithPostgres } from "../support/postgres.ts";
import {
  appendRows,
  type Dialect,
  makePlace,
  openPlace,
  readSomeOf,
  runAudit,
  runHere,
  tamper,
} from "./support.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

describe("npm run audit, on SQLite", () => {
  cliContract("sqlite", runAudit);

  it("does not take rows out of a database that zt-bot is running on", async () => {
    const place = await makePlace("sqlite");
    const { db, close } = await openPlace(place);
    const env = { DATABASE_URL: place.url };
    const file = join(place.folder, "archive.jsonl");
    await appendRows(db, 3);
    await runAudit(env, "checkpoint");
    const refused = await runAudit(env, "archive", "--file", file, "--remove");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("stop it first");
    await close();
    expect(await runAudit(env, "archive", "--file", file, "--remove")).toMatchObject({ code: 0 });
  });

  it("makes no database where there is none", async () => {
    const { url, folder } = await makePlace("sqlite");
    const ran = await runAudit({ DATABASE_URL: url }, "verify");
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain(`there is no database ${folder}`);
    expect(await runAudit({ DATABASE_URL: url }, "verify")).toMatchObject({ code: 2 });
  });
});

// What a process of its own adds is seen on SQLite.
describeWithPostgres("npm run audit, on PostgreSQL", () => {
  cliContract("postgres", runHere);
});

describe("npm run audit", () => {
  it("exits with 2 when it is typed wrongly, and says how it goes", async () => {
    const ran = await runAudit({}, "verfiy");
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("There is no command verfiy.");
    expect(ran.stderr).toContain("npm run audit -- <command>");
  });

  it("exits with 78 when the settings are wrong", async () => {
    expect(await runAudit({ DATABASE_URL: "mysql://x" }, "verify")).toEqual({
      code: 78,
      stdout: "",
      stderr: "DATABASE_URL is neither file:<path> nor postgres://<…>\n",
    });
  });
});

async function countRows(db: Db): Promise<number> {
  const { rows } = await db
    .selectFrom("audit")
    .select((eb) => eb.fn.countAll().as("rows"))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

function cliContract(dialect: Dialect, run: typeof runAudit): void {
  it("verifies the record while zt-bot runs, and proves it against a hash noted down before", async () => {
    const place = await makePlace(dialect);
    const env = { DATABASE_URL: place.url };
    const { db } = await openPlace(place);
    expect(await run(env, "verify")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("empty"),
    });
    await appendRows(db, 12);
    const whole = await run(env, "verify");
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    expect(whole.stdout).toContain("The record is whole: 12 rows, 1 to 12.");
    const anchor = /12:[0-9a-f]{64}/.exec(whole.stdout)?.[0] ?? "";
    await appendRows(db, 3);
    expect(await run(env, "verify", "--anchor", anchor)).toMatchObject({ code: 0 });
    const other = anchor.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const broken = await run(env, "verify", "--anchor", other);
    expect(broken.stderr).toContain(
      "broken at row 12, which is changed: it has not the hash that was noted down",
    );
    expect(broken.code).toBe(1);
  });

  it("names the first broken row and what is wrong with it", async () => {
    const place = await makePlace(dialect);
    const { db } = await openPlace(place);
    await appendRows(db, 12);
    await tamper(place, db, async () => {
      await db.deleteFrom("audit").where("seq", "=", 9).execute();
      await db.updateTable("audit").set({ actor: "nobody" }).where("seq", "=", 5).execute();
    });
    const ran = await run({ DATABASE_URL: place.url }, "verify");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("broken at row 5, which is changed");
    expect(ran.stderr).toContain("4 rows before it are whole");
  });

  it("exports lines from which anybody can check the chain by themselves", async () => {
    const place = await makePlace(dialect);
    const { db } = await openPlace(place);
    await appendRows(db, 5);
    const { code, stdout } = await run({ DATABASE_URL: place.url }, "export");
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map((row) => row["seq"])).toEqual([1, 2, 3, 4, 5]);
    expect(rows[1]).toMatchObject({
      time: new Date(NOW + 60_000).toISOString(),
      data: { index: 1 },
      request_id: null,
    });
    let before = "0".repeat(64);
    for (const { time: _time, hash, ...row } of rows) {
      expect(row["prev_hash"]).toBe(before);
      const fields = { ...row, data: JSON.stringify(row["data"]) };
      const canonical = JSON.stringify(
        Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      );
      expect(createHash("sha256").update(canonical).digest("hex")).toBe(hash);
      before = String(hash);
    }
  });

  it("exports what happened between two moments", async () => {
    const place = await makePlace(dialect);
    const { db } = await openPlace(place);
    await appendRows(db, 8);
    const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
    const { stdout } = await run({ DATABASE_URL: place.url }, "export", "--since", at(2), "--until", at(5));
    expect(stdout.match(/"seq":\d+/g)).toEqual(['"seq":3', '"seq":4', '"seq":5']);
    const none = await run({ DATABASE_URL: place.url }, "export", "--since", "2099-01-01");
    expect(none).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("exports CSV in which no cell is a formula", async () => {
    const place = await makePlace(dialect);
    const { db } = await openPlace(place);
    for (const actor of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'a "quoted", one'])
      await appendAudit(db, { at: NOW, actor, event: "e" });
    const { stdout } = await run({ DATABASE_URL: place.url }, "export", "--format", "csv");
    const lines = stdout.trimEnd().split("\r\n");
    expect(lines[0]).toBe("seq,time,team_id,request_id,actor,event,data,prev_hash,hash");
    const actors = lines.slice(1).map((line) => /^\d+,"[^"]*",,,("(?:[^"]|"")*")/.exec(line)?.[1]);
    expect(actors).toEqual([`"'=1+1"`, `"'+1"`, `"'-1"`, `"'@SUM(A1)"`, `"'\t=1"`, `"a ""quoted"", one"`]);
  });

  it("stops quietly when whoever reads an export has enough", async () => {
    const place = await makePlace(dialect);
    const { db } = await openPlace(place);
    await db.transaction().execute((trx) => appendRows(trx, 2000));
    const ran = await readSomeOf({ DATABASE_URL: place.url }, "export");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/^\{"seq":1,/);
  });

  it("archives what is before a checkpoint, twice, and the rest can still be verified: alone and with the archives", async () => {
    const place = await makePlace(dialect);
    const env = { DATABASE_URL: place.url };
    const file = (name: string): string => join(place.folder, name);
    const bot = await openPlace(place);
    await appendRows(bot.db, 10);
    const none = await run(env, "archive", "--file", file("a.jsonl"));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no checkpoint") });

    const made = await run(env, "checkpoint");
    expect(made.stdout).toMatch(/^Row 11 is a checkpoint/);
    await appendRows(bot.db, 5);
    const written = await run(env, "archive", "--file", file("a.jsonl"));
    expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining("rows 1 to 10") });
    expect(await run(env, "verify")).toMatchObject({
      stdout: expect.stringContaining("16 rows, 1 to 16"),
    });
    expect(await run(env, "archive", "--file", file("a.jsonl"))).toMatchObject({ code: 2 });

    await bot.close();
    const removed = await run(env, "archive", "--file", file("a.jsonl"), "--remove");
    expect(removed).toMatchObject({ code: 0, stderr: "" });
    expect(removed.stdout).toContain("10 rows taken out of the database; row 17 says so.");
    expect(readFileSync(file("a.jsonl"), "utf8").split("\n")).toHaveLength(11);
    const alone = await run(env, "verify");
    expect(alone).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("7 rows, 11 to 17 (those before are archived)"),
    });
    const again = await run(env, "archive", "--file", file("b.jsonl"), "--remove");
    expect(again).toMatchObject({ code: 2, stderr: "There is nothing before row 11.\n" });

    await run(env, "checkpoint");
    expect(await run(env, "archive", "--file", file("b.jsonl"), "--remove")).toMatchObject({ code: 0 });
    expect(await run(env, "verify")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("2 rows, 18 to 19"),
    });
    const all = await run(env, "verify", "--archive", file("a.jsonl"), "--archive", file("b.jsonl"));
    expect(all).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("b.jsonl: rows 11 to 17 are whole."),
    });
    expect(await run(env, "verify", "--archive", file("b.jsonl"))).toMatchObject({ code: 2 });

    // The bot goes on, refuses to delete as before, and somebody who removes rows in another way is found out.
    const { db } = await openPlace(place);
    await appendRows(db, 2);
    await expect(db.deleteFrom("audit").execute()).rejects.toThrow(/append-only/);
    await appendAudit(db, { at: NOW, actor: ALICE, event: "audit.checkpoint" });
    await tamper(place, db, () => db.deleteFrom("audit").where("seq", "<", 22).execute());
    const cut = await run(env, "verify");
    expect(cut).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("broken at row 1, which is missing"),
    });
  });

  it("takes nothing out while a request that has rows there is not finished, and says which", async () => {
    const place = await makePlace(dialect);
    const env = { DATABASE_URL: place.url };
    const file = join(place.folder, "a.jsonl");
    const bot = await openPlace(place);
    const ids: string[] = [];
    for (const status of ["approved", "executing", "unknown", "pending"] as const)
      ids.push((await requestIn(bot.db, status)).id);
    // What is over reads nothing there.
    const others = [await requestIn(bot.db, "succeeded")];
    await run(env, "checkpoint");
    const later = await requestIn(bot.db, "executing");
    const before = await countRows(bot.db);
    await bot.close();
    const refused = await run(env, "archive", "--file", file, "--remove");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("4 requests are not finished and have rows before row");
    for (const id of ids) expect(refused.stderr).toContain(id);
    for (const { id } of [...others, later]) expect(refused.stderr).not.toContain(id);
    expect(refused.stderr).toContain("/zt resume");

    const again = await openPlace(place);
    expect(await countRows(again.db)).toBe(before);
    const [approved = "", executing = "", unknown = "", pending = ""] = ids;
    await moveRequest(again.db, pending, transitionTo("cancelled"));
    await moveRequest(again.db, approved, transitionTo("voided"));
    await moveRequest(again.db, executing, transitionTo("succeeded"));
    await again.close();
    const one = await run(env, "archive", "--file", file, "--remove");
    expect(one.stderr).toContain(`1 request is not finished and has rows before row`);
    expect(one.stderr).toContain(unknown);

    const last = await openPlace(place);
    await moveRequest(last.db, unknown, transitionTo("failed"));
    await last.close();
    expect(await run(env, "archive", "--file", file, "--remove")).toMatchObject({ code: 0, stderr: "" });
    expect(await run(env, "verify")).toMatchObject({ code: 0 });
  });

  it("takes nothing out when the archive is not what was written, or the record is broken", async () => {
    const place = await makePlace(dialect);
    const env = { DATABASE_URL: place.url };
    const file = join(place.folder, "a.jsonl");
    const bot = await openPlace(place);
    await appendRows(bot.db, 6);
    await run(env, "checkpoint");
    await run(env, "archive", "--file", file);
    await bot.close();
    const archive = (): ReturnType<typeof runAudit> => run(env, "archive", "--file", file, "--remove");
    const good = readFileSync(file, "utf8");

    writeFileSync(file, good.replace('"index":3', '"index":4'));
    expect(await archive()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("row 4 is not as it was written"),
    });
    writeFileSync(file, good.split("\n").slice(0, -2).join("\n"));
    expect(await archive()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("does not hold exactly the rows"),
    });
    appendFileSync(file, "\nnot json\n");
    expect(await archive()).toMatchObject({ code: 1, stderr: expect.stringContaining("line 6 is no row") });
    writeFileSync(file, good);
    const { db, close } = await openPlace(place);
    expect(await countRows(db)).toBe(7);
    await tamper(place, db, () => db.updateTable("audit").set({ at: 1 }).where("seq", "=", 2).execute());
    await close();
    expect(await archive()).toMatchObject({ code: 1, stderr: expect.stringContaining("broken at row 2") });
  });
}
