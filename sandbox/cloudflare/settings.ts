/** What the emulator can be told: how it is started, and what is left open by every public source. */
import type { Observe } from "../inspector/journal.ts";
import type { PermissionName } from "./exchange.ts";

export interface TokenOptions {
  token: string;
  /** Permission names as Cloudflare lists them; every one by default. A write permission includes its read. */
  permissions?: (PermissionName | (string & {}))[];
  /** Which verify route knows the token; "account" by default. */
  kind?: "account" | "user";
  status?: "active" | "disabled" | "expired";
  /** Epoch milliseconds. */
  expiresAt?: number;
}

/** What is not known from any public source. Each default is a guess, and the harder one for a client where it can be. */
export interface Unknowns {
  /** `revoke_user` for an email or a `user_uid` that nobody has. Default "not-found" (404, 12135). */
  revokeUnknownUser: "not-found" | "ok" | "result-false";
  /** `revoke_user` for a user without a session. Default "ok". */
  repeatedRevoke: "ok" | "invalid-request";
  /** Reading or resetting the risk of an unknown user. Default "not-found" (404, 10404). */
  riskUnknownUser: "not-found" | "empty";
  /** `last_seen_identity` of a user that never logged in. Default "not-found" (404, 12135). */
  identityNeverSeen: "not-found" | "null" | "empty";
  /** How `users?email=` compares. Default "contains": a client has to compare again. */
  emailFilter: "contains" | "equals";
  /** Whether `users?email=` folds case. Default true. */
  emailFilterFoldsCase: boolean;
  /**
   * What `users?search=` finds of a name and an email: any part of it, or beginnings of its words. The API document
   * says only "search for users by other listed query parameters". Default "part".
   */
  userSearch: "part" | "beginning";
  /** Whether `users?search=` folds case. Default true. */
  userSearchFoldsCase: boolean;
  /** The API document words `total_count` as "without any search parameters". Default false: it counts what matches. */
  totalCountIgnoresFilters: boolean;
  /** Code for a missing permission; a token without any write on a write always gets the flat 1010. Default 10000. */
  missingPermissionCode: 10000 | 9109;
  /** Access lists have been seen answering `[]` to a token without permission. Default "refuse". */
  missingPermissionOnLists: "refuse" | "empty";
  /** `result` of a risk reset. Default "object" (`{}`). */
  riskResetResult: "object" | "null" | "absent";
  /** HTTP status beside 9999 `not_enabled`. Default 403. */
  notEnabledStatus: number;
  /** Registrations in a page when the client does not say. Default 10, as in the API document's example. */
  registrationsPerPage: number;
  /** Whether `devices/registrations?user.id=` is ignored. Default false. */
  registrationsIgnoreUser: boolean;
  /** Items in a page of a Zero Trust list. Default 50. */
  listItemsPerPage: number;
  /** Items that a Zero Trust list takes; the code for one too many is the emulator's choice. Default 1000. */
  listLimit: number;
}

export const defaultUnknowns: Unknowns = {
  revokeUnknownUser: "not-found",
  repeatedRevoke: "ok",
  riskUnknownUser: "not-found",
  identityNeverSeen: "not-found",
  emailFilter: "contains",
  emailFilterFoldsCase: true,
  userSearch: "part",
  userSearchFoldsCase: true,
  totalCountIgnoresFilters: false,
  missingPermissionCode: 10000,
  missingPermissionOnLists: "refuse",
  riskResetResult: "object",
  notEnabledStatus: 403,
  registrationsPerPage: 10,
  registrationsIgnoreUser: false,
  listItemsPerPage: 50,
  listLimit: 1000,
};

/** Settings that a test may change while the emulator runs. */
export interface Settings {
  unknowns: Unknowns;
  /** The session list is eventually consistent: how long it still shows a revoked session, milliseconds. */
  sessionListLagMs: number;
  /** How long a revoked user cannot log in, milliseconds; Cloudflare says up to a minute. */
  noLoginMs: number;
  /** False: the account's plan has no risk scoring. */
  riskEnabled: boolean;
  /** False: Access is not set up in the account. */
  accessEnabled: boolean;
  /** One device, several users: registration ids differ from device ids, and `devices/revoke` is refused. */
  multiUserMode: boolean;
}

export interface RateLimit {
  requests: number;
  windowMs: number;
  /** Answers do not say what is left of it. */
  isSilent?: boolean;
}

export interface CloudflareEmulatorOptions {
  /** 127.0.0.1 by default. */
  host?: string;
  /** A free port by default. */
  port?: number;
  accountId: string;
  tokens: TokenOptions[];
  /** Email and global API key pairs (`X-Auth-Email`, `X-Auth-Key`), which may do everything. */
  keys?: { email: string; key: string }[];
  /** Zones of the account; any well-formed zone id by default. */
  zoneIds?: string[];
  /** "workspace" by default. */
  seed?: "workspace" | "empty";
  /** The clock, epoch milliseconds. */
  now?: () => number;
  /** Where the world is kept between runs: read at start, written a moment after each change and at close. */
  dataFile?: string;
  /** 1200 requests in 5 minutes by default, as Cloudflare; null for none. */
  rateLimit?: RateLimit | null;
  /** 0 by default. */
  sessionListLagMs?: number;
  /** 60,000 by default. */
  noLoginMs?: number;
  riskEnabled?: boolean;
  accessEnabled?: boolean;
  multiUserMode?: boolean;
  unknowns?: Partial<Unknowns>;
  /** Told of every request to the API. */
  observe?: Observe;
}
