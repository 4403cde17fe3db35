import { dirname, resolve } from "node:path";

import { z } from "zod";

import type { RateBudget } from "./api/cloudflare.ts";

/** sysexits.h: the process could not start because its settings are wrong. */
export const EX_CONFIG = 78;

/** Every problem with the settings at once, so that an operator mends them in one go. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: string[];

  constructor(problems: string[]) {
    super(
      `zt-bot cannot start: ${problems.length === 1 ? "one setting is" : `${problems.length} settings are`} wrong.\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

export type AuditForward =
  | { kind: "file"; file: string }
  | { kind: "http"; url: string; token: string | null };

export interface Config {
  slack: {
    botToken: string;
    apiUrl: string;
    mode: { kind: "socket"; appToken: string } | { kind: "http"; signingSecret: string };
  };
  cloudflare: {
    baseUrl: string;
    accountId: string;
    auth: { kind: "token"; token: string } | { kind: "key"; email: string; key: string };
    budget: RateBudget;
  };
  database: { kind: "sqlite"; file: string; directory: string } | { kind: "postgres"; url: string };
  /** Where the record is forwarded to; null when it is not. */
  auditForward: AuditForward | null;
  policyFile: string;
  host: string;
  port: number;
  logLevel: string;
}

// Spaces around a value come with copying. An empty value in .env means "not set", as people leave lines from
// .env.example standing.
function setting<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (typeof value === "string" && value.trim() !== "" ? value.trim() : undefined),
    schema,
  );
}

const optionalText = setting(z.string().optional());
const url = (fallback: string) =>
  setting(z.url({ protocol: /^https?$/, error: "is not an http(s) URL" }).default(fallback));

const Environment = z.object({
  SLACK_BOT_TOKEN: optionalText,
  SLACK_APP_TOKEN: optionalText,
  SLACK_SIGNING_SECRET: optionalText,
  SLACK_API_URL: url("https://slack.com/api/"),
  CLOUDFLARE_API_TOKEN: optionalText,
  CLOUDFLARE_EMAIL: optionalText,
  CLOUDFLARE_API_KEY: optionalText,
  CLOUDFLARE_ACCOUNT_ID: optionalText,
  CLOUDFLARE_RATE_BUDGET: setting(
    z
      .string()
      .regex(/^[1-9]\d{1,5}\/[1-9]\d{0,4}s$/, {
        error: "is not so many calls in so many seconds, such as 1100/300s",
      })
      .default("1100/300s"),
  ),
  CLOUDFLARE_BASE_URL: url("https://api.cloudflare.com/client/v4"),
  DATABASE_URL: setting(z.string().default("file:./data/zt.db")),
  AUDIT_FORWARD: optionalText,
  AUDIT_FORWARD_TOKEN: optionalText,
  ZT_POLICY_FILE: setting(z.string().default("./policy.yml")),
  HOST: setting(z.string().default("127.0.0.1")),
  PORT: setting(
    z
      .string()
      .regex(/^\d+$/, { error: "is not a whole number" })
      .transform(Number)
      .refine((port) => port <= 65_535, { error: "is not a port (0 to 65535)" })
      .default(3000),
  ),
  LOG_LEVEL: setting(
    z
      .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
        error: "is not one of trace, debug, info, warn, error, fatal, silent",
      })
      .default("info"),
  ),
});

const SECRETS = [
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "SLACK_SIGNING_SECRET",
  "CLOUDFLARE_API_TOKEN",
  "CLOUDFLARE_API_KEY",
  "AUDIT_FORWARD_TOKEN",
];

/** The secrets of an environment, for the log to take out: also of settings that are wrong. */
export function listSecrets(env: Record<string, string | undefined>): string[] {
  // What is shorter guards nothing, and taking it out would make the log unreadable.
  return SECRETS.flatMap((name) => env[name]?.trim() ?? []).filter((value) => value.length >= 8);
}

/**
 * Reads the settings from an environment. Values are never repeated in a problem: most of them are secrets.
 * @throws ConfigError with every problem found.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const problems: string[] = [];
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(`${issue.path.join(".")} ${issue.message}`);
    // Go on with what is readable, so that the other problems are found in the same run.
    for (const issue of parsed.error.issues) env = { ...env, [String(issue.path[0])]: undefined };
  }
  const values = parsed.success ? parsed.data : Environment.parse(env);

  const botToken = require(values.SLACK_BOT_TOKEN, "SLACK_BOT_TOKEN", "is missing: the Bot User OAuth Token (xoxb-…) of the Slack app", problems);
  if (botToken !== "" && !botToken.startsWith("xoxb-"))
    problems.push("SLACK_BOT_TOKEN is not a bot token: it should begin with xoxb-");
  else if (botToken === "xoxb-") problems.push("SLACK_BOT_TOKEN is not filled in: nothing follows xoxb-");
  const accountId = require(values.CLOUDFLARE_ACCOUNT_ID, "CLOUDFLARE_ACCOUNT_ID", "is missing: the account's 32 hexadecimal digits", problems);
  if (accountId !== "" && !/^[0-9a-f]{32}$/i.test(accountId))
    problems.push("CLOUDFLARE_ACCOUNT_ID is not 32 hexadecimal digits");

  const config: Config = {
    slack: {
      botToken,
      apiUrl: values.SLACK_API_URL.replace(/\/*$/, "/"),
      mode: readSlackMode(values, problems),
    },
    cloudflare: {
      baseUrl: values.CLOUDFLARE_BASE_URL.replace(/\/+$/, ""),
      accountId,
      auth: readCloudflareAuth(values, problems),
      budget: readBudget(values.CLOUDFLARE_RATE_BUDGET),
    },
    database: readDatabase(values.DATABASE_URL, problems),
    auditForward: readAuditForward(values, problems),
    policyFile: resolve(values.ZT_POLICY_FILE),
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/**
 * Only the settings of the record, for commands that need no others.
 * @throws ConfigError with every problem found in them.
 */
