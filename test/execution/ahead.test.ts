import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import type { Standing } from "../../src/approvals/facts.ts";
import { createReadAhead } from "../../src/execution/ahead.ts";
import { executeRequest, type ExecutionDeps } from "../../src/execution/execute.ts";
import { readStanding } from "../../src/execution/permit.ts";
import type { Request } from "../../src/requests/request.ts";
import { readRequest } from "../../src/requests/repository.ts";
import { changeTarget } from "../../src/requests/targets.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { BOB, NOW } from "../store/fixture.ts";
import { approveRevocation, createExecution } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "zt-ahead-"));
let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "sqlite", directory: folder, file: join(folder, "zt.db") });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Click {
  deps: ExecutionDeps;
  request: Request;
  standing: Standing;
  clock: { now: number };
}

/** A click that approves a revocation reads ahead; something may happen before it is carried out. */
async function runAfter(happen: (click: Click) => Promise<Partial<Standing> | void> | void) {
  const request = await approveRevocation(store.db);
  const clock = { now: NOW + 5000 };
  const read = { target: 0, people: 0 };
  const { deps, sent } = createExecution(store.db, {
    now: () => clock.now,
    get(id) {
      read.target += 1;
      return Promise.resolve({ id, email: `${id}@example.com` });
    },
  });
  const { person } = deps.directory;
  deps.directory.person = (id) => {
    read.people += 1;
    return person(id);
  };
  const readAhead = createReadAhead(deps);
  const standing = await readStanding(deps, request);
  readAhead.begin(request);
  const click = { deps: { ...deps, readAhead }, request, standing, clock };
  readAhead.judged(request, { ...standing, ...(await happen(click)) });
  await executeRequest(click.deps, request.id);
  return { read, sent: sent.length, status: (await readRequest(store.db, request.id))?.status };
}

it("what was read at the click is not read again for the call that follows it", async () => {
  expect(await runAfter(() => {})).toEqual({
    read: { target: 1, people: 1 },
    sent: 1,
    status: "succeeded",
  });
});

it("what was read more than two seconds ago is read again", async () => {
  const { read, sent } = await runAfter(({ clock }) => void (clock.now += 2001));
  expect({ read, sent }).toEqual({ read: { target: 2, people: 2 }, sent: 1 });
});

it("what was read of a user is read again where another request has changed something of them since", async () => {
  const { read, sent } = await runAfter(async ({ request, clock }) => {
    const other = await approveRevocation(store.db);
    await store.db
      .updateTable("request_targets")
      .set({ target_id: request.plan.target.id })
      .where("request_id", "=", other.id)
      .execute();
    const set = { state: "sent", sent_at: clock.now, answered_at: clock.now } as const;
    await changeTarget(store.db, other.id, { position: 0, from: ["waiting"], set });
    clock.now += 1;
  });
  // What stands after that is read by a moment that is later.
  expect({ target: read.target, sent }).toEqual({ target: 2, sent: 1 });
});

it("people are read again where one by whose word it is approved was not among them", async () => {
  const { read, sent } = await runAfter(({ standing }) =>
    Promise.resolve({ facts: { ...standing.facts, people: new Map() } }),
  );
  expect({ people: read.people, sent }).toEqual({ people: 2, sent: 1 });
});

it("what was read by another policy is read again", async () => {
  const { read, sent } = await runAfter(() => Promise.resolve({ policyHash: "of another policy" }));
  expect({ people: read.people, sent }).toEqual({ people: 2, sent: 1 });
});

it("an approver whose own access was revoked since the click does not count", async () => {
  const { sent, status } = await runAfter(({ deps }) => {
    deps.approverRisk = () => Promise.resolve({ kind: "revoked", at: NOW });
  });
  expect({ sent, status }).toEqual({ sent: 0, status: "voided" });
});

it("an approver who was at risk at the click does not count, whatever is known of them otherwise", async () => {
  const { sent, status } = await runAfter(({ standing }) => {
    const people = new Map(standing.facts.people);
    const known = people.get(BOB);
    if (known === undefined) throw new Error("Bob was not read");
    people.set(BOB, { person: null, approverRisk: known.approverRisk });
    return Promise.resolve({ facts: { ...standing.facts, people } });
  });
  expect({ sent, status }).toEqual({ sent: 0, status: "voided" });
});
