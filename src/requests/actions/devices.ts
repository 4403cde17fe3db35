import type { Cloudflare, Registration, WriteReceipt } from "../../api/cloudflare.ts";
import { isCloudflareFailure } from "../../api/errors.ts";
import { UserError } from "../../errors.ts";
import { isActive, NO_REGISTRATION, type RegistrationState } from "../../lookup/registrations.ts";
import { allRegistrations } from "../../lookup/summary.ts";
import { clean } from "../../views/text.ts";
import { plural } from "../../words.ts";
import type { ChosenRegistration } from "../plan.ts";
import { defineAction, type PlanOf, type Verification } from "./define.ts";
import { joinReceipts, raysOf, type Receipt } from "./receipt.ts";

/** The deprecated call refuses more; the others get no more at once either: ids travel in the address. */
const BATCH = 200;

type DevicePlan = PlanOf<"revoke-devices" | "restore-devices" | "delete-devices">;

/** Registrations do not need a look before: whether they are revoked is all that is compared. */
type NoBaseline = null;

export const revokeDevices = defineAction<"revoke-devices", NoBaseline>({
  name: "revoke-devices",
  label: "Revoke devices",
  effect: "contains",
  async prepare({ cloudflare, target, wish, legacyDeviceRevoke }) {
    const active = await allRegistrations(cloudflare, target.id, "active");
    const registrations = choose(active, wish.registrationIds, "active");
    const shared = legacyDeviceRevoke ? active.find((one) => one.multiUser) : undefined;
    if (shared !== undefined) {
      throw new UserError({
        what: "These devices are used by several people (multi-user mode).",
        why: "policy.yml has legacy_device_revoke on, and that call does not support multi-user mode.",
        next: "Turn legacy_device_revoke off in policy.yml, then ask again.",
      });
    }
    return { registrations, legacy: legacyDeviceRevoke };
  },
  question: (plan) =>
    `${plural(plan.options.registrations.length, "device")} of ${plan.target.email} lose their registration.`,
  describe: (plan) => ({
    headline: `Revoke ${plural(plan.options.registrations.length, "device")} of ${plan.target.email}`,
    effects: [
      `Revokes the registration of ${deviceNames(plan.options.registrations)}`,
      ...(plan.options.legacy
        ? [
            "Uses Cloudflare's deprecated call (legacy_device_revoke): multi-user mode is not supported, and it cannot say which one failed",
          ]
        : []),
    ],
    caution:
      "This is not a ban: signing in on the device registers it anew if your policies allow it. Access sessions in a browser are not touched; /zt revoke ends those.",
    undo: "Can be undone: restore-devices (or Undo on the result) brings a revoked registration back, until it is deleted.",
  }),
  callText: (plan) =>
    `${plan.options.legacy ? "devices/revoke" : "registrations/revoke"} for ${plural(plan.options.registrations.length, "device")} of ${plan.target.email}`,
  readBaseline: () => Promise.resolve(null),
  execute: (cloudflare, plan) =>
    inBatches(plan.options.registrations, (ids) =>
      plan.options.legacy
        ? cloudflare.devices.revokeDevices(ids)
        : cloudflare.devices.revokeRegistrations(ids),
    ),
  verify: async (cloudflare, plan, _baseline, _sentAt, now) => {
    const active = await readChosen(cloudflare, plan, "active");
    const total = plan.options.registrations.length;
    return judge(
      active.length === 0,
      `${active.length} of ${plural(total, "device")} still registered`,
      active,
      now,
    );
  },
});

export const restoreDevices = defineAction<"restore-devices", NoBaseline>({
  name: "restore-devices",
  label: "Restore devices",
  effect: "restores",
  async prepare({ cloudflare, target, wish }) {
    const revoked = await allRegistrations(cloudflare, target.id, "revoked");
    return { registrations: choose(revoked, wish.registrationIds, "revoked") };
  },
  question: (plan) =>
    `${plural(plan.options.registrations.length, "device")} of ${plan.target.email} are registered again.`,
  describe: (plan) => ({
    headline: `Restore ${plural(plan.options.registrations.length, "device")} of ${plan.target.email}`,
    effects: [`Takes back the revocation of ${deviceNames(plan.options.registrations)}`],
    caution: "This gives access back: the devices can connect again without a new registration.",
    undo: "Can be undone: /zt revoke-devices revokes them again.",
  }),
  callText: (plan) =>
    `registrations/unrevoke for ${plural(plan.options.registrations.length, "device")} of ${plan.target.email}`,
  readBaseline: () => Promise.resolve(null),
  execute: (cloudflare, plan) =>
    inBatches(plan.options.registrations, (ids) => cloudflare.devices.unrevokeRegistrations(ids)),
  verify: async (cloudflare, plan, _baseline, _sentAt, now) => {
    const active = await readChosen(cloudflare, plan, "active");
    const back = new Set(active.map((one) => one.id));
    const missing = plan.options.registrations.filter((one) => !back.has(one.id));
    const total = plan.options.registrations.length;
    return judge(
      missing.length === 0,
      `${total - missing.length} of ${plural(total, "device")} registered again`,
      missing,
      now,
    );
  },
});

