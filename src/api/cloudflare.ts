import type { Logger } from "pino";

import { accessLogCalls, createAccessLogs } from "./access-logs.ts";
import { accessUserCalls, createAccessUsers } from "./access-users.ts";
import { auditLogCalls, createAuditLogs } from "./audit-logs.ts";
import type { Budget, RateBudget } from "./rate/budget.ts";
import type { SharedBudget } from "./rate/permits.ts";
import type { Priority } from "./rate/turn.ts";
import type { Call, OnAttempt, OnCall } from "./call.ts";
import { createDevices, deviceCalls } from "./devices.ts";
import { createGatewayLists, gatewayListCalls, type GatewayList, type ListItem } from "./gateway/lists.ts";
import { createGatewayRules, gatewayRuleCalls, type GatewayRule } from "./gateway/rules.ts";
import { createHttp, type Http } from "./http.ts";
import type { Identity, SessionIdentity } from "./identity-schema.ts";
import { createIdentityProviders, identityProviderCalls } from "./idp/providers.ts";
import type { IdentityProvider, ScimUser } from "./idp/schema.ts";
import { createOrganizations, organizationCalls } from "./organizations.ts";
import { createRiskScoring, riskCalls } from "./risk-scoring.ts";
import type {
  AccessRequest,
  AccessUser,
  ActiveSession,
  AuditEvent,
  FailedLogin,
  PhysicalDevice,
  Registration,
  RiskScore,
  RiskSummaryUser,
  TokenStatus,
} from "./schema.ts";
import { createTokens, tokenCalls } from "./tokens.ts";

export type { Call } from "./call.ts";
export type { RateBudget } from "./rate/budget.ts";
export type { AccessRequest, AccessUser, ActiveSession, AuditEvent, FailedLogin, Identity };
export type { Registration, RiskScore, RiskSummaryUser, SessionIdentity, TokenStatus };
export type { GatewayList, GatewayRule, IdentityProvider, ListItem, PhysicalDevice, ScimUser };
export type { RiskLevel } from "./schema.ts";
export { sameEmail } from "./schema.ts";

export interface CallOptions {
  /** Ends the call with an AbortedError. */
  signal?: AbortSignal | undefined;
  /** For the whole call, retries and waits between them included. The client's own default otherwise. */
  timeoutMs?: number | undefined;
  /** "bulk": one of very many. It leaves a part of the budget to people, and waits for its turn without a limit. */
  priority?: Priority | undefined;
  /**
   * Asked when the call has its turn, just before it goes out: false, and it is not sent but ends with an
   * AbortedError. What allowed a write may be over by then.
   */
  isCurrent?: (() => boolean) | undefined;
}

export type CloudflareAuth = { kind: "token"; token: string } | { kind: "key"; email: string; key: string };

export interface CloudflareOptions {
  baseUrl: string;
  accountId: string;
  auth: CloudflareAuth;
  log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** For a whole call, retries included: 10,000 by default. */
  timeoutMs?: number | undefined;
  /** How often a read is tried again: 3 by default. Writes never are. */
  retries?: number | undefined;
  /** How many calls may go out; see budget.ts for the default. */
  budget?: RateBudget | undefined;
  /** Where several processes share the budget; null: this one has it alone. */
  sharedBudget?: SharedBudget | null | undefined;
  onCall?: OnCall | undefined;
  onAttempt?: OnAttempt | undefined;
  /** Our clock, epoch ms. */
  now?: (() => number) | undefined;
}

/** One page of a numbered list. `perPage` is what Cloudflare used, which may differ from what was asked. */
export interface Page<Item> {
  items: Item[];
  page: number;
  perPage: number;
  totalCount: number | null;
  totalPages: number | null;
}

/** One page of a cursor list; `cursor` is null on the last one. */
export interface CursorPage<Item> {
  items: Item[];
  cursor: string | null;
  totalCount: number | null;
}

/** That a write was carried out. `cfRay` finds it in Cloudflare's audit log (`raw.cf_ray_id`). */
export interface WriteReceipt {
  cfRay: string | null;
  status: number;
}

/** `other`: the id is gone, and another user has the address now. */
export type Whereabouts = "gone" | "there" | { other: AccessUser };

export interface AccessUserQuery {
  email?: string | undefined;
  name?: string | undefined;
  search?: string | undefined;
  /** From 1. */
  page?: number | undefined;
  /** Raised to the next size that Access accepts: 1, 5, 10, 20, 25, 50, 100 or 1000. */
  perPage?: number | undefined;
}

export interface RevokeUserInput {
  email: string;
  userUid?: string | undefined;
  /** Also revoke all of the user's device registrations. */
  devices?: boolean | undefined;
  warpSessionReauth?: boolean | undefined;
}

