import { describe, expect, it, onTestFinished } from "vitest";

import { RateLimitedError } from "../../../src/api/errors.ts";
import { readRequestAudit } from "../../../src/audit/append.ts";
import { advanceSink, claimSink, nameSink } from "../../../src/audit/forward/position.ts";
import { executeRequest } from "../../../src/execution/execute.ts";
import { lockTarget, unlockTarget } from "../../../src/requests/locks.ts";
import { pause, resume } from "../../../src/requests/pause.ts";
import { readUnposted } from "../../../src/requests/posts.ts";
import { readRequest } from "../../../src/requests/repository.ts";
import { findSweepWork } from "../../../src/requests/sweep-queries.ts";
import { countTargets, readTargets } from "../../../src/requests/targets.ts";
import { stopRequest } from "../../../src/requests/transition.ts";
import { ACCEPTED, approveRevocation, createExecution } from "../../execution/support.ts";
import { CAROL, type GetStore, letLeaseRunOut, NOW, requestIn, takeLeaseFor } from "../fixture.ts";

const DRILL = { by: CAROL, teamId: "T0", reason: "a drill", at: NOW, auditContext: {} };

export function executionContract(store: GetStore): void {
  const db = () => store().db;

  async function events(id: string): Promise<string[]> {
    return (await readRequestAudit(db(), id)).map(({ event }) => event);
  }

  async function stateOf(id: string) {
    const [row] = await readTargets(db(), id);
    return { status: (await readRequest(db(), id))?.status, user: row?.state };
  }

  function createExecutor(answers: Partial<Parameters<typeof createExecution>[1]> = {}) {
    const { deps, sent } = createExecution(db(), { now: Date.now, ...answers });
    return { execute: (id: string) => executeRequest(deps, id, true), sent };
  }

  async function pauseForTest(): Promise<void> {
    await pause(db(), DRILL);
    onTestFinished(async () => void (await resume(db(), DRILL)));
  }

  describe("what is approved", () => {
    it("is carried out once, whatever number of processes are at it at the same time", async () => {
      const { id } = await approveRevocation(db());
      const { execute, sent } = createExecutor();
      await Promise.all(Array.from({ length: 6 }, () => execute(id)));
      expect(sent).toHaveLength(1);
      expect(await stateOf(id)).toEqual({ status: "succeeded", user: "done" });
      expect((await events(id)).filter((event) => event === "call.sent")).toHaveLength(1);
      expect(await readRequest(db(), id)).toMatchObject({ failures: 0 });
    });

    it("and is over is left as it is", async () => {
      const before = await requestIn(db(), "succeeded");
      const { execute, sent } = createExecutor();
      expect(await execute(before.id)).toBeNull();
      expect(await readRequest(db(), before.id)).toEqual(before);
      expect(sent).toEqual([]);
    });

    it("is held while zt-bot is paused: told once, found by the sweep, and carried out afterwards", async () => {
      const { id, version } = await approveRevocation(db());
      const { execute, sent } = createExecutor();
      await pauseForTest();
      for (let time = 0; time < 3; time += 1) expect(await execute(id)).toBeGreaterThan(Date.now());
      expect(sent).toEqual([]);
      expect(await readRequest(db(), id)).toMatchObject({
        status: "approved",
        held: { code: "paused", why: expect.stringContaining("a drill") },
        version: version + 1,
      });
      expect((await events(id)).filter((event) => event === "request.held")).toHaveLength(1);
      expect((await readUnposted(db(), id)).map(({ data }) => data.kind)).toEqual(["held"]);
      const work = await findSweepWork(db(), Date.now());
      expect(work.held).toContain(id);
      expect(work.toExecute, "not before some time has passed").not.toContain(id);

      await resume(db(), DRILL);
      await execute(id);
      expect(sent).toHaveLength(1);
      expect(await readRequest(db(), id)).toMatchObject({ status: "succeeded", held: null });
    });

    it("and held after a call that had no effect says when it goes on", async () => {
      const { id } = await approveRevocation(db());
      let now = Date.now();
      let isLimited = true;
      const limited = new RateLimitedError({ call: "a call", applied: "no", retryAt: null });
      const { execute, sent } = createExecutor({
        now: () => now,
        revokeUser: () => (isLimited ? Promise.reject(limited) : Promise.resolve(ACCEPTED)),
      });
      await execute(id);
      expect(await stateOf(id)).toEqual({ status: "executing", user: "waiting" });
      await pauseForTest();
      now += 60_000;
      await execute(id);
      expect(await readRequest(db(), id)).toMatchObject({ held: { code: "paused" } });
      await resume(db(), DRILL);
      isLimited = false;
      await execute(id);
      expect(sent).toHaveLength(2);
      expect(await stateOf(id)).toEqual({ status: "succeeded", user: "done" });
      expect(
        (await events(id)).filter((event) => event.startsWith("request.") && event.endsWith("held")),
      ).toEqual(["request.held", "request.unheld"]);
    });

    it("is held while another request is working on the same user, and carried out when that is over", async () => {
      const { id, plan } = await approveRevocation(db());
      const other = await requestIn(db(), "executing");
      await lockTarget(db(), plan.target, other.id, NOW);
      const { execute, sent } = createExecutor();
      await execute(id);
      expect(sent).toEqual([]);
      expect(await readRequest(db(), id)).toMatchObject({
        status: "approved",
        held: { code: "target-busy", why: expect.stringContaining(other.id) },
      });
      expect(await events(id)).not.toContain("call.sent");
      await unlockTarget(db(), plan.target, other.id);
      await execute(id);
      expect(sent).toHaveLength(1);
      expect(await stateOf(id)).toEqual({ status: "succeeded", user: "done" });
    });

    it("is held while the copy of the record is behind or does not fit, says so once, and goes on when it has caught up", async () => {
      const sink = { kind: "file", file: "/copy.jsonl" } as const;
      const { deps, sent } = createExecution(db(), { now: Date.now });
      const lag = { rows: 1, ms: 3_600_000_000_000 };
      const execute = (id: string) => executeRequest({ ...deps, copyRequired: { sink, ...lag } }, id, true);
      const { id } = await approveRevocation(db());
      for (let time = 0; time < 3; time += 1) expect(await execute(id)).toBeGreaterThan(Date.now());
      expect(sent).toEqual([]);
      expect(await readRequest(db(), id)).toMatchObject({
        status: "approved",
        held: {
          code: "copy-behind",
          why: expect.stringMatching(/the copy of the record is more than 1 row or/),
        },
      });
      expect((await events(id)).filter((event) => event === "request.held")).toHaveLength(1);
      expect((await readUnposted(db(), id)).map(({ data }) => data.kind)).toEqual(["held"]);

      // Everything is there, and then another row than what was sent.
      const head = await db().selectFrom("audit_head").select(["seq", "hash"]).executeTakeFirstOrThrow();
      const position = { sink: nameSink(sink), owner: "test" };
      await claimSink(db(), { ...position, now: Date.now(), forMs: 60_000 });
      await advanceSink(db(), { ...position, seq: head.seq, hash: "f".repeat(64) });
      await execute(id);
      expect((await readRequest(db(), id))?.held?.why).toContain("the record contradicts its forwarded copy");
      expect(sent).toEqual([]);
      expect(await events(id)).not.toContain("call.sent");

      await advanceSink(db(), { ...position, ...head });
      await execute(id);
      expect(sent).toHaveLength(1);
      expect(await stateOf(id)).toEqual({ status: "succeeded", user: "done" });
      expect(await readRequest(db(), id)).toMatchObject({ held: null });
      const late = await approveRevocation(db());
      await executeRequest({ ...deps, copyRequired: { sink, rows: 1000, ms: 1 } }, late.id, true);
      expect(await readRequest(db(), late.id), "by its age alone").toMatchObject({
        held: { code: "copy-behind" },
      });
    });

    it("is sent before a pause or not at all, whichever of the two is recorded first", async () => {
      const requests = await Promise.all(Array.from({ length: 12 }, () => approveRevocation(db())));
      const { execute, sent } = createExecutor();
      await Promise.all([
        ...requests.slice(0, 6).map(({ id }) => execute(id)),
        pauseForTest(),
        ...requests.slice(6).map(({ id }) => execute(id)),
      ]);
      const rows = await db().selectFrom("audit").select(["event", "request_id"]).orderBy("seq").execute();
      const ids = new Set<string | null>(requests.map(({ id }) => id));
      const paused = rows.findLastIndex(({ event }) => event === "bot.paused");
      const calls = rows.flatMap(({ event, request_id }, index) =>
        event === "call.sent" && ids.has(request_id) ? [index] : [],
      );
      expect(calls.every((index) => index < paused)).toBe(true);
      expect(sent).toHaveLength(calls.length);
    });

    it("is not sent once it is stopped, and ends as not touched", async () => {
      const { id } = await approveRevocation(db(), 3);
      await stopRequest(db(), id, { actor: CAROL, at: Date.now() });
      const { execute, sent } = createExecutor();
      await execute(id);
      expect(sent).toEqual([]);
      expect(await countTargets(db(), id)).toMatchObject({ stopped: 3, done: 0 });
      expect(await readRequest(db(), id)).toMatchObject({ status: "failed" });
    });
  });

  describe("a process whose lease is lost while Cloudflare answers it", () => {
    it("records the answer and changes nothing: the next one looks first", async () => {
      const { id } = await approveRevocation(db());
      const { execute, sent } = createExecutor({
        async revokeUser() {
          await letLeaseRunOut(db(), id, "execution");
          const next = await takeLeaseFor(db(), "execution", id);
          expect(next).not.toBeNull();
          return ACCEPTED;
        },
      });
      expect(await execute(id)).toBeNull();
      expect(sent).toHaveLength(1);
      expect(await stateOf(id)).toEqual({ status: "executing", user: "sending" });
      expect((await readRequestAudit(db(), id)).at(-1)).toMatchObject({
        event: "call.answered",
        data: { ok: true, late: true },
      });
      expect(await execute(id), "it is the other's").toBeNull();

      await letLeaseRunOut(db(), id, "execution");
      const { execute: executeNext, sent: sentNext } = createExecutor();
      await executeNext(id);
      expect((await events(id)).filter((event) => event === "call.sent")).toHaveLength(1 + sentNext.length);
      expect(await stateOf(id)).toEqual({ status: "succeeded", user: "done" });
    });
  });
}
