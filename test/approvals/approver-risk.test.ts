import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { createApproverRisk } from "../../src/approvals/approver-risk.ts";
import { ACTION_NAMES, type ActionName } from "../../src/requests/plan.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { changeTarget } from "../../src/requests/targets.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { newRequest, NOW, transitionTo } from "../store/fixture.ts";
import { makePlan } from "../views/support.ts";

const folder = mkdtempSync(join(tmpdir(), "zt-approverRisk-"));
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
  block: true,
  unblock: false,
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
    const set = { state: "sending", sent_at: NOW + 1000 } as const;
    await changeTarget(store.db, id, { position: 0, from: ["waiting"], set });

    const approverRisk = createApproverRisk({ db: store.db, cloudflare, now: () => NOW + 2000 });
    expect((await approverRisk(email.toUpperCase())).kind).toBe(TAKES_AWAY[action] ? "revoked" : "fine");
  });

  it.each([[], ["denied"], ["cancelled"], ["approved"], ["approved", "voided"]] as const)(
    "is none of whom it was only asked for (%s)",
    async (...steps) => {
      const email = `only-${steps.join("-")}@example.com`;
      const plan = makePlan("revoke");
      const target = { ...plan.target, id: email, email };
      const { id } = await insertRequest(store.db, newRequest({ plan: { ...plan, target } }));
      for (const to of steps) await moveRequest(store.db, id, transitionTo(to));
      const approverRisk = createApproverRisk({ db: store.db, cloudflare, now: () => NOW + 2000 });
      expect(await approverRisk(email)).toEqual({ kind: "fine" });
    },
  );
});
