import { describe, expect, it } from "vitest";

import { ACTIONS, type PlanOf } from "../../src/actions/index.ts";
import { restoreDevices } from "../../src/actions/restore-devices/index.ts";
import { revokeDevices } from "../../src/actions/revoke-devices/index.ts";
import { deleteDevices } from "../../src/actions/delete-devices/index.ts";
import type { Registration } from "../../src/api/cloudflare.ts";
import { makeRegistration } from "../views/support.ts";
import { fakeCloudflare, listOf, NOW, SENT, TARGET } from "./support.ts";

const REVOKED_AT = SENT - 1000;
const base = { accountId: "a", target: TARGET };
const chosen = [
  { id: "r1", deviceName: "MacBook" },
  { id: "r2", deviceName: "ThinkPad" },
];
const revokePlan: PlanOf<"revoke-devices"> = {
  ...base,
  action: "revoke-devices",
  options: { registrations: chosen, legacy: false },
};
const restorePlan: PlanOf<"restore-devices"> = {
  ...base,
  action: "restore-devices",
  options: { registrations: chosen.map((one) => ({ ...one, revokedAt: REVOKED_AT })) },
};
const deletePlan: PlanOf<"delete-devices"> = {
  ...base,
  action: "delete-devices",
  options: { registrations: chosen, active: 2 },
};

const one = (id: string, changes: Partial<Registration> = {}) =>
  makeRegistration({ id, userId: TARGET.id, deviceName: id, ...changes });
const revoked = (id: string, at = REVOKED_AT) => one(id, { revokedAt: at });
const showing = (...registrations: Registration[]) =>
  fakeCloudflare({ registrations: () => listOf(...registrations) });

const BOTH = { active: ["r1", "r2"], revoked: [] };
const NEITHER = { active: [], revoked: ["r1", "r2"] };

describe("after a change of devices", () => {
  it.each([
    [
      "revoked, both",
      revokeDevices,
      revokePlan,
      BOTH,
      [revoked("r1"), revoked("r2")],
      true,
      true,
      "Revoked 2 devices",
    ],
    [
      "revoked, one of two",
      revokeDevices,
      revokePlan,
      BOTH,
      [one("r1"), revoked("r2")],
      false,
      false,
      "1 of 2 devices not revoked",
    ],
    [
      "revoked before already",
      revokeDevices,
      revokePlan,
      NEITHER,
      [revoked("r1"), revoked("r2")],
      true,
      false,
      "2 devices were revoked already",
    ],
    [
      "revoked, unread before",
      revokeDevices,
      revokePlan,
      null,
      [revoked("r1"), revoked("r2")],
      true,
      false,
      "Revoked 2 devices",
    ],
    [
      "restored, both",
      restoreDevices,
      restorePlan,
      NEITHER,
      [one("r1"), one("r2")],
      true,
      true,
      "Restored 2 devices",
    ],
    [
      "restored, one of two",
      restoreDevices,
      restorePlan,
      NEITHER,
      [one("r1"), revoked("r2")],
      false,
      false,
      "1 of 2 devices not restored",
    ],
    [
      "active before already",
      restoreDevices,
      restorePlan,
      BOTH,
      [one("r1"), one("r2")],
      true,
      false,
      "2 devices were restored already",
    ],
    ["deleted, both", deleteDevices, deletePlan, BOTH, [], true, true, "Deleted 2 device registrations"],
    [
      "deleted, one of two",
      deleteDevices,
      deletePlan,
      BOTH,
      [revoked("r2")],
      false,
      false,
      "1 of 2 device registrations not deleted",
    ],
    [
      "deleted, unread before",
      deleteDevices,
      deletePlan,
      null,
      [],
      true,
      false,
      "Deleted 2 device registrations",
    ],
  ])("%s", async (_what, action, plan, baseline, registrations, confirmed, provesCall, summary) => {
    const look = await action.verify(showing(...registrations), plan as never, baseline, SENT, NOW);
    expect(look).toMatchObject({ confirmed, provesCall, summary });
  });

  it("says of a revoked one that is listed no longer that it is not", async () => {
    const look = await revokeDevices.verify(showing(revoked("r1")), revokePlan, BOTH, SENT, NOW);
    expect(look.notes).toEqual(["no longer listed, not even as revoked: ThinkPad"]);
  });
});

describe("devices to be restored", () => {
  const { checkTarget } = restoreDevices;
  it.each<[string, Registration[], object]>([
    ["are still revoked as they were", [revoked("r1"), revoked("r2")], { ok: true }],
    [
      "were revoked again since: that is not what was approved to be taken back",
      [revoked("r1"), revoked("r2", SENT)],
      { ok: false, why: "The device ThinkPad was revoked again after the request." },
    ],
    ["are active in part already", [one("r1"), revoked("r2")], { ok: true }],
    ["are gone in part", [revoked("r2")], { ok: true }],
    [
      "are active already",
      [one("r1"), one("r2")],
      { ok: false, why: "None of these devices is revoked now." },
    ],
    [
      "belong to somebody else by now",
      [one("r1", { userId: "user-2", revokedAt: REVOKED_AT }), one("r2", { userId: "user-2" })],
      { ok: false, why: "None of these devices is revoked now." },
    ],
  ])("%s", async (_what, registrations, expected) => {
    expect(await checkTarget?.(showing(...registrations), restorePlan)).toMatchObject(expected);
  });

  it("are not compared by time in plans of before, which do not hold it", async () => {
    const plan = { ...restorePlan, options: { registrations: chosen } };
    expect(await checkTarget?.(showing(revoked("r1"), revoked("r2", SENT)), plan)).toEqual({ ok: true });
  });
});

describe("devices to choose from", () => {
  const input = { target: TARGET, evidence: null, legacyDeviceRevoke: false, block: null };
  const DEVICE_ACTIONS = ACTIONS.filter(({ form }) => form.material.endsWith("-registrations"));

  it.each(DEVICE_ACTIONS.map((action) => [action.name, action] as const))(
    "for %s are only those that Cloudflare says are the user's",
    async (name, action) => {
      const at = name === "restore-devices" ? REVOKED_AT : null;
      const cloudflare = showing(
        one("r1", { revokedAt: at }),
        one("r2", { revokedAt: at, userId: "user-2" }),
        one("r3", { revokedAt: at, userId: null }),
      );
      const wish = { action: name, registrationIds: "all" } as never;
      expect(await action.prepare({ ...input, cloudflare, wish })).toMatchObject({
        registrations: [{ id: "r1", deviceName: "r1" }],
      });
    },
  );

  it("are frozen for a restoration with the time at which each was revoked", async () => {
    const cloudflare = showing(revoked("r1"));
    const wish = { action: "restore-devices", registrationIds: "all" } as const;
    expect(await restoreDevices.prepare({ ...input, cloudflare, wish })).toEqual({
      registrations: [{ id: "r1", deviceName: "r1", revokedAt: REVOKED_AT }],
    });
  });
});
