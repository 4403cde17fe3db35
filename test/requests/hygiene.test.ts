import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { createHygiene } from "../../src/requests/hygiene.ts";
import { ACTION_NAMES, type ActionName } from "../../src/requests/plan.ts";
import { insertRequest } from "../../src/requests/store.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { newRequest, NOW, transitionTo } from "../store/fixture.ts";
import { makePlan } from "../views/support.ts";

const folder = mkdtempSync(join(tmpdir(), "zt-hygiene-"));
let store: Store;

beforeAll(async () => {
  store = await openStore({ kind: "sqlite", file: join(folder, "zt.db"), directory: folder });
});

afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Knows nobody: whoever is refused is refused for what zt-bot did. */
const cloudflare = { accessUsers: { findByEmail: () => Promise.resolve([]) } } as unknown as Cloudflare;

/** By hand, on purpose: a new action has to say here what it does to an approver. */
const TAKES_AWAY: Record<ActionName, boolean> = {
  revoke: true,
  "revoke-devices": true,
  "restore-devices": false,
  "delete-devices": true,
  "reset-risk": false,
  "create-user": false,
  "rename-user": false,
  "delete-user": true,
};

describe("an approver about whom something was carried out within a day", () => {
  it.each(ACTION_NAMES)("by %s", async (action) => {
    const email = `${action}@example.com`;
    const plan = makePlan(action);
    const target = { ...plan.target, id: action, email };
    const { id } = await insertRequest(store.db, newRequest({ plan: { ...plan, target } }));
    for (const to of ["approved", "executing"] as const) await moveRequest(store.db, id, transitionTo(to));

    const hygiene = createHygiene({ db: store.db, cloudflare, now: () => NOW + 2000 });
    expect((await hygiene(email.toUpperCase())).kind).toBe(TAKES_AWAY[action] ? "revoked" : "fine");
  });
});
