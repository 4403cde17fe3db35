import { describe, expect, it } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import {
  countTargets,
  findLastDue,
  findNextDue,
  readTargets,
  stopWaiting,
  type TargetState,
} from "../../../src/requests/targets.ts";
import { MAX_TARGETS, type Plan, type Target } from "../../../src/requests/plan.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import type { Status } from "../../../src/requests/request.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { moveRequest, stopRequest } from "../../../src/requests/transition.ts";
import {
  ALICE,
  BOB,
  CAROL,
  type GetStore,
  moveTarget,
  newRequest,
  NOW,
  PLAN,
  transitionTo,
} from "../fixture.ts";

function people(count: number): Target[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `id-${index}`,
    email: `o'brien+${index}@example.com`,
    name: `Zoë 🔥 ${index}`,
  }));
}

/** Of an account of its own: one that says the same as a request that is open is refused. */
function planAbout(count: number): Plan {
  const [target = PLAN.target, ...others] = people(count);
  const options = { devices: true, warpReauth: false, others };
  return { ...PLAN, accountId: crypto.randomUUID(), target, options } as Plan;
}

const NONE: Record<TargetState, number> = { waiting: 0, sending: 0, sent: 0, done: 0, failed: 0, stopped: 0 };

export function targetsContract(store: GetStore): void {
  const db = () => store().db;

  async function insertAbout(count: number): Promise<string> {
    const { id } = await insertRequest(db(), newRequest({ plan: planAbout(count) }));
    return id;
  }

  async function insertExecuting(count: number, status: Status = "executing"): Promise<string> {
    const id = await insertAbout(count);
    for (const to of ["approved", "executing", "unknown"] as const) {
      await moveRequest(db(), id, transitionTo(to));
      if (to === status) break;
    }
    return id;
  }

  const positions = async (id: string, options: Parameters<typeof readTargets>[2]): Promise<number[]> =>
    (await readTargets(db(), id, options)).map(({ position }) => position);

  describe("the users of a request about several", () => {
    it("are written with it, all of the most there can be, in their order", async () => {
      const id = await insertAbout(MAX_TARGETS);
      const rows = await readTargets(db(), id);
      expect(rows.map(({ target }) => target)).toEqual(people(MAX_TARGETS));
      expect(rows.map(({ position }) => position)).toEqual(Array.from(rows, (_, index) => index));
      expect(rows[7]).toEqual({
        position: 7,
        target: people(8)[7],
        state: "waiting",
        attempts: 0,
        dueAt: 0,
        sentAt: null,
        answeredAt: null,
        baseline: null,
        outcome: {},
        looks: 0,
        note: null,
      });
      expect(await countTargets(db(), id)).toEqual({ ...NONE, waiting: MAX_TARGETS });
    });

    it("are a round of one where a request is about one", async () => {
      const { id, plan } = await insertRequest(db(), newRequest());
      expect((await readTargets(db(), id)).map(({ target, state }) => [target, state])).toEqual([
        [plan.target, "waiting"],
      ]);
      expect(await countTargets(db(), id)).toEqual({ ...NONE, waiting: 1 });
      expect(await findNextDue(db(), id)).toBe(0);
    });

    it("move with what is known of them, from the states named and no other", async () => {
      const id = await insertAbout(3);
      const receipt = { cfRay: "ray-1", at: NOW };
      const known = { sent_at: NOW, answered_at: NOW + 1, due_at: NOW + 60, baseline: '{"sessionCount":2}' };
      const set = { ...known, attempts: 1, looks: 2, note: "n", cf_ray: "ray-1", outcome: { receipt } };
      expect(await moveTarget(db(), id, 1, { from: ["waiting"], to: "sending", set })).toBe(true);
      const after = (await readTargets(db(), id))[1];
      expect(after).toEqual({
        position: 1,
        target: people(2)[1],
        state: "sending",
        attempts: 1,
        sentAt: NOW,
        answeredAt: NOW + 1,
        baseline: { sessionCount: 2 },
        outcome: { receipt },
        looks: 2,
        dueAt: NOW + 60,
        note: "n",
      });
      expect(await moveTarget(db(), id, 1, { from: ["waiting", "sent"], to: "done" })).toBe(false);
      expect(await moveTarget(db(), id, 9, { from: ["waiting"], to: "done" })).toBe(false);
      expect((await readTargets(db(), id))[1]).toEqual(after);
      expect(await countTargets(db(), id)).toEqual({ ...NONE, waiting: 2, sending: 1 });
    });

    it("are each taken by exactly one of many who want them at once", async () => {
      const id = await insertAbout(2);
      const move = { from: ["waiting"], to: "sending" } as const;
      const taken = await Promise.all(Array.from({ length: 6 }, () => moveTarget(db(), id, 1, move)));
      expect(taken.filter(Boolean)).toHaveLength(1);
    });

    it("are read by state, by when they are due, and so many", async () => {
      const id = await insertAbout(5);
      await moveTarget(db(), id, 0, { from: ["waiting"], to: "done" });
      await moveTarget(db(), id, 1, { from: ["waiting"], to: "sent", set: { due_at: NOW + 10 } });
      await moveTarget(db(), id, 2, { from: ["waiting"], to: "waiting", set: { due_at: NOW + 5 } });
      expect(await positions(id, { states: ["waiting"] })).toEqual([2, 3, 4]);
      expect(await positions(id, { states: ["waiting"], dueBy: NOW + 4 })).toEqual([3, 4]);
      expect(await positions(id, { states: ["waiting"], dueBy: NOW + 5, limit: 2 })).toEqual([2, 3]);
      expect(await positions(id, { states: ["waiting", "sent"], dueBy: NOW + 10 })).toEqual([1, 2, 3, 4]);
      expect(await positions(id, { states: ["waiting"], limit: 0 })).toEqual([]);
    });

    it("say when the next of them is due who is not finished", async () => {
      const id = await insertAbout(3);
      expect(await findNextDue(db(), id)).toBe(0);
      for (const [position, to, due] of [
        [0, "sending", NOW + 30],
        [1, "sent", NOW + 20],
        [2, "failed", NOW + 10],
      ] as const)
        await moveTarget(db(), id, position, { from: ["waiting"], to, set: { due_at: due } });
      expect(await findNextDue(db(), id)).toBe(NOW + 20);
      expect(await findLastDue(db(), id, ["waiting", "sending", "sent"])).toBe(NOW + 30);
      await moveTarget(db(), id, 1, { from: ["sent"], to: "done" });
      expect(await findNextDue(db(), id)).toBe(NOW + 30);
      await moveTarget(db(), id, 0, { from: ["sending"], to: "done" });
      expect(await findNextDue(db(), id)).toBeNull();
    });

    it("who wait are stopped, and nobody else", async () => {
      const [id, other] = [await insertAbout(4), await insertAbout(2)];
      await moveTarget(db(), id, 0, { from: ["waiting"], to: "done" });
      await moveTarget(db(), id, 1, { from: ["waiting"], to: "sending" });
      expect(await stopWaiting(db(), id, "enough")).toBe(2);
      expect(await stopWaiting(db(), id, "again")).toBe(0);
      expect(await countTargets(db(), id)).toEqual({ ...NONE, done: 1, sending: 1, stopped: 2 });
      expect((await readTargets(db(), id, { states: ["stopped"] })).map(({ note }) => note)).toEqual([
        "enough",
        "enough",
      ]);
      expect(await countTargets(db(), other)).toEqual({ ...NONE, waiting: 2 });
    });
  });

  describe("a request that is stopped", () => {
    const stop = { actor: CAROL, at: NOW + 9, data: { channel: "C0APPROV1", policy_hash: "abc" } };

    it("touches nobody more, and says so in the record and in the thread, with who stopped it and from where", async () => {
      const id = await insertExecuting(4);
      await moveTarget(db(), id, 0, { from: ["waiting"], to: "done" });
      const before = await readRequest(db(), id);
      const stopped = await stopRequest(db(), id, stop);
      expect(stopped).toEqual({
        ...before,
        version: (before?.version ?? 0) + 1,
        stop: { by: CAROL, at: NOW + 9 },
      });
      expect(await countTargets(db(), id)).toEqual({ ...NONE, done: 1, stopped: 3 });
      expect((await readRequestAudit(db(), id)).at(-1)).toMatchObject({
        at: NOW + 9,
        actor: CAROL,
        event: "request.stopped",
        data: {
          plan_hash: before?.planHash,
          requester: ALICE,
          targets: 4,
          untouched: 3,
          channel: "C0APPROV1",
          policy_hash: "abc",
        },
      });
      expect((await readUnposted(db(), id)).map(({ key }) => key)).toEqual(["evidence", "stopped"]);
    });

    it("is stopped by exactly one of many at once", async () => {
      const id = await insertExecuting(3);
      const stops = await Promise.all(
        [ALICE, BOB, CAROL, ALICE].map((actor) => stopRequest(db(), id, { ...stop, actor })),
      );
      expect(stops.filter((one) => one !== null)).toHaveLength(1);
      const rows = await readRequestAudit(db(), id);
      expect(rows.filter(({ event }) => event === "request.stopped")).toHaveLength(1);
    });

    it.each(["approved", "executing", "unknown"] as const)("may be %s", async (status) => {
      const id = await insertExecuting(2, status);
      expect(await stopRequest(db(), id, stop)).toMatchObject({ status, stop: { by: CAROL } });
    });

    it("may be about one, who is not touched yet", async () => {
      const id = await insertExecuting(1, "approved");
      expect(await stopRequest(db(), id, stop)).toMatchObject({ stop: { by: CAROL } });
      expect(await countTargets(db(), id)).toEqual({ ...NONE, stopped: 1 });
    });

    it.each(["done", "failed", "sent"] as const)(
      "is not one whose users are all %s: there is nobody to stop for, and nothing is written",
      async (to) => {
        const id = await insertExecuting(3);
        for (const position of [0, 1, 2]) await moveTarget(db(), id, position, { from: ["waiting"], to });
        const [before, rows] = [await readRequest(db(), id), await readRequestAudit(db(), id)];
        expect(await stopRequest(db(), id, stop)).toBeNull();
        expect(await readRequest(db(), id)).toEqual(before);
        expect(await readRequestAudit(db(), id)).toEqual(rows);
        expect((await readUnposted(db(), id)).map(({ key }) => key)).toEqual(["evidence"]);
      },
    );

    it("may have nobody left but one whose call had no clear answer, which is not sent again", async () => {
      const id = await insertExecuting(2, "unknown");
      await moveTarget(db(), id, 0, { from: ["waiting"], to: "done" });
      await moveTarget(db(), id, 1, { from: ["waiting"], to: "sending" });
      expect(await stopRequest(db(), id, stop)).toMatchObject({ status: "unknown", stop: { by: CAROL } });
      expect(await countTargets(db(), id)).toEqual({ ...NONE, done: 1, sending: 1 });
      expect((await readRequestAudit(db(), id)).at(-1)).toMatchObject({
        event: "request.stopped",
        data: { targets: 2, untouched: 0 },
      });
    });

    it("is neither one that nobody has approved, nor one that is over, nor one that is not there", async () => {
      const pending = await insertAbout(2);
      expect(await stopRequest(db(), pending, stop)).toBeNull();
      const over = await insertExecuting(2);
      await moveRequest(db(), over, transitionTo("failed"));
      expect(await stopRequest(db(), over, stop)).toBeNull();
      expect(await stopRequest(db(), "ZT-NOTHERE", stop)).toBeNull();
      for (const id of [pending, over]) {
        expect(await countTargets(db(), id)).toEqual({ ...NONE, waiting: 2 });
        const events = (await readRequestAudit(db(), id)).map(({ event }) => event);
        expect(events).not.toContain("request.stopped");
      }
    });
  });
}
