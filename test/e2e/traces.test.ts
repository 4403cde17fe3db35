import { describe, expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { startCollector, type Collector, type ReceivedSpan } from "../support/collector.ts";
import {
  answerTo,
  askToRevoke,
  MODES,
  PEOPLE,
  startBot,
  startWorld,
  type World,
} from "../support/harness.ts";
import { approve } from "./support.ts";

const { alice } = PEOPLE;
const MALLORY = "mallory@example.com";
const REASON = "laptop stolen at the airport";

async function start(
  collector: Collector,
  env: Record<string, string> = {},
  mode: "socket" | "http" = "socket",
) {
  const world = await startWorld({ mode });
  Object.assign(world.env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
  return { ...world, ...(await startBot(world)) };
}

/** Asks, approves, and waits for the end. @returns the request's id */
async function revoke({ slack }: World): Promise<string> {
  const card = await askToRevoke(slack, { text: `revoke ${MALLORY} --reason ${REASON}` });
  await approve(slack, card);
  return String(card.metadata?.event_payload["id"]);
}

/** `zt.ask > POST chat.postMessage`, for each span of a trace. */
function pathsOf(spans: readonly ReceivedSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (span: ReceivedSpan): string => {
    const parent = byId.get(span.parentSpanId ?? "");
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  return spans.map(pathOf);
}

describe.each(MODES)("with a collector, over %s", (mode) => {
  it("a request's life is one trace: asked, its card posted, approved, carried out, verified and told", async () => {
    const collector = await startCollector();
    const { bot, ...world } = await start(collector, {}, mode);
    const id = await revoke(world);
    await bot.stop();

    const mine = collector.spans().filter(({ is }) => is["zt.request.id"] === id);
    const [traceId = ""] = mine.map((span) => span.traceId);
    expect(new Set(mine.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const trace = collector.spans().filter((span) => span.traceId === traceId);
    const roots = trace.filter(({ parentSpanId }) => !parentSpanId);
    expect(roots.map(({ name, is }) => [name, is])).toEqual([
      [
        "zt.ask",
        {
          "zt.payload": "command",
          "zt.subcommand": "revoke",
          "zt.outcome": "ok",
          "zt.request.id": id,
        },
      ],
    ]);
    const paths = pathsOf(trace);
    for (const path of [
      "zt.ask > GET /accounts/{account_id}/access/users",
      "zt.ask > zt.publish > POST chat.postMessage",
      "zt.ask > zt.click",
      "zt.ask > zt.execute > POST /accounts/{account_id}/access/organizations/revoke_user",
      "zt.ask > zt.execute > zt.verify > GET /accounts/{account_id}/access/users/{user_id}/active_sessions",
      "zt.ask > zt.publish > POST chat.update",
    ])
      expect(paths, paths.join("\n")).toContain(path);
    // Everything hangs on the one root, and ends after it began.
    expect(paths.filter((path) => !path.startsWith("zt.ask"))).toEqual([]);
    expect(
      trace.filter(({ startTimeUnixNano: from, endTimeUnixNano: to }) => BigInt(to) < BigInt(from)),
    ).toEqual([]);
    const click = trace.find(({ name }) => name === "zt.click");
    expect(click?.is).toMatchObject({ "zt.action_id": CARD_ACTIONS.approve, "zt.payload": "click" });
  });
});

describe("with a collector", () => {
  it("a look-up is a trace of its own, with its calls by method, template, status and attempt", async () => {
    const collector = await startCollector();
    const { bot, ...world } = await start(collector);
    world.cloudflare.faults.set("users.list", { kind: "status", status: 502, times: 1 });
    await answerTo(world.slack, alice, `sessions ${MALLORY}`);
    await bot.stop();

    const [command, ...more] = collector.spans().filter(({ name }) => name === "zt.command");
    expect(more).toEqual([]);
    expect(command?.is).toEqual({
      "zt.payload": "command",
      "zt.subcommand": "sessions",
      "zt.outcome": "ok",
    });
    const calls = collector.spans().filter(({ parentSpanId }) => parentSpanId === command?.spanId);
    const { hostname, port } = new URL(world.env["CLOUDFLARE_BASE_URL"] ?? "");
    const users = {
      "server.address": hostname,
      "server.port": Number(port),
      "http.request.method": "GET",
      "url.template": "/accounts/{account_id}/access/users",
    };
    expect(calls.filter(({ name }) => name.endsWith("access/users")).map(({ is }) => is)).toEqual([
      { ...users, "zt.call": "list users", "http.response.status_code": 502, "error.type": "502" },
      {
        ...users,
        "zt.call": "list users",
        "http.response.status_code": 200,
        "http.request.resend_count": 1,
      },
    ]);
    expect(calls.map(({ kind }) => kind).every((kind) => kind === 3)).toBe(true);
  });

  it(
    "no personal data is in anything that is sent: no address, name, reason or user",
    { tags: ["slow"] },
    async () => {
      const collector = await startCollector();
      const { bot, ...world } = await start(collector);
      await revoke(world);
      for (const look of [`user ${MALLORY}`, `sign-ins ${MALLORY}`, "user nobody@example.com", "requests"])
        await answerTo(world.slack, alice, look);
      await bot.stop();

      const sent = collector.bodies.join("\n");
      expect(collector.spans().length).toBeGreaterThan(30);
      const { users } = world.cloudflare.state;
      const personal = [
        "@",
        "example.com",
        REASON,
        "Mallory",
        ...Object.values(PEOPLE),
        ...users.flatMap(({ id, email, name }) => [id, email, ...(name === null ? [] : [name])]),
        world.env["CLOUDFLARE_ACCOUNT_ID"] ?? "",
        world.env["CLOUDFLARE_API_TOKEN"] ?? "",
        world.env["SLACK_BOT_TOKEN"] ?? "",
      ].filter((text) => text !== "");
      expect(personal.filter((text) => sent.includes(text))).toEqual([]);
    },
  );

  it("the collector gets the headers, the service's name and attributes that the settings name", async () => {
    const collector = await startCollector();
    const { bot, logs, ...world } = await start(collector, {
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%20long%20secret",
      OTEL_SERVICE_NAME: "zt-bot-eu",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=production",
    });
    await answerTo(world.slack, alice, "help");
    await bot.stop();
    expect(collector.headers[0]).toMatchObject({ "x-api-key": "a long secret" });
    expect(collector.resources()[0]).toMatchObject({
      "service.name": "zt-bot-eu",
      "deployment.environment.name": "production",
      "telemetry.sdk.language": "nodejs",
    });
    expect(logs()).not.toContain("a long secret");
  });

  it("none is sent where the sampler keeps none", async () => {
    const collector = await startCollector();
    const { bot, ...world } = await start(collector, { OTEL_TRACES_SAMPLER: "always_off" });
    await answerTo(world.slack, alice, "help");
    await bot.stop();
    expect(collector.bodies).toEqual([]);
  });
});

describe("with a collector that is gone", () => {
  it(
    "everything goes on, the log says so once, and once it is back so does the log",
    { tags: ["slow"] },
    async () => {
      const collector = await startCollector();
      await collector.close();
      const { bot, logs, ...world } = await start(collector);
      await revoke(world);
      const saying = (words: string) => logs().split(words).length - 1;
      await vi.waitFor(() => expect(saying("traces are not taken, they are lost")).toBe(1), {
        timeout: 20_000,
      });
      await answerTo(world.slack, alice, `user ${MALLORY}`);
      const { port } = new URL(collector.url);
      const again = await startCollector({ port: Number(port) });
      await vi.waitFor(
        async () => {
          await answerTo(world.slack, alice, "help");
          expect(saying("traces are taken again")).toBe(1);
        },
        { timeout: 40_000, interval: 500 },
      );
      expect(saying("traces are not taken, they are lost")).toBe(1);
      expect(again.bodies.length).toBeGreaterThan(0);
      await bot.stop();
    },
  );
});
