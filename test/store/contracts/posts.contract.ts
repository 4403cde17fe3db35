import { describe, expect, it } from "vitest";

import {
  addPosts,
  approverKey,
  markAttempted,
  markPosted,
  readApproverMessages,
  readUnposted,
} from "../../../src/requests/posts.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import type { Lease } from "../../../src/requests/lease.ts";
import { finishPublishing } from "../../../src/outbox/delivery-failure.ts";
import { addVote, moveRequest } from "../../../src/requests/transition.ts";
import {
  BOB,
  CAROL,
  evidencePost,
  type GetStore,
  letCardBePosted,
  newRequest,
  NOW,
  takeLeaseFor,
  transitionTo,
} from "../fixture.ts";

const post = (key: string) => ({ key, surface: "thread", data: { kind: "summary" } }) as const;
const dm = { key: "outcome", surface: "dm", data: { kind: "outcome" } } as const;

export function postsContract(store: GetStore): void {
  const db = () => store().db;

  describe("messages to post", () => {
    it("are read in the order in which they were written, until each is posted", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await addPosts(db(), id, NOW, [post("b"), post("a")]);
      await addPosts(db(), id, NOW, [dm]);
      const posts = await readUnposted(db(), id);
      expect(posts.map(({ key, surface, data }) => ({ key, surface, data }))).toEqual([
        evidencePost,
        post("b"),
        post("a"),
        dm,
      ]);

      await markAttempted(db(), posts[1]?.seq ?? 0, NOW + 1);
      await markPosted(db(), posts[0]?.seq ?? 0, NOW + 2, "C0APPROV1", "1.1");
      expect((await readUnposted(db(), id)).map(({ key, attemptedAt }) => [key, attemptedAt])).toEqual([
        ["b", NOW + 1],
        ["a", null],
        ["outcome", null],
      ]);
    });

    it("are written once per key and request: the first stays, posted or not", async () => {
      const one = await insertRequest(db(), newRequest());
      const other = await insertRequest(db(), newRequest());
      const [first] = await readUnposted(db(), one.id);
      await addPosts(db(), one.id, NOW, [{ ...dm, key: "evidence" }, post("new")]);
      expect((await readUnposted(db(), one.id)).map(({ key, surface }) => [key, surface])).toEqual([
        ["evidence", "thread"],
        ["new", "thread"],
      ]);
      await markPosted(db(), first?.seq ?? 0, NOW, "C0APPROV1", "1.1");
      await Promise.all([
        addPosts(db(), one.id, NOW, [evidencePost]),
        addPosts(db(), one.id, NOW, [evidencePost]),
      ]);
      expect((await readUnposted(db(), one.id)).map(({ key }) => key)).toEqual(["new"]);
      expect((await readUnposted(db(), other.id)).map(({ key }) => key)).toEqual(["evidence"]);
    });

    it("of no request cannot be written", async () => {
      await expect(addPosts(db(), "ZT-NOTHERE", NOW, [dm])).rejects.toThrow(/foreign key/i);
    });
  });

  describe("the messages that ask approvers to decide", () => {
    const ask = (to: string) =>
      ({ key: approverKey(to), surface: "dm", data: { kind: "approver", to } }) as const;
    const updates = async (id: string): Promise<string[]> =>
      (await readUnposted(db(), id)).map(({ key }) => key).filter((key) => key.includes(":"));

    it("are to be brought up to date with the decision, each once", async () => {
      const { id } = await insertRequest(db(), newRequest({ posts: [ask(BOB), ask(CAROL)] }));
      expect(await updates(id)).toEqual([]);
      await moveRequest(db(), id, transitionTo("approved"));
      const decided = [`approver-${BOB}:decided`, `approver-${CAROL}:decided`];
      expect(await updates(id)).toEqual(decided);
      await moveRequest(db(), id, transitionTo("executing"));
      expect(await updates(id)).toEqual(decided);
    });

    it("are not where the decision lost", async () => {
      const { id } = await insertRequest(db(), newRequest({ posts: [ask(BOB)] }));
      await moveRequest(db(), id, transitionTo("denied"));
      for (const { seq } of await readUnposted(db(), id)) await markPosted(db(), seq, NOW, "D1", "1.1");
      expect(await moveRequest(db(), id, transitionTo("approved"))).toBeNull();
      expect(await updates(id)).toEqual([]);
    });

    it("of whoever agreed are to be brought up to date at once, and theirs alone", async () => {
      const { id } = await insertRequest(db(), newRequest({ posts: [ask(BOB), ask(CAROL)] }));
      const vote = { by: BOB, at: NOW + 1 };
      expect(await addVote(db(), { id, votes: [] }, { vote, data: {} }, [])).not.toBeNull();
      expect(await updates(id)).toEqual([`approver-${BOB}:voted-1`]);
    });

    it("are found with where they are", async () => {
      const { id } = await insertRequest(db(), newRequest({ posts: [ask(BOB), ask(CAROL)] }));
      const posts = await readUnposted(db(), id);
      await markPosted(db(), posts[0]?.seq ?? 0, NOW, "D0BOB", "1.1");
      await markPosted(db(), posts[1]?.seq ?? 0, NOW, "", "");
      await moveRequest(db(), id, transitionTo("cancelled"));
      expect(await readApproverMessages(db(), id)).toEqual([
        { to: BOB, place: { channel: "D0BOB", ts: "1.1" } },
        { to: CAROL, place: null },
      ]);
    });
  });

  describe("the lease to publish", () => {
    const take = async (id: string): Promise<Lease> => {
      const lease = await takeLeaseFor(db(), "publishing", id);
      if (lease === null) throw new Error("somebody else has it");
      return lease;
    };

    it("is given back when the card shows the request as it is", async () => {
      const { id } = await insertRequest(db(), newRequest());
      expect(await finishPublishing(db(), await take(id))).toBe(true);
      expect(await readRequest(db(), id)).toMatchObject({ version: 1, cardVersion: 1 });
      await take(id);
    });

    it("is kept when the request changed meanwhile: there is more to post", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const lease = await take(id);
      await moveRequest(db(), id, transitionTo("approved"));
      expect(await finishPublishing(db(), lease)).toBe(false);
      expect(await readRequest(db(), id)).toMatchObject({ version: 2, cardVersion: 0 });
      expect(await takeLeaseFor(db(), "publishing", id)).toBeNull();
      await lease.release();
      expect(await take(id)).toHaveProperty("request.status", "approved");
    });

    it("comes with where the card is, or when it was last tried", async () => {
      const { id } = await insertRequest(db(), newRequest());
      await changeRequest(db(), { id, at: NOW, set: { card_attempted_at: NOW + 5 } });
      const lease = await take(id);
      const attempted = { channel: "C0APPROV1", ts: null, attemptedAt: NOW + 5 };
      expect(lease.request.card).toEqual(attempted);
      await lease.release();
      await letCardBePosted(db(), id, "C0OTHER01", "1700000000.000100");
      expect((await take(id)).request).toMatchObject({
        card: { channel: "C0OTHER01", ts: "1700000000.000100" },
        cardVersion: 1,
      });
    });
  });
}
