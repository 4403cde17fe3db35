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
    summary: "ask to delete someone's device registrations, for good",
    details:
      "Active and revoked registrations alike. It frees their virtual IP addresses and cannot be undone: to take access away for now, use revoke-devices. Without registration ids it opens a form with the user's devices to choose from. An approver has to agree.",
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
    intro: "Asks the approvers to delete device registrations of a user, active and revoked ones, for good.",
    caution:
      "CANNOT BE UNDONE. Not a ban either: signing in on the device registers it again if your policies allow it. Revoke devices takes the same access away and can be taken back.",
    material: "all-registrations",
  },
  async prepare({ cloudflare, target, wish }) {
    const all = await allRegistrations(cloudflare, target.id, "all");
    const there = all.filter((one) => one.deletedAt === null);
    const chosen = choose(there, { target, ids: wish.registrationIds, state: "all" });
    return { registrations: chosen.map(freeze), active: chosen.filter(isActive).length };
  },
  question: ({ target, options: { registrations } }) =>
    `${plural(registrations.length, "device registration")} of ${target.email} ${registrations.length === 1 ? "is" : "are"} deleted for good. This cannot be undone.`,
  describe: ({ target, options: { registrations, active } }) => ({
    headline: `Delete ${plural(registrations.length, "device registration")} of ${target.email}`,
    effects: [
      `Deletes for good the registration of ${deviceNames(registrations)}`,
      active === 0
        ? "All of them are revoked already: no device loses its connection by this"
        : `${active === registrations.length ? "All of them" : `${active} of them`} ${active === 1 ? "is" : "are"} active: to connect again, somebody has to sign in again on the device`,
      "Frees the virtual IP addresses that the registrations hold",
    ],
    caution:
      "This is not a ban: signing in on the device registers it again if your policies allow it. Access sessions in a browser are not touched; /zt revoke ends those.",
    undo: "Cannot be undone: a deleted registration cannot be restored. /zt revoke-devices takes the same access away and can be taken back.",
  }),
  callName: () => "registrations delete",
  send: (devices) => devices.deleteRegistrations,
  wrong: ["active", "revoked"],
  gone: "right",
  done: "deleted",
  counted: "device registration",
});
