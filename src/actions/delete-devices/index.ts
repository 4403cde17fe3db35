import { z } from "zod";

import { allRegistrations, isActive } from "../../lookup/registrations.ts";
import { plural } from "../../pluralize.ts";
import { choose, deviceNames, freeze } from "../devices-common/choose.ts";
import { deviceAction } from "../devices-common/define.ts";
import { ChosenRegistration } from "../devices-common/options.ts";

export const deleteDevices = deviceAction("delete-devices", {
  label: "Delete devices",
  access: "takes",
  isIrreversible: true,
  // `active`: how many of them were not revoked when it was asked for.
  options: z.strictObject({ registrations: z.array(ChosenRegistration), active: z.number() }),
  command: {
    summary: "delete someone's device registrations for good",
    details:
      "Can't be undone; to remove access for now, use revoke-devices. Without registration ids it opens a form with the user's devices. Needs approval.",
    examples: [
      "delete-devices mallory@example.com",
      "delete-devices mallory@example.com --all --reason laptop scrapped",
    ],
    calls: ["list users", "get user", "list registrations", "delete registrations"],
    ids: "registrations",
    all: "all there are, active and revoked",
  },
  form: {
    title: "Delete devices",
    intro: "Requests approval to delete device registrations of a user for good.",
    caution:
      "This can't be undone. Signing in on the device registers it again. Revoke devices removes the same access and can be undone.",
    material: "all-registrations",
  },
  async prepare({ cloudflare, target, wish }) {
    const all = await allRegistrations(cloudflare, target.id, "all");
    const there = all.filter((one) => one.deletedAt === null);
    const chosen = choose(there, { target, ids: wish.registrationIds, state: "all" });
    return { registrations: chosen.map(freeze), active: chosen.filter(isActive).length };
  },
  question: ({ target, options: { registrations } }) =>
    `${plural(registrations.length, "device registration")} of ${target.email} ${registrations.length === 1 ? "is" : "are"} deleted for good. This can't be undone.`,
  describe: ({ target, options: { registrations, active } }) => ({
    headline: `Delete ${plural(registrations.length, "device registration")} of ${target.email}`,
    effects: [
      `Deletes the registration of ${deviceNames(registrations)}`,
      active === 0
        ? "All are already revoked: no device loses its connection"
        : `${active === registrations.length ? "All of them" : `${active} of them`} ${active === 1 ? "is" : "are"} active: to reconnect, sign in again on the device`,
      "Frees their virtual IP addresses",
    ],
    caution:
      "Signing in on the device registers it again. Browser sessions stay open: /zt revoke ends those.",
    undo: "Can't be undone: /zt revoke-devices removes the same access and can.",
  }),
  callName: () => "registrations delete",
  send: (devices) => devices.deleteRegistrations,
  wrong: ["active", "revoked"],
  gone: "right",
  done: "deleted",
  counted: "device registration",
});
