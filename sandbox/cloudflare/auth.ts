/** Who calls, and may they: the credentials, the account in the path, the permission of the route. */
import { createHash } from "node:crypto";
import { authenticationError, badIdentifier, fail, ok, pageInfo } from "./envelope.ts";
import type { Answer, Backend, Call, Caller, Layer, Route } from "./exchange.ts";
import type { CloudflareEmulatorOptions } from "./settings.ts";

const IDENTIFIER = /^[0-9a-f]{32}$/i;

const malformedHeader = (): Answer =>
  fail(400, {
    code: 6003,
    message: "Invalid request headers",
    error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
  });

/** Finds the caller from `Authorization: Bearer` or `X-Auth-Email` and `X-Auth-Key`. */
export function createAuthentication(options: CloudflareEmulatorOptions): Layer {
  const callers = new Map<string, Caller>(
    options.tokens.map(({ token, permissions, kind = "account", status = "active", expiresAt = null }) => [
      token,
      {
        tokenId: makeTokenId(token),
        email: null,
        kind,
        permissions: permissions ?? "all",
        status,
        expiresAt,
      },
    ]),
  );
  return async (call, next) => {
    const found = findCaller(call, callers, options.keys ?? []);
    if ("refusal" in found) return found.refusal;
    call.caller = found.caller;
    return next();
  };
}

/** The id that a token goes by in Cloudflare's audit log; made from the token so that it stays the same. */
function makeTokenId(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 32);
}

function findCaller(
  call: Call,
  callers: ReadonlyMap<string, Caller>,
  keys: readonly { email: string; key: string }[],
): { caller: Caller } | { refusal: Answer } {
  const header = call.headers.authorization;
  const email = call.headers["x-auth-email"];
  const key = call.headers["x-auth-key"];
  if (
    header === undefined &&
    email !== undefined &&
    keys.some((pair) => pair.email === email && pair.key === key)
  ) {
    return {
      caller: { tokenId: null, email, kind: "key", permissions: "all", status: "active", expiresAt: null },
    };
  }
  if (header === undefined) return { refusal: authenticationError(401) };
  const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/.exec(header)?.[1];
  if (token === undefined) return { refusal: malformedHeader() };
  const caller = callers.get(token);
  const isUsable = caller?.status === "active" || call.route.name === "tokens.verify";
  return caller && isUsable ? { caller } : { refusal: authenticationError(401) };
}

/** Checks the identifiers in the path and the permission of the route. */
export function createAuthorization(options: CloudflareEmulatorOptions, backend: Backend): Layer {
  return async (call, next) => {
    const { account, zone } = call.params;
    if (account !== undefined && account !== options.accountId) return refuseIdentifier(call, account);
    if (zone !== undefined && options.zoneIds?.includes(zone) !== true) {
      if (options.zoneIds || !IDENTIFIER.test(zone)) return refuseIdentifier(call, zone);
    }
    if (!isAllowed(call.route, call.caller)) return refusePermission(call, backend);
    if (!backend.settings.accessEnabled && call.path.includes("/access/")) {
      return fail(backend.settings.unknowns.notEnabledStatus, {
        code: 9999,
        message: "access.api.error.not_enabled: access is not enabled",
      });
    }
    return next();
  };
}

function refuseIdentifier(call: Call, id: string): Answer {
  if (!IDENTIFIER.test(id)) return badIdentifier(call.path);
  return fail(403, { code: 9109, message: "Unauthorized to access requested resource" });
}

function isAllowed(route: Route, caller: Caller | null): boolean {
  if (!caller) return false;
  const { permissions } = caller;
  if (permissions === "all" || route.permissions.length === 0) return true;
  return route.permissions.some(
    (wanted) => permissions.includes(wanted) || permissions.includes(wanted.replace(/Read$/, "Write")),
  );
}

function refusePermission(call: Call, { settings }: Backend): Answer {
  const { route, caller } = call;
  const permissions = caller?.permissions ?? [];
  const isReadOnly = permissions !== "all" && permissions.every((name) => name.endsWith("Read"));
  if (route.method !== "get" && isReadOnly) {
    return { kind: "json", status: 403, body: { code: 1010, error: "auth.forbidden" } };
  }
  const isAccessList = route.method === "get" && route.name !== "users.get" && call.path.includes("/access/");
  if (isAccessList && settings.unknowns.missingPermissionOnLists === "empty") {
    return ok([], { resultInfo: pageInfo(0, 1, 1000, 0) });
  }
  return settings.unknowns.missingPermissionCode === 9109
    ? fail(403, { code: 9109, message: "Unauthorized to access requested resource" })
    : authenticationError(403);
}
