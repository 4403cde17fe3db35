import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, it, onTestFinished } from "vitest";

import {
  answerTo,
  askToRevoke,
  MODES,
  PEOPLE,
  startBot,
  startWorld,
  type WorldOptions,
} from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { approve } from "./support.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const ALERTS = join(ROOT, "deploy", "prometheus", "alerts.yml");
const ALERT_TESTS = join(ROOT, "deploy", "prometheus", "alerts.test.yml");
const DASHBOARD = join(ROOT, "deploy", "grafana", "zt-bot.json");

async function start(
  options: WorldOptions = {},
  env: Record<string, string> = {},
  botOptions: Parameters<typeof startBot>[1] = {},
) {
  const world = await startWorld(options);
  Object.assign(world.env, { METRICS_PORT: "0", ...env });
  const { bot } = await startBot(world, botOptions);
  const url = bot.metricsUrl ?? "";
  return { ...world, bot, url, scrape: async () => (await fetch(url)).text() };
}

/** Values by name and labels, as they stand in the text: `zt_bot_ready`, `zt_bot_paused{…}`. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line): [string, number] => {
      const [, sample = "", value] = /^(.*) (\S+)$/.exec(line) ?? [];
      return [sample, Number(value)];
    }),
  );
}

/** The sum of all samples of a metric whose labels hold all of these. */
function sumOf(text: string, name: string, ...labels: string[]): number | undefined {
  const found = [...samplesOf(text)].filter(
    ([sample]) => /^\w+/.exec(sample)?.[0] === name && labels.every((label) => sample.includes(label)),
  );
  return found.length === 0 ? undefined : found.reduce((sum, [, value]) => sum + value, 0);
}

/** Runs a story: a look-up, a refusal, a request, its approval, and a call that Slack refuses. */
async function live({ slack }: Awaited<ReturnType<typeof start>>): Promise<void> {
  slack.faults.set("users.getPresence", { error: "internal_error" });
  await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
  await answerTo(slack, PEOPLE.alice, "nonsense");
  const card = await askToRevoke(slack);
  await approve(slack, card);
}

it("time no containment that was not verified", async () => {
  const all = await start({}, {}, { verifyDelaysMs: [10, 20] });
  all.cloudflare.settings.sessionListLagMs = 60_000;
  await live(all);
  const text = await all.scrape();
  expect(sumOf(text, "zt_bot_request_transitions_total", 'action="revoke"', 'state="succeeded"')).toBe(1);
  expect(sumOf(text, "zt_bot_containment_seconds_count", 'action="revoke"') ?? 0).toBe(0);
});

describe.each(MODES)("metrics in %s mode", (mode) => {
  it("tell what happened, by bounded labels and with nothing of anyone in them", async () => {
    const all = await start({ mode });
    await live(all);
    const text = await all.scrape();

    const transport = `transport="${mode}"`;
    expect(sumOf(text, "zt_bot_ack_duration_seconds_count", transport, 'kind="command"')).toBe(3);
    expect(sumOf(text, "zt_bot_ack_duration_seconds_count", transport, 'kind="click"')).toBe(1);
    const ran = "zt_bot_command_duration_seconds_count";
    expect(sumOf(text, ran, 'subcommand="user"', 'outcome="ok"')).toBe(1);
    expect(sumOf(text, ran, 'subcommand="unknown"', 'outcome="refused"')).toBe(1);
    const called = "zt_bot_cloudflare_requests_total";
    expect(sumOf(text, called, 'resource="access/organizations"', 'call="revoke user"', 'outcome="ok"')).toBe(
      1,
    );
    expect(sumOf(text, "zt_bot_cloudflare_budget_calls", 'priority="interactive"')).toBeLessThan(1095);
    expect(
      sumOf(text, "zt_bot_slack_failures_total", 'method="users.getPresence"', 'code="internal_error"'),
    ).toBeGreaterThan(0);
    for (const state of ["pending", "approved", "executing", "succeeded"])
      expect([
        state,
        sumOf(text, "zt_bot_request_transitions_total", 'action="revoke"', `state="${state}"`),
      ]).toEqual([state, 1]);
    expect(sumOf(text, "zt_bot_request_decision_seconds_count", 'decision="approved"')).toBe(1);
    expect(sumOf(text, "zt_bot_containment_seconds_count", 'action="revoke"')).toBe(1);
    expect(sumOf(text, "zt_bot_record_rows")).toBeGreaterThan(5);
    expect(sumOf(text, "zt_bot_ready")).toBe(1);

    expect(text).not.toMatch(/mallory|alice|example\.com|U0[A-Z]|C0[A-Z]|T0[A-Z]|laptop/);
    expect([...samplesOf(text).keys()].filter((sample) => sample.startsWith("zt_bot")).length).toBeLessThan(
      800,
    );
  });
});