export const deleteDevices = defineAction<"delete-devices", NoBaseline>({
  name: "delete-devices",
  label: "Delete devices",
  effect: "contains",
  isIrreversible: true,
  async prepare({ cloudflare, target, wish }) {
    const all = (await allRegistrations(cloudflare, target.id, "all")).filter(
      (one) => one.deletedAt === null,
    );
    const registrations = choose(all, wish.registrationIds, "all");
    const active = new Set(all.filter(isActive).map((one) => one.id));
    return { registrations, active: registrations.filter((one) => active.has(one.id)).length };
  },
  question: (plan) =>
    `${plural(plan.options.registrations.length, "device registration")} of ${plan.target.email} ${plan.options.registrations.length === 1 ? "is" : "are"} deleted for good. This cannot be undone.`,
  describe: (plan) => ({
    headline: `Delete ${plural(plan.options.registrations.length, "device registration")} of ${plan.target.email}`,
    effects: [
      `Deletes for good the registration of ${deviceNames(plan.options.registrations)}`,
      plan.options.active === 0
        ? "All of them are revoked already: no device loses its connection by this"
        : `${plan.options.active === plan.options.registrations.length ? "All of them" : `${plan.options.active} of them`} ${plan.options.active === 1 ? "is" : "are"} active: to connect again, somebody has to sign in anew on the device`,
      "Frees the virtual IP addresses that the registrations hold",
    ],
    caution:
      "This is not a ban: signing in on the device registers it anew if your policies allow it. Access sessions in a browser are not touched; /zt revoke ends those.",
    undo: "Cannot be undone: a deleted registration cannot be restored. /zt revoke-devices takes the same access away and can be taken back.",
  }),
  callText: (plan) =>
    `registrations delete for ${plural(plan.options.registrations.length, "device")} of ${plan.target.email}`,
  readBaseline: () => Promise.resolve(null),
  // One id that is gone already makes Cloudflare refuse the rest of its batch, so only what is there is sent.
  execute: async (cloudflare, plan) =>
    inBatches(await readChosen(cloudflare, plan, "all"), (ids) =>
      cloudflare.devices.deleteRegistrations(ids),
    ),
  verify: async (cloudflare, plan, _baseline, _sentAt, now) => {
    const left = await readChosen(cloudflare, plan, "all");
    const total = plan.options.registrations.length;
    return judge(
      left.length === 0,
      `${left.length} of ${plural(total, "device registration")} still there`,
      left,
      now,
    );
  },
});

/** Those of `ids` among what there is. @throws UserError when one is not there, or there is none at all. */
function choose(
  available: readonly Registration[],
  ids: readonly string[] | "all",
  state: RegistrationState,
): ChosenRegistration[] {
  const wanted = ids === "all" ? available : ids.map((id) => available.find((one) => one.id === id) ?? id);
  const missing = wanted.filter((one) => typeof one === "string");
  if (missing.length > 0) {
    throw new UserError({
      what: `No ${state === "all" ? "" : `${state} `}registration of this user has the id ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " …" : ""}.`,
      why: `It may belong to somebody else, or is ${WHERE_ELSE[state]}.`,
      next: "Leave the ids out to choose from a list.",
    });
  }
  if (wanted.length === 0) {
    throw new UserError({
      what: NO_REGISTRATION[state],
      next: "/zt devices shows all there are.",
    });
  }
  return wanted.flatMap((one) =>
    typeof one === "string" ? [] : [{ id: one.id, deviceName: one.deviceName ?? "unnamed device" }],
  );
}

const WHERE_ELSE = { active: "revoked already", revoked: "active, or deleted", all: "deleted already" };

function deviceNames(registrations: readonly ChosenRegistration[]): string {
  const names = registrations.slice(0, 5).map((one) => clean(one.deviceName, 40));
  return registrations.length > 5
    ? `${names.join(", ")} and ${registrations.length - 5} more`
    : names.join(", ");
}

/** Those of the plan that are (still) in this state. Asked by id, so that neither other devices nor their number matter. */
async function readChosen(
  cloudflare: Cloudflare,
  plan: DevicePlan,
  status: "active" | "all",
): Promise<Registration[]> {
  const ids = plan.options.registrations.map((one) => one.id);
  const wanted = new Set(ids);
  const found: Registration[] = [];
  for (let from = 0; from < ids.length; from += BATCH) {
    const query = { ids: ids.slice(from, from + BATCH), status, perPage: 50 };
    for await (const one of cloudflare.devices.iterateRegistrations(query)) found.push(one);
  }
  // Whether a list of all still holds deleted ones, with the time, is not documented.
  return found.filter((one) => wanted.has(one.id) && one.deletedAt === null);
}

function judge(
  confirmed: boolean,
  summary: string,
  left: readonly { deviceName: string | null }[],
  now: number,
): Verification {
  const names = left.slice(0, 5).map((one) => clean(one.deviceName ?? "unnamed device", 40));
  return {
    confirmed,
    summary,
    notes:
      left.length === 0
        ? []
        : [`not yet: ${names.join(", ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}`],
    checkedAt: now,
  };
}

/** Repeating a batch is harmless, so a failure in the middle starts over from the first. Without any, nothing is sent. */
async function inBatches(
  registrations: readonly { id: string }[],
  send: (ids: string[]) => Promise<WriteReceipt>,
): Promise<Receipt> {
  const receipts: WriteReceipt[] = [];
  for (let from = 0; from < registrations.length; from += BATCH) {
    try {
      receipts.push(await send(registrations.slice(from, from + BATCH).map((one) => one.id)));
    } catch (error) {
      if (isCloudflareFailure(error)) error.earlierRays = raysOf(receipts);
      throw error;
    }
  }
  return joinReceipts(receipts);
}
