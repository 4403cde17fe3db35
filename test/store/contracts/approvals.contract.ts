import { describe, expect, it } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import { pause, readPause, resume } from "../../../src/requests/pause.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import type { Vote } from "../../../src/requests/request.ts";
import { AlreadyOpenError, insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { findOpen } from "../../../src/requests/queries.ts";
import { lockTarget, unlockTarget } from "../../../src/requests/locks.ts";
import { addVote, moveRequest } from "../../../src/requests/transition.ts";
import {
  ALICE,
  BOB,
  CAROL,
  EXPIRES,
  type GetStore,
  newRequest,
  NOW,
  requestIn,
  transitionTo,
} from "../fixture.ts";

const DAVE = "U0DAVE001";
const vote = (by: string): Vote => ({ by, at: NOW + 1 });

export function approvalsContract(store: GetStore): void {
  const db = () => store().db;

  describe("a vote", () => {
    it("is kept with its audit row and its message, and leaves the request pending", async () => {
      const before = await insertRequest(db(), newRequest({ posts: [] }));
      const post = { key: "vote", surface: "thread", data: { kind: "summary" } } as const;
      const after = await addVote(db(), before, { vote: vote(BOB), data: { counting: 1 } }, [post]);

      expect(after).toEqual(await readRequest(db(), before.id));
      expect(after).toMatchObject({ status: "pending", votes: [vote(BOB)], version: before.version + 1 });
      expect((await readRequestAudit(db(), before.id)).at(-1)).toMatchObject({
        actor: BOB,
        event: "request.voted",
        data: { counting: 1, plan_hash: before.planHash, requester: ALICE },
      });
      expect((await readUnposted(db(), before.id)).map(({ key }) => key)).toEqual(["vote"]);
    });

    it("that did not see another one counts for nothing: of several at once exactly one is next", async () => {
      const seen = await insertRequest(db(), newRequest());
      const voters = [BOB, CAROL, DAVE, ALICE];
      const results = await Promise.all(
        voters.map((by) => addVote(db(), seen, { vote: vote(by), data: {} }, [])),
      );
      expect(results.filter((result) => result !== null)).toHaveLength(1);
      expect((await readRequest(db(), seen.id))?.votes).toHaveLength(1);
    });

    it("that is the last one needed is lost when another came before it", async () => {
      const seen = await insertRequest(db(), newRequest());
      await addVote(db(), seen, { vote: vote(BOB), data: {} }, []);
      expect(
        await moveRequest(
          db(),
          seen.id,
          transitionTo("approved", { votes: { all: [vote(CAROL)], seen: 0 } }),
        ),
      ).toBeNull();
      const votes = [vote(BOB), vote(CAROL)];
      expect(
        await moveRequest(db(), seen.id, transitionTo("approved", { votes: { all: votes, seen: 1 } })),
      ).toMatchObject({
        status: "approved",
        votes,
      });
    });

    it.each(["approved", "denied", "cancelled", "expired", "voided", "succeeded"] as const)(
      "comes too late for a request that is %s",
      async (status) => {
        const request = await requestIn(db(), status);
        expect(await addVote(db(), request, { vote: vote(DAVE), data: {} }, [])).toBeNull();
        expect(await readRequest(db(), request.id)).toEqual(request);
      },
    );

    it("comes too late at the deadline", async () => {
      const request = await insertRequest(db(), newRequest());
      const late = { by: BOB, at: EXPIRES };
      expect(await addVote(db(), request, { vote: late, data: {} }, [])).toBeNull();
    });
  });

  describe("of one plan", () => {
    it("only one request is open at a time, also when several ask at once", async () => {
      const asked = newRequest();
      const results = await Promise.allSettled([1, 2, 3, 4].map(() => insertRequest(db(), asked)));
      const made = results.filter((result) => result.status === "fulfilled");
      const refused = results.filter((result) => result.status === "rejected");
      expect(made).toHaveLength(1);
      expect(refused.map((result): unknown => result.reason)).toEqual(
        Array.from({ length: 3 }, () => expect.any(AlreadyOpenError)),
      );
      const [first] = made;
      expect(await findOpen(db(), first?.value.planHash ?? "")).toEqual(first?.value);
    });

    it("another may be asked for when the first is over", async () => {
      const asked = newRequest();
      const { id, planHash } = await insertRequest(db(), asked);
      await moveRequest(db(), id, transitionTo("cancelled"));
      expect(await findOpen(db(), planHash)).toBeNull();
      expect((await insertRequest(db(), asked)).id).not.toBe(id);
    });
  });

  describe("the pause", () => {
    it("is one row: who was first has paused, and who resumes ends it, each with an audit row", async () => {
      const input = {
        by: CAROL,
        teamId: "T0",
        reason: "drill",
        at: NOW,
        auditContext: { surface: "command" },
      };
      expect(await readPause(db())).toBeNull();
      const results = await Promise.all([1, 2, 3].map(() => pause(db(), input)));
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await readPause(db())).toEqual({ by: CAROL, reason: "drill", at: NOW });
      expect(await resume(db(), { ...input, by: BOB })).toEqual({ by: CAROL, reason: "drill", at: NOW });
      expect(await resume(db(), input)).toBeNull();
      const rows = await db()
        .selectFrom("audit")
        .select(["event", "actor"])
        .where("event", "like", "bot.%")
        .orderBy("seq")
        .execute();
      expect(rows.slice(-2)).toEqual([
        { event: "bot.paused", actor: CAROL },
        { event: "bot.resumed", actor: BOB },
      ]);
    });
  });

  describe("a user", () => {
    it("belongs to one request at a time: the first to take them, until it is over", async () => {
      const [one, other] = [await requestIn(db(), "executing"), await requestIn(db(), "approved")];
      const { target } = one.plan;
      const holders = await Promise.all([
        lockTarget(db(), target, one.id, NOW),
        lockTarget(db(), target, one.id, NOW),
      ]);
      expect(holders).toEqual([one.id, one.id]);
      expect(await lockTarget(db(), target, other.id, NOW)).toBe(one.id);
      await unlockTarget(db(), target, other.id);
      expect(await lockTarget(db(), target, other.id, NOW)).toBe(one.id);
      await moveRequest(db(), one.id, transitionTo("succeeded"));
      expect(await lockTarget(db(), target, other.id, NOW)).toBe(other.id);
    });

    it("who is only to be created is known by the address", async () => {
      const [one, other] = [await requestIn(db(), "executing"), await requestIn(db(), "executing")];
      await lockTarget(db(), { id: "", email: "New@Example.com", name: "" }, one.id, NOW);
      expect(await lockTarget(db(), { id: "", email: "new@example.com", name: "" }, other.id, NOW)).toBe(
        one.id,
      );
    });
  });
}
