import { hash } from "node:crypto";
import { readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import { ConfigError } from "./config.ts";
import type { Log } from "./log.ts";
import { ACTION_NAMES, type ActionName } from "./requests/plan.ts";

const MINUTE = 60_000;
const UNITS = { s: 1000, m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE };

const NO_DURATION = "is not a duration such as 30m, 4h or 2d";
/** `90s`, `30m`, `4h`, `2d` in milliseconds. */
const Duration = z
  .string({ error: NO_DURATION })
  .regex(/^[1-9]\d{0,4}[smhd]$/, { error: NO_DURATION })
  .transform((text) => Number(text.slice(0, -1)) * UNITS[text.slice(-1) as keyof typeof UNITS]);
const NO_CHANNEL = "is not a channel id (C…): copy it from the channel's details in Slack";
const Channel = z.string({ error: NO_CHANNEL }).regex(/^[CG][A-Z0-9]{2,}$/, { error: NO_CHANNEL });
const NO_PRINCIPAL = "is not a Slack user id (U…) or user-group id (S…)";
const Principals = z.array(
  z.string({ error: NO_PRINCIPAL }).regex(/^[UWS][A-Z0-9]{2,}$/, { error: NO_PRINCIPAL }),
);

/** A heading with nothing under it is null in YAML: for people, all of its lines are commented out. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => value ?? undefined, schema);
}

const ActionPolicy = z.strictObject({
  approvers: Principals.nonempty({ error: "is empty: nobody could approve" }).optional(),
  ttl: Duration.optional(),
  require_reason: z.boolean().optional(),
});

const PolicyFile = z.strictObject({
  channels: z.strictObject({ approvals: Channel }),
  operators: Principals.nonempty({ error: "is empty: nobody could use the bot" }),
  viewers: optional(Principals.default([])),
  approvers: Principals.nonempty({ error: "is empty: nobody could approve" }),
  legacy_device_revoke: optional(z.boolean().default(false)),
  actions: optional(z.partialRecord(z.enum(ACTION_NAMES), optional(ActionPolicy.default({}))).default({})),
});

/** Who may do what. Nobody may do anything that is not written there. */
export interface Policy {
  approvalsChannel: string;
  /** Slack user ids and user-group ids. */
  operators: readonly string[];
  /** May look, and not ask for anything. */
  viewers: readonly string[];
  /** Of actions that name none of their own. */
  approvers: readonly string[];
  /** Revoke devices by the deprecated call, for accounts that have only that. */
  legacyDeviceRevoke: boolean;
  action(name: ActionName): { approvers: readonly string[]; ttlMs: number; requireReason: boolean };
}

/**
 * Reads policy.yml.
 * @throws ConfigError with every problem found, each with its place in the file.
 */
export function parsePolicy(text: string, file: string): Policy {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new ConfigError([
      `${file} is not YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`,
    ]);
  }
  const result = PolicyFile.safeParse(data, { reportInput: true });
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map(
        (issue) => `${file}: ${issue.path.join(".") || "the file"} ${describeIssue(issue)}`,
      ),
    );
  }
  const { channels, operators, viewers, approvers, actions } = result.data;
  return {
    approvalsChannel: channels.approvals,
    operators,
    viewers,
    approvers,
    legacyDeviceRevoke: result.data.legacy_device_revoke,
    action: (name) => ({
      approvers: actions[name]?.approvers ?? approvers,
      ttlMs: actions[name]?.ttl ?? 60 * MINUTE,
      requireReason: actions[name]?.require_reason ?? true,
    }),
  };
}

/** Zod's finding in words for whoever writes the file. */
function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `has ${issue.keys.length === 1 ? "an unknown name" : "unknown names"}: ${issue.keys.join(", ")}`;
    case "invalid_type":
      if (!issue.message.startsWith("Invalid input")) return issue.message;
      if (issue.input === undefined || issue.input === null)
        return issue.path.length === 0 ? "is empty" : "is missing";
      return EXPECTED[issue.expected] ?? "is not what is expected there";
    default:
      return issue.message;
  }
}

const EXPECTED: Partial<Record<string, string>> = {
  array: "is not a list",
  boolean: "is neither true nor false",
  object: "is not a list of names and values",
  record: "is not a list of names and values",
};

export interface PolicySource {
  /** The policy in force: ask again at every click. */
  current(): Policy;
  /** SHA-256, in hexadecimal, of the text of the file in force: what was allowed when can be proved later. */
  hash(): string;
  /** Reads the file again; a broken one keeps the old policy in force and says so in the log. */
  reload(log: Log): void;
}

/** @throws ConfigError when the file can't be read at start. */
export function openPolicy(file: string): PolicySource {
  let inForce = readPolicy(file);
  return {
    current: () => inForce.policy,
    hash: () => inForce.hash,
    reload(log) {
      try {
        inForce = readPolicy(file);
        log.info({ file, policyHash: inForce.hash }, "policy reloaded");
      } catch (error) {
        log.error({ err: error, file }, "policy not reloaded: the old one stays in force");
      }
    },
  };
}

function readPolicy(file: string): { policy: Policy; hash: string } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([
      `ZT_POLICY_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}): copy policy.example.yml and fill it in`,
    ]);
  }
  return { policy: parsePolicy(text, file), hash: hash("sha256", text) };
}