export interface RegistrationQuery {
  userIds?: string[] | undefined;
  ids?: string[] | undefined;
  deviceIds?: string[] | undefined;
  /** Cloudflare's default is "active". */
  status?: "active" | "all" | "revoked" | undefined;
  perPage?: number | undefined;
  cursor?: string | undefined;
}

/** What to add to a list and what to take out of it; the rest of the list stays as it is. */
export interface ListChange {
  append?: readonly { value: string; description?: string | undefined }[] | undefined;
  /** Values, spelled as the list has them. */
  remove?: readonly string[] | undefined;
}

export interface AccessRequestQuery {
  /** Epoch ms. */
  since?: number | undefined;
  /** Epoch ms. */
  until?: number | undefined;
  /** Exactly this address, case folded. */
  email?: string | undefined;
  /** Of so many rows at most; 1000 by default. */
  max?: number | undefined;
}

/** Rows of the log, newest first. `complete: false`: there may be more than these. */
export interface AccessRequests {
  items: AccessRequest[];
  complete: boolean;
}

/** Cloudflare requires both ends of the time asked for. */
export interface AuditLogQuery {
  /** Epoch ms. */
  since: number;
  /** Epoch ms, itself left out. */
  before: number;
  /** Only what was done with this API token: the id that `tokens.verify` gives. */
  tokenId?: string | undefined;
  /** Cloudflare's default is "desc", newest first. */
  direction?: "asc" | "desc" | undefined;
  /** Events a page: 100 by default, 1000 at most. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

/**
 * The Cloudflare account. Every method rejects with a `CloudflareError` (see errors.ts), or with a TypeError or
 * RangeError, before anything is sent, for an argument that could not name what is meant (an empty id).
 */
export interface Cloudflare {
  accountId: string;
  /** A key is a person's: only a token has an id of its own. */
  authKind: CloudflareAuth["kind"];
  /** Our epoch milliseconds as the same moment by Cloudflare's clock, whose times (`iat`) are not comparable with ours. */
  serverTime(at: number): number;
  /** What is left of the rate that we allow ourselves. */
  budget: Pick<Budget, "msUntilRoom" | "estimateMs" | "left">;
  /** The same account for work through a long list: every call is a bulk call. */
  bulk: Cloudflare;
  /** The same account for a containment that can't wait: its calls may use what look-ups must leave. */
  urgent: Cloudflare;
  accessUsers: {
    list(query?: AccessUserQuery, call?: CallOptions): Promise<Page<AccessUser>>;
    /** All pages, each user once. Ends after an empty, short or repeated page. */
    iterate(query?: AccessUserQuery, call?: CallOptions): AsyncIterable<AccessUser>;
    /** Users whose address is this one, case folded and +tags kept. Empty is not proof: see the token. */
    findByEmail(email: string, call?: CallOptions): Promise<AccessUser[]>;
    get(id: string, call?: CallOptions): Promise<AccessUser>;
    /**
     * Whether the user is gone, by both ways to look: gone means that Cloudflare does not know the id *and* that the
     * list has no user of that address. Rejects with whatever kept it from looking; nothing is concluded from that.
     */
    confirmGone(user: { id: string; email: string }, call?: CallOptions): Promise<Whereabouts>;
    create(input: { email: string; name?: string | undefined }, call?: CallOptions): Promise<WriteReceipt>;
    /** Changes the name; the email only confirms who is meant. */
    update(id: string, input: { email: string; name: string }, call?: CallOptions): Promise<WriteReceipt>;
    /** Also ends the user's seats, tokens and device registrations. */
    remove(id: string, call?: CallOptions): Promise<WriteReceipt>;
    /** May lag a revocation by about a minute. */
    activeSessions(id: string, call?: CallOptions): Promise<ActiveSession[]>;
    activeSession(id: string, nonce: string, call?: CallOptions): Promise<SessionIdentity>;
    lastSeenIdentity(id: string, call?: CallOptions): Promise<Identity>;
    failedLogins(id: string, call?: CallOptions): Promise<FailedLogin[]>;
  };
  organizations: {
    /** Ends the user's sessions for every Access application. Not a ban: they may log in again. */
    revokeUser(input: RevokeUserInput, call?: CallOptions): Promise<WriteReceipt>;
  };
  devices: {
    registrations(query?: RegistrationQuery, call?: CallOptions): Promise<CursorPage<Registration>>;
    /** All pages, each registration once. Ends on an empty, absent or repeated cursor. */
    iterateRegistrations(query?: RegistrationQuery, call?: CallOptions): AsyncIterable<Registration>;
    /** Can be undone with `unrevokeRegistrations`. */
    revokeRegistrations(ids: string[], call?: CallOptions): Promise<WriteReceipt>;
    unrevokeRegistrations(ids: string[], call?: CallOptions): Promise<WriteReceipt>;
    /** Permanent. */
    deleteRegistrations(ids: string[], call?: CallOptions): Promise<WriteReceipt>;
    /** Deprecated by Cloudflare, refused in multi-user mode; 200 ids at most. */
    revokeDevices(ids: string[], call?: CallOptions): Promise<WriteReceipt>;
    /** The devices last used by someone with this address, case folded. API tokens only. */
    physicalDevices(email: string, call?: CallOptions): Promise<PhysicalDevice[]>;
    /** One device by its id. API tokens only. */
    physicalDevice(id: string, call?: CallOptions): Promise<PhysicalDevice>;
    /** Revokes all registrations of one device, of everyone who uses it. API tokens only. */
    revokePhysicalDevice(id: string, call?: CallOptions): Promise<WriteReceipt>;
  };
  gatewayLists: {
    get(id: string, call?: CallOptions): Promise<GatewayList>;
    /** Every item, page after page. */
    items(id: string, call?: CallOptions): Promise<ListItem[]>;
    /** Adds and takes out items. Says nothing of whether they are there afterwards: read `items`. */
    change(id: string, change: ListChange, call?: CallOptions): Promise<WriteReceipt>;
  };
  gatewayRules: {
    /** Every rule, page after page. */
    list(call?: CallOptions): Promise<GatewayRule[]>;
  };
  identityProviders: {
    list(call?: CallOptions): Promise<IdentityProvider[]>;
    /** The users with this address, case folded, that an identity provider has synced by SCIM. */
    scimUsers(idpId: string, email: string, call?: CallOptions): Promise<ScimUser[]>;
  };
  riskScoring: {
    summary(call?: CallOptions): Promise<RiskSummaryUser[]>;
    get(userId: string, call?: CallOptions): Promise<RiskScore>;
    /** Can give access back: policies that look at the risk score stop blocking. */
    reset(userId: string, call?: CallOptions): Promise<WriteReceipt>;
  };
  accessLogs: {
    /** Page after page, as far as `max`. */
    requests(query?: AccessRequestQuery, call?: CallOptions): Promise<AccessRequests>;
  };
  auditLogs: {
    list(query: AuditLogQuery, call?: CallOptions): Promise<CursorPage<AuditEvent>>;
    /** All pages, each event once. Ends on an empty, absent or repeated cursor. */
    iterate(query: AuditLogQuery, call?: CallOptions): AsyncIterable<AuditEvent>;
  };
  tokens: {
    /** Asks as an account token, then as a user token: one of the two routes refuses any given token. */
    verify(call?: CallOptions): Promise<TokenStatus>;
  };
}

/** Every call this client can make: what the permission table in the docs is made from. */
export const CALLS = [
  ...Object.values(accessUserCalls),
  ...Object.values(organizationCalls),
  ...Object.values(deviceCalls),
  ...Object.values(gatewayListCalls),
  ...Object.values(gatewayRuleCalls),
  ...Object.values(identityProviderCalls),
  ...Object.values(riskCalls),
  ...Object.values(accessLogCalls),
  ...Object.values(auditLogCalls),
  ...Object.values(tokenCalls),
] satisfies Call[];

export type CallName = (typeof CALLS)[number]["name"];

/** Makes the client. Nothing is sent before the first call. */
export function createCloudflare(options: CloudflareOptions): Cloudflare {
  const http = createHttp(options);
  const withPriority = (priority: Priority): Resources =>
    createResources(options, {
      ...http,
      send: (call, input, callOptions) => http.send(call, input, { ...callOptions, priority }),
    });
  const bulk: Cloudflare = {
    ...withPriority("bulk"),
    // Work through a long list stays that.
    get bulk() {
      return bulk;
    },
    get urgent() {
      return bulk;
    },
  };
  const urgent: Cloudflare = {
    ...withPriority("urgent"),
    bulk,
    get urgent() {
      return urgent;
    },
  };
  return { ...createResources(options, http), bulk, urgent };
}

type Resources = Omit<Cloudflare, "bulk" | "urgent">;

function createResources({ accountId, auth }: CloudflareOptions, http: Http): Resources {
  return {
    accountId,
    authKind: auth.kind,
    serverTime: http.serverTime,
    budget: http.budget,
    accessUsers: createAccessUsers(http),
    organizations: createOrganizations(http),
    devices: createDevices(http),
    gatewayLists: createGatewayLists(http),
    gatewayRules: createGatewayRules(http),
    identityProviders: createIdentityProviders(http),
    riskScoring: createRiskScoring(http),
    accessLogs: createAccessLogs(http),
    auditLogs: createAuditLogs(http),
    tokens: createTokens(http),
  };
}
