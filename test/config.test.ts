import { resolve } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ConfigError, listSecrets, readConfig, readOwnerConfig, readRecordConfig } from "../src/config.ts";

const ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353";
const SOCKET = {
  SLACK_BOT_TOKEN: "xoxb-1-abc",
  SLACK_APP_TOKEN: "xapp-1-abc",
  CLOUDFLARE_API_TOKEN: "cf-token",
  CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
};
type Env = Record<string, string | undefined>;

/** Every problem with the settings; [] when there is none. */
function problemsOf(changes: Env): string[] {
  try {
    readConfig({ ...SOCKET, ...changes });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("the least settings", () => {
  it("give Socket Mode, Slack and Cloudflare themselves, SQLite in ./data, and health on the loopback", () => {
    expect(readConfig(SOCKET)).toEqual({
      slack: {
        botToken: "xoxb-1-abc",
        apiUrl: "https://slack.com/api/",
        postsPerSecond: 1,
        mode: { kind: "socket", appToken: "xapp-1-abc" },
      },
      cloudflare: {
        baseUrl: "https://api.cloudflare.com/client/v4",
        accountId: ACCOUNT,
        auth: { kind: "token", token: "cf-token" },
        budget: { requests: 1100, windowMs: 300_000, reserve: 200, urgent: 50 },
      },
      database: { kind: "sqlite", file: resolve("data/zt.db"), directory: resolve("data") },
      auditForward: null,
      auditSigning: { key: null, file: resolve("audit-signing.key"), isUsual: true },
      auditForwardLag: null,
      stepUpKey: null,
      policyFile: resolve("policy.yml"),
      host: "127.0.0.1",
      port: 3000,
      metrics: null,
      traces: null,
      logLevel: "info",
    });
  });

  it("leave metrics off; a port of their own turns them on, on the loopback unless told otherwise", () => {
    const { metrics } = readConfig({ ...SOCKET, METRICS_PORT: "9464" });
    expect(metrics).toEqual({ host: "127.0.0.1", port: 9464 });
    expect(problemsOf({ METRICS_PORT: "3000" })).toEqual([
      "METRICS_PORT is the same as PORT: give metrics a port of their own",
    ]);
    expect(problemsOf({ METRICS_HOST: "0.0.0.0" })).toEqual([
      "METRICS_PORT is missing: METRICS_HOST needs it",
    ]);
  });

  it("leave traces off; a collector turns them on, with what OpenTelemetry's variables say", () => {
    expect(readConfig(SOCKET).traces).toBeNull();
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" };
    expect(readConfig({ ...SOCKET, ...endpoint }).traces).toEqual({
      url: "http://collector:4318/v1/traces",
      headers: {},
      serviceName: "zt-bot",
      attributes: {},
      ratio: 1,
    });
    const full = {
      ...endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=one%20secret, x-team=sec=ops",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=bot,deployment.environment.name=prod",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
    };
    expect(readConfig({ ...SOCKET, ...full }).traces).toMatchObject({
      headers: { "x-key": "one secret", "x-team": "sec=ops" },
      serviceName: "bot",
      attributes: { "deployment.environment.name": "prod" },
      ratio: 0.25,
    });
    expect(listSecrets(full)).toEqual(expect.arrayContaining(["one%20secret", "one secret"]));
    expect(
      problemsOf({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://me:pass@collector:4318",
        OTEL_EXPORTER_OTLP_HEADERS: "nothing",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_TRACES_SAMPLER: "sometimes",
        OTEL_TRACES_SAMPLER_ARG: "2",
      }),
    ).toEqual([
      "OTEL_EXPORTER_OTLP_ENDPOINT holds a user or a password: use OTEL_EXPORTER_OTLP_HEADERS instead",
      "OTEL_EXPORTER_OTLP_HEADERS is not key=value,key=value with values percent-encoded",
      "OTEL_EXPORTER_OTLP_PROTOCOL is not http/json, which is what zt-bot speaks",
      "OTEL_TRACES_SAMPLER is not one of always_on, always_off, traceidratio (also after parentbased_)",
      "OTEL_TRACES_SAMPLER_ARG is more than 1",
    ]);
  });

  it("are enough with every other line of .env left empty", () => {
    const empty = Object.fromEntries(
      [
        "SLACK_SIGNING_SECRET",
        "SLACK_API_URL",
        "SLACK_POSTS_PER_SECOND",
        "CLOUDFLARE_EMAIL",
        "CLOUDFLARE_API_KEY",
        "CLOUDFLARE_BASE_URL",
        "AUDIT_FORWARD",
        "AUDIT_FORWARD_TOKEN",
        "AUDIT_FORWARD_REQUIRED",
        "AUDIT_FORWARD_MAX_LAG",
        "STEP_UP_KEY",
        "CLOUDFLARE_RATE_BUDGET",
      ]
        .concat(["DATABASE_URL", "ZT_POLICY_FILE", "HOST", "PORT", "LOG_LEVEL"])
        .flatMap((name) => [[name, name.length % 2 === 0 ? "" : "  "]]),
    );
    expect(readConfig({ ...SOCKET, ...empty })).toEqual(readConfig(SOCKET));
  });
});

describe("a setting", () => {
  it.each<[string, Env, object]>([
    [
      "chooses HTTP where there is a signing secret and no app token",
      { SLACK_APP_TOKEN: "", SLACK_SIGNING_SECRET: "s3cret" },
      { slack: { mode: { kind: "http", signingSecret: "s3cret" } } },
    ],
    [
      "chooses Socket Mode where there are both",
      { SLACK_SIGNING_SECRET: "s3cret" },
      { slack: { mode: { kind: "socket", appToken: "xapp-1-abc" } } },
    ],
    [
      "signs in to Cloudflare with an address and a key",
      { CLOUDFLARE_API_TOKEN: "", CLOUDFLARE_EMAIL: "ops@example.com", CLOUDFLARE_API_KEY: "key" },
      { cloudflare: { auth: { kind: "key", email: "ops@example.com", key: "key" } } },
    ],
    [
      "is read without the spaces around it",
      { SLACK_BOT_TOKEN: " xoxb-1-abc\t", CLOUDFLARE_ACCOUNT_ID: `${ACCOUNT} `, PORT: " 8080 " },
      { slack: { botToken: "xoxb-1-abc" }, cloudflare: { accountId: ACCOUNT }, port: 8080 },
    ],
    [
      "gives the Slack API its slash",
      { SLACK_API_URL: "http://127.0.0.1:4000/api" },
      { slack: { apiUrl: "http://127.0.0.1:4000/api/" } },
    ],
    [
      "gives a replica its share of Slack's pace",
      { SLACK_POSTS_PER_SECOND: "0.5" },
      { slack: { postsPerSecond: 0.5 } },
    ],
    [
      "takes the slash from the Cloudflare API",
      { CLOUDFLARE_BASE_URL: "http://127.0.0.1:4001/client/v4//" },
      { cloudflare: { baseUrl: "http://127.0.0.1:4001/client/v4" } },
    ],
    [
      "names a database file",
      { DATABASE_URL: "file:/var/lib/zt/zt.db" },
      { database: { kind: "sqlite", file: "/var/lib/zt/zt.db", directory: "/var/lib/zt" } },
    ],
    [
      "names a database file as a URL",
      { DATABASE_URL: "file:///var/lib/zt/zt.db" },
      { database: { kind: "sqlite", file: "/var/lib/zt/zt.db", directory: "/var/lib/zt" } },
    ],
    [
      "names PostgreSQL",
      { DATABASE_URL: "postgresql://zt:pw@db/zt" },
      { database: { kind: "postgres", url: "postgresql://zt:pw@db/zt" } },
    ],
    ...[
      "postgres://zt:p%40%2F%3F%23%25:p@db:5432/zt?sslmode=verify-full&sslrootcert=/etc/ca.pem",
      "postgres://db",
      "postgres://zt@/zt?host=/run/postgresql",
      "postgres:///zt?host=/run/postgresql",
      "postgres://%2Frun%2Fpostgresql/zt",
      "postgres://zt:[^é|]@[::1]:5432/zt",
    ].map((url): [string, Env, object] => [
      `names PostgreSQL as ${url}`,
      { DATABASE_URL: url },
      { database: { kind: "postgres", url } },
    ]),
    [
      "forwards the record to a file",
      { AUDIT_FORWARD: "file:///var/log/zt/audit.jsonl" },
      { auditForward: { kind: "file", file: "/var/log/zt/audit.jsonl" } },
    ],
    [
      "forwards the record to a collector with a token",
      { AUDIT_FORWARD: "https://logs.example.com/in?x=1", AUDIT_FORWARD_TOKEN: "s3cret" },
      { auditForward: { kind: "http", url: "https://logs.example.com/in?x=1", token: "s3cret" } },
    ],
    [
      "requires the copy of the record, and says how near",
      { AUDIT_FORWARD: "file:/a", AUDIT_FORWARD_REQUIRED: "true", AUDIT_FORWARD_MAX_LAG: "50/10s" },
      { auditForwardLag: { rows: 50, ms: 10_000 } },
    ],
    [
      "forwards the record without TLS to this machine",
      { AUDIT_FORWARD: "http://[::1]:9000/" },
      { auditForward: { kind: "http", url: "http://[::1]:9000/", token: null } },
    ],
    ["lets the system choose a port", { PORT: "0" }, { port: 0 }],
    ["takes any of the levels of a log", { LOG_LEVEL: "silent" }, { logLevel: "silent" }],
  ])("%s", (_what, changes, expected) => {
    expect(readConfig({ ...SOCKET, ...changes })).toMatchObject(expected);
  });

  it.each<[string, Env, string]>([
    [
      "a bot token is missing",
      { SLACK_BOT_TOKEN: undefined },
      "SLACK_BOT_TOKEN is missing: the Bot User OAuth Token (xoxb-…) of the Slack app",
    ],
    [
      "a bot token is only spaces",
      { SLACK_BOT_TOKEN: "   " },
      "SLACK_BOT_TOKEN is missing: the Bot User OAuth Token (xoxb-…) of the Slack app",
    ],
    [
      "a bot token is another kind of token",
      { SLACK_BOT_TOKEN: "xoxp-1" },
      "SLACK_BOT_TOKEN is not a bot token: it should begin with xoxb-",
    ],
    [
      "a bot token is still the example's",
      { SLACK_BOT_TOKEN: "xoxb-" },
      "SLACK_BOT_TOKEN is not filled in: nothing follows xoxb-",
    ],
    [
      "an app token is another kind of token",
      { SLACK_APP_TOKEN: "xoxb-1" },
      "SLACK_APP_TOKEN is not an app-level token: it should begin with xapp-",
    ],
    [
      "an app token is still the example's",
      { SLACK_APP_TOKEN: "xapp-" },
      "SLACK_APP_TOKEN is not filled in: nothing follows xapp- (leave it empty for HTTP)",
    ],
    [
      "there is neither an app token nor a signing secret",
      { SLACK_APP_TOKEN: " " },
      "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP) is missing: set one of them",
    ],
    [
      "the account is not an id",
      { CLOUDFLARE_ACCOUNT_ID: "acme" },
      "CLOUDFLARE_ACCOUNT_ID is not 32 hexadecimal digits",
    ],
    [
      "the account is missing",
      { CLOUDFLARE_ACCOUNT_ID: "" },
      "CLOUDFLARE_ACCOUNT_ID is missing: the account's 32 hexadecimal digits",
    ],
    [
      "there is no way to sign in to Cloudflare",
      { CLOUDFLARE_API_TOKEN: " " },
      "CLOUDFLARE_API_TOKEN is missing (or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY)",
    ],
    [
      "there are two ways to sign in to Cloudflare",
      { CLOUDFLARE_API_KEY: "key" },
      "CLOUDFLARE_API_TOKEN is set together with CLOUDFLARE_EMAIL or CLOUDFLARE_API_KEY: set one way to sign in, not both",
    ],
    [
      "a key has no address",
      { CLOUDFLARE_API_TOKEN: "", CLOUDFLARE_API_KEY: "key" },
      "CLOUDFLARE_EMAIL is missing: CLOUDFLARE_API_KEY needs it",
    ],
    [
      "an address has no key",
      { CLOUDFLARE_API_TOKEN: "", CLOUDFLARE_EMAIL: "ops@example.com" },
      "CLOUDFLARE_API_KEY is missing: CLOUDFLARE_EMAIL needs it",
    ],
    [
      "a URL is none",
      { CLOUDFLARE_BASE_URL: "api.cloudflare.com" },
      "CLOUDFLARE_BASE_URL is not an http(s) URL",
    ],
    [
      "a URL is of another kind",
      { SLACK_API_URL: "ftp://slack.com/" },
      "SLACK_API_URL is not an http(s) URL",
    ],
    [
      "the pace of messages is none",
      { SLACK_POSTS_PER_SECOND: "0" },
      "SLACK_POSTS_PER_SECOND is less than 0.05",
    ],
    [
      "the pace of messages is a word",
      { SLACK_POSTS_PER_SECOND: "fast" },
      "SLACK_POSTS_PER_SECOND is no number",
    ],
    [
      "the database is of another kind",
      { DATABASE_URL: "mysql://db/zt" },
      "DATABASE_URL is neither file:<path> nor postgres://<…>",
    ],
    ...[
      "postgres://zt:pass@word@db/zt",
      "postgres://zt:pass#word@db/zt",
      "postgres://zt:12#word@db/zt",
      "postgres://zt:pass/word@db/zt",
      "postgres://zt:12/word@db/zt",
      "postgres://zt:pass?word@db/zt",
      "postgres://zt:12?word=word@db/zt",
      "postgres://zt:pass%word@db/zt",
      "postgres://zt:pass%ffword@db/zt",
      "postgres://zt:pass word@db/zt",
      "postgres://zt@db/zt?password=pass@word",
    ].map((url): [string, Env, string] => [
      `a password in the database's URL is not encoded: ${url}`,
      { DATABASE_URL: url },
      "DATABASE_URL holds a character that has a meaning in a URL: in the user and the password write @ as %40, / as %2F, ? as %3F, # as %23, % as %25 and a space as %20",
    ]),
    ...["postgres://zt:pw@one:5432,two:5432/zt", "postgres://zt:pw@db:99999/zt"].map(
      (url): [string, Env, string] => [
        `the database's URL has no host and port: ${url}`,
        { DATABASE_URL: url },
        "DATABASE_URL is not postgres://user:password@host:port/database, with one host",
      ],
    ),
    [
      "the database file has no name",
      { DATABASE_URL: "file:" },
      "DATABASE_URL is neither file:<path> nor postgres://<…>",
    ],
    [
      "the record would be forwarded without TLS",
      { AUDIT_FORWARD: "http://logs.example.com/" },
      "AUDIT_FORWARD is neither file:<path> nor https://<…> (http:// only to this machine)",
    ],
    [
      "the record would be forwarded nowhere",
      { AUDIT_FORWARD: "file:" },
      "AUDIT_FORWARD is neither file:<path> nor https://<…> (http:// only to this machine)",
    ],
    [
      "the collector's URL holds a password",
      { AUDIT_FORWARD: "https://zt:pw@logs.example.com/" },
      "AUDIT_FORWARD holds a user or a password: use AUDIT_FORWARD_TOKEN instead",
    ],
    [
      "the key for codes is a password",
      { STEP_UP_KEY: "a password" },
      "STEP_UP_KEY is not 32 bytes as base64: make one with openssl rand -base64 32",
    ],
    [
      "the key for codes is too short",
      { STEP_UP_KEY: Buffer.alloc(31, 1).toString("base64") },
      "STEP_UP_KEY is not 32 bytes as base64: make one with openssl rand -base64 32",
    ],
    [
      "there is a token for no collector",
      { AUDIT_FORWARD_TOKEN: "s3cret" },
      "AUDIT_FORWARD is missing: AUDIT_FORWARD_TOKEN needs it",
    ],
    [
      "a copy of the record is required, or so it seems",
      { AUDIT_FORWARD_REQUIRED: "yes" },
      "AUDIT_FORWARD_REQUIRED is neither true nor false",
    ],
    [
      "a copy of the record is required that is made nowhere",
      { AUDIT_FORWARD_REQUIRED: "true" },
      "AUDIT_FORWARD is missing: AUDIT_FORWARD_REQUIRED needs it",
    ],
    [
      "the copy's lag is half of one",
      { AUDIT_FORWARD_MAX_LAG: "500/4s" },
      "AUDIT_FORWARD_MAX_LAG is not so many rows or so many seconds, at least 5, such as 500/30s",
    ],
    ["the port is a word", { PORT: "http" }, "PORT is not a whole number"],
    ["the port is a fraction", { PORT: "80.5" }, "PORT is not a whole number"],
    ["the port is written as nobody writes one", { PORT: "0x50" }, "PORT is not a whole number"],
    ["the port is too large", { PORT: "65536" }, "PORT is not a port (0 to 65535)"],
    [
      "the log has no such level",
      { LOG_LEVEL: "loud" },
      "LOG_LEVEL is not one of trace, debug, info, warn, error, fatal, silent",
    ],
  ])("is refused where %s", (_what, changes, problem) => {
    expect(problemsOf(changes)).toEqual([problem]);
  });
});

describe("wrong settings", () => {
  it("are all told at once, in one message", () => {
    const problems = problemsOf({
      SLACK_BOT_TOKEN: undefined,
      SLACK_APP_TOKEN: undefined,
      CLOUDFLARE_API_TOKEN: undefined,
      CLOUDFLARE_ACCOUNT_ID: "x",
      PORT: "x",
      LOG_LEVEL: "x",
    });
    expect(problems).toHaveLength(6);
    expect(new ConfigError(problems).message).toBe(
      `zt-bot cannot start: 6 settings are wrong.\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    expect(new ConfigError(["X is missing"]).message).toBe(
      "zt-bot cannot start: one setting is wrong.\n  - X is missing",
    );
  });

  it("never repeat a value: most of them are secrets", () => {
    const names = [
      "SLACK_BOT_TOKEN",
      "SLACK_APP_TOKEN",
      "SLACK_SIGNING_SECRET",
      "SLACK_API_URL",
      "SLACK_POSTS_PER_SECOND",
      "CLOUDFLARE_API_TOKEN",
    ]
      .concat(["CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL"])
      .concat(["DATABASE_URL", "ZT_POLICY_FILE", "HOST", "PORT", "LOG_LEVEL"])
      .concat(["AUDIT_FORWARD", "AUDIT_FORWARD_TOKEN", "AUDIT_FORWARD_REQUIRED", "AUDIT_FORWARD_MAX_LAG"])
      .concat(["STEP_UP_KEY"]);
    fc.assert(
      fc.property(
        fc.subarray(names, { minLength: 1 }),
        fc.constantFrom("", "xoxb-", "file://", "https:"),
        (chosen, prefix) => {
          const problems = problemsOf(
            Object.fromEntries(chosen.map((name) => [name, `${prefix}s3cretval ue`])),
          );
          expect(problems.join("\n")).not.toContain("s3cretval");
        },
      ),
    );
  });
});

describe("the passwords of databases", () => {
  it("are secrets for the log, as they are written and as they are meant, whole or not", () => {
    expect(
      listSecrets({
        DATABASE_URL: "postgres://zt:pass%40word-1@db/zt",
        MIGRATION_DATABASE_URL: "postgres://owner:pass@word/2#3@db/zt",
      }),
    ).toEqual(["pass%40word-1", "pass@word-1", "pass@word/2#3", "pass@word/2#3"]);
    expect(listSecrets({ DATABASE_URL: "postgres://db/zt?user=zt&password=pass-word" })).toContain(
      "pass-word",
    );
  });

  it("of the owner go to no process but the one that migrates or archives", () => {
    const env = {
      ...SOCKET,
      DATABASE_URL: "postgres://z%40t:pw@db/zt",
      MIGRATION_DATABASE_URL: "postgres://owner:pw@db/zt",
    };
    expect(JSON.stringify([readConfig(env), readRecordConfig(env)])).not.toContain("owner");
    expect(readOwnerConfig(env)).toMatchObject({
      database: { kind: "postgres", url: "postgres://owner:pw@db/zt" },
      grantTo: "z@t",
    });
    expect(readOwnerConfig({ ...env, MIGRATION_GRANT_TO: "other" })).toHaveProperty("grantTo", "other");
    expect(readOwnerConfig({ DATABASE_URL: env.DATABASE_URL })).toMatchObject({
      database: { kind: "postgres", url: env.DATABASE_URL },
      grantTo: null,
    });
    expect(() => readOwnerConfig({ MIGRATION_DATABASE_URL: "file:zt.db" })).toThrow("is not postgres://<…>");
  });
});
