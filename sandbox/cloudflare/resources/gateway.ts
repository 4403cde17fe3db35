/** `/gateway/lists` (read, items, PATCH) and `/gateway/rules`. */
import { fail, invalidRequest, notFound, ok, pageInfo } from "../envelope.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { GatewayList, World } from "../world.ts";
import { readBody, readCount, toIso } from "../wire.ts";

function findList(call: Call, world: World): GatewayList | undefined {
  return world.lists.find(({ id }) => id === call.params.list);
}

function toWireList({ id, name, type, items, createdAt, updatedAt }: GatewayList): Record<string, unknown> {
  return {
    id,
    name,
    type,
    count: items.length,
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}

function getList(call: Call, { world }: Backend): Answer {
  const list = findList(call, world);
  return list === undefined ? notFound("list") : ok(toWireList(list));
}

function listItems(call: Call, { world, settings }: Backend): Answer {
  const list = findList(call, world);
  const page = readCount(call, "page", 1);
  if (list === undefined) return notFound("list");
  if (page === null || page < 1) return invalidRequest("page is not a positive number");
  const perPage = settings.unknowns.listItemsPerPage;
  const shown = list.items.slice((page - 1) * perPage, page * perPage);
  return ok(
    shown.map(({ value, description, createdAt }) => ({ value, description, created_at: toIso(createdAt) })),
    { resultInfo: pageInfo(shown.length, page, perPage, list.items.length) },
  );
}

/** All of the change or none. An item that is there already stays as it is; one that is not there is no error. */
function patchList(call: Call, { world, settings, now }: Backend): Answer {
  const list = findList(call, world);
  if (list === undefined) return notFound("list");
  const { append = [], remove = [] } = readBody(call);
  if (!Array.isArray(append) || !Array.isArray(remove)) return invalidRequest("append and remove are lists");
  const values = append.map((item: unknown) => readItem(item));
  if (values.some((item) => item === null) || remove.some((value) => typeof value !== "string"))
    return invalidRequest("an item has no value");
  const left = list.items.filter(({ value }) => !remove.includes(value));
  const fresh = values.filter((item) => item !== null && left.every(({ value }) => value !== item.value));
  if (left.length + fresh.length > settings.unknowns.listLimit)
    return fail(400, {
      code: 2203,
      message: `list exceeds the limit of ${settings.unknowns.listLimit} items`,
    });
  const at = now();
  list.items = [...left, ...fresh.flatMap((item) => (item === null ? [] : { ...item, createdAt: at }))];
  list.updatedAt = at;
  return ok(toWireList(list));
}

function readItem(item: unknown): { value: string; description: string } | null {
  if (typeof item !== "object" || item === null || !("value" in item)) return null;
  const { value, description = "" } = item as { value: unknown; description?: unknown };
  if (typeof value !== "string" || value.trim() === "" || typeof description !== "string") return null;
  return { value, description };
}

function listRules(_call: Call, { world }: Backend): Answer {
  const rules = world.rules.map(({ id, name, action, enabled, traffic, identity, createdAt }) => ({
    id,
    name,
    action,
    enabled,
    traffic,
    identity,
    device_posture: "",
    filters: ["http"],
    created_at: toIso(createdAt),
    updated_at: toIso(createdAt),
    deleted_at: null,
  }));
  return ok(rules, { resultInfo: pageInfo(rules.length, 1, 100, rules.length) });
}

const one = "/accounts/:account/gateway/lists/:list";

export const gatewayRoutes: readonly Route[] = [
  { name: "lists.items", method: "get", path: `${one}/items`, permissions: [], answer: listItems },
  { name: "lists.get", method: "get", path: one, permissions: [], answer: getList },
  { name: "lists.change", method: "patch", path: one, permissions: [], answer: patchList },
  {
    name: "rules.list",
    method: "get",
    path: "/accounts/:account/gateway/rules",
    permissions: [],
    answer: listRules,
  },
];
