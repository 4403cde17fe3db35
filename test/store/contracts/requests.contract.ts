import { describe, expect, it } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import { hashPlan } from "../../../src/requests/plan.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import { type Status, STATUSES } from "../../../src/requests/request.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { findSweepWork } from "../../../src/requests/sweep-queries.ts";
import { moveRequest, type Transition } from "../../../src/requests/transition.ts";
import {
  ALICE,
  BOB,
  CAROL,
  EVIDENCE,
  EXPIRES,
  evidencePost,
  type GetStore,
  letLeaseRunOut,
  newRequest,
  NOW,
  requestIn,
  takeLeaseFor,
  transitionTo,
} from "../fixture.ts";

/** Everything that may happen; whatever is not here must change nothing. */
const ALLOWED: Record<Status, readonly Transition["to"][]> = {
  pending: ["approved", "denied", "cancelled", "expired", "voided"],
  approved: ["executing", "failed", "voided"],
  executing: ["unknown", "succeeded", "failed", "voided"],
  unknown: ["succeeded", "failed"],
  denied: [],
  cancelled: [],
  expired: [],
  voided: [],
  succeeded: [],
  failed: [],
};
const TARGETS = STATUSES.filter((status) => status !== "pending");
const PAIRS = STATUSES.flatMap((from) =>
  TARGETS.map((to) => ({ from, to, allowed: ALLOWED[from].includes(to) })),
);
const decisionPost = { key: "decision", surface: "thread", data: { kind: "decision", at: NOW } } as const;
/** Makes a write fail in the middle of its transaction: JSON has no big integers. */
const UNWRITABLE = { data: 1n } as unknown as Record<string, unknown>;

