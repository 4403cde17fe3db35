import { z } from "zod";

import { allRegistrations } from "../../lookup/registrations.ts";
import { plural } from "../../pluralize.ts";
import { clean } from "../../views/text.ts";
import type { TargetCheck } from "../define.ts";
import { choose, deviceNames, freeze } from "../devices-common/choose.ts";
import { deviceAction, readChosen, type Chosen } from "../devices-common/define.ts";
import { ChosenRegistration } from "../devices-common/options.ts";

/** When it was revoked: another revocation since is not what was approved to be taken back. */
const Revoked = ChosenRegistration.extend({ revokedAt: z.number().optional() });

export const restoreDevices = deviceAction("restore-devices", {
  label: "Restore devices",
  access: "gives",
  voidsAfterContainment: true,
  options: z.strictObject({ registrations: z.array(Revoked) }),
  command: {
    aliases: ["unrevoke-devices"],
    summary: "restore someone's revoked devices",
    details:
      "Undoes revoke-devices: the devices connect again without a new sign-in. Without registration ids it opens a form with the revoked ones. Needs approval.",
    examples: [
      "restore-devices mallory@example.com",
      "restore-devices mallory@example.com --all --reason laptop found",
    ],
    calls: ["list users", "get user", "list registrations", "unrevoke registrations"],
    ids: "revoked registrations",
    all: "all that are revoked",
  },
  form: {
    title: "Restore devices",
    intro: "Requests approval to restore revoked devices of a user.",
    caution: "This restores access: the devices connect again without a new sign-in.",
    material: "revoked-registrations",
  },
  async prepare({ cloudflare, target, wish }) {
    const revoked = await allRegistrations(cloudflare, target.id, "revoked");
    const chosen = choose(revoked, { target, ids: wish.registrationIds, state: "revoked" });
    const registrations = chosen.map((one) => ({
      ...freeze(one),
      ...(one.revokedAt === null ? {} : { revokedAt: one.revokedAt }),
    }));
    return { registrations };
  },
  question: ({ target, options }) =>
    `${plural(options.registrations.length, "device")} of ${target.email} ${options.registrations.length === 1 ? "is" : "are"} registered again.`,
  describe: ({ target, options }) => ({
    headline: `Restore ${plural(options.registrations.length, "device")} of ${target.email}`,
    effects: [`Restores ${deviceNames(options.registrations)}`],
    caution: "This restores access: the devices connect again without a new sign-in.",
    undo: "Can be undone: /zt revoke-devices revokes them again.",
  }),
  checkTarget: async (cloudflare, plan) =>
    judgeRevocations(plan.options.registrations, await readChosen(cloudflare, plan)),
  callName: () => "registrations/unrevoke",
  send: (devices) => devices.unrevokeRegistrations,
  wrong: ["revoked"],
  gone: "wrong",
  done: "restored",
  counted: "device",
});

/** Is it still the revocation that was approved to be taken back? One that is active already loses nothing by it. */
function judgeRevocations(
  registrations: readonly z.infer<typeof Revoked>[],
  { revoked }: Chosen,
): TargetCheck {
  const again = registrations.find(({ id, revokedAt }) =>
    revoked.some((one) => one.id === id && revokedAt !== undefined && one.revokedAt !== revokedAt),
  );
  if (again !== undefined) {
    return {
      ok: false,
      why: `The device ${clean(again.deviceName, 40)} was revoked again after the request.`,
      next: "Look at the user's devices and make a new request.",
    };
  }
  if (revoked.length > 0) return { ok: true };
  return {
    ok: false,
    why: "None of these devices is revoked now.",
    next: "Nothing is left to restore.",
  };
}
