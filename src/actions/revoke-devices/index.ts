import { z } from "zod";

import { UserError } from "../../errors.ts";
import { allRegistrations } from "../../lookup/registrations.ts";
import { plural } from "../../pluralize.ts";
import { choose, deviceNames, freeze } from "../devices-common/choose.ts";
import { deviceAction } from "../devices-common/define.ts";
import { ChosenRegistration } from "../devices-common/options.ts";

export const revokeDevices = deviceAction("revoke-devices", {
  label: "Revoke devices",
  access: "takes",
  isUrgent: true,
  // `legacy`: by the deprecated call, which does not know multi-user mode.
  options: z.strictObject({ registrations: z.array(ChosenRegistration), legacy: z.boolean() }),
  command: {
    summary: "revoke someone's device registrations",
    details:
      "Without registration ids it opens a form with the user's devices. Needs approval. restore-devices undoes it.",
    examples: [
      "revoke-devices mallory@example.com",
      "revoke-devices mallory@example.com --all --reason laptop stolen",
    ],
    calls: ["list users", "get user", "list registrations", "revoke registrations", "revoke devices"],
    ids: "registrations",
    all: "all that are registered",
  },
  form: {
    title: "Revoke devices",
    intro: "Requests approval to revoke device registrations of a user.",
    caution: "Signing in on the device registers it again.",
    material: "active-registrations",
  },
  async prepare({ cloudflare, target, wish, legacyDeviceRevoke }) {
    const active = await allRegistrations(cloudflare, target.id, "active");
    const registrations = choose(active, { target, ids: wish.registrationIds, state: "active" }).map(freeze);
    if (legacyDeviceRevoke && active.some((one) => one.multiUser)) {
      throw new UserError({
        what: "These devices are used by several people (multi-user mode).",
        why: "legacy_device_revoke is on in policy.yml, and that call can't do this.",
        next: "Turn legacy_device_revoke off in policy.yml, then request again.",
      });
    }
    return { registrations, legacy: legacyDeviceRevoke };
  },
  question: ({ target, options }) =>
    `${plural(options.registrations.length, "device")} of ${target.email} lose their registration.`,
  describe: ({ target, options }) => ({
    headline: `Revoke ${plural(options.registrations.length, "device")} of ${target.email}`,
    effects: [
      `Revokes the registration of ${deviceNames(options.registrations)}`,
      ...(options.legacy
        ? ["Uses Cloudflare's deprecated call (legacy_device_revoke), which can't say which one failed"]
        : []),
    ],
    caution:
      "Signing in on the device registers it again. Browser sessions stay open: /zt revoke ends those.",
    undo: "Can be undone with Undo or /zt restore-devices, until the registration is deleted.",
  }),
  callName: ({ legacy }) => (legacy ? "devices/revoke" : "registrations/revoke"),
  send: (devices, { legacy }) => (legacy ? devices.revokeDevices : devices.revokeRegistrations),
  wrong: ["active"],
  gone: "worth a note",
  done: "revoked",
  counted: "device",
});
