import { hash } from "node:crypto";
import { readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import { ConfigError } from "./config.ts";
import type { Log } from "./log/log.ts";
import type { BlockPolicy } from "./lookup/block-list.ts";
import { GAP_KINDS, type GapKind } from "./incidents/gaps.ts";
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

const Approvers = Principals.nonempty({ error: "is empty: no one could approve" });

const NO_QUORUM = "is not a number of people from 1 to 10";
const Quorum = z.int({ error: NO_QUORUM }).min(1, { error: NO_QUORUM }).max(10, { error: NO_QUORUM });

const NO_DOMAIN = "is not a domain such as example.com";
const Domain = z
  .string({ error: NO_DOMAIN })
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, { error: NO_DOMAIN })
  .transform((domain) => domain.toLowerCase());
const NO_GROUP = "is not a Slack user-group id (S…)";
const Group = z.string({ error: NO_GROUP }).regex(/^S[A-Z0-9]{2,}$/, { error: NO_GROUP });

/** How approvers hear of a request, beside its card. */
const NOTIFY_WAYS = ["dm", "mention", "none"] as const;
export type NotifyApprovers = (typeof NOTIFY_WAYS)[number];
const Notify = z.enum(NOTIFY_WAYS, { error: `is not one of ${NOTIFY_WAYS.join(", ")}` });

/** Slack shows 75 characters of a menu's option, and 100 options. */
const MAX_CANNED_REASON = 75;
const MAX_REASONS = 100;
const Reason = z
  .string({ error: "is not text" })
  .trim()
  .min(1, { error: "is empty" })
  .max(MAX_CANNED_REASON, { error: `is longer than ${MAX_CANNED_REASON} characters` });
const Reasons = z
  .array(Reason)
  .max(MAX_REASONS, { error: `has more than ${MAX_REASONS} entries` })
  .refine((reasons) => new Set(reasons).size === reasons.length, { error: "names a reason twice" });

const ActionPolicy = z.strictObject({
  approvers: Approvers.optional(),
  quorum: Quorum.optional(),
  quorum_by_risk: optional(z.partialRecord(z.enum(["low", "medium", "high"]), Quorum).default({})),
  ttl: Duration.optional(),
  remind_after: Duration.or(z.literal(false, { error: `${NO_DURATION}, or false` })).optional(),
  require_reason: z.boolean().optional(),
  notify_approvers: Notify.optional(),
  approval_max_age: Duration.optional(),
  escalate: z
    .strictObject({ after: Duration, to: Principals.nonempty({ error: "is empty: no one would be asked" }) })
    .optional(),
});

const Protected = z.strictObject({
  emails: optional(z.array(z.email({ error: "is not an email address" })).default([])),
  domains: optional(z.array(Domain).default([])),
  groups: optional(z.array(Group).default([])),
  quorum: optional(Quorum.default(2)),
});

const NO_LIST = "is not the id of a Zero Trust list: its address in the dashboard ends with it";
const Block = z.strictObject({
  email_list: z
    .string({ error: NO_LIST })
    .regex(/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, { error: NO_LIST }),
  enforced_by: optional(
    z.enum(["gateway", "access"], { error: "is neither gateway nor access" }).default("gateway"),
  ),
});

const BreakGlass = z.strictObject({
  members: Principals.nonempty({ error: "is empty: leave break_glass out to have none" }),
  notify: Principals.nonempty({ error: "is empty: someone has to be told at once" }),
  // What can't be undone one person does alone only where the policy names it.
  actions: optional(z.array(z.enum(ACTION_NAMES)).default(["revoke", "revoke-devices"])),
});

const DEFAULT_REQUIRED: GapKind[] = ["back", "sessions"];

const Incidents = z.strictObject({
  visible_to: Principals.nonempty({ error: "is empty: no one could read incidents" }).optional(),
  required: optional(
    z
      .array(z.enum(GAP_KINDS, { error: `is none of the gaps: ${GAP_KINDS.join(", ")}` }))
      .default(DEFAULT_REQUIRED),
  ),
});

const NO_WATCH = `${NO_DURATION}, or off; 24h at most`;
const Watch = z.strictObject({
  after_revoke: optional(
    Duration.refine((ms) => ms <= 24 * 60 * MINUTE, { error: NO_WATCH })
      .or(z.literal(["off", false], { error: NO_WATCH }))
      .default(60 * MINUTE),
  ),
});

