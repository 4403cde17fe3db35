import { createSecretKey, type KeyObject } from "node:crypto";
import { dirname, join, resolve } from "node:path";

import { z } from "zod";

import type { RateBudget } from "./api/cloudflare.ts";
import { compact } from "./compact.ts";

/** sysexits.h: the process could not start because its settings are wrong. */
export const EX_CONFIG = 78;

/** Every problem with the settings at once, so that an operator fixes them in one go. */
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

/** Where the key comes from that signs the record: set as it is, or in a file. */
export interface AuditSigning {
  key: string | null;
  file: string | null;
  /** Nobody named the file: it stands beside the database's folder. */
  isUsual: boolean;
}

export interface Config {
  slack: {
    botToken: string;
    apiUrl: string;
    /** Messages into one channel. */
    postsPerSecond: number;
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
  auditSigning: AuditSigning;
  /** How far that copy may be behind before nothing is done any more; null: however far. */
  auditForwardLag: { rows: number; ms: number } | null;
  /** Under which the secrets of authenticators are sealed; null: nobody can set one up. */
  stepUpKey: KeyObject | null;
  policyFile: string;
  host: string;
  port: number;
  /** Where Prometheus scrapes; null: nowhere. */
  metrics: { host: string; port: number } | null;
  /** Where traces are sent; null: nowhere. */
  traces: TraceSettings | null;
  logLevel: string;
}

export interface TraceSettings {
  /** The collector's `/v1/traces`. */
  url: string;
  headers: Readonly<Record<string, string>>;
  serviceName: string;
  /** Of the resource. */
  attributes: Readonly<Record<string, string>>;
  /** The part of all traces that is sent, 0 to 1. */
  ratio: number;
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
/** One of Slack's tokens, by what it begins with. */
const slackToken = (prefix: string, kind: string, missing: string, hint = "") =>
  z
    .string({ error: `is missing: ${missing}` })
    .startsWith(prefix, { error: `is not ${kind} token: it should begin with ${prefix}`, abort: true })
    .refine((text) => text !== prefix, { error: `is not filled in: nothing follows ${prefix}${hint}` });

/** `1100/300s`. At most 200 of the calls, and never more than a fifth, are kept from bulk work. */
function toBudget(value: string): RateBudget {
  const [requests = 0, seconds = 0] = value.split("/").map((part) => Number.parseInt(part, 10));
  return {
    requests,
    windowMs: seconds * 1000,
    reserve: Math.min(200, Math.floor(requests / 5)),
    urgent: Math.min(50, Math.floor(requests / 20)),
  };
}

/** `500/30s`. */
function toLag(value: string): { rows: number; ms: number } {
  const [rows = 0, seconds = 0] = value.split("/").map((part) => Number.parseInt(part, 10));
  return { rows, ms: seconds * 1000 };
}

/** The path in `file:path` or `file:///path`; null for anything else. */
function toPath(value: string): string | null {
  const path = /^file:(?:\/\/(?=\/))?(.+)$/s.exec(value)?.[1];
  return path === undefined ? null : resolve(path);
}

const POSTGRES = /^postgres(?:ql)?:\/\//;
/** `user:password@`, a host with its port, a database and parameters; a character out of place fits none of them. */
const POSTGRES_URL =
  /^postgres(?:ql)?:\/\/(?:[^\s@/?#]*@)?[^\s@/?#]*(?:\/[^\s@/?#]*)?(?:\?(?:[^\s@?#=&]+=[^\s@?#&]*(?:&|$))*)?$/;

/**
 * What is wrong with PostgreSQL's URL, or null. A password with one of the characters that have a meaning in a URL would
 * otherwise be cut in two: the half of it that is taken for a host or a database ends up in errors and in the log.
 */
function findUrlProblem(url: string): string | null {
  if (!POSTGRES_URL.test(url) || !canDecode(url))
    return "holds a character that has a meaning in a URL: in the user and the password write @ as %40, / as %2F, ? as %3F, # as %23, % as %25 and a space as %20";
  // Without a host it is a socket's, as in postgres://user@/database?host=/run/postgresql.
  return URL.canParse(url.replace(/(?<=\/\/|@)(?=[/?]|$)/, "localhost"))
    ? null
    : "is not postgres://user:password@host:port/database, with one host";
}

function canDecode(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** What can't be decoded was told as a problem. */
function decodeOr(text: string): string {
  return canDecode(text) ? decodeURIComponent(text) : text;
}

const Database = z.string().transform((value, context): Config["database"] => {
  if (POSTGRES.test(value)) {
    const problem = findUrlProblem(value);
    if (problem !== null) context.addIssue(problem);
    return { kind: "postgres", url: value };
  }
  const file = toPath(value);
  if (file !== null) return { kind: "sqlite", file, directory: dirname(file) };
  context.addIssue("is neither file:<path> nor postgres://<…>");
  return z.NEVER;
});

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** `file:/path` or `https://…`; `http://` only to this very machine, as the record holds personal data. */
const ForwardTo = z.string().transform((value, context) => {
  const file = toPath(value);
  if (file !== null) return { kind: "file" as const, file };
  const { protocol, hostname = "", username, password } = URL.parse(value) ?? {};
  if (protocol !== "https:" && !(protocol === "http:" && LOOPBACK.has(hostname)))
    context.addIssue("is neither file:<path> nor https://<…> (http:// only to this machine)");
  else if (username !== "" || password !== "")
    context.addIssue("holds a user or a password: use AUDIT_FORWARD_TOKEN instead");
  return { kind: "http" as const, url: value };
});

const NO_KEY = "is not 32 bytes as base64: make one with openssl rand -base64 32";
const StepUpKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, { error: NO_KEY })
  .transform((text) => createSecretKey(Buffer.from(text, "base64")));

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const Port = z
  .string()
  .regex(/^\d+$/, { error: "is not a whole number" })
  .transform(Number)
  .refine((port) => port <= 65_535, { error: "is not a port (0 to 65535)" });

/** `key=value,key=value`, percent-encoded, as OpenTelemetry writes headers and attributes. */
const KeyValues = z.string().transform((text, context) => {
  const pairs = text.split(",").map((pair) => /^\s*([^=\s]+)\s*=(.*)$/s.exec(pair));
  if (!pairs.every((pair) => pair !== null && canDecode(pair[2] ?? "")))
    context.addIssue("is not key=value,key=value with values percent-encoded");
  return Object.fromEntries(
    pairs.map((pair) => [pair?.[1] ?? "", decodeOr(pair?.[2]?.trim() ?? "")] as const),
  );
});

const SAMPLERS = ["always_on", "always_off", "traceidratio"] as const;

const RecordEnvironment = z.object({
  DATABASE_URL: setting(z.string().default("file:./data/zt.db").pipe(Database)),
  AUDIT_FORWARD: setting(ForwardTo.optional()),
  AUDIT_FORWARD_TOKEN: optionalText,
  AUDIT_SIGNING_KEY: setting(
    z
      .string()
      .regex(/^PRIVATE\+KEY\+/, {
        error: "is not a signing key (PRIVATE+KEY+…): npm run audit -- make-key makes one",
      })
      .optional(),
  ),
  AUDIT_SIGNING_KEY_FILE: optionalText,
});

const OwnerEnvironment = RecordEnvironment.extend({
  MIGRATION_DATABASE_URL: setting(
    z.string().regex(POSTGRES, { error: "is not postgres://<…>", abort: true }).pipe(Database).optional(),
  ),
  MIGRATION_GRANT_TO: optionalText,
});

const Environment = RecordEnvironment.extend({
  SLACK_BOT_TOKEN: setting(
    slackToken("xoxb-", "a bot", "the Bot User OAuth Token (xoxb-…) of the Slack app"),
  ),
  SLACK_APP_TOKEN: setting(slackToken("xapp-", "an app-level", "", " (leave it empty for HTTP)").optional()),
  SLACK_SIGNING_SECRET: optionalText,
  SLACK_API_URL: url("https://slack.com/api/"),
  SLACK_POSTS_PER_SECOND: setting(
    z.coerce
      .number({ error: "is no number" })
      .min(0.05, "is less than 0.05")
      .max(1000, "is more than 1000")
      .default(1),
  ),
  CLOUDFLARE_API_TOKEN: optionalText,
  CLOUDFLARE_EMAIL: optionalText,
  CLOUDFLARE_API_KEY: optionalText,
  CLOUDFLARE_ACCOUNT_ID: setting(
    z
      .string({ error: "is missing: the account's 32 hexadecimal digits" })
      .regex(/^[0-9a-f]{32}$/i, { error: "is not 32 hexadecimal digits" }),
  ),
  CLOUDFLARE_RATE_BUDGET: setting(
    z
      .string()
      .regex(/^[1-9]\d{1,5}\/[1-9]\d{0,4}s$/, {
        error: "is not so many calls in so many seconds, such as 1100/300s",
      })
      .default("1100/300s"),
  ),
  AUDIT_FORWARD_REQUIRED: setting(
    z
      .enum(["true", "false"], { error: "is neither true nor false" })
      .default("false")
      .transform((text) => text === "true"),
  ),
  AUDIT_FORWARD_MAX_LAG: setting(
    z
      .string()
      // The forwarder looks once a second: less than a few would hold calls back in ordinary operation.
      .regex(/^[1-9]\d{0,6}\/(?:[5-9]|[1-9]\d{1,4})s$/, {
        error: "is not so many rows or so many seconds, at least 5, such as 500/30s",
      })
      .default("500/30s"),
  ),
  CLOUDFLARE_BASE_URL: url("https://api.cloudflare.com/client/v4"),
  STEP_UP_KEY: setting(StepUpKey.optional()),
  ZT_POLICY_FILE: setting(z.string().default("./policy.yml")),
  HOST: setting(z.string().default("127.0.0.1")),
  PORT: setting(Port.default(3000)),
  METRICS_HOST: setting(z.string().default("127.0.0.1")),
  METRICS_PORT: setting(Port.optional()),
  // As OpenTelemetry names them.
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(
    z
      .url({ protocol: /^https?$/, error: "is not an http(s) URL", abort: true })
      .refine((text) => {
        const { username, password } = new URL(text);
        return username === "" && password === "";
      }, "holds a user or a password: use OTEL_EXPORTER_OTLP_HEADERS instead")
      .optional(),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: setting(KeyValues.optional()),
  OTEL_EXPORTER_OTLP_PROTOCOL: setting(
    z.enum(["http/json"], { error: "is not http/json, which is what zt-bot speaks" }).default("http/json"),
  ),
  OTEL_SERVICE_NAME: optionalText,
  OTEL_RESOURCE_ATTRIBUTES: setting(KeyValues.optional()),
  OTEL_TRACES_SAMPLER: setting(
    z
      .string()
      // No trace comes from elsewhere, so that there is no parent to go by.
      .transform((text) => text.replace(/^parentbased_/, ""))
      .pipe(z.enum(SAMPLERS, { error: `is not one of ${SAMPLERS.join(", ")} (also after parentbased_)` }))
      .default("always_on"),
  ),
  OTEL_TRACES_SAMPLER_ARG: setting(
    z.coerce.number({ error: "is no number" }).min(0, "is less than 0").max(1, "is more than 1").default(1),
  ),
  LOG_LEVEL: setting(z.enum(LEVELS, { error: `is not one of ${LEVELS.join(", ")}` }).default("info")),
});

const SECRETS = [
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "SLACK_SIGNING_SECRET",
  "CLOUDFLARE_API_TOKEN",
  "CLOUDFLARE_API_KEY",
  "AUDIT_FORWARD_TOKEN",
  "AUDIT_SIGNING_KEY",
  "STEP_UP_KEY",
  "OTEL_EXPORTER_OTLP_HEADERS",
];

/** The secrets of an environment, for the log to take out: also of settings that are wrong. */
export function listSecrets(env: Env): string[] {
  // Each header's value, as it is written and as it is sent.
  const headers = (env["OTEL_EXPORTER_OTLP_HEADERS"] ?? "")
    .split(",")
    .map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  const passwords = ["DATABASE_URL", "MIGRATION_DATABASE_URL"].flatMap((name) => listPasswords(env[name]));
  // What is shorter guards nothing, and taking it out would make the log unreadable.
  return [
    ...SECRETS.flatMap((name) => env[name]?.trim() ?? []),
    ...headers,
    ...headers.map(decodeOr),
    ...passwords,
  ].filter((value) => value.length >= 8);
}

/** The password in a database's URL, as it is written and as it is meant, also where it was written wrongly. */
function listPasswords(url = ""): string[] {
  const [, written] = /^\w+:\/\/[^:]*:(.*)@/s.exec(url) ?? [];
  const parameter = URL.parse(url)?.searchParams.get("password");
  const known = compact(written, parameter);
  return known.flatMap((password) =>
    canDecode(password) ? [password, decodeURIComponent(password)] : password,
  );
}

type Env = Record<string, string | undefined>;

function has(env: Env, name: string): boolean {
  return (env[name] ?? "").trim() !== "";
}

/** What is wrong with settings together, by which of them are set. */
function findConflicts(env: Env): string[] {
  const token = has(env, "CLOUDFLARE_API_TOKEN");
  const email = has(env, "CLOUDFLARE_EMAIL");
  const key = has(env, "CLOUDFLARE_API_KEY");
  return compact(
    !has(env, "SLACK_APP_TOKEN") &&
      !has(env, "SLACK_SIGNING_SECRET") &&
      "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP) is missing: set one of them",
    has(env, "METRICS_HOST") && !has(env, "METRICS_PORT") && "METRICS_PORT is missing: METRICS_HOST needs it",
    // 0 is any port, a new one each time.
    has(env, "METRICS_PORT") &&
      env["METRICS_PORT"]?.trim() !== "0" &&
      env["METRICS_PORT"]?.trim() === (env["PORT"]?.trim() || "3000") &&
      "METRICS_PORT is the same as PORT: give metrics a port of their own",
    token &&
      (email || key) &&
      "CLOUDFLARE_API_TOKEN is set together with CLOUDFLARE_EMAIL or CLOUDFLARE_API_KEY: set one way to sign in, not both",
    !(token || email || key) &&
      "CLOUDFLARE_API_TOKEN is missing (or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY)",
    !token && !email && key && "CLOUDFLARE_EMAIL is missing: CLOUDFLARE_API_KEY needs it",
    !token && email && !key && "CLOUDFLARE_API_KEY is missing: CLOUDFLARE_EMAIL needs it",
    env["AUDIT_FORWARD_REQUIRED"]?.trim() === "true" &&
      !has(env, "AUDIT_FORWARD") &&
      "AUDIT_FORWARD is missing: AUDIT_FORWARD_REQUIRED needs it",
  );
}

/** Values are never repeated in a problem: most of them are secrets. @throws ConfigError with every problem found. */
function parse<Schema extends z.ZodType>(schema: Schema, env: Env, conflicts: string[]): z.output<Schema> {
  const parsed = schema.safeParse(env);
  const wrong = parsed.error?.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`) ?? [];
  const noPlace = has(env, "AUDIT_FORWARD_TOKEN") && !has(env, "AUDIT_FORWARD");
  const problems = compact(
    wrong,
    conflicts,
    noPlace && "AUDIT_FORWARD is missing: AUDIT_FORWARD_TOKEN needs it",
    has(env, "AUDIT_SIGNING_KEY") &&
      has(env, "AUDIT_SIGNING_KEY_FILE") &&
      "AUDIT_SIGNING_KEY is set together with AUDIT_SIGNING_KEY_FILE: set one of them",
  );
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

/**
 * Reads the settings from an environment.
 * @throws ConfigError with every problem found.
 */
export function readConfig(env: Env): Config {
  const values = parse(Environment, env, findConflicts(env));
  const { SLACK_APP_TOKEN: appToken, CLOUDFLARE_API_TOKEN: token } = values;
  return {
    slack: {
      botToken: values.SLACK_BOT_TOKEN,
      apiUrl: values.SLACK_API_URL.replace(/\/*$/, "/"),
      postsPerSecond: values.SLACK_POSTS_PER_SECOND,
      mode:
        appToken === undefined
          ? { kind: "http", signingSecret: values.SLACK_SIGNING_SECRET ?? "" }
          : { kind: "socket", appToken },
    },
    cloudflare: {
      baseUrl: values.CLOUDFLARE_BASE_URL.replace(/\/+$/, ""),
      accountId: values.CLOUDFLARE_ACCOUNT_ID,
      auth:
        token === undefined
          ? { kind: "key", email: values.CLOUDFLARE_EMAIL ?? "", key: values.CLOUDFLARE_API_KEY ?? "" }
          : { kind: "token", token },
      budget: toBudget(values.CLOUDFLARE_RATE_BUDGET),
    },
    ...toRecordConfig(values),
    auditForwardLag: values.AUDIT_FORWARD_REQUIRED ? toLag(values.AUDIT_FORWARD_MAX_LAG) : null,
    stepUpKey: values.STEP_UP_KEY ?? null,
    policyFile: resolve(values.ZT_POLICY_FILE),
    host: values.HOST,
    port: values.PORT,
    metrics:
      values.METRICS_PORT === undefined ? null : { host: values.METRICS_HOST, port: values.METRICS_PORT },
    traces: toTraces(values),
    logLevel: values.LOG_LEVEL,
  };
}

function toTraces(values: z.output<typeof Environment>): TraceSettings | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: sampler } = values;
  if (endpoint === undefined) return null;
  const attributes = values.OTEL_RESOURCE_ATTRIBUTES ?? {};
  return {
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: values.OTEL_SERVICE_NAME ?? attributes["service.name"] ?? "zt-bot",
    attributes,
    ratio: sampler === "always_off" ? 0 : sampler === "always_on" ? 1 : values.OTEL_TRACES_SAMPLER_ARG,
  };
}

/**
 * Only the settings of the record, for commands that need no others.
 * @throws ConfigError with every problem found in them.
 */
export function readRecordConfig(env: Env): RecordConfig {
  return toRecordConfig(parse(RecordEnvironment, env, []));
}

/**
 * The database for what zt-bot's own role may not do (migrating, archiving): as the role that owns the tables, where one
 * is named. `grantTo`: the role that gets the rights that zt-bot needs; null where the two are the same.
 * @throws ConfigError with every problem found.
 */
export function readOwnerConfig(env: Env): RecordConfig & { grantTo: string | null } {
  const values = parse(OwnerEnvironment, env, []);
  const { MIGRATION_DATABASE_URL: owner, MIGRATION_GRANT_TO: named } = values;
  const record = toRecordConfig(values);
  const { database } = record;
  const user = owner !== undefined && database.kind === "postgres" ? userOf(database.url) : null;
  return { ...record, database: owner ?? database, grantTo: named ?? user };
}

function userOf(url: string): string | null {
  const { username = "", searchParams } = URL.parse(url) ?? {};
  return searchParams?.get("user") || decodeURIComponent(username) || null;
}

type RecordConfig = Pick<Config, "database" | "auditForward" | "auditSigning">;

function toRecordConfig(values: z.output<typeof RecordEnvironment>): RecordConfig {
  const { DATABASE_URL: database, AUDIT_FORWARD: to, AUDIT_FORWARD_TOKEN: token = null } = values;
  const { AUDIT_SIGNING_KEY: key = null, AUDIT_SIGNING_KEY_FILE: named } = values;
  // Beside the folder and not in it: who copies or writes the database does not get the key with it.
  const usual = database.kind === "sqlite" ? join(dirname(database.directory), "audit-signing.key") : null;
  const file = key === null ? (named === undefined ? usual : resolve(named)) : null;
  return {
    database,
    auditForward: to?.kind === "http" ? { ...to, token } : (to ?? null),
    auditSigning: { key, file, isUsual: named === undefined },
  };
}
