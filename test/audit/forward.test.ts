import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { appendAudit } from "../support/audit.ts";
import { type ChainedRow, chainRow } from "../../src/audit/chain.ts";
import { createForwarder, type Forwarder } from "../../src/audit/forward/forwarder.ts";
import { readPosition } from "../../src/audit/forward/position.ts";
import { readRow } from "../../src/audit/read.ts";
import type { AuditForward } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import type { Db } from "../../src/store/open.ts";
import { ALICE, NOW } from "../store/fixture.ts";
import { describeWithPostgres } from "../support/postgres.ts";
import { numbersTo, startCollector } from "./collector.ts";
import { appendRows, type Dialect, makePlace, openPlace, tamper } from "./support.ts";

const WAIT = { timeout: 15_000, interval: 5 };

function forwardFrom(
  db: Db,
  forward: AuditForward,
  { owner = "one", now = Date.now }: { owner?: string; now?: () => number } = {},
): { forwarder: Forwarder; logs: () => string; alarms: string[] } {
  const lines: string[] = [];
  const alarms: string[] = [];
  const alarm = (why: string): Promise<boolean> => Promise.resolve(alarms.push(why) > 0);
  const log = createLogger("info", { write: (line) => void lines.push(line) });
  const forwarder = createForwarder(forward, { db, log, now, owner, alarm });
  forwarder.start();
  onTestFinished(() => forwarder.stop());
  return { forwarder, logs: () => lines.join(""), alarms };
}

