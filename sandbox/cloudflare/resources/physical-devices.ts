/** `/devices/physical-devices`: one device with all its registrations, of everyone who uses it. */
import { invalidRequest, notFound, ok } from "../envelope.ts";
import { revokeRegistrations } from "../effects.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { Registration, World } from "../world.ts";
import { makeCursor, readCursor, readQuery, toIso } from "../wire.ts";

const PER_PAGE = 20;

function registrationsOf(world: World, id: string | undefined): Registration[] {
  return world.registrations.filter(
    (registration) => registration.deviceId === id && registration.deletedAt === null,
  );
}

function toWireDevice(world: World, registrations: readonly Registration[]): Record<string, unknown> {
  const last = registrations.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt)[0];
  const owner = world.users.find(({ id }) => id === last?.userId);
  return {
    id: last?.deviceId,
    name: last?.deviceName,
    client_version: last?.clientVersion,
    device_type: "mac",
    os_version: "15.3.0",
    serial_number: null,
    active_registrations: registrations.filter(({ revokedAt }) => revokedAt === null).length,
    created_at: toIso(Math.min(...registrations.map(({ createdAt }) => createdAt))),
    updated_at: toIso(last?.updatedAt ?? null),
    last_seen_at: toIso(last?.lastSeenAt ?? null),
    last_seen_user: { id: owner?.id ?? "", email: owner?.email ?? "", name: owner?.name ?? "" },
    deleted_at: null,
  };
}

function listDevices(call: Call, { world }: Backend): Answer {
  const offset = readCursor(call);
  if (offset === null) return invalidRequest("cursor is not one that was given out");
  const email = readQuery(call, "last_seen_user.email")?.toLowerCase();
  const ids = [...new Set(registrationsThere(world).map(({ deviceId }) => deviceId))];
  const devices = ids
    .map((id) => toWireDevice(world, registrationsOf(world, id)))
    .filter((device) => email === undefined || emailOf(device).toLowerCase() === email);
  const shown = devices.slice(offset, offset + PER_PAGE);
  const cursor = offset + PER_PAGE >= devices.length ? "" : makeCursor(offset + PER_PAGE);
  return ok(shown, { resultInfo: { count: shown.length, per_page: PER_PAGE, cursor, total_count: null } });
}

function registrationsThere(world: World): Registration[] {
  return world.registrations.filter(({ deletedAt }) => deletedAt === null);
}

function emailOf({ last_seen_user }: Record<string, unknown>): string {
  return (last_seen_user as { email: string }).email;
}

function getDevice(call: Call, { world }: Backend): Answer {
  const found = registrationsOf(world, call.params.device);
  return found.length === 0 ? notFound("device") : ok(toWireDevice(world, found));
}

function revokeDevice(call: Call, { world, now }: Backend): Answer {
  const found = registrationsOf(world, call.params.device);
  if (found.length === 0) return notFound("device");
  revokeRegistrations(found, now());
  return ok(null);
}

const list = "/accounts/:account/devices/physical-devices";

export const physicalDeviceRoutes: readonly Route[] = [
  {
    name: "physical-devices.list",
    method: "get",
    path: list,
    permissions: ["Zero Trust Read"],
    answer: listDevices,
  },
  {
    name: "physical-devices.get",
    method: "get",
    path: `${list}/:device`,
    permissions: ["Zero Trust Read"],
    answer: getDevice,
  },
  {
    name: "physical-devices.revoke",
    method: "post",
    path: `${list}/:device/revoke`,
    permissions: ["Zero Trust Write"],
    answer: revokeDevice,
  },
];
