import type { KnownBlock } from "@slack/types";

import type { Registration } from "../../api/cloudflare.ts";
import { NO_REGISTRATION, type RegistrationState, type RevokedBy } from "../../lookup/registrations.ts";
import { plural } from "../../pluralize.ts";
import { context, section } from "../../views/blocks.ts";
import { checkboxes, type FormSpec, type Material } from "../../views/forms/spec.ts";
import { clean, code, duration, when } from "../../views/text.ts";
import type { DeviceAction, DeviceWish } from "./options.ts";

/** Ten options a group; what is more is reached by "all of them", or by ids in the command. */
const MAX_SHOWN = 60;

export type DeviceForm = Pick<FormSpec<unknown>, "title" | "intro" | "caution" | "material">;

/** The form of an action on devices: all of them, or those that are ticked. */
export function deviceForm<Name extends DeviceAction>(
  action: Name,
  words: DeviceForm,
): FormSpec<DeviceWish<Name>> {
  return {
    ...words,
    about: "user",
    fields: (material, prefill) => registrationFields(material, prefill.registrationIds),
    read(values) {
      const ids = values.ticked("device:");
      const isAll = values.ticked("all").length > 0;
      if (!isAll && ids.length === 0)
        return { ok: false, errors: { all: "Tick all of them, or at least one device below." } };
      return { ok: true, wish: { action, registrationIds: isAll ? "all" : ids } };
    },
  };
}

/** Which devices are ticked after a revocation of the user, and why just those. */
export function revokedByNote({ requestId, from, to }: RevokedBy, count: number): KnownBlock {
  const during = `while ${code(requestId)} was carried out (${when(from, "time")} to ${when(to, "time")})`;
  return section(
    count === 0
      ? `None of these was revoked ${during}: tick those to restore.`
      : `Ticked: ${plural(count, "device")} revoked ${during}. The others were revoked at another time.`,
  );
}

/** Said of those that were chosen before and are not among them now. */
const GONE = {
  active: "no longer registered, or deleted",
  revoked: "no longer revoked, or deleted",
  all: "deleted already",
};

function registrationFields(material: Material, chosen: readonly string[] | "all" | undefined): KnownBlock[] {
  if (material.kind !== "registrations") return [];
  const { registrations, state, now } = material;
  if (registrations.length === 0) {
    return [section(NO_REGISTRATION[state])];
  }
  const ids = new Set(chosen === "all" ? [] : chosen);
  const known = registrations.filter((one) => ids.has(one.id));
  const isAll = chosen === "all" || (known.length > MAX_SHOWN && known.length === registrations.length);
  // What was chosen before comes first: it must not be among those that there is no room for.
  const shown = [...known, ...registrations.filter((one) => !ids.has(one.id))].slice(0, MAX_SHOWN);
  const groups = Array.from({ length: Math.ceil(shown.length / 10) }, (_, group) =>
    shown.slice(group * 10, group * 10 + 10),
  );
  const left = registrations.length - shown.length;
  const chosenLeft = isAll ? 0 : Math.max(0, known.length - MAX_SHOWN);
  const gone = ids.size - known.length;
  return [
    checkboxes("all", "How many", [
      {
        value: "all",
        text: `All of them: ${plural(registrations.length, "device")}`,
        isTicked: isAll,
      },
    ]),
    ...groups.map((group, index) =>
      checkboxes(
        `device:${index}`,
        index === 0 ? "Or only these" : `Devices ${index * 10 + 1} to ${index * 10 + group.length}`,
        group.map((one) => ({
          value: one.id,
          text: one.deviceName ?? "unnamed device",
          description: describe(one, state, now),
          isTicked: !isAll && ids.has(one.id),
        })),
      ),
    ),
    ...(left > 0
      ? [
          context(
            `${plural(left, "device")} more ${left === 1 ? "is" : "are"} not listed${chosenLeft > 0 ? ` (${chosenLeft} of them chosen)` : ""}: tick all, or name ids in the command`,
          ),
        ]
      : []),
    ...(gone > 0
      ? [context(`${plural(gone, "device")} of those chosen ${gone === 1 ? "is" : "are"} ${GONE[state]}`)]
      : []),
  ];
}

/** Text of an option holds no date in the reader's zone. */
function describe(one: Registration, state: RegistrationState, now: number): string {
  const seen = one.lastSeenAt === null ? "never seen" : `seen ${duration(now - one.lastSeenAt)} ago`;
  const isRevoked = state === "all" && one.revokedAt !== null;
  return clean(
    [isRevoked ? "revoked" : null, seen, one.clientVersion, one.multiUser ? "several users" : null]
      .filter(Boolean)
      .join(" · "),
    75,
  );
}
