/** What was asked of the emulator: the list for tests and the page, and Cloudflare's own audit log. */
import { randomUUID } from "node:crypto";
import type { Answer, Backend, Call, Layer, RouteName } from "./exchange.ts";
import type { AuditEntry } from "./world.ts";

export interface RecordedRequest {
  /** The route's readable name; null for a path that the emulator does not know. */
  route: RouteName | null;
  method: string;
  /** Path below `/client/v4`, without the query. */
  path: string;
  /** One value, or all of them where a parameter is repeated. */
  query: Record<string, string | string[]>;
  body: unknown;
  /** Epoch milliseconds of arrival. */
  at: number;
  /** Null while there is no answer, and for good when the connection was cut. */
  status: number | null;
  cfRay: string;
}

/** Enters every write that reaches a resource into the audit log. Belongs right around the resource. */
export function createAuditLayer(backend: Backend): Layer {
  return async (call, next) => {
    const answer = await next();
    const action = ACTIONS[call.route.method];
    if (action && answer.kind !== "cut")
      backend.world.audit.push(makeEntry(call, action, answer, backend.now()));
    return answer;
  };
}

const ACTIONS: Record<Call["route"]["method"], AuditEntry["action"] | null> = {
  get: null,
  post: "create",
  put: "update",
  patch: "update",
  delete: "delete",
};

function makeEntry(
  call: Call,
  action: AuditEntry["action"],
  answer: Exclude<Answer, { kind: "cut" }>,
  at: number,
): AuditEntry {
  return {
    id: randomUUID().replaceAll("-", ""),
    at,
    action,
    description: call.route.name,
    success: answer.status < 400,
    tokenId: call.caller?.tokenId ?? null,
    actorEmail: call.caller?.email ?? null,
    context: call.caller?.kind === "key" ? "api_key" : "api_token",
    cfRay: call.cfRay.split("-")[0] ?? call.cfRay,
    method: call.method,
    status: answer.status,
    uri: call.path,
    userAgent: call.headers["user-agent"] ?? "",
    resourceId: call.params.user ?? null,
  };
}
