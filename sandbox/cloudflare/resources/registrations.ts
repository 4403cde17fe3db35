/** `/devices/registrations`: list with cursors, revoke, unrevoke, delete. */
import { invalidRequest, notFound, ok } from "../envelope.ts";
import { deleteRegistrations, revokeRegistrations, unrevokeRegistrations } from "../effects.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { Registration, World } from "../world.ts";
import { makeCursor, readCount, readCursor, readQuery, readTime, toIso } from "../wire.ts";

const STATUSES = ["active", "all", "revoked"];
const SORTS: Record<string, (registration: Registration, world: World) => string | number> = {
  id: (registration) => registration.id,
  "user.name": (registration, world) => findOwner(registration, world)?.name ?? "",
  "user.email": (registration, world) => findOwner(registration, world)?.email ?? "",
  last_seen_at: (registration) => registration.lastSeenAt,
  created_at: (registration) => registration.createdAt,
};

function findOwner(registration: Registration, world: World) {
  return world.users.find((user) => user.id === registration.userId);
}

function toWireRegistration(
  registration: Registration,
  world: World,
  withPolicy: boolean,
): Record<string, unknown> {
  const owner = findOwner(registration, world);
  const policy = {
    id: registration.policyId,
    name: "Default",
    default: true,
    deleted: false,
    updated_at: toIso(registration.createdAt),
  };
  return {
    id: registration.id,
    registration_type: registration.type,
    device: {
      id: registration.deviceId,
      name: registration.deviceName,
      client_version: registration.clientVersion,
    },
    user: { id: registration.userId, email: owner?.email ?? "", name: owner?.name ?? "" },
    ...(withPolicy ? { policy } : {}),
    key: registration.key,
    key_type: registration.keyType,
    tunnel_type: registration.tunnelType,
    virtual_ipv4: registration.virtualIpv4,
    created_at: toIso(registration.createdAt),
    updated_at: toIso(registration.updatedAt),
    last_seen_at: toIso(registration.lastSeenAt),
    revoked_at: toIso(registration.revokedAt),
    deleted_at: toIso(registration.deletedAt),
  };
}

function listRegistrations(call: Call, { world, settings }: Backend): Answer {
  const status = readQuery(call, "status") ?? "active";
  const perPage = readCount(call, "per_page", settings.unknowns.registrationsPerPage);
  const offset = readCursor(call);
  const sortBy = readQuery(call, "sort_by");
  const seenAfter = readTime(call, "seen_after");
  const seenBefore = readTime(call, "seen_before");
  const sort = sortBy === undefined ? undefined : SORTS[sortBy];
  if (!STATUSES.includes(status)) return invalidRequest("status is not active, all or revoked");
  if (perPage === null || perPage < 1 || perPage > 1000)
    return invalidRequest("per_page is not from 1 to 1000");
  if (offset === null) return invalidRequest("cursor is not one that was given out");
  if (sortBy !== undefined && !sort) return invalidRequest("sort_by is not a field to sort by");
  if (seenAfter === null || seenBefore === null)
    return invalidRequest("seen_after or seen_before is not a time");

  const found = world.registrations.filter(
    (registration) =>
      registration.deletedAt === null &&
      (status === "all" || (registration.revokedAt === null) === (status === "active")) &&
      (seenAfter === undefined || registration.lastSeenAt > seenAfter) &&
      (seenBefore === undefined || registration.lastSeenAt < seenBefore) &&
      (settings.unknowns.registrationsIgnoreUser || isAsked(call, "user.id", registration.userId)) &&
      isAsked(call, "id", registration.id) &&
      isAsked(call, "device.id", registration.deviceId) &&
      isAsked(call, "policy.id", registration.policyId) &&
      matchesSearch(call, registration, world),
  );
  if (sort) {
    const sign = readQuery(call, "sort_order") === "desc" ? -1 : 1;
    const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
    found.sort((a, b) => sign * compare(sort(a, world), sort(b, world)));
  }
  const shown = found.slice(offset, offset + perPage);
  const isLast = offset + perPage >= found.length;
  const withPolicy = readQuery(call, "include")?.split(",").includes("policy") ?? false;
  return ok(
    shown.map((registration) => toWireRegistration(registration, world, withPolicy)),
    {
      resultInfo: {
        count: shown.length,
        per_page: perPage,
        cursor: isLast ? "" : makeCursor(offset + perPage),
        total_count: null,
      },
    },
  );
}

function isAsked(call: Call, name: string, value: string): boolean {
  const wanted = call.query[name] ?? [];
  return wanted.length === 0 || wanted.includes(value);
}

function matchesSearch(call: Call, registration: Registration, world: World): boolean {
  const search = readQuery(call, "search")?.toLowerCase();
  if (search === undefined) return true;
  const owner = findOwner(registration, world);
  return [registration.id, registration.deviceName, owner?.email ?? "", owner?.name ?? ""].some((text) =>
    text.toLowerCase().includes(search),
  );
}

type Change = (registrations: readonly Registration[], now: number) => void;

/** All of the ids or none: an unknown one refuses the call. */
function changeRegistrations(change: Change) {
  return (call: Call, { world, now }: Backend): Answer => {
    const ids = call.query.id ?? [];
    if (ids.length === 0) return invalidRequest("at least one id is required");
    const found = findRegistrations(world, ids);
    if (!found) return notFound("registration");
    change(found, now());
    return ok(null);
  };
}

/** The registrations with these ids; null when one of them does not exist (any more). */
export function findRegistrations(world: World, ids: readonly string[]): Registration[] | null {
  const found = world.registrations.filter(
    (registration) => ids.includes(registration.id) && registration.deletedAt === null,
  );
  return found.length === new Set(ids).size ? found : null;
}

const list = "/accounts/:account/devices/registrations";
const write = ["Zero Trust Write"] as const;

export const registrationRoutes: readonly Route[] = [
  {
    name: "registrations.list",
    method: "get",
    path: list,
    permissions: ["Zero Trust Read"],
    answer: listRegistrations,
  },
  {
    name: "registrations.revoke",
    method: "post",
    path: `${list}/revoke`,
    permissions: write,
    answer: changeRegistrations(revokeRegistrations),
  },
  {
    name: "registrations.unrevoke",
    method: "post",
    path: `${list}/unrevoke`,
    permissions: write,
    answer: changeRegistrations(unrevokeRegistrations),
  },
  {
    name: "registrations.delete",
    method: "delete",
    path: list,
    permissions: write,
    answer: changeRegistrations(deleteRegistrations),
  },
];
