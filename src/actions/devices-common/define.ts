import type { CallOptions, Cloudflare, Registration, WriteReceipt } from "../../api/cloudflare.ts";
import { OPTIONAL_WHO } from "../../commands/args.ts";
import { isActive, readExisting } from "../../lookup/registrations.ts";
import { capitalize, plural } from "../../pluralize.ts";
import {
  defineAction,
  defineActionCommand,
  readOrNull,
  type Action,
  type ActionCommand,
  type Asked,
  type PlanWith,
} from "../define.ts";
import { changeChosen } from "./call.ts";
import { deviceNames } from "./choose.ts";
import { deviceForm, type DeviceForm } from "./form.ts";
import type { DeviceAction, DeviceOptions, DeviceWish } from "./options.ts";

/** The registrations of a plan as they are now. Those that are gone, or someone else's by now, are in neither. */
export interface Chosen {
  active: Registration[];
  revoked: Registration[];
}

/** Asked by id, so that neither other devices nor their number matter. */
export async function readChosen(
  cloudflare: Cloudflare,
  { target, options }: PlanWith<DeviceAction, DeviceOptions>,
): Promise<Chosen> {
  const ids = options.registrations.map((one) => one.id);
  const found = await readExisting(cloudflare, { userId: target.id, ids });
  return { active: found.filter(isActive), revoked: found.filter((one) => !isActive(one)) };
}

/** Ids, just before the call. */
export interface DeviceBaseline {
  active: string[];
  revoked: string[];
}

interface DeviceActionSpec<Name extends DeviceAction, Options extends DeviceOptions> extends Pick<
  Action<PlanWith<Name, Options>, DeviceWish<Name>, DeviceBaseline>,
  "label" | "access" | "options" | "prepare" | "question" | "describe" | "checkTarget"
> {
  isUrgent?: true;
  isIrreversible?: true;
  voidsAfterContainment?: true;
  /** `ids`: which may be named; `all`: what `--all` means. */
  command: Omit<ActionCommand<never>, "args" | "read"> & { ids: string; all: string };
  form: DeviceForm;
  /** The call's name, and the call. */
  callName(options: Options): string;
  send(
    devices: Cloudflare["devices"],
    options: Options,
  ): (ids: string[], call?: CallOptions) => Promise<WriteReceipt>;
  /** In which states a registration is not as it should be after the call, and what it means when it is in none. */
  wrong: readonly (keyof Chosen)[];
  gone: "right" | "worth a note" | "wrong";
  /** "revoked": what the call does to a device, and what one is afterwards. "device": what is counted. */
  done: string;
  counted: string;
}

/** An action on devices: of the ids that are named, of all of them, or of those chosen in the form. */
export function deviceAction<Name extends DeviceAction, Options extends DeviceOptions>(
  name: Name,
  spec: DeviceActionSpec<Name, Options>,
) {
  const { command, form, callName, send, wrong, gone, done, counted, ...rest } = spec;
  const { ids, all, ...words } = command;
  const summarize = (left: number, total: number, wasSo: boolean) => {
    const counts = plural(total, counted);
    if (left > 0) return `${left} of ${counts} not ${done}`;
    return wasSo
      ? `${counts} ${total === 1 ? "was" : "were"} ${done} already`
      : `${capitalize(done)} ${counts}`;
  };
  return defineAction<PlanWith<Name, Options>, DeviceWish<Name>, DeviceBaseline>({
    ...rest,
    name,
    command: defineActionCommand({
      ...words,
      args: {
        who: OPTIONAL_WHO,
        registration: { kind: "words", summary: `ids of ${ids}, as devices shows them` },
        all: { kind: "switch", summary: all },
      },
      read: ({ who = null, registration, all }): Asked<DeviceWish<Name>> => ({
        who,
        wish: { action: name, registrationIds: all ? "all" : registration },
        isIncomplete: !all && registration.length === 0,
      }),
    }),
    form: deviceForm(name, form),
    callText: ({ target, options }) =>
      `${callName(options)} for ${plural(options.registrations.length, "device")} of ${target.email}`,
    async readBaseline(cloudflare, plan) {
      const chosen = await readOrNull(readChosen(cloudflare, plan));
      const idsOf = (registrations: Registration[]) => registrations.map(({ id }) => id);
      return chosen === null ? null : { active: idsOf(chosen.active), revoked: idsOf(chosen.revoked) };
    },
    execute: (cloudflare, plan, call) =>
      changeChosen(cloudflare, plan, send(cloudflare.devices, plan.options), call),
    async verify(cloudflare, plan, baseline, _sentAt, now) {
      const chosen = await readChosen(cloudflare, plan);
      const { registrations } = plan.options;
      const there = new Set([...chosen.active, ...chosen.revoked].map(({ id }) => id));
      const missing = registrations.filter(({ id }) => !there.has(id));
      const left = [...wrong.flatMap((state) => chosen[state]), ...(gone === "wrong" ? missing : [])];
      const isNoted = gone === "worth a note" && missing.length > 0;
      const confirmed = left.length === 0;
      const wasSo = baseline !== null && wrong.every((state) => baseline[state].length === 0);
      return {
        confirmed,
        summary: summarize(left.length, registrations.length, wasSo),
        notes: [
          ...(confirmed ? [] : [`not yet: ${deviceNames(left)}`]),
          ...(isNoted ? [`no longer listed, not even as revoked: ${deviceNames(missing)}`] : []),
        ],
        checkedAt: now,
        provesCall: confirmed && baseline !== null && !wasSo,
      };
    },
  });
}
