/** `/access/logs/access_requests`: every login, allowed or not. */
import { accessInvalid, ok } from "../envelope.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { AccessRequest } from "../world.ts";
import { readCount, readQuery, readTime, toIso } from "../wire.ts";

function listAccessRequests(call: Call, { world }: Backend): Answer {
  const limit = readCount(call, "limit", 25);
  const page = readCount(call, "page", 1);
  const perPage = readCount(call, "per_page", limit ?? 25);
  const since = readTime(call, "since");
  const until = readTime(call, "until");
  if (limit === null || limit < 1) return accessInvalid("limit is not a positive number");
  if (page === null || page < 1) return accessInvalid("page is not a positive number");
  if (perPage === null || perPage < 1) return accessInvalid("per_page is not a positive number");
  if (since === null || until === null) return accessInvalid("since or until is not a time");

  // `user_id` is accepted and ignored, as Cloudflare does.
  const sign = readQuery(call, "direction") === "asc" ? 1 : -1;
  const found = world.accessRequests
    .filter(
      (request) =>
        (since === undefined || request.at >= since) &&
        (until === undefined || request.at <= until) &&
        matchesEmail(call, request),
    )
    .sort((a, b) => sign * (a.at - b.at))
    .slice(0, readQuery(call, "per_page") === undefined ? limit * page : undefined);
  return ok(found.slice((page - 1) * perPage, page * perPage).map(toWireRequest));
}

/** A substring by default; `email_exact=true` or `emailOp=eq` for the whole, `emailOp=neq` for the others. */
function matchesEmail(call: Call, request: AccessRequest): boolean {
  const email = readQuery(call, "email");
  if (email === undefined) return true;
  const op = readQuery(call, "emailOp");
  const isExact = readQuery(call, "email_exact") === "true" || op === "eq";
  const isMatch = isExact ? request.email === email : request.email.includes(email);
  return op === "neq" ? !isMatch : isMatch;
}

function toWireRequest(request: AccessRequest): Record<string, unknown> {
  return {
    action: request.action,
    allowed: request.allowed,
    app_domain: request.appDomain,
    app_uid: request.appUid,
    connection: request.connection,
    created_at: toIso(request.at),
    ip_address: request.ip,
    ray_id: request.rayId,
    user_email: request.email,
  };
}

export const accessRequestRoutes: readonly Route[] = [
  {
    name: "access-requests",
    method: "get",
    path: "/accounts/:account/access/logs/access_requests",
    permissions: ["Access: Audit Logs Read"],
    answer: listAccessRequests,
  },
];
