import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { chainRow } from "../../src/audit/chain.ts";
import {
  type ExportFile,
  hashStory,
  hashText,
  parseExport,
  writeExport,
} from "../../src/incidents/export/file.ts";
import { type Exported, makeExport } from "../../src/incidents/export/make.ts";
import { exportMarkdown } from "../../src/incidents/export/markdown.ts";
import { changeIncident } from "../../src/incidents/change.ts";
import { openIncident } from "../../src/incidents/open.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import type { Db } from "../../src/store/open.ts";
import { ALICE, EVIDENCE, newRequest, NOW, transitionTo } from "../store/fixture.ts";
import { describeWithPostgres } from "../support/postgres.ts";
import {
  appendRows,
  type Dialect,
  makePlace,
  openPlace,
  type Place,
  type Ran,
  runHere,
  tamper,
} from "./support.ts";

const RULES = { required: ["sessions"], hasBlockList: false } as const;

/** An incident with `notes` notes, a request that was denied, and rows of others in between; exported. */
async function exportOne(db: Db, notes = 3): Promise<Exported & { id: string }> {
  await appendRows(db, 3);
  const { plan } = newRequest();
  const { id } = await openIncident(db, {
    teamId: "T0SANDBOX",
    title: "Phishing <wave> | *it*",
    severity: 2,
    channel: "C0INCIDN7",
    openedBy: ALICE,
    people: [{ ...EVIDENCE.user, ...plan.target }],
    at: NOW,
    auditContext: {},
  });
  const request = await insertRequest(db, newRequest({ plan }));
  await appendRows(db, 2);
  await moveRequest(db, request.id, transitionTo("denied", { reason: "not her" }));
  for (let note = 0; note < notes; note += 1)
    await changeIncident(db, {
      id,
      at: NOW + note * 1000,
      actor: ALICE,
      event: "incident.noted",
      kind: "note",
      key: `note:${note}`,
      entry: { note: `note ${note}` },
      data: { note: `note ${note}` },
    });
  const deps = { db, now: () => NOW + 3_600_000, rules: RULES, nameOf: () => Promise.resolve("Alice") };
  const exported = await makeExport(deps, id, { teamId: "T0SANDBOX", by: ALICE, auditContext: {} });
  await appendRows(db, 2);
  if (exported === null) throw new Error("nothing was exported");
  return { ...exported, id };
}

interface Scene {
  place: Place;
  db: Db;
  exported: Exported & { id: string };
  /** Checks the files, with the database unless told otherwise. */
  verify(files?: { json?: string; markdown?: string }, ...args: string[]): Promise<Ran>;
}

async function startScene(dialect: Dialect): Promise<Scene> {
  const place = await makePlace(dialect);
  const { db } = await openPlace(place);
  const exported = await exportOne(db);
  return {
    place,
    db,
    exported,
    verify({ json = exported.json, markdown = exported.markdown } = {}, ...args) {
      const [jsonFile, markdownFile] = [join(place.folder, "x.json"), join(place.folder, "x.md")];
      writeFileSync(jsonFile, json);
      writeFileSync(markdownFile, markdown);
      return runHere({ DATABASE_URL: place.url }, "verify-export", jsonFile, markdownFile, ...args);
    },
  };
}

/** The file as someone else would write it. */
function rewritten({ json }: Exported, change: (file: ExportFile) => void): string {
  const file = parseExport(json);
  change(file);
  return writeExport(file);
}

/** As who can change the file makes it fit: another story, or fewer rows, with new hashes up to the last row. */
function forge(file: ExportFile): void {
  const last = file.rows.pop();
  if (last === undefined) throw new Error("the file has no rows");
  file.story.record.rows = file.rows.map(({ seq, hash }) => ({ seq, hash }));
  const data = {
    ...(JSON.parse(last.data) as object),
    markdown_sha256: hashText(exportMarkdown(file.story)),
    rows: file.rows.length,
    story_sha256: hashStory(file.story),
  };
  const before = { seq: last.seq - 1, hash: last.prev_hash };
  file.rows.push(chainRow(before, { ...last, data: JSON.stringify(data) }));
}

