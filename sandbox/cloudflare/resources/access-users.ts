/** `/access/users`: list, read, create, rename, delete. */
import { accessInvalid, accessNotFound, ok, pageInfo } from "../envelope.ts";
import { deleteUser } from "../effects.ts";
import type { Backend, Call, Route } from "../exchange.ts";
import { addUser } from "../happenings.ts";
import type { Unknowns } from "../settings.ts";
import type { User, World } from "../world.ts";
import { findActiveRegistrations } from "../world.ts";
import { readBody, readCount, readQuery, toIso } from "../wire.ts";

/** Access lists take no other page size. */
const PER_PAGE_SIZES = [1, 5, 10, 20, 25, 50, 100, 1000];
const EMAIL = /^[^\s@]+@[^\s@]+$/;

function toWireUser(user: User, world: World): Record<string, unknown> {
  return {
    id: user.id,
    uid: user.uid,
    seat_uid: user.seatUid,
    email: user.email,
    name: user.name ?? "",
    access_seat: user.accessSeat,
    gateway_seat: user.gatewaySeat,
    active_device_count: findActiveRegistrations(world, user.id).length,
    created_at: toIso(user.createdAt),
    updated_at: toIso(user.updatedAt),
    last_successful_login: toIso(user.lastLoginAt),
    ...user.odd,
  };
}

/** The user whose id is in the path, by exact id; null when there is none. */
export function findCalledUser(call: Call, world: World): User | null {
  return world.users.find((user) => user.id === call.params.user) ?? null;
}

function matches(call: Call, user: User, unknowns: Unknowns): boolean {
  const email = readQuery(call, "email");
  const name = readQuery(call, "name")?.toLowerCase();
  const search = readQuery(call, "search");
  if (email !== undefined && !matchesEmail(user.email, email, unknowns)) return false;
  if (name !== undefined && !(user.name ?? "").toLowerCase().includes(name)) return false;
  return search === undefined || matchesSearch(user, search, unknowns);
}

function matchesSearch({ name, email }: User, search: string, unknowns: Unknowns): boolean {
  const fold = (text: string): string => (unknowns.userSearchFoldsCase ? text.toLowerCase() : text);
  const searched = fold(search);
  return [name ?? "", email].map(fold).some((text) => {
    if (unknowns.userSearch === "part") return text.includes(searched);
    const starts = [0, ...Array.from(text.matchAll(/[\s.@+_-]/g), ({ index }) => index + 1)];
    return starts.some((at) => text.startsWith(searched, at));
  });
}

function matchesEmail(email: string, wanted: string, unknowns: Unknowns): boolean {
  const fold = (text: string): string => (unknowns.emailFilterFoldsCase ? text.toLowerCase() : text);
  if (unknowns.emailFilter === "equals") return fold(email) === fold(wanted);
  return fold(email).includes(fold(wanted));
}

function listUsers(call: Call, { world, settings }: Backend) {
  const page = readCount(call, "page", 1);
  const perPage = readCount(call, "per_page", 1000);
  if (page === null || page < 1) return accessInvalid("page is not a positive number");
  if (perPage === null || !PER_PAGE_SIZES.includes(perPage)) {
    return accessInvalid(`per_page is not one of ${PER_PAGE_SIZES.join(", ")}`);
  }
  const found = world.users.filter((user) => matches(call, user, settings.unknowns));
  const shown = found.slice((page - 1) * perPage, page * perPage);
  const total = settings.unknowns.totalCountIgnoresFilters ? world.users.length : found.length;
  return ok(
    shown.map((user) => toWireUser(user, world)),
    { resultInfo: pageInfo(shown.length, page, perPage, total) },
  );
}

function getUser(call: Call, { world }: Backend) {
  const user = findCalledUser(call, world);
  return user ? ok(toWireUser(user, world)) : accessNotFound("user");
}

function createUser(call: Call, { world, now }: Backend) {
  const { email, name } = readBody(call);
  if (typeof email !== "string" || !EMAIL.test(email)) return accessInvalid("email is required", "/email");
  if (name !== undefined && typeof name !== "string") return accessInvalid("name is not a string", "/name");
  if (world.users.some((user) => user.email === email)) return accessInvalid("user already exists", "/email");
  const user = addUser(world, { email, ...(name === undefined ? {} : { name }) }, now());
  return ok(toWireUser(user, world), { status: 201 });
}

function updateUser(call: Call, { world, now }: Backend) {
  const user = findCalledUser(call, world);
  if (!user) return accessNotFound("user");
  const { email, name } = readBody(call);
  if (typeof name !== "string" || name === "") return accessInvalid("name is required", "/name");
  if (typeof email !== "string") return accessInvalid("email is required", "/email");
  if (email.toLowerCase() !== user.email.toLowerCase())
    return accessInvalid("email cannot be changed", "/email");
  Object.assign(user, { name, updatedAt: now() });
  return ok(toWireUser(user, world));
}

function removeUser(call: Call, { world }: Backend) {
  const user = findCalledUser(call, world);
  if (!user) return accessNotFound("user");
  deleteUser(world, user);
  return ok(null, { status: 202 });
}

const list = "/accounts/:account/access/users";
const one = `${list}/:user`;

export const accessUserRoutes: readonly Route[] = [
  {
    name: "users.list",
    method: "get",
    path: list,
    permissions: ["Access: Audit Logs Read"],
    answer: listUsers,
  },
  { name: "users.create", method: "post", path: list, permissions: [], answer: createUser },
  { name: "users.get", method: "get", path: one, permissions: ["Access: Audit Logs Read"], answer: getUser },
  {
    name: "users.update",
    method: "put",
    path: one,
    permissions: ["Zero Trust: Seats Write"],
    answer: updateUser,
  },
  { name: "users.delete", method: "delete", path: one, permissions: [], answer: removeUser },
];
