/** `POST /devices/revoke`, the deprecated way: a JSON array of registration ids. */
import { invalidRequest, notFound, ok } from "../envelope.ts";
import { revokeRegistrations } from "../effects.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import { findRegistrations } from "./registrations.ts";

const MAX_IDS = 200;

function revokeDevices(call: Call, { world, settings, now }: Backend): Answer {
  const ids: unknown[] = Array.isArray(call.body) ? call.body : [];
  const known = ids.filter((id) => typeof id === "string");
  if (known.length === 0 || known.length < ids.length) return invalidRequest("the body is not a list of ids");
  if (known.length > MAX_IDS) return invalidRequest(`more than ${MAX_IDS} ids`);
  if (settings.multiUserMode) return invalidRequest("not available in multi-user mode");
  const found = findRegistrations(world, known);
  if (!found) return notFound("device");
  revokeRegistrations(found, now());
  return ok(null);
}

export const deviceRoutes: readonly Route[] = [
  {
    name: "devices.revoke",
    method: "post",
    path: "/accounts/:account/devices/revoke",
    permissions: ["Zero Trust Write"],
    answer: revokeDevices,
  },
];
