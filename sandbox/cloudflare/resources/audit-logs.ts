/** `/logs/audit`: the emulator's own record of every write that reached a resource. */
import { ok } from "../envelope.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { AuditEntry } from "../world.ts";
import { makeCursor, readCount, readCursor, readQuery, readTime, toIso } from "../wire.ts";

const DAY = 86_400_000;

const FILTERS: Record<string, (entry: AuditEntry) => string | null> = {
  actor_token_id: (entry) => entry.tokenId,
  actor_email: (entry) => entry.actorEmail,
  actor_context: (entry) => entry.context,
  action_type: (entry) => entry.action,
  action_result: (entry) => (entry.success ? "success" : "failure"),
  raw_uri: (entry) => entry.uri,
  raw_method: (entry) => entry.method,
  raw_status_code: (entry) => String(entry.status),
  // The header carries the data centre after a dash, the log does not.
  raw_cf_ray_id: (entry) => entry.cfRay,
  resource_id: (entry) => entry.resourceId,
  id: (entry) => entry.id,
};

/** Errors of this API carry a message and nothing else. */
function refuse(message: string): Answer {
  return { kind: "json", status: 400, body: { success: false, errors: [{ message }], messages: [] } };
}

function listAuditLogs(call: Call, { world }: Backend): Answer {
  const since = readTime(call, "since");
  const before = readTime(call, "before");
  const limit = readCount(call, "limit", 100);
  const offset = readCursor(call);
  if (since === undefined || before === undefined) return refuse("since and before are required");
  if (since === null || before === null) return refuse("since or before is not a date");
  if (limit === null || limit < 1 || limit > 1000) return refuse("limit is not from 1 to 1000");
  if (offset === null) return refuse("cursor is not valid");

  // A date without a time means the whole day.
  const end = /T/.test(readQuery(call, "before") ?? "") ? before : before + DAY;
  const sign = readQuery(call, "direction") === "asc" ? 1 : -1;
  const found = world.audit
    .filter((entry) => entry.at >= since && entry.at < end && isAsked(call, entry))
    .sort((a, b) => sign * (a.at - b.at));
  const shown = found.slice(offset, offset + limit);
  const isLast = offset + limit >= found.length;
  return ok(
    shown.map((entry) => toWireEntry(entry, world.accountId)),
    { resultInfo: { count: String(shown.length), cursor: isLast ? "" : makeCursor(offset + limit) } },
  );
}

function isAsked(call: Call, entry: AuditEntry): boolean {
  return Object.entries(FILTERS).every(([name, read]) => {
    const value = read(entry);
    const wanted = (call.query[name] ?? []).map((text) =>
      name === "raw_cf_ray_id" ? text.split("-")[0] : text,
    );
    const unwanted = call.query[`${name}.not`] ?? [];
    if (value !== null && unwanted.includes(value)) return false;
    return wanted.length === 0 || (value !== null && wanted.includes(value));
  });
}

function toWireEntry(entry: AuditEntry, accountId: string): Record<string, unknown> {
  return {
    id: entry.id,
    account: { id: accountId, name: "Example" },
    action: {
      type: entry.action,
      description: entry.description,
      result: entry.success ? "success" : "failure",
      time: toIso(entry.at),
    },
    actor: {
      type: entry.context === "api_key" ? "user" : "account",
      context: entry.context,
      ...(entry.tokenId === null ? {} : { token_id: entry.tokenId, token_name: "zt-bot" }),
      ...(entry.actorEmail === null ? {} : { email: entry.actorEmail }),
      ip_address: "127.0.0.1",
    },
    raw: {
      cf_ray_id: entry.cfRay,
      method: entry.method,
      status_code: entry.status,
      uri: entry.uri,
      user_agent: entry.userAgent,
    },
    resource: { id: entry.resourceId ?? "", product: "access", type: entry.description, scope: {} },
  };
}

export const auditLogRoutes: readonly Route[] = [
  {
    name: "audit-logs",
    method: "get",
    path: "/accounts/:account/logs/audit",
    permissions: ["Account Settings Read"],
    answer: listAuditLogs,
  },
];
