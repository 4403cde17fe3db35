import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { TimeoutError } from "../../src/api/errors.ts";
import { readRequestAudit } from "../../src/audit/append.ts";
import { runBulk, type First } from "../../src/requests/bulk/run.ts";
import { readTargets } from "../../src/requests/bulk/targets.ts";
import type { Plan, Target } from "../../src/requests/plan.ts";
import type { ExecutionDeps, Step } from "../../src/requests/steps.ts";
import { insertRequest, readRequest } from "../../src/requests/store.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { newRequest, NOW, PLAN, transitionTo } from "../store/fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "zt-bulk-"));
let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "sqlite", directory: folder, file: join(folder, "zt.db") });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const FIRST: First = {
  to: "succeeded",
  result: { verification: { confirmed: true, summary: "fine", notes: [], checkedAt: NOW } },
};

/** What Cloudflare does for each of the users after the first, by their address. */
interface Answers {
  revokeUser(email: string): Promise<unknown>;
  activeSessions(id: string): Promise<unknown>;
}

function noAnswer(): Promise<never> {
  return Promise.reject(new TimeoutError({ call: "a call", applied: "maybe", timeoutMs: 10_000 }));
}

const OLD_SESSION = { nonce: "n", issuedAt: NOW - 3_600_000 };

/** Runs a request about so many users to its end: everything is real but the network and the time. */
async function run(count: number, answers: Answers, { isTimePassing }: { isTimePassing: boolean }) {
  const [target = PLAN.target, ...others]: Target[] = Array.from({ length: count }, (_, index) => ({
    id: `id-${index}`,
    email: `user-${index}@example.com`,
    name: `User ${index}`,
  }));
  const options = { devices: false, warpReauth: false, others };
  const plan: Plan = { action: "revoke", accountId: crypto.randomUUID(), target, options };
  const { id } = await insertRequest(store.db, newRequest({ plan }));
  for (const to of ["approved", "executing"] as const) await moveRequest(store.db, id, transitionTo(to));
  let now = NOW;
  const cloudflare = {
    budget: { msUntilRoom: () => 0, estimateMs: () => 0 },
    accessUsers: {
      get: (userId: string) => Promise.resolve({ email: `user-${userId.slice(3)}@example.com` }),
      activeSessions: answers.activeSessions,
    },
    organizations: { revokeUser: ({ email }: { email: string }) => answers.revokeUser(email) },
  };
  const deps = {
    db: store.db,
    now: () => now,
    cloudflare: { ...cloudflare, bulk: cloudflare },
    policy: { current: () => ({ protected: null }), hash: () => "" },
    verifyDelaysMs: [60_000],
    publish: () => Promise.resolve(),
    toldAt: new Map(),
    isStopping: () => false,
  } as unknown as ExecutionDeps;
  const step = {
    run: (_options: unknown, work: () => unknown) => Promise.resolve(work()),
    sleep: (_name: string, time: string) => {
      if (isTimePassing) now += Number.parseInt(time, 10);
      return Promise.resolve();
    },
  } as unknown as Step;
  await runBulk(deps, id, step, () => Promise.resolve(FIRST));
  const rows = await readRequestAudit(store.db, id);
  return {
    request: await readRequest(store.db, id),
    notes: (await readTargets(store.db, id)).map(({ state, note }) => [state, note]),
    verified: rows.filter(({ event }) => event === "target.verified").map(({ data }) => data),
  };
}

it("records of whom nothing could be seen after a call without an answer", async () => {
  const why = "no clear answer, it may be done: ";
  const { request, notes, verified } = await run(
    2,
    { revokeUser: noAnswer, activeSessions: noAnswer },
    { isTimePassing: true },
  );
  expect(request?.status).toBe("failed");
  expect(notes[1]).toEqual(["failed", expect.stringContaining(why)]);
  expect(verified).toEqual([
    { target: "user-0@example.com", target_id: "id-0", confirmed: true, summary: "fine" },
    { target: "user-1@example.com", target_id: "id-1", confirmed: false, summary: notes[1]?.[1] },
  ]);
});

it("records who was still open when the rounds were used up", async () => {
  const { request, notes, verified } = await run(
    3,
    {
      revokeUser: (email) =>
        email === "user-1@example.com" ? Promise.resolve({ cfRay: "ray", status: 200 }) : noAnswer(),
      activeSessions: () => Promise.resolve([OLD_SESSION]),
    },
    { isTimePassing: false },
  );
  expect(request?.status).toBe("failed");
  expect(notes.slice(1)).toEqual([
    ["failed", "accepted by Cloudflare, not confirmed"],
    ["failed", "no clear answer, it may be done"],
  ]);
  expect(verified.slice(1)).toEqual([
    {
      target: "user-1@example.com",
      target_id: "id-1",
      confirmed: false,
      summary: "accepted by Cloudflare, not confirmed",
    },
    {
      target: "user-2@example.com",
      target_id: "id-2",
      confirmed: false,
      summary: "no clear answer, it may be done",
    },
  ]);
});
