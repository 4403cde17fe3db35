import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { checkArchive, findCheckpoint, removeArchived } from "../../src/audit/archive.ts";
import { chainRow } from "../../src/audit/chain.ts";
import { makeKeyFile, openSigningKey } from "../../src/audit/heads/key-file.ts";
import {
  checkSignature,
  createSigningKey,
  findHeads,
  headLine,
  headText,
  parseHead,
  parseSigningKey,
  parseVerifierKey,
} from "../../src/audit/heads/note.ts";
import { createSigner, SIGN_EVERY, type HeadNews } from "../../src/audit/heads/signer.ts";
import { createLogger } from "../../src/log/log.ts";
import type { Db } from "../../src/store/open.ts";
import { NOW } from "../store/fixture.ts";
import { describeWithPostgres } from "../support/postgres.ts";
import { appendRows, type Dialect, makePlace, openPlace, type Place, runHere, tamper } from "./support.ts";

vi.setConfig({ testTimeout: 60_000 });

describe("a signed note", () => {
  it("is written as golang.org/x/mod/sumdb/note writes it, byte for byte", () => {
    const key = parseSigningKey(
      "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
    );
    expect(key.publicKey).toBe("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    expect(key.sign(text)).toBe(
      `${text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`,
    );
  });

  it("is good for the key that made it, in both of its forms, and for no other text", () => {
    const key = parseSigningKey(createSigningKey());
    const keys = [parseVerifierKey(key.publicKey)];
    const head = { seq: 812, hash: "ab".repeat(32) };
    const note = key.sign(headText(key.name, head, new Date(NOW).toISOString()));
    const signed = parseHead(note);
    expect(signed).toMatchObject({ origin: key.name, head });
    expect(checkSignature(signed, keys)).toBe("good");
    expect(findHeads(`On Monday:\n🔏 up to row 812: \`${headLine(signed)}\`\n\n${note}\n`)).toEqual([
      signed,
      signed,
    ]);
    for (const other of [
      { ...signed, head: { ...head, seq: 813 } },
      { ...signed, time: "2020-01-01T00:00:00Z" },
    ])
      expect(checkSignature(other, keys)).toBe("bad");
    expect(checkSignature(signed, [parseVerifierKey(parseSigningKey(createSigningKey()).publicKey)])).toBe(
      "unknown",
    );
  });
});

describe("the key that signs the record", () => {
  it("is made once, in a file that only its owner can read, and never stands in the log", async () => {
    const { folder } = await makePlace("sqlite");
    const file = join(folder, "key");
    const lines: string[] = [];
    const log = createLogger("trace", { write: (line) => void lines.push(line) });
    const key = openSigningKey({ key: null, file, isUsual: true }, log);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(makeKeyFile(file)).toBe(false);
    expect(openSigningKey({ key: null, file, isUsual: true }, log)?.publicKey).toBe(key?.publicKey);
    chmodSync(file, 0o644);
    openSigningKey({ key: null, file, isUsual: true }, log);
    expect(lines.join("")).toContain("can be read by others");
    expect(openSigningKey({ key: null, file: null, isUsual: true }, log)).toBeNull();
    expect(lines.join("")).toMatch(/the record is not signed: no key is set/);
    expect(lines.join("")).not.toContain(readFileSync(file, "utf8").trim().slice(-20));
    writeFileSync(file, "PRIVATE+KEY+broken");
    expect(() => openSigningKey({ key: null, file, isUsual: true }, log)).toThrow(/is not a signing key/);
    const nowhere = { key: null, file: join(folder, "no", "where"), isUsual: false };
    expect(() => openSigningKey(nowhere, log)).toThrow(/can be neither read nor made \(ENOENT\)/);
  });
});

interface Signing {
  place: Place;
  db: Db;
  key: string;
  publicKey: string;
  news: HeadNews[];
  logs(): string;
  /** What a bot does that starts now, runs until this holds, and stops. */
  runBot(until?: () => Promise<unknown>, now?: number): Promise<void>;
  verify(...args: string[]): ReturnType<typeof runHere>;
}