/** What may be listed under step_up: an action's name, or acting alone whatever the action. */
const STEP_UPS = [...ACTION_NAMES, "break-glass"] as const;
type StepUpName = (typeof STEP_UPS)[number];

const PolicyFile = z
  .strictObject({
    channels: z.strictObject({ approvals: Channel, incidents: optional(Channel.optional()) }),
    operators: Principals.nonempty({ error: "is empty: no one could use the bot" }),
    viewers: optional(Principals.default([])),
    approvers: Approvers,
    quorum: optional(Quorum.default(1)),
    approval_max_age: optional(Duration.default(24 * 60 * MINUTE)),
    notify_approvers: optional(Notify.default("none")),
    reasons: optional(Reasons.default([])),
    approver_hygiene: optional(z.boolean().default(true)),
    legacy_device_revoke: optional(z.boolean().default(false)),
    actions: optional(z.partialRecord(z.enum(ACTION_NAMES), optional(ActionPolicy.optional())).default({})),
    protected: optional(Protected.optional()),
    block: optional(Block.optional()),
    break_glass: optional(BreakGlass.optional()),
    incidents: optional(Incidents.default({ required: DEFAULT_REQUIRED })),
    watch: optional(Watch.optional()),
    step_up: optional(
      z
        .array(
          z.enum(STEP_UPS, {
            error: `is none of the actions that can ask for a code: ${STEP_UPS.join(", ")}`,
          }),
        )
        .default([]),
    ),
  })
  .superRefine(({ actions, incidents, block }, context) => {
    if (incidents.required.includes("block") && block === undefined)
      context.addIssue({
        code: "custom",
        path: ["incidents", "required"],
        message: "names block, and there is no block.email_list: no one would ever be contained",
      });
    for (const [name, action] of Object.entries(actions)) {
      const { escalate, ttl = DEFAULT_TTL_MS } = action ?? {};
      if (escalate === undefined || escalate.after < ttl) continue;
      context.addIssue({
        code: "custom",
        path: ["actions", name, "escalate", "after"],
        message: "is not before the request expires (ttl): no one would ever be asked",
      });
    }
  });

const DEFAULT_TTL_MS = 60 * MINUTE;
const DEFAULT_REMIND_MS = 10 * MINUTE;

/** The rules of one action. */
export interface ActionRules {
  /** Slack user ids and user-group ids. */
  approvers: readonly string[];
  /** How many of them have to agree. */
  quorum: number;
  /** Instead, for a target of this risk level. */
  quorumByRisk: Readonly<Partial<Record<"low" | "medium" | "high", number>>>;
  /** How long a request waits. */
  ttlMs: number;
  /** Who has not answered is mentioned after this time, and then ever less often; null: never. */
  remindAfterMs: number | null;
  requireReason: boolean;
  /** How approvers hear of a request, beside its card. */
  notifyApprovers: NotifyApprovers;
  /** An approval older than this no longer counts. */
  approvalMaxAgeMs: number;
  /** Who may approve as well when no one has decided for so long. */
  escalate: { afterMs: number; to: readonly string[] } | null;
}

/** Who may do what. No one may do anything that is not written there. */
export interface Policy {
  approvalsChannel: string;
  /** Slack user ids and user-group ids. */
  operators: readonly string[];
  /** May look, and not ask for anything. */
  viewers: readonly string[];
  /** Of actions that name none of their own. */
  approvers: readonly string[];
  /** Ready-made reasons that forms offer beside free text. */
  reasons: readonly string[];
  /** Approvers who are at risk themselves, or were revoked within a day, do not decide. */
  checksApproverRisk: boolean;
  /** Revoke devices by the deprecated call, for accounts that have only that. */
  legacyDeviceRevoke: boolean;
  /** The list that keeps people out; null: none is set up. */
  block: BlockPolicy | null;
  /** Of whom more approvers have to be sure, in lower case; `groups` are Slack's. null: no one is. */
  protected: {
    emails: readonly string[];
    domains: readonly string[];
    groups: readonly string[];
    quorum: number;
  } | null;
  incidents: {
    /** Where they are posted; null: in the channel they are opened from. */
    channel: string | null;
    /** Who may read them, of those who may look people up: Slack user and user-group ids. null: all of them. */
    visibleTo: readonly string[] | null;
    /** The gaps that have to be closed before an incident counts as contained. */
    required: readonly GapKind[];
  };
  /** Who may act alone, who is told at once, and for which actions. null: off. */
  breakGlass: {
    members: readonly string[];
    notify: readonly string[];
    actions: readonly ActionName[];
  } | null;
  /** How long someone whose access was taken away is watched; null: not at all. */
  watch: { afterRevokeMs: number | null };
  /** What is only approved with a code from the approver's authenticator; `break-glass`: whatever one does alone. */
  stepUp: ReadonlySet<StepUpName>;
  /** Everyone who approves anything, now or after an escalation. */
  allApprovers: readonly string[];
  action(name: ActionName): ActionRules;
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
  return toPolicy(result.data);
}

