import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { answerTo, PEOPLE, startWorld, type World } from "../support/harness.ts";
import { probe, type ReadyBot, startBotProcess } from "../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const FORM = "application/x-www-form-urlencoded";

/** An HTTP request as bytes; `headers` as they are written. */
function bytes(method: string, headers: readonly string[] = [], body = ""): string {
  return [`${method} /slack/events HTTP/1.1`, "host: bot", ...headers, "", body].join("\r\n");
}

function post(body: string, ...headers: string[]): string {
  return bytes("POST", [`content-length: ${Buffer.byteLength(body)}`, ...headers], body);
}

/** As Slack would have sent it. */
function signed({ env }: World, body: string, type = "application/json"): string {
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", env["SLACK_SIGNING_SECRET"] ?? "")
    .update(`v0:${timestamp}:${body}`)
    .digest("hex");
  const headers = [`x-slack-request-timestamp: ${timestamp}`, `x-slack-signature: v0=${signature}`];
  return post(body, `content-type: ${type}`, ...headers);
}

function payload(value: unknown): string {
  return `payload=${encodeURIComponent(JSON.stringify(value))}`;
}

async function open({ url }: ReadyBot): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // What the bot cuts off is no error here.
  socket.on("error", () => {});
  await once(socket, "connect");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Sends this over a connection of its own; the status codes of what comes back, until the bot closes or `enough`. */
async function statusesOf(bot: ReadyBot, text: string, enough = 1): Promise<number[]> {
  const socket = await open(bot);
  let said = "";
  const statuses = (): number[] => [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
  const done = Promise.withResolvers<void>();
  socket.on("data", (chunk) => {
    said += chunk.toString();
    if (statuses().length >= enough) done.resolve();
  });
  socket.on("close", () => done.resolve());
  socket.write(text);
  await done.promise;
  socket.destroy();
  return statuses();
}

/** A server that nothing may ever be sent to. */
async function startCanary(): Promise<{ url: string; visits: string[] }> {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(request.url ?? "");
    response.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, visits };
}

const USER = { id: PEOPLE.alice, team_id: "T0SANDBOX" };
const command = (responseUrl: string): string =>
  new URLSearchParams({
    command: "/zt",
    text: "user mallory@example.com",
    user_id: PEOPLE.alice,
    team_id: USER.team_id,
    channel_id: "C0SECURITY",
    response_url: responseUrl,
  }).toString();

const HEALTH = "GET /healthz HTTP/1.1\r\nhost: bot\r\n\r\n";

