import { describe, expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import type { Incident } from "../../../src/incidents/incident.ts";
import { isOpen, changeIncident } from "../../../src/incidents/change.ts";
import { openIncident } from "../../../src/incidents/open.ts";
import { addPeople, removePeople } from "../../../src/incidents/people.ts";
import { readEntries, readIncident } from "../../../src/incidents/queries.ts";
import { amendNote, findNoted, noteKey, readNote, type NoteChange } from "../../../src/incidents/notes.ts";
import { readNoteRows, readRequestRows } from "../../../src/incidents/story.ts";
import { findLooks, lookAtPeople } from "../../../src/incidents/look.ts";
import type { GapRules } from "../../../src/incidents/gaps.ts";
import { readStory } from "../../../src/incidents/summary/read.ts";
import type { AccessUser } from "../../../src/api/cloudflare.ts";
import type { UserSummary } from "../../../src/lookup/summary.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import { parsePolicy } from "../../../src/policy-file.ts";
import { readUnshown } from "../../../src/threads/thread.ts";
import {
  ALICE,
  BOB,
  EVIDENCE,
  letCardBePosted,
  newRequest,
  NOW,
  transitionTo,
  type GetStore,
} from "../fixture.ts";

export function incidentsContract(store: GetStore): void {
  const db = () => store().db;

  function openAbout(ids: readonly string[]): Promise<Incident> {
    return openIncident(db(), {
      teamId: "T0SANDBOX",
      title: "O'Brien; -- \0 💻",
      severity: 2,
      channel: "C0INCIDN7",
      openedBy: ALICE,
      people: ids.map((id) => ({ ...EVIDENCE.user, id, email: `${id}@example.com` })),
      at: NOW,
      auditContext: {},
    });
  }

  const keysOf = async (id: string) => (await readUnshown(db(), id)).map(({ key }) => key);
  const about = (id: string, options = { devices: true, warpReauth: false }) => {
    const { plan, ...input } = newRequest();
    const target = { ...plan.target, id };
    return insertRequest(db(), {
      ...input,
      plan: { action: "revoke", accountId: plan.accountId, target, options },
    });
  };

  describe("incidents", () => {
    it("follow the messages that are notes, each change once, and tell a timeline of them as they are", async () => {
      const { id } = await openAbout(["inc-note"]);
      const request = await about("inc-note");
      const key = noteKey({ channel: "C0INCIDN7", ts: "1700000000.000100" });
      const other = noteKey({ channel: "C0INCIDN7", ts: "1700000000.0001" });
      for (const name of [key, other])
        await changeIncident(db(), {
          id,
          at: NOW,
          actor: ALICE,
          event: "incident.noted",
          kind: "note",
          key: name,
          entry: { note: "one", isReaction: true, reactedAt: 1, version: 1 },
        });
      expect(await findNoted(db(), key)).toEqual([id]);
      expect(await findNoted(db(), `${key}0`)).toEqual([]);
      const amended = (change: NoteChange) => amendNote(db(), id, key, { change, at: NOW + 1000 });
      const both = await Promise.all([
        amended({ kind: "edited", note: "two", by: ALICE, version: 2 }),
        amended({ kind: "edited", note: "two", by: ALICE, version: 2 }),
      ]);
      expect(both.filter(Boolean)).toHaveLength(1);
      expect(await amended({ kind: "edited", note: "late", by: ALICE, version: 1.5 })).toBe(false);
      expect(await amended({ kind: "withdrawn", by: BOB, version: 3 })).toBe(false);
      expect(await amended({ kind: "withdrawn", by: ALICE, version: 3 })).toBe(true);
      expect(await amended({ kind: "restored", note: "three", by: BOB, version: 4 })).toBe(true);
      expect(await amended({ kind: "deleted", version: 5 })).toBe(true);
      expect(await amended({ kind: "edited", note: "four", by: ALICE, version: 6 })).toBe(false);
      expect(await readNote(db(), id, key)).toMatchObject({ note: "three", actor: BOB, state: "deleted" });
      const window = { since: NOW - 1000, until: NOW + 60_000 };
      const { rows } = await readNoteRows(db(), { people: [{ id: "inc-note" }] }, window);
      expect(rows.map((row) => (row.kind === "note" ? row.state : row.kind))).toEqual([
        null,
        "deleted",
        "incident",
      ]);
      const people = [{ id: "unknown", email: "INC-NOTE@example.com" }];
      const told = await readRequestRows(db(), [...people, { id: "inc-note", email: "" }], window);
      expect(
        told.rows.map((row) => (row.kind === "request" ? [row.event, row.requestId] : row.kind)),
      ).toEqual([["request.created", request.id]]);
      const later = { since: NOW + 1, until: NOW + 60_000 };
      expect((await readNoteRows(db(), { incidentId: id }, later)).rows).toEqual([]);
    });

    it("are told of every request about their people, in its transaction, and of no other", async () => {
      const [mine, other] = [await openAbout(["inc-a", "inc-b"]), await openAbout(["inc-c"])];
      const request = await about("inc-b");
      await moveRequest(db(), request.id, transitionTo("approved"));
      expect(await keysOf(mine.id)).toEqual([
        `request.created:${request.id}`,
        `request.approved:${request.id}`,
      ]);
      expect(await keysOf(other.id)).toEqual([]);
      expect((await readEntries(db(), mine.id)).map(({ kind, requestId }) => [kind, requestId])).toEqual([
        ["event", null],
        ["request", request.id],
        ["request", request.id],
      ]);
    });

    it("are not told of what did not happen", async () => {
      const incident = await openAbout(["inc-d"]);
      const request = await about("inc-d");
      await moveRequest(db(), request.id, transitionTo("denied"));
      expect(await moveRequest(db(), request.id, transitionTo("approved"))).toBeNull();
      expect(await keysOf(incident.id)).toEqual([
        `request.created:${request.id}`,
        `request.denied:${request.id}`,
      ]);
    });

    it("hear of a request about someone who was removed, or after they were closed, only if they knew of it", async () => {
      const incident = await openAbout(["inc-e", "inc-f"]);
      const known = await about("inc-e");
      await db()
        .transaction()
        .execute((trx) => removePeople(trx, incident.id, ["inc-f"], NOW));
      await about("inc-f");
      await changeIncident(db(), {
        id: incident.id,
        at: NOW,
        actor: ALICE,
        event: "incident.closed",
        set: { status: "closed", closed_by: ALICE, closed_at: NOW },
        where: isOpen,
        key: "closed",
      });
      await about("inc-e", { warpReauth: true, devices: false });
      await moveRequest(db(), known.id, transitionTo("denied"));
      expect(await keysOf(incident.id)).toEqual([
        `request.created:${known.id}`,
        "closed",
        `request.denied:${known.id}`,
      ]);
    });

    it("have their line linked once the card is posted: the reply is edited, not written again", async () => {
      const incident = await openAbout(["inc-g"]);
      const { id } = await about("inc-g");
      const [before] = await readUnshown(db(), incident.id);
      await letCardBePosted(db(), id, "C0APPROV1", "1.2");
      const [after, ...more] = await readUnshown(db(), incident.id);
      expect(after).toMatchObject({ key: before?.key, version: (before?.version ?? 0) + 1 });
      expect(more).toEqual([]);
    });

    it("change once: of two who close, one is second; nothing is written where the condition fails", async () => {
      const { id } = await openAbout(["inc-h"]);
      const close = (by: string) =>
        changeIncident(db(), {
          id,
          at: NOW,
          actor: by,
          event: "incident.closed",
          set: { status: "closed", closed_by: by, closed_at: NOW },
          where: isOpen,
          key: `closed:${by}`,
        });
      const both = await Promise.all([close(ALICE), close(BOB)]);
      expect(both.filter((one) => one === null)).toHaveLength(1);
      const rows = await db()
        .selectFrom("audit")
        .select("data")
        .where("event", "=", "incident.closed")
        .execute();
      expect(rows.filter(({ data }) => data.includes(id))).toHaveLength(1);
      expect((await keysOf(id)).filter((key) => key.startsWith("closed:"))).toHaveLength(1);
      expect(await readIncident(db(), id)).toMatchObject({ status: "closed" });
    });

    it("have people read once by one of several, and again where that is asked for meanwhile", async () => {
      const { id } = await openAbout(["inc-i"]);
      expect(await findLooks(db(), NOW)).toContain(id);
      const reads = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let begun = 0;
      const deps = {
        db: db(),
        now: () => NOW,
        policy: { current: () => parsePolicy(POLICY, "policy.yml") },
        readBlocked: () => Promise.resolve(null),
        readReturn: () => Promise.resolve(null),
        async read(user: AccessUser): Promise<UserSummary> {
          await reads[begun++]?.promise;
          return { ...EVIDENCE, user, sessions: { ok: true, value: [] } };
        },
      };
      const looks = [lookAtPeople(deps, id), lookAtPeople(deps, id)];
      await vi.waitFor(() => expect(begun).toBe(1));
      await db()
        .updateTable("incident_people")
        .set({ look_due: NOW + 1 })
        .where("incident_id", "=", id)
        .execute();
      reads[0]?.resolve();
      await Promise.all(looks);
      expect(begun).toBe(1);
      expect(await keysOf(id)).toEqual(["snapshot:inc-i", `incident.contained:${NOW}`]);
      expect(await findLooks(db(), NOW)).not.toContain(id);
      expect(await findLooks(db(), NOW + 1)).toContain(id);
      reads[1]?.resolve();
      await lookAtPeople({ ...deps, now: () => NOW + 1 }, id);
      expect(begun).toBe(2);
      expect(await keysOf(id)).toEqual(["snapshot:inc-i", `incident.contained:${NOW}`]);
      expect(await readIncident(db(), id)).toMatchObject({ containedAt: NOW });
    });

    it("write nothing of someone who was removed while they were read, and read them anew who come back", async () => {
      const { id } = await openAbout(["inc-removed", "inc-stays"]);
      const reading = Promise.withResolvers<void>();
      let begun = 0;
      let lists = 0;
      const deps = {
        db: db(),
        now: () => NOW,
        policy: { current: () => parsePolicy(POLICY, "policy.yml") },
        readBlocked: () => {
          lists += 1;
          return Promise.resolve(null);
        },
        readReturn: () => Promise.resolve(null),
        async read(user: AccessUser): Promise<UserSummary> {
          begun += 1;
          await reading.promise;
          return { ...EVIDENCE, user, sessions: { ok: true, value: [] } };
        },
      };
      const look = lookAtPeople(deps, id);
      await vi.waitFor(() => expect(begun).toBe(2));
      const change = { id, at: NOW, actor: ALICE } as const;
      await changeIncident(db(), {
        ...change,
        event: "incident.removed",
        key: "removed",
        also: (trx) => removePeople(trx, id, ["inc-removed"], NOW),
      });
      reading.resolve();
      await look;
      expect(await keysOf(id)).toEqual(["removed", "snapshot:inc-stays", `incident.contained:${NOW}`]);
      expect(lists).toBe(1);
      const people = [{ ...EVIDENCE.user, id: "inc-removed", email: "inc-removed@example.com" }];
      await changeIncident(db(), {
        ...change,
        event: "incident.added",
        key: "added",
        also: (trx) => addPeople(trx, id, people, NOW),
      });
      await lookAtPeople(deps, id);
      expect(await keysOf(id)).toContain("snapshot:inc-removed");
    });

    it("are no longer contained once someone is seen with a session, and that is told each time", async () => {
      const { id } = await openAbout(["inc-j"]);
      const look = async (sessions: UserSummary["sessions"], at: number) => {
        await db()
          .updateTable("incident_people")
          .set({ look_due: at })
          .where("incident_id", "=", id)
          .execute();
        const read = (user: AccessUser) => Promise.resolve({ ...EVIDENCE, user, sessions });
        const policy = { current: () => parsePolicy(POLICY, "policy.yml") };
        const readBlocked = () => Promise.resolve(null);
        const readReturn = readBlocked;
        await lookAtPeople({ db: db(), now: () => at, policy, read, readBlocked, readReturn }, id);
      };
      await look({ ok: true, value: [] }, NOW);
      await look({ ok: false, reason: "HTTP 502" }, NOW + 1);
      await look({ ok: true, value: [] }, NOW + 2);
      expect(await keysOf(id)).toEqual([
        "snapshot:inc-j",
        `incident.contained:${NOW}`,
        `incident.not-contained:${NOW + 1}`,
        `incident.contained:${NOW + 2}`,
      ]);
    });

    const RULES: GapRules = { required: ["sessions"], hasBlockList: false };

    it("tell their story: its requests, also of before it was opened and of people who left, and no others", async () => {
      const before = await about("inc-k");
      const { id } = await openAbout(["inc-k", "inc-l", "inc-m"]);
      const denied = await about("inc-l");
      await moveRequest(db(), denied.id, transitionTo("denied"));
      await about("inc-other");
      await changeIncident(db(), {
        id,
        at: NOW,
        actor: ALICE,
        event: "incident.removed",
        key: "removed",
        also: (trx) => removePeople(trx, id, ["inc-l"], NOW),
      });
      const story = await readStory(db(), id, { rules: RULES, at: NOW + 1000 });
      expect(story?.told.map(({ request }) => request.id).toSorted()).toEqual(
        [before.id, denied.id].toSorted(),
      );
      expect(story?.removed.map((one) => one.id)).toEqual(["inc-l"]);
      expect(story?.people.map(({ person }) => person.target.id)).toEqual(["inc-m", "inc-k"]);
      expect(story?.figures).toMatchObject({ requests: 2, denied: 1, open: 1, toContainment: null });
      expect(story?.verdict).toBe("unknown");
      expect(await readStory(db(), "INC-00000", { rules: RULES, at: NOW })).toBeNull();
    });

    it("tell their story also when no one is left in them", async () => {
      const { id } = await openAbout(["inc-n"]);
      await db()
        .transaction()
        .execute((trx) => removePeople(trx, id, ["inc-n"], NOW));
      const story = await readStory(db(), id, { rules: RULES, at: NOW });
      expect(story).toMatchObject({ people: [], told: [], verdict: "not-contained" });
    });
  });
}