describe("forwarding to a file", { tags: ["slow"] }, () => {
  it("writes each row as a line, also those of before and those that come later, and survives that the file is rotated away", async () => {
    const place = await makePlace("sqlite");
    const { db } = await openPlace(place);
    const file = join(place.folder, "audit.jsonl");
    await appendRows(db, 3);
    forwardFrom(db, { kind: "file", file });
    await vi.waitFor(() => expect(seqsIn(file)).toEqual([1, 2, 3]), WAIT);
    await appendAudit(db, { at: NOW, actor: ALICE, event: "later" });
    await vi.waitFor(() => expect(seqsIn(file)).toEqual([1, 2, 3, 4]), WAIT);
    renameSync(file, `${file}.1`);
    await appendAudit(db, { at: NOW, actor: ALICE, event: "after rotation" });
    await vi.waitFor(() => expect(seqsIn(file)).toEqual([5]), WAIT);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      seq: 5,
      actor: ALICE,
      event: "after rotation",
      data: {},
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("starts a new line after one that a crash cut in two", async () => {
    const place = await makePlace("sqlite");
    const { db } = await openPlace(place);
    const file = join(place.folder, "audit.jsonl");
    appendFileSync(file, '{"seq":1,"at');
    await appendRows(db, 1);
    forwardFrom(db, { kind: "file", file });
    await vi.waitFor(
      () => expect(readFileSync(file, "utf8")).toMatch(/^\{"seq":1,"at\n\{"seq":1,.*\}\n$/),
      WAIT,
    );
  });

  it("waits, says so and goes on when the place can be written again", async () => {
    const place = await makePlace("sqlite");
    const { db } = await openPlace(place);
    const file = join(place.folder, "not-yet", "audit.jsonl");
    await appendRows(db, 2);
    const { logs } = forwardFrom(db, { kind: "file", file });
    await vi.waitFor(() => expect(logs()).toContain("cannot be written (ENOENT)"), WAIT);
    mkdirSync(join(place.folder, "not-yet"));
    await vi.waitFor(() => expect(seqsIn(file)).toEqual([1, 2]), WAIT);
    expect(logs()).toContain("audit rows are taken again");
  });
});

describe("forwarding a record that was rewritten", () => {
  forwardContract("sqlite");

  it(
    "stops where a file ends with another row than the record holds, as after a restored backup",
    { tags: ["slow"] },
    async () => {
      const place = await makePlace("sqlite");
      const { db } = await openPlace(place);
      const file = join(place.folder, "audit.jsonl");
      await appendRows(db, 6);
      const { forwarder } = forwardFrom(db, { kind: "file", file });
      await vi.waitFor(() => expect(seqsIn(file)).toEqual(numbersTo(6)), WAIT);
      await forwarder.stop();
      // The rows and the position as they were at row 4, and two others since.
      const back = await readRow(db, 4);
      await tamper(place, db, () => db.deleteFrom("audit").where("seq", ">", 4).execute());
      const link = { seq: back?.seq ?? 0, hash: back?.hash ?? "" };
      await db.updateTable("audit_head").set(link).execute();
      await db.updateTable("audit_sinks").set(link).execute();
      const short = forwardFrom(db, { kind: "file", file }, { owner: "two" });
      await appendAudit(db, { at: NOW, actor: ALICE, event: "other" });
      await vi.waitFor(
        () => expect(short.alarms).toEqual([expect.stringContaining("ends with row 6")]),
        WAIT,
      );
      await appendAudit(db, { at: NOW, actor: ALICE, event: "other" });
      await appendAudit(db, { at: NOW, actor: ALICE, event: "other" });
      await vi.waitFor(() => expect(short.alarms.at(-1)).toContain("holds another row 6"), WAIT);
      expect(seqsIn(file)).toEqual(numbersTo(6));
    },
  );

  it("repeats what a file took when the process died before that was noted, and goes on", async () => {
    const place = await makePlace("sqlite");
    const { db } = await openPlace(place);
    const file = join(place.folder, "audit.jsonl");
    await appendRows(db, 6);
    const { forwarder } = forwardFrom(db, { kind: "file", file });
    await vi.waitFor(() => expect(seqsIn(file)).toEqual(numbersTo(6)), WAIT);
    await forwarder.stop();
    const back = await readRow(db, 4);
    await db
      .updateTable("audit_sinks")
      .set({ seq: 4, hash: back?.hash ?? "" })
      .execute();
    const { alarms } = forwardFrom(db, { kind: "file", file }, { owner: "two" });
    await vi.waitFor(() => expect(seqsIn(file)).toEqual([...numbersTo(6), 5, 6]), WAIT);
    expect(alarms).toEqual([]);
  });
});

describeWithPostgres("forwarding a record that was rewritten, on PostgreSQL", () =>
  forwardContract("postgres"),
);

function forwardContract(dialect: Dialect): void {
  it(
    "stops and raises the alarm, also when nothing new is there to send, and goes on when the record fits again",
    { tags: ["slow"] },
    async () => {
      const place = await makePlace(dialect);
      const { db } = await openPlace(place);
      const collector = await startCollector();
      await appendRows(db, 6);
      const { alarms, logs } = forwardFrom(db, { kind: "http", url: collector.url, token: null });
      const seqs = (): number[] => collector.received.flatMap((one) => one.seqs);
      await vi.waitFor(() => expect(seqs()).toEqual(numbersTo(6)), WAIT);
      const last = await readRow(db, 6);
      if (last === undefined) throw new Error("no row 6");
      const other = chainRow({ seq: 5, hash: last.prev_hash }, { ...last, actor: "nobody" });
      const put = async (row: ChainedRow): Promise<void> => {
        await db.updateTable("audit").set(row).where("seq", "=", 6).execute();
        await db.updateTable("audit_head").set({ seq: 6, hash: row.hash }).execute();
      };
      await tamper(place, db, () => put(other));
      await vi.waitFor(
        () => expect(alarms).toEqual([expect.stringContaining("row 6 is not the one that was forwarded")]),
        WAIT,
      );
      expect(logs()).toContain("the record does not fit its copy: nothing is forwarded");
      expect(logs() + alarms.join("")).not.toContain("in-the-url");
      await put(last);
      await appendAudit(db, { at: NOW, actor: ALICE, event: "later" });
      await vi.waitFor(() => expect(seqs()).toEqual(numbersTo(7)), WAIT);
      expect(alarms).toHaveLength(1);

      // Rewritten together with the position, so that the database alone has nothing against it.
      const later = await readRow(db, 7);
      if (later === undefined) throw new Error("no row 7");
      const forged = chainRow(last, { ...later, actor: "nobody" });
      const putAll = (row: ChainedRow): Promise<unknown> =>
        db.transaction().execute(async (trx) => {
          await trx.updateTable("audit").set(row).where("seq", "=", 7).execute();
          await trx.updateTable("audit_head").set({ hash: row.hash }).execute();
          await trx
            .updateTable("audit_sinks")
            .set({ seq: row === later ? 7 : 0, hash: row.hash })
            .execute();
        });
      await putAll(forged);
      await vi.waitFor(
        () => expect(alarms.at(-1)).toContain("row 7 is not the one that was forwarded"),
        WAIT,
      );
      expect(seqs()).toEqual(numbersTo(7));
      await putAll(later);

      // Cut off at the end, which leaves nothing to send either; then a row that does not follow the one before it.
      await db.deleteFrom("audit").where("seq", ">", 5).execute();
      await vi.waitFor(() => expect(alarms.at(-1)).toContain("the record ends before it"), WAIT);
      await db
        .insertInto("audit")
        .values([last, later, { ...chainRow(last, last), seq: 8 }])
        .execute();
      await vi.waitFor(() => expect(alarms.at(-1)).toContain("row 8 is not as it was written"), WAIT);
      expect(seqs()).toEqual(numbersTo(7));
    },
  );
}

describe("forwarding to a collector", () => {
  it("posts rows in order with the token, and whoever comes next goes on where the last one was", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const collector = await startCollector();
    const forward = { kind: "http", url: collector.url, token: "collector-token" } as const;
    await db.transaction().execute((trx) => appendRows(trx, 1200));
    const { forwarder } = forwardFrom(db, forward);
    const seqs = (): number[] => collector.received.flatMap((one) => one.seqs);
    await vi.waitFor(() => expect(seqs()).toEqual(numbersTo(1200)), WAIT);
    expect(collector.received.map((one) => one.seqs.length)).toEqual([500, 500, 200]);
    expect(collector.received[0]?.headers).toMatchObject({
      authorization: "Bearer collector-token",
      "content-type": "application/x-ndjson",
    });
    await vi.waitFor(async () => expect(await readPosition(db, forward)).toHaveProperty("seq", 1200), WAIT);
    await forwarder.stop();
    await appendRows(db, 2);
    forwardFrom(db, forward, { owner: "two" });
    await vi.waitFor(() => expect(seqs()).toEqual(numbersTo(1202)), WAIT);
  });

  it("starts from the beginning at a new place", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const [one, other] = await Promise.all([startCollector(), startCollector()]);
    await appendRows(db, 3);
    for (const collector of [one, other]) {
      const { forwarder } = forwardFrom(db, { kind: "http", url: collector.url, token: null });
      await vi.waitFor(
        () => expect(collector.received.flatMap((each) => each.seqs)).toEqual([1, 2, 3]),
        WAIT,
      );
      await forwarder.stop();
    }
  });

  it(
    "backs off from a collector that refuses, with ever fewer rows, and leaves none out",
    { tags: ["slow"] },
    async () => {
      const { db } = await openPlace(await makePlace("sqlite"));
      const collector = await startCollector();
      await appendRows(db, 8);
      // As one that takes no more than two rows at a time.
      collector.answer = (response, { seqs }) => response.writeHead(seqs.length > 2 ? 413 : 200).end();
      const { logs } = forwardFrom(db, { kind: "http", url: collector.url, token: null });
      await vi.waitFor(() => expect(collector.received.at(-1)?.seqs).toEqual([7, 8]), WAIT);
      expect(collector.received.map((one) => one.seqs)).toEqual([
        numbersTo(8),
        numbersTo(4),
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ]);
      expect(logs()).toContain('"why":"answered 413"');
      expect(logs()).not.toContain("in-the-url");
    },
  );

  it("never holds up whoever writes, however long the collector takes", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const collector = await startCollector();
    const held: (() => void)[] = [];
    collector.answer = (response) => void held.push(() => response.writeHead(200).end());
    await appendRows(db, 1);
    const { forwarder } = forwardFrom(db, { kind: "http", url: collector.url, token: null });
    await vi.waitFor(() => expect(held).toHaveLength(1), WAIT);
    const startedAt = performance.now();
    await appendRows(db, 20);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    // Nor whoever stops the process.
    await forwarder.stop();
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });

  it("follows no redirect, as it would take the token along", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const [collector, elsewhere] = await Promise.all([startCollector(), startCollector()]);
    collector.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
    await appendRows(db, 1);
    const { logs } = forwardFrom(db, { kind: "http", url: collector.url, token: "collector-token" });
    await vi.waitFor(() => expect(logs()).toContain("answered 307"), WAIT);
    expect(elsewhere.received).toEqual([]);
  });
});