export function readRecordConfig(
  env: Record<string, string | undefined>,
): Pick<Config, "database" | "auditForward"> {
  const problems: string[] = [];
  const { DATABASE_URL, AUDIT_FORWARD, AUDIT_FORWARD_TOKEN } = env;
  const values = Environment.parse({ DATABASE_URL, AUDIT_FORWARD, AUDIT_FORWARD_TOKEN });
  const config = {
    database: readDatabase(values.DATABASE_URL, problems),
    auditForward: readAuditForward(values, problems),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

type Values = z.infer<typeof Environment>;

function require(value: string | undefined, name: string, problem: string, problems: string[]): string {
  if (value !== undefined) return value;
  problems.push(`${name} ${problem}`);
  return "";
}

function readSlackMode(values: Values, problems: string[]): Config["slack"]["mode"] {
  const { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = values;
  if (appToken !== undefined) {
    if (!appToken.startsWith("xapp-"))
      problems.push("SLACK_APP_TOKEN is not an app-level token: it should begin with xapp-");
    else if (appToken === "xapp-")
      problems.push("SLACK_APP_TOKEN is not filled in: nothing follows xapp- (leave it empty for HTTP)");
    return { kind: "socket", appToken };
  }
  if (signingSecret === undefined) {
    problems.push("SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP) is missing: set one of them");
  }
  return { kind: "http", signingSecret: signingSecret ?? "" };
}

function readCloudflareAuth(values: Values, problems: string[]): Config["cloudflare"]["auth"] {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_EMAIL: email, CLOUDFLARE_API_KEY: key } = values;
  if (token !== undefined) {
    if (email !== undefined || key !== undefined) {
      problems.push(
        "CLOUDFLARE_API_TOKEN is set together with CLOUDFLARE_EMAIL or CLOUDFLARE_API_KEY: set one way to sign in, not both",
      );
    }
    return { kind: "token", token };
  }
  if (email === undefined && key === undefined) {
    problems.push("CLOUDFLARE_API_TOKEN is missing (or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY)");
  } else if (email === undefined) {
    problems.push("CLOUDFLARE_EMAIL is missing: CLOUDFLARE_API_KEY needs it");
  } else if (key === undefined) {
    problems.push("CLOUDFLARE_API_KEY is missing: CLOUDFLARE_EMAIL needs it");
  }
  return { kind: "key", email: email ?? "", key: key ?? "" };
}

/** `1100/300s`. At most 200 of the calls, and never more than a fifth, are kept from bulk work. */
function readBudget(value: string): RateBudget {
  const [requests = 0, seconds = 0] = value.split("/").map((part) => Number.parseInt(part, 10));
  return { requests, windowMs: seconds * 1000, reserve: Math.min(200, Math.floor(requests / 5)) };
}

function readDatabase(value: string, problems: string[]): Config["database"] {
  if (/^postgres(ql)?:\/\//.test(value)) return { kind: "postgres", url: value };
  if (value.startsWith("file:") && value.length > "file:".length) {
    const file = resolve(value.slice("file:".length).replace(/^\/\/(?=\/)/, ""));
    return { kind: "sqlite", file, directory: dirname(file) };
  }
  problems.push("DATABASE_URL is neither file:<path> nor postgres://<…>");
  return { kind: "sqlite", file: "", directory: "" };
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** `file:/path` or `https://…`; `http://` only to this very machine, as the record holds personal data. */
function readAuditForward(values: Values, problems: string[]): AuditForward | null {
  const { AUDIT_FORWARD: to, AUDIT_FORWARD_TOKEN: token } = values;
  if (to === undefined) {
    if (token !== undefined) problems.push("AUDIT_FORWARD is missing: AUDIT_FORWARD_TOKEN needs it");
    return null;
  }
  if (to.startsWith("file:") && to.length > "file:".length)
    return { kind: "file", file: resolve(to.slice("file:".length).replace(/^\/\/(?=\/)/, "")) };
  const parsed = URL.parse(to);
  const isSafe =
    parsed?.protocol === "https:" || (parsed?.protocol === "http:" && LOOPBACK.has(parsed.hostname));
  if (parsed === null || !isSafe)
    problems.push("AUDIT_FORWARD is neither file:<path> nor https://<…> (http:// only to this machine)");
  else if (parsed.username !== "" || parsed.password !== "")
    problems.push("AUDIT_FORWARD holds a user or a password: use AUDIT_FORWARD_TOKEN instead");
  return { kind: "http", url: to, token: token ?? null };
}