/** The line of a row's in the file, by what it says. */
const lineWith = (json: string, words: string) =>
  json.split("\n").findLast((line) => line.includes(words)) ?? "";
const seqOf = (line: string) => Number(/"seq":(\d+)/.exec(line)?.[1]);

describe("verify-export, on SQLite", () => {
  verifyContract("sqlite");

  it("says so where no database is at hand, and checks the rest", async () => {
    const { place, verify } = await startScene("sqlite");
    await verify();
    const nowhere = { DATABASE_URL: `file:${join(place.folder, "none", "zt.db")}` };
    const { code, stdout } = await runHere(nowhere, "verify-export", join(place.folder, "x.json"));
    expect(code).toBe(0);
    expect(stdout).toContain("There is no database at hand, so the rows were not compared");
    expect(stdout).toContain("The Markdown was not checked");
  });

  it("takes its two files in either order, and says that the Markdown alone is not enough", async () => {
    const { place, verify } = await startScene("sqlite");
    await verify();
    const [json, markdown] = [join(place.folder, "x.json"), join(place.folder, "x.md")];
    const env = { DATABASE_URL: place.url };
    expect(await runHere(env, "verify-export", markdown, json)).toEqual(
      await runHere(env, "verify-export", json, markdown),
    );
    const alone = await runHere(env, "verify-export", markdown);
    expect(alone.code).not.toBe(0);
    expect(alone.stderr).toContain("name the export's JSON file as well");
  });

  it("names what was changed in the files, by row, line or file", async () => {
    const { exported, verify } = await startScene("sqlite");
    const { json, markdown } = exported;
    const note = lineWith(json, '"note":"note 1"');
    const seq = seqOf(note);
    const lineNumber = json.split("\n").indexOf(note) + 1;
    const noteAt = markdown.split("\n").findIndex((line) => line.includes("note 1")) + 1;
    const cases: [string, { json?: string; markdown?: string }][] = [
      [
        `Row ${seq} is not as it was written: it does not fit its hash.`,
        { json: json.replace(note, note.replace("note 1", "note 9")) },
      ],
      [
        `The file is not as zt-bot wrote it (line ${lineNumber}, row ${seq}).`,
        { json: json.replace(note, note.replace(/"time":"2027/, '"time":"2026')) },
      ],
      [`The file is not as zt-bot wrote it (line 2).`, { json: json.replace('"format":', '"format": ') }],
      [`Row ${seq} is missing.`, { json: json.replace(`${note}\n`, "") }],
      [
        `Row ${seq} is not the one that was exported.`,
        {
          json: rewritten(exported, ({ rows }) => {
            const at = rows.findIndex((row) => row.seq === seq);
            const row = rows[at];
            if (row !== undefined)
              rows[at] = chainRow({ seq: seq - 1, hash: row.prev_hash }, { ...row, actor: "U0MALLORY" });
          }),
        },
      ],
      [
        `Row ${exported.row.seq} holds the hash of another one`.replace("Row", "The story was changed: row"),
        { json: rewritten(exported, ({ story }) => void (story.incident.title = "Nothing")) },
      ],
      [`The Markdown was changed: line ${noteAt}.`, { markdown: markdown.replace("note 1", "note 9") }],
      [
        "The last row does not say that this incident was exported",
        {
          json: rewritten(exported, ({ rows }) => void rows.pop()),
        },
      ],
      ["The file can't be read", { json: json.slice(0, -40) }],
      ["it is no export of an incident", { json: "{}" }],
    ];
    for (const [says, files] of cases) {
      const { code, stderr } = await verify(files);
      expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
    }
  });

  it("holds 2,000 rows and checks each of them", { tags: ["slow"] }, async () => {
    const place = await makePlace("sqlite");
    const { db } = await openPlace(place);
    const exported = await exportOne(db, 2000);
    expect(exported.rows).toBe(2004);
    expect(exported.markdown).toContain("note 1999");
    const file = join(place.folder, "x.json");
    writeFileSync(file, exported.json);
    const { code, stdout } = await runHere({ DATABASE_URL: place.url }, "verify-export", file);
    expect(code).toBe(0);
    expect(stdout).toContain("2004 of 2,004 rows are as in the database's record.");
  });
});

describeWithPostgres("verify-export, on PostgreSQL", () => {
  verifyContract("postgres");
});

function verifyContract(dialect: Dialect): void {
  it("finds an export as it was written, and as the record has it", async () => {
    const { exported, verify } = await startScene(dialect);
    const { code, stdout, stderr } = await verify();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`${exported.id}, exported`);
    expect(stdout).toContain("by Alice. 7 rows and the story are whole.");
    expect(stdout).toContain("7 of 7 rows are as in the database's record.");
    expect(stdout).toContain(`It ends with row ${exported.row.seq}:${exported.row.hash}`);
    expect(parseExport(exported.json).rows.map(({ event }) => event)).toEqual([
      "incident.opened",
      "request.created",
      "request.denied",
      ...Array.from({ length: 3 }, () => "incident.noted"),
      "incident.exported",
    ]);
  });

  it("names a row that differs from the record's where the files fit each other", async () => {
    const { exported, verify } = await startScene(dialect);
    const seq = seqOf(lineWith(exported.json, '"note":"note 1"'));
    const forged = rewritten(exported, (file) => {
      file.rows = file.rows.filter((row) => row.seq !== seq);
      forge(file);
    });
    const markdown = exportMarkdown(parseExport(forged).story);
    const { code, stdout, stderr } = await verify({ json: forged, markdown });
    expect(code).toBe(1);
    expect(stdout).toContain("6 rows and the story are whole.");
    expect(stderr).toContain(`Row ${exported.row.seq} is not as in the database's record.`);
    expect(stderr).toContain(`Row ${seq} is about this incident, and was left out.`);
  });

  it("names a row that was changed in the record, or is gone from it", async () => {
    const { db, exported, place, verify } = await startScene(dialect);
    const seq = seqOf(lineWith(exported.json, '"note":"note 1"'));
    await tamper(place, db, async () => {
      await db.updateTable("audit").set({ data: "{}" }).where("seq", "=", seq).execute();
      await db
        .deleteFrom("audit")
        .where("seq", "=", seq + 1)
        .execute();
    });
    const { code, stderr } = await verify();
    expect(code).toBe(1);
    expect(stderr).toContain(`Row ${seq} is not as in the database's record.`);
    expect(stderr).toContain(`Row ${seq + 1} is not in the database's record.`);
  });

  it("compares with archives once the rows were archived", async () => {
    const place = await makePlace(dialect);
    const store = await openPlace(place);
    const exported = await exportOne(store.db);
    await store.close();
    const [file, archive] = [join(place.folder, "x.json"), join(place.folder, "archive.jsonl")];
    writeFileSync(file, exported.json);
    const env = { DATABASE_URL: place.url };
    await runHere(env, "checkpoint");
    expect(await runHere(env, "archive", "--file", archive, "--remove")).toMatchObject({ code: 0 });
    const without = await runHere(env, "verify-export", file);
    expect(without).toMatchObject({ code: 0, stderr: "" });
    expect(without.stdout).toContain("0 of 7 rows are as in the database's record.");
    expect(without.stdout).toContain("7 rows (up to row");
    const whole = await runHere(env, "verify-export", file, "--archive", archive);
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    expect(whole.stdout).toContain("7 of 7 rows are as in the database's record.");
    const seq = seqOf(lineWith(exported.json, '"note":"note 1"'));
    writeFileSync(
      file,
      rewritten(exported, (each) => {
        each.rows = each.rows.filter((row) => row.seq !== seq);
        forge(each);
      }),
    );
    const { code, stderr } = await runHere(env, "verify-export", file, "--archive", archive);
    expect(code).toBe(1);
    expect(stderr).toContain(`Row ${seq} is about this incident, and was left out.`);
  });
}
