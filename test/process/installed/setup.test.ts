import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { describe, expect, it, onTestFinished, vi } from "vitest";
import { parse } from "yaml";

import { describeWorkspace } from "../../../sandbox/workspace.ts";
import {
  answerTo,
  CHANNELS,
  PEOPLE,
  startWorld,
  type World,
  type WorldOptions,
} from "../../support/harness.ts";
import { spawnBot, startBotProcess } from "../../support/process.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const ROOT = join(import.meta.dirname, "..", "..", "..");
const SETUP = join(ROOT, "scripts", "setup.ts");
const ENDPOINTS = join(ROOT, "sandbox", "endpoints.ts");
const NAMES = [
  "--channel",
  "zt-approvals",
  "--operators",
  "alice@example.com",
  "--approvers",
  "@security-leads",
];

/** What stands where zt-bot is set up: an empty folder, and Slack and Cloudflare. */
async function prepare(options: WorldOptions = {}) {
  // As it should be: the doctor has nothing to say of a private one.
  const channels = describeWorkspace({ mode: "socket" }).channels.map((one) => ({ ...one, isPrivate: true }));
  channels.push({
    id: "C0GENERAL",
    name: "general",
    members: [PEOPLE.alice],
    botIsMember: false,
    isPrivate: false,
  });
  const world = await startWorld({ ...options, slack: { channels, ...options.slack } });
  const folder = mkdtempSync(join(tmpdir(), "zt-setup-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { SLACK_API_URL = "", CLOUDFLARE_BASE_URL = "" } = world.env;
  const places = { SLACK_API_URL, CLOUDFLARE_BASE_URL };
  return { world, folder, places, tokens: tokensOf(world) };
}

function tokensOf({ env }: World): Record<string, string> {
  const names = ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "CLOUDFLARE_API_TOKEN"];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** `npm run setup` with this environment alone. */
async function setUp(folder: string, env: Record<string, string>, args: string[]) {
  const child = spawn(process.execPath, [SETUP, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

function settingsIn(folder: string): Record<string, string> {
  return parseEnv(readFileSync(join(folder, ".env"), "utf8")) as Record<string, string>;
}

function policyIn(folder: string): unknown {
  return parse(readFileSync(join(folder, "policy.yml"), "utf8"));
}

describe("npm run setup without questions", () => {
  it("finds everything by name, writes .env and policy.yml for their owner alone, and the bot starts with them", async () => {
    const { world, folder, places, tokens } = await prepare();
    const { code, output } = await setUp(folder, { ...places, ...tokens }, ["--yes", ...NAMES]);

    expect(output).toContain("Slack: Example Corp");
    expect(output).toContain("Cloudflare: Example Corp");
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining("Ready.") as string });
    for (const value of Object.values(tokens)) expect(output).not.toContain(value);
    for (const file of [".env", "policy.yml"]) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(policyIn(folder)).toEqual({
      channels: { approvals: CHANNELS.approvals },
      operators: [PEOPLE.alice],
      approvers: ["S0LEADS01"],
    });
    const settings = settingsIn(folder);
    expect(settings).toMatchObject({
      ...places,
      ...tokens,
      CLOUDFLARE_ACCOUNT_ID: world.env["CLOUDFLARE_ACCOUNT_ID"],
    });

    await startBotProcess(
      world,
      { ...settings, ZT_POLICY_FILE: join(folder, "policy.yml"), PORT: "0" },
      folder,
    );
    expect((await answerTo(world.slack, PEOPLE.alice, "user mallory@example.com")).words).toContain(
      "mallory",
    );
  });

  it("sets HTTP up where there is a signing secret", async () => {
    const { folder, places, tokens } = await prepare({ mode: "http" });
    const { code } = await setUp(folder, { ...places, ...tokens }, ["--yes", ...NAMES]);
    expect(code).toBe(0);
    expect(settingsIn(folder)).toMatchObject({
      SLACK_APP_TOKEN: "",
      SLACK_SIGNING_SECRET: tokens["SLACK_SIGNING_SECRET"],
    });
  });

  it("keeps what is there and works: other settings, comments and the policy", async () => {
    const { folder, places, tokens } = await prepare();
    const file = join(folder, ".env");
    writeFileSync(file, `# ours\nLOG_LEVEL=debug\nSLACK_BOT_TOKEN=${tokens["SLACK_BOT_TOKEN"]}\n`);
    const policy = `# ours\nchannels: { approvals: ${CHANNELS.approvals} }\noperators: [${PEOPLE.alice}]\napprovers: [${PEOPLE.bob}]\n`;
    writeFileSync(join(folder, "policy.yml"), policy, { mode: 0o600 });
    const { SLACK_BOT_TOKEN: _, ...rest } = tokens;

    expect(await setUp(folder, { ...places, ...rest }, ["--yes"])).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).toMatch(/^# ours\nLOG_LEVEL=debug\nSLACK_BOT_TOKEN=xoxb-/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "policy.yml"), "utf8")).toBe(policy);

    const before = readFileSync(file, "utf8");
    expect(await setUp(folder, {}, ["--yes"])).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it.each<[string, Record<string, string>, string[], string]>([
    ["no bot token", { SLACK_BOT_TOKEN: "" }, NAMES, "SLACK_BOT_TOKEN is missing"],
    [
      "another kind of token",
      { SLACK_BOT_TOKEN: "xoxp-1" },
      NAMES,
      "That is not a bot token: it begins with xoxb-.",
    ],
    [
      "a bot token that Slack refuses",
      { SLACK_BOT_TOKEN: "xoxb-wrong" },
      NAMES,
      "Slack does not accept this token. Copy the Bot User OAuth Token",
    ],
    [
      "an app token that Slack refuses",
      { SLACK_APP_TOKEN: "xapp-wrong" },
      NAMES,
      "Slack does not accept this token. Copy the app-level token",
    ],
    [
      "no Slack",
      { SLACK_API_URL: "http://127.0.0.1:9/api/" },
      NAMES,
      "Slack can't be reached at http://127.0.0.1:9/api/.",
    ],
    [
      "a Cloudflare token that is refused",
      { CLOUDFLARE_API_TOKEN: "wrong" },
      NAMES,
      "Cloudflare does not accept this token.",
    ],
    [
      "no Cloudflare",
      { CLOUDFLARE_BASE_URL: "http://127.0.0.1:9" },
      NAMES,
      "Cloudflare can't be reached at http://127.0.0.1:9.",
    ],
    [
      "another account",
      {},
      [...NAMES, "--account", "Elsewhere"],
      'The token is not for an account "Elsewhere". It is for Example Corp.',
    ],
    ["an unknown channel", {}, ["--channel", "nowhere"], 'zt-bot sees no channel "nowhere".'],
    [
      "a channel without the bot",
      {},
      ["--channel", "#general"],
      "zt-bot is not in #general. Type /invite @zt-bot there",
    ],
    [
      "nobody of that name",
      {},
      ["--channel", "zt-approvals", "--operators", "zoe"],
      'is called "zoe". Use an email address. User groups need a paid plan.',
    ],
    [
      "nobody of that address",
      {},
      ["--channel", "zt-approvals", "--operators", "zoe@example.com"],
      "No one in this workspace has the address zoe@example.com.",
    ],
    [
      "one person alone",
      {},
      ["--channel", "zt-approvals", "--operators", "alice", "--approvers", "Alice Moreau"],
      "Two people are needed",
    ],
    ["no names", {}, ["--channel", "zt-approvals"], "Name them: --operators alice@example.com,@security."],
  ])("says in a sentence what is wrong, and writes nothing: %s", async (_what, wrong, args, sentence) => {
    const { folder, places, tokens } = await prepare();
    const { code, output } = await setUp(folder, { ...places, ...tokens, ...wrong }, ["--yes", ...args]);
    expect(output).toContain(sentence);
    expect(code).toBe(2);
    expect(output.trim().split("\n").length).toBeLessThan(6);
    expect(existsSync(join(folder, ".env")) || existsSync(join(folder, "policy.yml"))).toBe(false);
  });

  it("names the scopes that the Slack app lacks", async () => {
    const { bot } = describeWorkspace({ mode: "socket" });
    const scopes = bot.scopes.filter((scope) => scope !== "im:write" && scope !== "files:read");
    const { folder, places, tokens } = await prepare({ slack: { bot: { ...bot, scopes } } });
    const { code, output } = await setUp(folder, { ...places, ...tokens }, ["--yes", ...NAMES]);
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringMatching(
        /The Slack app lacks files:read, im:write\. Paste the manifest/,
      ) as string,
    });
  });
});

describe("npm run setup -- --sandbox", () => {
  it("sets up a bot for the sandbox's endpoints, which starts and answers within a minute", async () => {
    const startedAt = performance.now();
    const endpoints = spawn(process.execPath, [ENDPOINTS, "--port", "0", "--cloudflare-port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void endpoints.kill());
    let said = "";
    endpoints.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await vi.waitFor(() => expect(said).toContain("Ctrl-C"), { timeout: 60_000 });
    const [SLACK_API_URL = "", CLOUDFLARE_BASE_URL = ""] = said.match(/http:\S+\/(?:api\/|v4)/g) ?? [];
    const folder = mkdtempSync(join(tmpdir(), "zt-setup-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));

    const places = { SLACK_API_URL, CLOUDFLARE_BASE_URL };
    const { code, output } = await setUp(folder, places, ["--sandbox"]);
    expect({ code, output }).toMatchObject({ code: 0 });
    const bot = spawnBot({ ...settingsIn(folder), PORT: "0" }, folder);
    await bot.logged("ready");
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect(policyIn(folder)).toMatchObject({
      channels: { approvals: CHANNELS.approvals },
      approvers: ["S0LEADS01"],
    });
  });

  it("says what to start where there is no sandbox, and leaves the settings of a real workspace alone", async () => {
    const { folder, places } = await prepare();
    const nowhere = { ...places, SLACK_API_URL: "http://127.0.0.1:9/api/" };
    const first = await setUp(folder, nowhere, ["--sandbox"]);
    expect(first).toMatchObject({
      code: 2,
      output: expect.stringContaining("npm run sandbox:endpoints") as string,
    });
    const real = "SLACK_BOT_TOKEN=xoxb-real\n";
    writeFileSync(join(folder, ".env"), real);
    const second = await setUp(folder, places, ["--sandbox"]);
    expect(second).toMatchObject({ code: 2, output: expect.stringContaining("a real workspace") as string });
    expect(readFileSync(join(folder, ".env"), "utf8")).toBe(real);
  });
});

describe("npm run setup in a terminal", () => {
  it("asks, shows no token, asks again with the reason where something is wrong, and writes what works", async () => {
    const { folder, places, tokens } = await prepare();
    const terminal = openTerminal(folder, places);
    const { SLACK_BOT_TOKEN = "", SLACK_APP_TOKEN = "", CLOUDFLARE_API_TOKEN = "" } = tokens;
    await terminal.answer("Bot User OAuth Token", "xoxb-mistyped");
    await terminal.see("Slack does not accept this token");
    await terminal.answer("Bot User OAuth Token", SLACK_BOT_TOKEN);
    await terminal.answer("How does Slack reach the bot?", "");
    await terminal.answer("App-level token", SLACK_APP_TOKEN);
    await terminal.answer("Cloudflare API token", CLOUDFLARE_API_TOKEN);
    await terminal.answer("Name of the approvals channel", "security");
    await terminal.see('zt-bot sees no channel "security". If it is private');
    await terminal.answer("Name of the approvals channel", "zt-approvals");
    await terminal.answer("Who can look people up", "Alice Moreau, @security-leads");
    await terminal.answer("Who can approve?", "@security-leads");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).toContain("Ready.");
    for (const secret of ["xoxb-mistyped", SLACK_BOT_TOKEN, SLACK_APP_TOKEN, CLOUDFLARE_API_TOKEN])
      expect(terminal.shown()).not.toContain(secret);
    expect(policyIn(folder)).toMatchObject({
      operators: [PEOPLE.alice, "S0LEADS01"],
      approvers: ["S0LEADS01"],
    });
    expect(settingsIn(folder)).toMatchObject({ SLACK_BOT_TOKEN, SLACK_APP_TOKEN, CLOUDFLARE_API_TOKEN });
  });

  it("writes nothing when it is cancelled", async () => {
    const { folder, places } = await prepare();
    const terminal = openTerminal(folder, places);
    await terminal.answer("Bot User OAuth Token", "\u0003");
    expect(await terminal.ended).toBe(2);
    expect(terminal.shown()).toContain("Cancelled. Nothing was written.");
    expect(existsSync(join(folder, ".env"))).toBe(false);
  });
});

/** Setup in a terminal of its own, which `script` makes. */
function openTerminal(folder: string, env: Record<string, string>) {
  const command = `stty cols 200 rows 50 && exec ${process.execPath} ${SETUP}`;
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm", COLUMNS: "200", ...env },
  });
  onTestFinished(() => void child.kill());
  let shown = "";
  /** Where the next question is looked for. */
  let from = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const see = async (words: string): Promise<void> => {
    await vi.waitFor(
      () => {
        const at = shown.indexOf(words, from);
        if (at === -1) throw new Error(`"${words}" is not there:\n${shown.slice(from)}`);
        from = at + words.length;
      },
      { timeout: 30_000, interval: 20 },
    );
  };
  return {
    see,
    async answer(question: string, typed: string) {
      await see(question);
      child.stdin.write(typed === "\u0003" ? typed : `${typed}\r`);
      // Each keystroke draws the question again: what comes next is looked for behind all of them.
      if (typed !== "") await vi.waitFor(() => expect(shown.length).toBeGreaterThan(from + 20));
    },
    shown: () => shown,
    ended: once(child, "close").then(([code]) => code as number),
  };
}
