import { z } from "zod";

import { UserError } from "../../errors.ts";
import { allRegistrations } from "../../lookup/registrations.ts";
import { plural } from "../../pluralize.ts";
import { clean } from "../../views/text.ts";
import { checkboxes } from "../../views/forms/spec.ts";
import { choose, deviceNames, freeze } from "../devices-common/choose.ts";
import { deviceAction } from "../devices-common/define.ts";
import { ChosenRegistration, type DeviceWish } from "../devices-common/options.ts";
import { defineAction, type Asked } from "../define.ts";
import { checkUsers, freezeWhole, readActive, WholeDevice } from "./whole.ts";

const registrationsAlone = deviceAction("revoke-devices", {
  label: "Revoke devices",
  access: "takes",
  isUrgent: true,
  // `legacy`: by the deprecated call, which does not know multi-user mode.
  options: z.strictObject({
    registrations: z.array(ChosenRegistration),
    legacy: z.boolean(),
    whole: WholeDevice.optional(),
  }),
  command: {
    summary: "revoke someone's device registrations",
    details:
      "Without registration ids it opens a form with the user's devices. With --whole-device it takes one device and everyone who uses it. Needs approval. restore-devices undoes it.",
    examples: [
      "revoke-devices mallory@example.com",
      "revoke-devices mallory@example.com --all --reason laptop stolen",
    ],
    calls: [
      "list users",
      "get user",
      "list registrations",
      "revoke registrations",
      "revoke devices",
      "revoke physical device",
    ],
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
    const chosen = choose(active, { target, ids: wish.registrationIds, state: "active" });
    const registrations = chosen.map(freeze);
    if (wish.wholeDevice === true)
      return { registrations, legacy: false, whole: await freezeWhole(cloudflare, target, chosen) };
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
    headline:
      options.whole === undefined
        ? `Revoke ${plural(options.registrations.length, "device")} of ${target.email}`
        : `Revoke the whole device ${clean(options.whole.name, 40)} of ${target.email}`,
    effects: [
      ...(options.whole === undefined
        ? [`Revokes the registration of ${deviceNames(options.registrations)}`]
        : [wholeEffect(options.whole)]),
      ...(options.legacy
        ? ["Uses Cloudflare's deprecated call (legacy_device_revoke), which can't say which one failed"]
        : []),
    ],
    caution:
      "Signing in on the device registers it again. Browser sessions stay open: /zt revoke ends those.",
    undo:
      options.whole === undefined || options.whole.others.length === 0
        ? "Can be undone with Undo or /zt restore-devices, until the registration is deleted."
        : "Can be undone with /zt restore-devices, for each person who uses it.",
  }),
  callName: ({ legacy }) => (legacy ? "devices/revoke" : "registrations/revoke"),
  send: (devices, { legacy }) => (legacy ? devices.revokeDevices : devices.revokeRegistrations),
  wrong: ["active"],
  gone: "worth a note",
  done: "revoked",
  counted: "device",
});

const WHOLE = "whole";

/** With the device as a thing, where that is asked for: one that was stolen, and that others use as well. */
export const revokeDevices = defineAction({
  ...registrationsAlone,
  command: {
    ...registrationsAlone.command,
    args: {
      ...registrationsAlone.command.args,
      wholeDevice: { kind: "switch", summary: "one device for everyone who uses it, such as a stolen one" },
    },
    read(args): Asked<DeviceWish<"revoke-devices">> {
      const asked = registrationsAlone.command.read(args);
      return args["wholeDevice"] === true ? { ...asked, wish: { ...asked.wish, wholeDevice: true } } : asked;
    },
  },
  form: {
    ...registrationsAlone.form,
    fields(material, prefill, offers) {
      const fields = registrationsAlone.form.fields(material, prefill, offers);
      const isShared =
        material.kind === "registrations" && material.registrations.some((one) => one.multiUser);
      if (!isShared && prefill.wholeDevice !== true) return fields;
      const option = {
        value: WHOLE,
        text: "Revoke the whole device",
        description: "One device only: also the registrations of others who use it",
        isTicked: prefill.wholeDevice === true,
      };
      return [...fields, checkboxes(WHOLE, "If it was stolen", [option])];
    },
    read(values, hidden) {
      const read = registrationsAlone.form.read(values, hidden);
      if (!read.ok || values.ticked(WHOLE).length === 0) return read;
      return { ok: true, wish: { ...read.wish, wholeDevice: true } };
    },
  },
  callText(plan) {
    const { whole } = plan.options;
    return whole === undefined
      ? registrationsAlone.callText(plan)
      : `physical-devices/revoke for ${whole.name} of ${plan.target.email}`;
  },
  async checkTarget(cloudflare, { target, options }) {
    return options.whole === undefined ? { ok: true } : checkUsers(cloudflare, options.whole, target);
  },
  execute(cloudflare, plan, call) {
    const { whole } = plan.options;
    return whole === undefined
      ? registrationsAlone.execute(cloudflare, plan, call)
      : cloudflare.devices.revokePhysicalDevice(whole.id, call);
  },
  async verify(cloudflare, plan, baseline, sentAt, now) {
    const { whole } = plan.options;
    const look = await registrationsAlone.verify(cloudflare, plan, baseline, sentAt, now);
    if (whole === undefined) return look;
    const left = await readActive(cloudflare, whole.id);
    if (left.length === 0) return { ...look, summary: `${look.summary}, no one is registered on it` };
    return {
      ...look,
      confirmed: false,
      provesCall: false,
      notes: [...look.notes, `${plural(left.length, "registration")} on it still active`],
    };
  },
});

function wholeEffect({ name, others }: WholeDevice): string {
  const shown = others.slice(0, 3).map(({ email }) => clean(email, 100));
  const more = others.length > 3 ? ` and ${others.length - 3} more` : "";
  return others.length === 0
    ? `Revokes every registration on ${clean(name, 40)}: only theirs now`
    : `Revokes every registration on ${clean(name, 40)}, also those of ${shown.join(", ")}${more}`;
}
