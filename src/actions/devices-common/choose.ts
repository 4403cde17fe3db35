import type { Registration } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { NO_REGISTRATION, type RegistrationState } from "../../lookup/registrations.ts";
import type { Target } from "../../requests/target.ts";
import { clean } from "../../views/text.ts";
import type { ChosenRegistration } from "./options.ts";

const WHERE_ELSE = { active: "revoked already", revoked: "active, or deleted", all: "deleted already" };

/**
 * Those of `ids` among the registrations that Cloudflare says are the target's.
 * @throws UserError when one is not there, or there is none at all.
 */
export function choose(
  registrations: readonly Registration[],
  { target, ids, state }: { target: Target; ids: readonly string[] | "all"; state: RegistrationState },
): Registration[] {
  const available = registrations.filter(({ userId }) => userId === target.id);
  const wanted = ids === "all" ? available : available.filter(({ id }) => ids.includes(id));
  const missing = ids === "all" ? [] : ids.filter((id) => !wanted.some((one) => one.id === id));
  if (missing.length > 0) {
    throw new UserError({
      what: `No ${state === "all" ? "" : `${state} `}registration of this user has the id ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " …" : ""}.`,
      why: `It may be another user's, or is ${WHERE_ELSE[state]}.`,
      next: "Leave the ids out to choose from a list.",
    });
  }
  if (wanted.length === 0)
    throw new UserError({ what: NO_REGISTRATION[state], next: "/zt devices shows all there are." });
  return [...wanted];
}

/** What of a registration stands in the plan. */
export function freeze({ id, deviceName }: Registration): ChosenRegistration {
  return { id, deviceName: deviceName ?? "unnamed device" };
}

/** The first five of them: `kiosk-1, kiosk-2 and 3 more`. */
export function deviceNames(registrations: readonly { deviceName: string | null }[]): string {
  const names = registrations
    .slice(0, 5)
    .map(({ deviceName }) => clean(deviceName ?? "unnamed device", 40))
    .join(", ");
  return registrations.length > 5 ? `${names} and ${registrations.length - 5} more` : names;
}
