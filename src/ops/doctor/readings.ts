import type { TokenStatus } from "../../api/cloudflare.ts";
import type { CloudflareFailure } from "../../api/errors.ts";
import type { LastVerify } from "../../audit/last-verify.ts";
import type { TailVerdict } from "../../audit/verify-tail.ts";
import type { BlockList } from "../../lookup/block-list.ts";
import type { Policy } from "../../policy-file.ts";
import type { ChannelReading } from "../../slack/channels.ts";
import type { Migrations } from "../../store/migrations-made.ts";
import type { SlackFacts } from "../policy-rules.ts";

/** What was read, or why it was not. Nothing here is decided, and nothing here is a secret. */
export type Reading<Value> = { ok: true; value: Value } | { ok: false; failure: Failure };

export type Failure =
  /** Slack's code, or `unreachable`: see slackTroubleOf in slack/clients.ts. */
  | { of: "slack"; code: string }
  | { of: "cloudflare"; error: CloudflareFailure }
  | { of: "database"; why: string }
  /** No answer before the deadline. */
  | { of: "time" }
  /** The settings that it needs are wrong, or not there. */
  | { of: "settings" }
  | { of: "bug"; why: string };

/** A clock beside ours: milliseconds by which ours is ahead of it. null: no answer said the time. */
export type Skew = number | null;

export interface SlackReading {
  teamId: string;
  team: string;
  /** `https://example.slack.com/` */
  url: string | null;
  enterpriseId: string | null;
  /** Installed for a whole Enterprise organization. */
  isOrgInstall: boolean;
  /** null: Slack named none. */
  scopes: readonly string[] | null;
  latencyMs: number;
}

export interface ApprovalsChannel {
  id: string;
  name: string | null;
  isArchived: boolean;
  isMember: boolean;
  reading: ChannelReading;
}

/** Whom the policy names: `facts` for its rules, `names` for people who read of an id. */
export interface Principals {
  facts: SlackFacts;
  names: ReadonlyMap<string, string>;
  /** Not everybody in the groups was looked up: there are too many. */
  isSample: boolean;
}

/** What a cheap read showed of a permission. `isEmpty`: an empty list, which proves nothing. */
export type Probe = { ok: true; isEmpty: boolean } | { ok: false; failure: Failure };

export interface CloudflareReading {
  /** null: a key, which has no status. */
  token: Reading<TokenStatus> | null;
  /** By the permission that each read needs. */
  probes: ReadonlyMap<string, Probe>;
  /** Of the quickest answer; null: no answer came. */
  latencyMs: number | null;
}

export interface DatabaseReading {
  migrations: Migrations;
  /** PostgreSQL: what the role may not do, and has to. */
  missingRights: readonly string[];
  /** Why nothing can be written; null: it can. */
  writeTrouble: string | null;
  lastVerify: LastVerify | null;
  tail: TailVerdict | null;
  direct: DirectMessages;
}

/** The newest message to one person, and whether Slack took it there; null: there was none so far. */
export type DirectMessages = { at: number; isDelivered: boolean } | null;

export interface MachineReading {
  /** `24.1.0` */
  node: string;
  /** Files that others can read, with the command that ends it. */
  exposed: readonly { what: string; fix: string }[];
}

/** Something wrong with the environment, or with policy.yml, as a sentence that names the setting. */
export interface SettingsProblem {
  what: string;
  where: "environment" | "policy";
}

/** A permission of the Cloudflare token, and the subcommands that need it. null: Cloudflare names none. */
export interface PermissionNeed {
  permission: string | null;
  subcommands: readonly string[];
}

/** Everything that checks go by. */
export interface Readings {
  /** By this machine's clock, epoch milliseconds. */
  now: Reading<number>;
  settings: Reading<readonly SettingsProblem[]>;
  policy: Reading<Policy>;
  /** The policy's `approver_hygiene`; what it is by default where there is no policy. */
  checksApproverRisk: Reading<boolean>;
  /** What the subcommands need of Cloudflare. */
  needs: Reading<readonly PermissionNeed[]>;
  machine: Reading<MachineReading>;
  slack: Reading<SlackReading>;
  slackClock: Reading<Skew>;
  /** "not asked": there is none, or it is in use as this is asked. */
  appToken: Reading<"taken" | "not asked">;
  channel: Reading<ApprovalsChannel>;
  principals: Reading<Principals>;
  cloudflare: Reading<CloudflareReading>;
  cloudflareClock: Reading<Skew>;
  /** The block list that the policy names, or null where Cloudflare has none of this id; "not named": it names none. */
  blockList: Reading<BlockList | null | "not named">;
  /** "none yet": SQLite's file is made at the first start. */
  database: Reading<DatabaseReading | "none yet">;
}

export type Value<Name extends keyof Readings> = Extract<Readings[Name], { ok: true }>["value"];
