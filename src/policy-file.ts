import { readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import { ConfigError } from "./config.ts";
import type { Log } from "./log.ts";
import { ACTION_NAMES, type ActionName } from "./requests/plan.ts";

const MINUTE = 60_000;
const UNITS = { s: 1000, m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE };

/** `90s`, `30m`, `4h`, `2d` in milliseconds. */
const Duration = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhd]$/, { error: "is not a duration such as 30m, 4h or 2d" })
  .transform((text) => Number(text.slice(0, -1)) * UNITS[text.slice(-1) as keyof typeof UNITS]);
const Channel = z.string().regex(/^[CG][A-Z0-9]{2,}$/, {
  error: "is not a channel id (C…): copy it from the channel's details in Slack",
});
const Principals = z.array(
  z.string().regex(/^[UWS][A-Z0-9]{2,}$/, { error: "is not a Slack user id (U…) or user-group id (S…)" }),
);

const ActionPolicy = z.strictObject({
  approvers: Principals.nonempty({ error: "is empty: nobody could approve" }).optional(),
  ttl: Duration.optional(),
  require_reason: z.boolean().optional(),
});

const PolicyFile = z.strictObject({
  channels: z.strictObject({ approvals: Channel }),
  operators: Principals.nonempty({ error: "is empty: nobody could use the bot" }),
  viewers: Principals.default([]),
  approvers: Principals.nonempty({ error: "is empty: nobody could approve" }),
  legacy_device_revoke: z.boolean().default(false),
  actions: z.partialRecord(z.enum(ACTION_NAMES), ActionPolicy).default({}),
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
  const result = PolicyFile.safeParse(data);
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map(
        (issue) => `${file}: ${issue.path.join(".") || "the file"} ${lowerFirst(issue.message)}`,
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

export interface PolicySource {
  /** The policy in force: ask again at every click. */
  current(): Policy;
  /** Reads the file again; a broken one keeps the old policy in force and says so in the log. */
  reload(log: Log): void;
}

/** @throws ConfigError when the file can't be read at start. */
export function openPolicy(file: string): PolicySource {
  let policy = readPolicy(file);
  return {
    current: () => policy,
    reload(log) {
      try {
        policy = readPolicy(file);
        log.info({ file }, "policy reloaded");
      } catch (error) {
        log.error({ err: error, file }, "policy not reloaded: the old one stays in force");
      }
    },
  };
}

function readPolicy(file: string): Policy {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([
      `ZT_POLICY_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}): copy policy.example.yml and fill it in`,
    ]);
  }
  return parsePolicy(text, file);
}