const UNSIGNED: [string, string, number[]][] = [
  ...["GET", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "PROPFIND"].map(
    (method): [string, string, number[]] => [method, bytes(method), [405]],
  ),
  ["CONNECT", "CONNECT bot:443 HTTP/1.1\r\nhost: bot\r\n\r\n", []],
  ["an upgrade", bytes("GET", ["connection: upgrade", "upgrade: websocket"]), [405]],
  ["an upgrade of a POST", post("{}", "connection: upgrade", "upgrade: h2c"), [401]],
  ["a body that waits to be asked for", post("{}", "expect: 100-continue"), [100, 401]],
  ["another expectation", post("{}", "expect: a miracle"), [417]],
  ["ten requests at once", HEALTH.repeat(10), Array.from({ length: 10 }, () => 200)],
  ["a huge header", bytes("POST", [`x: ${"x".repeat(100_000)}`]), [431]],
  [
    "ten thousand headers",
    bytes(
      "POST",
      Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1`),
    ),
    [431],
  ],
  ["a huge body", post("x".repeat(2_000_000)), [413]],
  ["two lengths", bytes("POST", ["content-length: 1", "content-length: 2"], "{}"), [400]],
  ["a length that is none", bytes("POST", ["content-length: -1"], "{}"), [400]],
  ["a body past its length", post("{}", "connection: keep-alive") + "more", [400]],
  ["chunks that are none", bytes("POST", ["transfer-encoding: chunked"], "zz\r\n"), [400]],
  ["no HTTP", "\u0016\u0003\u0001\u0002\r\n\r\n", [400]],
  ["no signature", post("{}"), [401]],
  ["two signatures", post("{}", "x-slack-signature: v0=1", "x-slack-signature: v0=2"), [401]],
  ["no time", post("{}", `x-slack-signature: v0=${"0".repeat(64)}`), [401]],
  ["ssl_check with more behind it", post("ssl_check=1&payload=null", `content-type: ${FORM}`), [200]],
];

const SIGNED: [string, string, string, number][] = [
  ["null", "null", "application/json", 400],
  ["a text", '"text"', "application/json", 400],
  ["a number", "1", "application/json", 400],
  ["a list", "[]", "application/json", 400],
  ["no JSON", '{"type":', "application/json", 400],
  ["nothing", "", "application/json", 400],
  ["payload=null", "payload=null", FORM, 400],
  ["payload=[]", "payload=[]", FORM, 400],
  ["a payload that is no JSON", "payload=%7B", FORM, 400],
  ["two payloads", "payload=%7B%7D&payload=%7B%7D", FORM, 404],
  ["a payload without a type", payload({ user: USER }), FORM, 404],
  ["an unknown type", payload({ type: "surprise", user: USER }), FORM, 404],
  ["an event that is null", '{"type":"event_callback","event":null}', "application/json", 500],
  ["an event without anything", '{"type":"event_callback","event":{}}', "application/json", 200],
  [
    "a mention by nobody",
    '{"type":"event_callback","event":{"type":"app_mention"}}',
    "application/json",
    200,
  ],
  ["a click by nobody", payload({ type: "block_actions", actions: [{}] }), FORM, 500],
  ["no click", payload({ type: "block_actions", actions: [], user: USER }), FORM, 404],
  ["a form without a view", payload({ type: "view_submission", user: USER }), FORM, 500],
  ["a form without anything in it", payload({ type: "view_submission", view: {}, user: USER }), FORM, 404],
  ["a command without words", "command=%2Fzt", FORM, 200],
];

describe("a request that Slack would not send", () => {
  it("is answered, and the process goes on, whatever it is", async () => {
    const world = await startWorld({ mode: "http" });
    const bot = await startBotProcess(world);

    for (const [name, text, expected] of UNSIGNED) {
      expect(await statusesOf(bot, text, Math.max(expected.length, 1)), name).toEqual(expected);
      expect(await probe(bot, "/healthz"), name).toHaveProperty("status", 200);
    }
    for (const [name, body, type, expected] of SIGNED) {
      expect(await statusesOf(bot, signed(world, body, type)), name).toEqual([expected]);
      expect(await probe(bot, "/healthz"), name).toHaveProperty("status", 200);
    }
    // Thousands on one connection are not worked through: the bot closes it.
    for (const text of [HEALTH, post("{}"), bytes("GET")])
      expect((await statusesOf(bot, text.repeat(2000), Infinity)).length).toBeLessThan(11);

    const { words } = await answerTo(world.slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");
    expect(bot.stderr()).toBe("");
    expect(bot.logs().filter(({ level }) => level === "fatal")).toEqual([]);
  });

  it("is answered nowhere but where Slack takes answers", async () => {
    const world = await startWorld({ mode: "http" });
    const bot = await startBotProcess(world);
    const canary = await startCanary();
    const urls = [
      "data:,",
      "data:text/html;base64,!",
      "file:///etc/passwd",
      "blob:nodedata:1",
      "javascript:1",
      "not a URL",
      canary.url,
      canary.url.replace("http:", "https:"),
      `${new URL(world.slack.apiUrl).origin}@${canary.url.slice(7)}`,
      `http://hooks.slack.com.${new URL(canary.url).host}/`,
      "http://hooks.slack.com/commands/1",
    ];
    for (const url of urls)
      expect(await statusesOf(bot, signed(world, command(url), FORM)), url).toEqual([200]);

    await vi.waitFor(() => expect(bot.logs("error could not be told")).toHaveLength(urls.length), {
      timeout: 20_000,
    });
    expect(canary.visits).toEqual([]);
    const refusals = bot.logs("error could not be told").map(({ err }) => (err as Error).message);
    expect(new Set(refusals)).toEqual(
      new Set(["not answered: the request's response_url is not one of Slack's"]),
    );
    const { words } = await answerTo(world.slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");
    expect(bot.stderr()).toBe("");
  });

  it("is cut off after ten seconds when it is held back, and three hundred of them keep nobody else waiting", async () => {
    const world = await startWorld({ mode: "http" });
    const bot = await startBotProcess(world);
    const heldBack = [
      "POST /slack/events HTTP/1.1\r\nhost:",
      bytes("POST", ["content-length: 1000000"], "x"),
      bytes("POST", ["content-length: 10", "expect: 100-continue"]),
      bytes("POST", ["transfer-encoding: chunked"], "1\r\nx\r\n"),
      bytes("GET", ["content-length: 10"]),
      "",
    ];
    const startedAt = performance.now();
    const sockets = await Promise.all(Array.from({ length: 300 }, () => open(bot)));
    const closed = sockets.map(
      (socket) => new Promise((resolve) => void socket.resume().once("close", resolve)),
    );
    for (const [n, socket] of sockets.entries()) socket.write(heldBack[n % heldBack.length] ?? "");

    const { words } = await answerTo(world.slack, PEOPLE.alice, "user mallory@example.com");
    expect(words).toContain("3 active sessions");
    expect(await probe(bot, "/readyz")).toHaveProperty("status", 200);
    expect(performance.now() - startedAt).toBeLessThan(9000);
    await Promise.all(Array.from({ length: 400 }, () => open(bot)));
    expect(await bot.logged("connections not taken: too many are open")).toMatchObject({ open: 500 });
    await Promise.all(closed);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await probe(bot, "/healthz")).toHaveProperty("status", 200);
    expect(bot.stderr()).toBe("");
  });
});

describe("an error that nobody caught", () => {
  it.each([
    [
      "an error that is thrown",
      "throw Object.assign(new Error(`no ${process.env.SLACK_BOT_TOKEN}`), { a: 1 })",
    ],
    ["a promise that is rejected with what can't be a text", "Promise.reject(Object.create(null))"],
  ])("ends the process with one fatal line and 1: %s", async (_what, code) => {
    const world = await startWorld();
    const script = `process.on("SIGUSR2", () => { ${code} })`;
    const bot = await startBotProcess(world, {
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(script)}"`,
    });
    bot.signal("SIGUSR2");

    expect(await bot.exited).toMatchObject({ code: 1, signal: null });
    expect(bot.logs("zt-bot cannot go on")).toEqual([expect.objectContaining({ level: "fatal" })]);
    expect(bot.stderr()).toBe("");
    // That no secret is in it holds for every process of a test.
    expect(bot.stdout().trim().split("\n")).toHaveLength(bot.logs().length);
  });
});
