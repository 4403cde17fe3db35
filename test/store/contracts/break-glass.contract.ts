import { describe, expect, it } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import type { Request, Review } from "../../../src/requests/request.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { findUnreviewed, findUnreviewedRequests } from "../../../src/requests/queries.ts";
import { findSweepWork } from "../../../src/requests/sweep-queries.ts";
import { moveRequest, reviewRequest } from "../../../src/requests/transition.ts";
import { ALICE, BOB, CAROL, type GetStore, newRequest, NOW, transitionTo } from "../fixture.ts";

const HOUR = 3_600_000;

let people = 0;

/** Somebody of their own for each test: who has acted alone is remembered. */
function somebody(): string {
  people += 1;
  return `U0DAVE${String(people).padStart(3, "0")}`;
}

export function breakGlassContract(store: GetStore): void {
  const db = () => store().db;

  function useBreakGlass(id: string, by: string, at = NOW): Promise<Request | null> {
    const breakGlass = { by, at, reason: "nobody is awake" };
    return moveRequest(
      db(),
      id,
      transitionTo("approved", { actor: by, at, breakGlass, reviewReminderAt: at + HOUR }),
    );
  }

  async function actWithBreakGlass(by = somebody(), at = NOW): Promise<Request> {
    const { id } = await insertRequest(db(), newRequest({ posts: [] }));
    const done = await useBreakGlass(id, by, at);
    if (done === null) throw new Error("it was not done");
    return done;
  }

  function reviewBy(by: string): Parameters<typeof reviewRequest>[2] {
    const review: Review = { by, at: NOW + 5000, verdict: "not-justified", note: "bob was online" };
    const data = { kind: "reviewed" } as const;
    return { review, data: { surface: "form" }, posts: [{ key: "reviewed", surface: "thread", data }] };
  }

  describe("what is done alone", () => {
    it("is remembered as not reviewed, of whom did it", async () => {
      const dave = somebody();
      const done = await actWithBreakGlass(dave);
      expect(done).toMatchObject({ status: "approved", reviewDue: NOW, review: null });
      expect(done.breakGlass).toEqual({ by: dave, at: NOW, reason: "nobody is awake" });
      expect(await findUnreviewed(db(), dave)).toBe(done.id);
      expect(await findUnreviewed(db(), dave, done.id)).toBeNull();
      expect(await findUnreviewed(db(), CAROL)).toBeNull();
    });

    it("is listed until it is reviewed, the longest wait first", async () => {
      const late = await actWithBreakGlass(somebody(), NOW + 2000);
      const early = await actWithBreakGlass(somebody(), NOW + 1000);
      await actWithBreakGlass().then(({ id }) => reviewRequest(db(), id, reviewBy(CAROL)));
      const mine = new Set([late.id, early.id]);
      const found = (await findUnreviewedRequests(db())).filter(({ id }) => mine.has(id));
      expect(found).toEqual([early, late]);
      const all = await findUnreviewedRequests(db());
      expect(all.every(({ review, reviewDue }) => review === null && reviewDue !== null)).toBe(true);
    });

    it("is looked for by the sweep an hour later, whatever its state, and not once it is reviewed", async () => {
      const { id, nudgeAt, reminders } = await actWithBreakGlass();
      expect({ nudgeAt, reminders }).toEqual({ nudgeAt: NOW + HOUR, reminders: 0 });
      await moveRequest(db(), id, transitionTo("voided"));
      const isFound = async (at: number) => (await findSweepWork(db(), at)).toNudge.includes(id);
      expect(await isFound(NOW + HOUR - 1)).toBe(false);
      expect(await isFound(NOW + HOUR)).toBe(true);
      await reviewRequest(db(), id, reviewBy(CAROL));
      expect(await isFound(NOW + HOUR)).toBe(false);
    });

    it("is one at a time for each person: of several at once exactly one is written, with its row", async () => {
      const dave = somebody();
      const requests = await Promise.all([1, 2, 3, 4].map(() => insertRequest(db(), newRequest())));
      const results = await Promise.all(requests.map(({ id }) => useBreakGlass(id, dave)));
      const done = results.filter((result) => result !== null);
      expect(done).toHaveLength(1);
      const states = await Promise.all(requests.map(({ id }) => readRequest(db(), id)));
      expect(states.map((request) => request?.status ?? "").toSorted()).toEqual([
        "approved",
        "pending",
        "pending",
        "pending",
      ]);
      const rows = await Promise.all(requests.map(({ id }) => readRequestAudit(db(), id)));
      expect(rows.flat().filter((row) => row.event === "request.approved")).toHaveLength(1);

      await reviewRequest(db(), done[0]?.id ?? "", reviewBy(CAROL));
      const left = requests.find(({ id }) => id !== done[0]?.id);
      expect(await useBreakGlass(left?.id ?? "", dave)).toMatchObject({ status: "approved" });
    });
  });

  describe("a review", () => {
    it("is kept with its audit row and its message, and leaves the state as it is", async () => {
      const before = await actWithBreakGlass();
      const after = await reviewRequest(db(), before.id, reviewBy(CAROL));
      const { review } = reviewBy(CAROL);
      expect(after).toEqual({ ...before, review, reviewDue: null, version: before.version + 1 });
      expect(await readRequest(db(), before.id)).toEqual(after);
      expect((await readRequestAudit(db(), before.id)).at(-1)).toMatchObject({
        actor: CAROL,
        event: "request.reviewed",
        data: {
          verdict: "not-justified",
          note: "bob was online",
          acted_alone: before.breakGlass?.by,
          requester: ALICE,
          plan_hash: before.planHash,
          surface: "form",
        },
      });
      expect((await readUnposted(db(), before.id)).map(({ key }) => key)).toEqual(["reviewed"]);
    });

    it("is said once, also by several at once", async () => {
      const { id } = await actWithBreakGlass();
      const results = await Promise.all(
        [ALICE, BOB, CAROL].map((by) => reviewRequest(db(), id, reviewBy(by))),
      );
      const [first, ...others] = results.filter((result) => result !== null);
      expect(others).toEqual([]);
      expect(await readRequest(db(), id)).toEqual(first);
      const rows = (await readRequestAudit(db(), id)).filter((row) => row.event === "request.reviewed");
      expect(rows.map((row) => row.actor)).toEqual([first?.review?.by]);
    });

    it.each(["voided", "succeeded", "failed"] as const)("is taken of what is %s by then", async (to) => {
      const { id } = await actWithBreakGlass();
      if (to !== "voided") await moveRequest(db(), id, transitionTo("executing"));
      await moveRequest(db(), id, transitionTo(to));
      expect(await reviewRequest(db(), id, reviewBy(CAROL))).toMatchObject({ status: to, reviewDue: null });
    });

    it("is not taken of what was approved", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const before = await moveRequest(db(), id, transitionTo("approved"));
      expect(await reviewRequest(db(), id, reviewBy(CAROL))).toBeNull();
      expect(await readRequest(db(), id)).toEqual(before);
    });
  });
}