function contract(dialect: Dialect): void {
  async function start(): Promise<Signing> {
    const place = await makePlace(dialect);
    const { db } = await openPlace(place);
    const text = createSigningKey();
    const key = parseSigningKey(text);
    const news: HeadNews[] = [];
    const lines: string[] = [];
    const log = createLogger("info", { write: (line) => void lines.push(line) });
    return {
      place,
      db,
      key: text,
      publicKey: key.publicKey,
      news,
      logs: () => lines.join(""),
      async runBot(until, now = NOW) {
        const tell = (one: HeadNews) => Promise.resolve(news.push(one) > 0);
        const signer = createSigner({ db, log, now: () => now, key, tell });
        onTestFinished(() => signer.stop());
        await signer.start();
        if (until !== undefined) await vi.waitFor(until, { timeout: 20_000, interval: 50 });
        await signer.stop();
      },
      verify: (...args) =>
        runHere({ DATABASE_URL: place.url }, "verify", "--public-key", key.publicKey, ...args),
    };
  }

  async function signedRows(db: Db): Promise<number[]> {
    const rows = await db
      .selectFrom("audit")
      .select("seq")
      .where("event", "=", "audit.signed")
      .orderBy("seq")
      .execute();
    return rows.map(({ seq }) => seq);
  }

  it("is signed at start, after so many rows and at the end, once for all of it, and verified by the public key", async () => {
    const { db, runBot, verify } = await start();
    await appendRows(db, 5);
    await runBot(async () => {
      const signed = await signedRows(db);
      expect(signed).toHaveLength(1);
      await appendRows(db, SIGN_EVERY);
    });
    expect(await signedRows(db)).toEqual([6, 7 + SIGN_EVERY]);
    await runBot();
    expect(await signedRows(db)).toHaveLength(2);
    const { code, stdout } = await verify();
    expect(code).toBe(0);
    expect(stdout).toContain(`2 signatures in the record are good, up to row ${6 + SIGN_EVERY}.`);
  });

  it("is not signed once it was rewritten, and everybody is told", async () => {
    const { place, db, runBot, news, logs, verify } = await start();
    await appendRows(db, 5);
    await runBot();
    await tamper(place, db, () => rewrite(db, 3));
    expect((await verify()).stderr).toMatch(/the signature in row 6 is of another row 5/);
    await appendRows(db, 1);
    await runBot();
    expect(await signedRows(db)).toHaveLength(1);
    expect(news).toEqual([{ kind: "broken", seq: 6 }]);
    expect(logs()).toContain("nothing more is signed");
  });

  it("is not signed where it was rewritten under a bot that runs", async () => {
    const { place, db, runBot, news } = await start();
    await appendRows(db, 5);
    await runBot(async () => {
      expect(await signedRows(db)).toHaveLength(1);
      await tamper(place, db, () => rewrite(db, 3));
    });
    expect(await signedRows(db)).toHaveLength(1);
    expect(news).toEqual([{ kind: "broken", seq: 6 }]);
  });

  it("shows against heads that were kept, also where all of it was written and signed again", async () => {
    const { place, db, runBot, verify, news, publicKey } = await start();
    const kept = join(place.folder, "slack.txt");
    await appendRows(db, 5);
    await runBot();
    await letDayPass(db);
    await runBot(() => vi.waitFor(() => expect(news).toHaveLength(1)), NOW + 25 * 3_600_000);
    const [told] = news;
    if (told?.kind !== "head") throw new Error("no head was told");
    writeFileSync(kept, `zt-bot APP 12:00\n🔏 The record is signed up to row ${told.seq}: ${told.line}\n`);
    expect(await verify("--heads", kept)).toMatchObject({ code: 0, stderr: "" });

    // Whoever has the database and no key.
    await tamper(place, db, () => rewrite(db, 3));
    const { code, stderr } = await verify("--heads", kept);
    expect(code).toBe(1);
    expect(stderr).toContain(`row ${told.seq}`);
    // A line that somebody made up.
    writeFileSync(kept, told.line.replace(` ${told.seq} `, ` ${told.seq + 1} `));
    expect((await verify("--heads", kept)).stderr).toContain(
      `the signature of the head at row ${told.seq + 1} is not good`,
    );
    writeFileSync(kept, "nothing");
    expect(await verify("--heads", kept)).toMatchObject({ code: 2 });
    // Another key proves nothing.
    const other = parseSigningKey(createSigningKey()).publicKey;
    const unknown = await runHere({ DATABASE_URL: place.url }, "verify", "--public-key", other);
    expect(unknown.stderr).toContain(
      `is signed by ${publicKey.split("+")[0] ?? ""}, whose public key was not given`,
    );
  });

  it("is proved by signatures in its archives too, and all of them archived is no reason to distrust it", async () => {
    const { place, db, runBot, verify } = await start();
    await appendRows(db, 5);
    await runBot();
    const env = { DATABASE_URL: place.url };
    const file = join(place.folder, "archive.jsonl");
    expect(await runHere(env, "checkpoint")).toMatchObject({ code: 0 });
    expect(await runHere(env, "archive", "--file", file)).toMatchObject({ code: 0 });
    const checkpoint = await findCheckpoint(db);
    if (checkpoint === null) throw new Error("there is no checkpoint");
    await removeArchived(db, dialect, { archive: await checkArchive(file), checkpoint, by: "root", at: NOW });
    const { code, stdout } = await verify("--archive", file);
    expect(code).toBe(0);
    expect(stdout).toContain("1 signature in the record is good, up to row 5.");
    expect((await verify()).stderr).toContain("no row of the record is signed");
    await runBot();
    expect(await verify()).toMatchObject({ code: 0 });
  });

  it("that nobody signs any longer is found", async () => {
    const { db, runBot, verify } = await start();
    await appendRows(db, 5);
    expect((await verify()).stderr).toContain("no row of the record is signed");
    await runBot();
    await appendRows(db, 2 * SIGN_EVERY);
    expect((await verify()).stderr).toMatch(/rows 6 to \d+ are not signed, and zt-bot signs every 100/);
  });

  it("is told of once a day, by one of all replicas", async () => {
    const { db, runBot, news } = await start();
    await appendRows(db, 5);
    await runBot();
    await letDayPass(db);
    const day = NOW + 25 * 3_600_000;
    await Promise.all([1, 2].map(() => runBot(() => vi.waitFor(() => expect(news).not.toEqual([])), day)));
    expect(news).toHaveLength(1);
    expect(news[0]).toMatchObject({ kind: "head", line: expect.stringContaining("zt-bot/record-") });
  });
}

/** With PostgreSQL it is the database's clock by which a day is over. */
async function letDayPass(db: Db): Promise<void> {
  const passed = await db.updateTable("switches").set({ at: 0 }).where("name", "=", "head-told").execute();
  expect(passed).toHaveLength(1);
}

/** Another row, and all that follow with hashes that fit: as who owns the database, and no key, would write it. */
async function rewrite(db: Db, seq: number): Promise<void> {
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .where("seq", ">=", seq - 1)
    .orderBy("seq")
    .execute();
  let [last, ...rest] = rows;
  for (const row of rest) {
    if (last === undefined) return;
    const { seq: at, prev_hash: _prev, hash: _hash, ...fields } = row;
    last = chainRow(last, { ...fields, actor: at === seq ? "U0N0B0DY1" : fields.actor });
    await db.updateTable("audit").set(last).where("seq", "=", at).execute();
  }
  if (last !== undefined) await db.updateTable("audit_head").set({ hash: last.hash }).execute();
}

describe("the record, in SQLite", () => {
  contract("sqlite");
});
describeWithPostgres("the record, in PostgreSQL", () => {
  contract("postgres");
});
