import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { readRequestAudit } from "../../src/audit/append.ts";
import { executeRequest } from "../../src/execution/execute.ts";
import { readRequest } from "../../src/requests/repository.ts";
import { readTargets } from "../../src/requests/targets.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { NOW } from "../store/fixture.ts";
import { ACCEPTED, approveRevocation, createExecution, noAnswer, type Answers } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "zt-bulk-"));
let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "sqlite", directory: folder, file: join(folder, "zt.db") });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const OLD_SESSION = { nonce: "n", issuedAt: NOW - 3_600_000 };

/** What Cloudflare does for the user at each position. */
type Behaviour = Partial<Record<"revokeUser" | "activeSessions" | "get", () => Promise<unknown>>>;

/** Carries out a request about so many users to its end, as time goes on to each moment at which it is due. */
async function run(behaviours: readonly Behaviour[]) {
  const { id, plan } = await approveRevocation(store.db, behaviours.length);
  const number = Number(plan.target.id.replace("user-", ""));
  const of = (user: string): Behaviour => behaviours[Number(/\d+/.exec(user)?.[0]) - number] ?? {};
  const fine: Answers = {
    get: (user) => Promise.resolve({ id: user, email: `${user}@example.com` }),
    revokeUser: () => Promise.resolve(ACCEPTED),
    activeSessions: () => Promise.resolve([]),
  };
  let now = NOW + 5000;
  const { deps, sent } = createExecution(store.db, {
    now: () => now,
    get: (user) => of(user).get?.() ?? fine.get(user),
    revokeUser: (email) => of(email).revokeUser?.() ?? fine.revokeUser(email),
    activeSessions: (user) => of(user).activeSessions?.() ?? fine.activeSessions(user),
  });
  let due = await executeRequest(deps, id);
  while (due !== null) {
    now = Math.max(now, due);
    due = await executeRequest(deps, id);
  }
  const rows = await readRequestAudit(store.db, id);
  return {
    request: await readRequest(store.db, id),
    notes: (await readTargets(store.db, id)).map(({ state, note }) => [state, note]),
    /** How often each was called for. */
    sent: behaviours.map(
      (_, at) => sent.filter((email) => email === `user-${number + at}@example.com`).length,
    ),
    verified: rows.filter(({ event }) => event === "target.verified").map(({ data }) => data),
  };
}

it("carries out what is about one user, as a round of one", async () => {
  const { request, notes, sent, verified } = await run([{}]);
  expect(request).toMatchObject({
    status: "succeeded",
    result: { receipt: { cfRay: "ray" }, verification: { confirmed: true } },
  });
  expect(notes).toEqual([["done", null]]);
  expect(sent).toEqual([1]);
  expect(verified).toEqual([expect.objectContaining({ confirmed: true })]);
});

it("carries out what is about several, each once", async () => {
  const { request, notes, sent } = await run([{}, {}, {}]);
  expect(request).toMatchObject({ status: "succeeded", result: { bulk: { total: 3, done: 3, failed: 0 } } });
  expect(notes.map(([state]) => state)).toEqual(["done", "done", "done"]);
  expect(sent).toEqual([1, 1, 1]);
});

it("leaves the others alone when the first is not verified", async () => {
  const { request, notes, sent } = await run([
    { activeSessions: () => Promise.resolve([OLD_SESSION]) },
    {},
    {},
  ]);
  expect(request?.status).toBe("failed");
  expect(sent).toEqual([1, 0, 0]);
  expect(notes).toEqual([
    ["failed", expect.stringContaining("accepted by Cloudflare, not confirmed")],
    ["stopped", "the first user was not verified"],
    ["stopped", "the first user was not verified"],
  ]);
});

it("records of whom nothing could be seen after a call without an answer", async () => {
  const { request, notes, verified } = await run([{}, { revokeUser: noAnswer, activeSessions: noAnswer }]);
  expect(request?.status).toBe("failed");
  expect(notes[1]).toEqual(["failed", expect.stringMatching(/^After 8 attempts: /)]);
  expect(verified).toEqual([
    expect.objectContaining({ confirmed: true }),
    expect.objectContaining({
      confirmed: false,
      summary: expect.stringMatching(/^unknown: /),
    }),
  ]);
});

it("records who was still open when the looks were used up", async () => {
  const activeSessions = () => Promise.resolve([OLD_SESSION]);
  const { request, notes, sent, verified } = await run([
    {},
    { activeSessions },
    { revokeUser: noAnswer, activeSessions },
  ]);
  expect(request?.status).toBe("failed");
  expect(sent).toEqual([1, 1, 8]);
  expect(notes.slice(1)).toEqual([
    ["failed", expect.stringContaining("accepted by Cloudflare, not confirmed: ")],
    ["failed", expect.stringMatching(/^After 8 attempts: /)],
  ]);
  const open = expect.objectContaining({ confirmed: false, summary: expect.stringContaining("still open") });
  expect(verified.slice(1)).toEqual([open, open]);
});

it("ends in words when an error of ours does not pass, and calls for nobody", async () => {
  const broken = () => Promise.reject(new RangeError("a bug"));
  const { request, sent } = await run([{ get: broken }]);
  expect(request).toMatchObject({
    status: "failed",
    result: {
      failure: { why: expect.stringContaining("zt-bot failed 5 times in a row (RangeError)") },
    },
  });
  expect(sent).toEqual([0]);
});
