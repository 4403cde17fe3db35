/** One API call on its way through the emulator: layers around the resource that answers it. */
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

export type RouteName =
  | "users.list"
  | "users.get"
  | "users.create"
  | "users.update"
  | "users.delete"
  | "sessions.list"
  | "sessions.get"
  | "identity"
  | "failed-logins"
  | "revoke-user"
  | "registrations.list"
  | "registrations.revoke"
  | "registrations.unrevoke"
  | "registrations.delete"
  | "devices.revoke"
  | "physical-devices.list"
  | "physical-devices.get"
  | "physical-devices.revoke"
  | "lists.get"
  | "lists.items"
  | "lists.change"
  | "rules.list"
  | "idps.list"
  | "scim-users"
  | "risk.summary"
  | "risk.get"
  | "risk.reset"
  | "access-requests"
  | "accounts.list"
  | "tokens.verify"
  | "audit-logs";

export type PermissionName =
  | "Access: Audit Logs Read"
  | "Access: Organizations, Identity Providers, and Groups Read"
  | "Access: Organizations, Identity Providers, and Groups Write"
  | "Access: Organizations Revoke"
  | "Zero Trust: Seats Write"
  | "Zero Trust: PII Read"
  | "Zero Trust Read"
  | "Zero Trust Write"
  | "Account Settings Read";

/** Who calls. `tokenId` is what the audit log calls the token by; null for an email and key. */
export interface Caller {
  tokenId: string | null;
  email: string | null;
  kind: "account" | "user" | "key";
  permissions: "all" | readonly string[];
  status: "active" | "disabled" | "expired";
  expiresAt: number | null;
}

export interface Call {
  route: Route;
  method: string;
  /** Path below `/client/v4`. */
  path: string;
  params: Record<string, string>;
  /** Every value of every query parameter. */
  query: Record<string, string[]>;
  body: unknown;
  headers: Record<string, string | undefined>;
  cfRay: string;
  /** Set by the layer that checks the credentials. */
  caller: Caller | null;
  /** True once the client has closed the connection. */
  isGone(): boolean;
  /** Resolves when the client closes the connection or the emulator stops. */
  ended: Promise<void>;
}

export type Answer =
  | { kind: "json"; status: number; body: unknown; headers?: Record<string, string> }
  | { kind: "text"; status: number; body: string; contentType: string; headers?: Record<string, string> }
  /** The connection is destroyed without an answer. */
  | { kind: "cut" };

export interface Backend {
  world: World;
  settings: Settings;
  now: () => number;
}

export interface Route {
  name: RouteName;
  method: "get" | "post" | "put" | "patch" | "delete";
  /** Express path below `/client/v4`. */
  path: string;
  /** Any one of these is enough; empty where Cloudflare lists none. */
  permissions: readonly PermissionName[];
  answer(call: Call, backend: Backend): Answer;
}

export type Next = () => Promise<Answer>;
export type Layer = (call: Call, next: Next) => Promise<Answer>;

/** Runs the layers from the outside in around `innermost`. */
export function runLayers(layers: readonly Layer[], call: Call, innermost: Next): Promise<Answer> {
  const [layer, ...rest] = layers;
  if (!layer) return innermost();
  return layer(call, () => runLayers(rest, call, innermost));
}

/** Adds headers to an answer, if it is one that is sent. */
export function withHeaders(answer: Answer, headers: Record<string, string>): Answer {
  if (answer.kind === "cut") return answer;
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