describeWithPostgres("metrics with PostgreSQL", () => {
  it("are the same", async () => {
    const { url: databaseUrl, drop } = await createDatabase();
    onTestFinished(drop);
    const all = await start({ databaseUrl });
    await live(all);
    const text = await all.scrape();
    expect(sumOf(text, "zt_bot_collector_success")).toBe(6);
    expect(sumOf(text, "zt_bot_request_transitions_total", 'state="succeeded"')).toBe(1);
    await expect.poll(async () => sumOf(await all.scrape(), "zt_bot_outbox_messages")).toBe(0);
    expect(sumOf(text, "zt_bot_watches_active")).toBeGreaterThanOrEqual(0);
  });
});

describe("metrics", () => {
  it("that the alerts and the dashboard name are all there in a scrape", async () => {
    const all = await start({}, { AUDIT_FORWARD: "file:/dev/null" });
    await live(all);
    const database = new DatabaseSync(join(all.folder, "data", "zt.db"));
    const verified = JSON.stringify({ outcome: "whole", seq: 1 });
    database.prepare("INSERT INTO switches (name, data, at) VALUES ('verify', ?, 1)").run(verified);
    database.close();
    const text = await all.scrape();

    const there = new Set([...samplesOf(text).keys()].map((sample) => /^\w+/.exec(sample)?.[0]));
    const written = readFileSync(ALERTS, "utf8") + readFileSync(DASHBOARD, "utf8");
    const named = new Set(written.match(/\b(?:zt_bot|process|nodejs)_[a-z0-9_]+/g));
    expect(named.size).toBeGreaterThan(25);
    expect([...named].filter((name) => !there.has(name))).toEqual([]);
    const ours = [...there].filter((name) => name?.startsWith("zt_bot"));
    expect(ours.filter((name) => !isNamed(name ?? "", named))).toEqual([]);
  });

  it("that alert on the first of their kind are 0 before it: what begins at 1 has no increase", async () => {
    const { scrape } = await start();
    const text = await scrape();
    for (const state of ["failed", "unknown"])
      expect(sumOf(text, "zt_bot_request_transitions_total", 'action="revoke"', `state="${state}"`)).toBe(0);
    for (const outcome of ["auth", "permission"])
      expect(
        sumOf(text, "zt_bot_cloudflare_requests_total", 'call="revoke user"', `outcome="${outcome}"`),
      ).toBe(0);
  });

  // promtool comes with Prometheus, which not everyone has.
  it("pass the checks of Prometheus, as do the alert rules", { tags: ["slow"] }, async () => {
    const all = await start();
    await live(all);
    const checked = execFileSync("promtool", ["check", "metrics"], {
      input: await all.scrape(),
      encoding: "utf8",
    });
    expect(checked).toBe("");
    expect(execFileSync("promtool", ["check", "rules", ALERTS], { encoding: "utf8" })).toContain(
      "rules found",
    );
    const told = execFileSync("promtool", ["test", "rules", ALERT_TESTS], {
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(told).toContain("SUCCESS");
  });

  it("that can't be read are absent and never 0, and the others are there", async () => {
    const { folder, scrape, url } = await start();
    const before = await scrape();
    expect(sumOf(before, "zt_bot_watches_active")).toBe(0);
    expect(sumOf(before, "zt_bot_collector_success", 'collector="work"')).toBe(1);

    const database = new DatabaseSync(join(folder, "data", "zt.db"), { timeout: 5000 });
    database.exec("ALTER TABLE watches RENAME TO watches_gone");
    const response = await fetch(url);
    expect(response.status).toBe(200);
    const text = await response.text();
    for (const name of ["watches_active", "incidents_open", "paused"])
      expect(sumOf(text, `zt_bot_${name}`)).toBeUndefined();
    expect(sumOf(text, "zt_bot_collector_success", 'collector="work"')).toBe(0);
    expect(sumOf(text, "zt_bot_record_rows")).toBeGreaterThan(0);

    database.exec("ALTER TABLE watches_gone RENAME TO watches");
    database.close();
    expect(sumOf(await scrape(), "zt_bot_watches_active")).toBe(0);
  });

  it("are on a port of their own alone, and only they", async () => {
    const { bot, url } = await start({ mode: "http" });
    const { origin } = new URL(url);
    expect(new URL(bot.url).origin).not.toBe(origin);
    expect(await statusOf(`${bot.url}/metrics`)).toBe(404);
    for (const path of ["/healthz", "/readyz", "/slack/events"])
      expect(await statusOf(`${origin}${path}`)).toBe(404);
    expect(await statusOf(url, "POST")).toBe(405);
  });

  it("are not served unless METRICS_PORT is set", async () => {
    const world = await startWorld();
    expect((await startBot(world)).bot.metricsUrl).toBeNull();
  });
});

async function statusOf(url: string, method = "GET"): Promise<number> {
  const response = await fetch(url, { method });
  await response.text();
  return response.status;
}

/** Whether one of these is that sample, or another of the same histogram. */
function isNamed(sample: string, named: ReadonlySet<string>): boolean {
  const base = sample.replace(/_(?:bucket|sum|count)$/, "");
  return [sample, base, `${base}_bucket`, `${base}_count`].some((name) => named.has(name));
}