describeWithPostgres("forwarding from several replicas", () => {
  it("is done by one at a time, whatever their clocks say, and another goes on where a dead one was", async () => {
    const place = await makePlace("postgres");
    const [one, other] = await Promise.all([openPlace(place), openPlace(place)]);
    const collector = await startCollector();
    const forward = { kind: "http", url: collector.url, token: null } as const;
    const held: (() => void)[] = [];
    collector.answer = (response) => void held.push(() => response.writeHead(200).end());
    await appendRows(one.db, 5);
    // The one takes the right, and its request hangs as its process dies; then there is the other.
    forwardFrom(one.db, forward, { owner: "one" });
    await vi.waitFor(() => expect(held).toHaveLength(1), WAIT);
    collector.answer = (response) => response.writeHead(200).end();
    let looked = 0;
    const ahead = (): number => {
      looked += 1;
      return Date.now() + 35_000;
    };
    const { logs } = forwardFrom(other.db, forward, { owner: "other", now: ahead });
    // The second look comes after the first one was in vain.
    await vi.waitFor(() => expect(looked).toBeGreaterThan(1), WAIT);
    expect(collector.received).toHaveLength(1);
    await one.db.updateTable("audit_sinks").set({ claimed_until: 1 }).execute();
    await vi.waitFor(() => expect(collector.received).toHaveLength(2), WAIT);
    expect(collector.received[1]?.seqs).toEqual(numbersTo(5));
    await vi.waitFor(
      async () => expect(await readPosition(other.db, forward)).toHaveProperty("seq", 5),
      WAIT,
    );
    // The one that was thought dead wakes up: what it did counts for nothing any more.
    held[0]?.();
    await appendRows(other.db, 2);
    await vi.waitFor(() => expect(collector.received.at(-1)?.seqs).toEqual([6, 7]), WAIT);
    expect(logs()).not.toContain("error");
  });
});

function seqsIn(file: string): number[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
}