export function requestsContract(store: GetStore): void {
  const db = () => store().db;

  /** All that is stored of a request. */
  async function everything(id: string) {
    const [request, audit, posts] = await Promise.all([
      readRequest(db(), id),
      readRequestAudit(db(), id),
      readUnposted(db(), id),
    ]);
    return { request, audit, posts };
  }

  describe("a new request", () => {
    it("is stored as it was asked for, with its audit row and its first message", async () => {
      const asked = newRequest();
      const created = await insertRequest(db(), asked);
      const { request, audit, posts } = await everything(created.id);

      expect(request).toEqual(created);
      expect(request).toMatchObject({
        id: expect.stringMatching(/^ZT-[0-9A-HJKMNP-TV-Z]{7}$/),
        teamId: "T0SANDBOX",
        plan: asked.plan,
        planHash: hashPlan(asked.plan),
        evidence: EVIDENCE,
        requesterId: ALICE,
        originChannel: "C0SECURE1",
        reason: newRequest().reason,
        status: "pending",
        result: {},
        createdAt: NOW,
        expiresAt: EXPIRES,
        decidedAt: null,
        decidedBy: null,
        decisionReason: null,
        startedAt: null,
        finishedAt: null,
        version: 1,
        cardVersion: 0,
        card: { channel: "C0APPROV1", ts: null, attemptedAt: null },
      });
      expect(audit).toEqual([
        expect.objectContaining({
          at: NOW,
          actor: ALICE,
          event: "request.created",
          data: expect.objectContaining({
            plan: asked.plan,
            plan_hash: hashPlan(asked.plan),
            expires_at: EXPIRES,
          }),
        }),
      ]);
      expect(posts).toEqual([
        expect.objectContaining({ ...evidencePost, requestId: created.id, attemptedAt: null }),
      ]);
    });

    it("is not there at all when its audit row or a message cannot be written", async () => {
      const counts = async () => [await count("requests"), await count("audit"), await count("posts")];
      const before = await counts();
      const unwritable = { ...evidencePost, data: UNWRITABLE as never };
      await expect(insertRequest(db(), newRequest({ posts: [evidencePost, unwritable] }))).rejects.toThrow(
        TypeError,
      );
      expect(await counts()).toEqual(before);
    });

    it("that does not exist is null, and cannot be moved", async () => {
      expect(await readRequest(db(), "ZT-NOTHERE")).toBeNull();
      expect(await moveRequest(db(), "ZT-NOTHERE", transitionTo("approved"))).toBeNull();
      expect(await readRequestAudit(db(), "ZT-NOTHERE")).toEqual([]);
    });
  });

  describe("a transition", () => {
    it.each(PAIRS.filter((pair) => pair.allowed))(
      "leads from $from to $to: the state, one version more, its audit row and its message",
      async ({ from, to }) => {
        const before = await requestIn(db(), from);
        const { audit } = await everything(before.id);
        const change = { reason: "because", data: { note: "x" }, posts: [decisionPost] };
        const moved = await moveRequest(db(), before.id, transitionTo(to, change));
        const after = await everything(before.id);

        expect(moved).toEqual(after.request);
        expect(after.request).toMatchObject({
          id: before.id,
          plan: before.plan,
          status: to,
          version: before.version + 1,
        });
        expect(after.audit.slice(0, audit.length)).toEqual(audit);
        expect(after.audit.slice(audit.length)).toEqual([
          expect.objectContaining({
            actor: BOB,
            at: to === "expired" ? EXPIRES : NOW + 1000,
            event: `request.${to}`,
            data: expect.objectContaining({ plan_hash: before.planHash, reason: "because", note: "x" }),
          }),
        ]);
        expect(after.posts.map((post) => post.key)).toEqual(["evidence", "decision"]);
      },
    );

    it.each(PAIRS.filter((pair) => !pair.allowed))(
      "does not lead from $from to $to: nothing changes",
      async ({ from, to }) => {
        const { id } = await requestIn(db(), from);
        const before = await everything(id);
        const change = { reason: "because", result: {}, posts: [decisionPost] };

        expect(await moveRequest(db(), id, transitionTo(to, change))).toBeNull();
        expect(await everything(id)).toEqual(before);
      },
    );

    it("keeps who decided, when and why, and when it was carried out, to the end", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await moveRequest(
        db(),
        id,
        transitionTo("approved", { actor: CAROL, at: NOW + 1, reason: "clear case" }),
      );
      await moveRequest(db(), id, transitionTo("executing", { actor: "zt-bot", at: NOW + 2 }));
      const result = { receipt: { cfRay: "ray", at: NOW + 3 } };
      await moveRequest(db(), id, transitionTo("succeeded", { actor: "zt-bot", at: NOW + 4, result }));

      expect(await readRequest(db(), id)).toMatchObject({
        status: "succeeded",
        decidedBy: CAROL,
        decidedAt: NOW + 1,
        decisionReason: "clear case",
        startedAt: NOW + 2,
        finishedAt: NOW + 4,
        result,
        version: 4,
      });
    });

    it.each([
      ["its audit row", { data: UNWRITABLE }],
      [
        "a message",
        { posts: [decisionPost, { key: "x", surface: "dm", data: UNWRITABLE as never }] as never },
      ],
    ])("that cannot write %s changes nothing at all, and can be made again", async (_what, change) => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await everything(id);
      await expect(moveRequest(db(), id, transitionTo("approved", change))).rejects.toThrow(TypeError);

      expect(await everything(id)).toEqual(before);
      expect(await moveRequest(db(), id, transitionTo("approved"))).toHaveProperty("status", "approved");
    });
  });

  describe("the deadline", () => {
    it.each(["approved", "denied", "cancelled"] as const)(
      "is the last moment before which it can be %s",
      async (to) => {
        const { id } = await insertRequest(db(), newRequest());
        const before = await everything(id);
        expect(await moveRequest(db(), id, transitionTo(to, { at: EXPIRES + 1 }))).toBeNull();
        expect(await moveRequest(db(), id, transitionTo(to, { at: EXPIRES }))).toBeNull();
        expect(await everything(id)).toEqual(before);
        expect(await moveRequest(db(), id, transitionTo(to, { at: EXPIRES - 1 }))).toHaveProperty(
          "status",
          to,
        );
      },
    );

    it("is the first moment at which it can expire", async () => {
      const { id } = await insertRequest(db(), newRequest());
      expect(await moveRequest(db(), id, transitionTo("expired", { at: EXPIRES - 1 }))).toBeNull();
      expect(await moveRequest(db(), id, transitionTo("expired", { at: EXPIRES }))).toHaveProperty(
        "status",
        "expired",
      );
    });

    it("does not stop what was approved in time from being carried out", async () => {
      const { id } = await requestIn(db(), "approved");
      expect(await moveRequest(db(), id, transitionTo("executing", { at: EXPIRES + 1 }))).toHaveProperty(
        "status",
        "executing",
      );
    });
  });

  describe("a race", () => {
    it.each<[Transition["to"], Transition["to"], Status]>([
      ["approved", "approved", "pending"],
      ["approved", "denied", "pending"],
      ["approved", "cancelled", "pending"],
      ["executing", "executing", "approved"],
      ["succeeded", "failed", "executing"],
    ])("of %s and %s is won by exactly one, and recorded once", async (one, other, from) => {
      for (let round = 0; round < 5; round += 1) {
        const before = await requestIn(db(), from);
        const { audit } = await everything(before.id);
        const results = await Promise.all(
          [one, other, one, other].map((to, index) =>
            moveRequest(db(), before.id, transitionTo(to, { actor: `U${index}`, posts: [decisionPost] })),
          ),
        );
        const winners = results.filter((result) => result !== null);
        const after = await everything(before.id);

        expect(winners).toEqual([after.request]);
        expect(after.request?.version).toBe(before.version + 1);
        expect(after.audit).toHaveLength(audit.length + 1);
        expect(after.audit.at(-1)?.actor).toBe(`U${results.findIndex((result) => result !== null)}`);
        expect(after.posts.map((post) => post.key)).toEqual(["evidence", "decision"]);
      }
    });
  });

  describe("the sweep", () => {
    it("finds what is to be carried out, what is overdue and what is not yet shown, and nothing else", async () => {
      const ids = Object.fromEntries(
        await Promise.all(
          STATUSES.map(async (status) => [status, (await requestIn(db(), status)).id] as const),
        ),
      ) as Record<Status, string>;
      const shown = await insertRequest(db(), newRequest({ expiresAt: EXPIRES + 1, posts: [] }));
      const untold = await insertRequest(db(), newRequest({ expiresAt: EXPIRES + 1 }));
      for (const { id } of [shown, untold])
        await db().updateTable("requests").set({ card_version: 1 }).where("id", "=", id).execute();

      const { toExecute, overdue, unpublished } = await findSweepWork(db(), EXPIRES);
      const mine = new Set([...Object.values(ids), shown.id, untold.id]);
      const among = (found: string[]) => found.filter((id) => mine.has(id)).toSorted();
      expect(among(toExecute)).toEqual([ids.approved, ids.executing, ids.unknown].toSorted());
      expect(among(overdue)).toEqual([ids.pending]);
      expect(among(unpublished)).toEqual([...Object.values(ids), untold.id].toSorted());
    });

    it("finds what is carried out when it is due, and not while somebody is at it", async () => {
      const { id } = await requestIn(db(), "executing");
      const isFound = async (at: number) => (await findSweepWork(db(), at)).toExecute.includes(id);
      const setDue = (due: number | null) =>
        changeRequest(db(), { id, at: NOW, set: { execution_due: due }, isShown: false });
      await setDue(NOW + 500);
      expect(await isFound(NOW + 499)).toBe(false);
      expect(await isFound(NOW + 500)).toBe(true);
      await setDue(null);
      expect(await isFound(NOW + 500)).toBe(false);
      await setDue(1);
      const lease = await takeLeaseFor(db(), "execution", id);
      expect(await isFound(Date.now())).toBe(false);
      await letLeaseRunOut(db(), id, "execution");
      expect(await isFound(Date.now())).toBe(true);
      await lease?.release({ set: { execution_due: null } });
      expect(await isFound(Date.now())).toBe(false);
    });

    it("names what is held, which is tried as well before it is due", async () => {
      const { id } = await requestIn(db(), "approved");
      const held = JSON.stringify({ code: "paused", why: "a drill", since: NOW });
      await changeRequest(db(), { id, at: NOW, set: { held, execution_due: EXPIRES } });
      const work = await findSweepWork(db(), NOW);
      expect(work.held).toContain(id);
      expect(work.toExecute).not.toContain(id);
    });

    it("leaves alone what somebody is posting, until their lease has run out", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await takeLeaseFor(db(), "publishing", id);
      const unpublished = async () => (await findSweepWork(db(), Date.now())).unpublished;
      expect(await unpublished()).not.toContain(id);
      await letLeaseRunOut(db(), id);
      expect(await unpublished()).toContain(id);
    });
  });

  async function count(table: "requests" | "audit" | "posts"): Promise<number> {
    const { n } = await db()
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number | string>().as("n"))
      .executeTakeFirstOrThrow();
    return Number(n);
  }
}