function toPolicy(file: z.output<typeof PolicyFile>): Policy {
  const { channels, operators, viewers, approvers, actions, protected: shielded, break_glass: alone } = file;
  return {
    approvalsChannel: channels.approvals,
    operators,
    viewers,
    approvers,
    reasons: file.reasons,
    checksApproverRisk: file.approver_hygiene,
    legacyDeviceRevoke: file.legacy_device_revoke,
    block:
      file.block === undefined
        ? null
        : { emailList: file.block.email_list, enforcedBy: file.block.enforced_by },
    protected:
      shielded === undefined
        ? null
        : { ...shielded, emails: shielded.emails.map((email) => email.toLowerCase()) },
    allApprovers: [
      ...new Set([
        ...approvers,
        ...Object.values(actions).flatMap((own) => [...(own?.approvers ?? []), ...(own?.escalate?.to ?? [])]),
      ]),
    ],
    incidents: {
      channel: channels.incidents ?? null,
      visibleTo: file.incidents.visible_to ?? null,
      required: file.incidents.required,
    },
    breakGlass: alone ?? null,
    watch: { afterRevokeMs: watchMsOf(file.watch?.after_revoke) },
    stepUp: new Set(file.step_up),
    action(name) {
      const own = actions[name];
      const escalate = own?.escalate;
      const remindAfter = own?.remind_after ?? DEFAULT_REMIND_MS;
      return {
        approvers: own?.approvers ?? approvers,
        quorum: own?.quorum ?? file.quorum,
        quorumByRisk: own?.quorum_by_risk ?? {},
        ttlMs: own?.ttl ?? DEFAULT_TTL_MS,
        remindAfterMs: remindAfter === false ? null : remindAfter,
        requireReason: own?.require_reason ?? true,
        notifyApprovers: own?.notify_approvers ?? file.notify_approvers,
        approvalMaxAgeMs: own?.approval_max_age ?? file.approval_max_age,
        escalate: escalate === undefined ? null : { afterMs: escalate.after, to: escalate.to },
      };
    },
  };
}

function watchMsOf(typed: number | "off" | false | undefined): number | null {
  if (typed === undefined) return 60 * MINUTE;
  return typeof typed === "number" ? typed : null;
}

/** Zod's finding in words for the author of the file. */
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
  /**
   * Reads the file again. A broken one, and one in which `check` finds problems, keeps the old policy in force and says
   * so in the log.
   * @returns the problems; none when it is in force.
   */
  reload(log: Log, check?: (next: Policy) => Promise<readonly string[]>): Promise<readonly string[]>;
}

/** @throws ConfigError when the file can't be read at start, or asks for codes and there is no STEP_UP_KEY. */
export function openPolicy(
  file: string,
  { hasStepUpKey = false }: { hasStepUpKey?: boolean } = {},
): PolicySource {
  let inForce = readPolicy(file, hasStepUpKey);
  return {
    current: () => inForce.policy,
    hash: () => inForce.hash,
    async reload(log, check) {
      try {
        const next = readPolicy(file, hasStepUpKey);
        const problems = check === undefined ? [] : await check(next.policy);
        if (problems.length > 0) throw new ConfigError([...problems]);
        inForce = next;
        log.info({ file, policyHash: inForce.hash }, "policy reloaded");
        return [];
      } catch (error) {
        log.error({ err: error, file }, "policy not reloaded: the old one stays in force");
        return error instanceof ConfigError ? error.problems : [String(error)];
      }
    },
  };
}

function readPolicy(file: string, hasStepUpKey: boolean): { policy: Policy; hash: string } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([
      `ZT_POLICY_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}): copy policy.example.yml and fill it in`,
    ]);
  }
  const policy = parsePolicy(text, file);
  if (policy.stepUp.size > 0 && !hasStepUpKey) {
    throw new ConfigError([
      `STEP_UP_KEY is missing: ${file} asks for codes (step_up), and their secrets are kept under this key. Make one with: openssl rand -base64 32`,
    ]);
  }
  return { policy, hash: hash("sha256", text) };
}
