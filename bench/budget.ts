import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { CHANNELS, PEOPLE } from "../sandbox/workspace.ts";
import { openWorld, type World } from "../sandbox/world.ts";
import { createApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLogger } from "../src/log/log.ts";
import { openPolicy } from "../src/policy-file.ts";
import { CARD_ACTIONS } from "../src/views/card/approvals.ts";

/**
 * `npm run budget`: sizes that do not depend on the machine, held against `budget.json`: modules read at start, bytes of
 * the bundle, and for each thing people do the calls to Cloudflare and Slack, and how many rounds of calls to Cloudflare
 * wait for one another. What the bot asks Slack by itself may fall among them: each limit has room for one such call. Exit code 1: something is over its limit. Who raises a limit says why in the commit.
 */
interface Cost {
  cloudflare: number;
  /** Calls to Cloudflare that follow one another: what a person waits for. */
  rounds: number;
  slack: number;
}
interface Budget {
  modules: number;
  bundleKilobytes: number;
  costs: Record<string, Cost>;
}

const ROOT = join(import.meta.dirname, "..");
const limits = JSON.parse(readFileSync(join(import.meta.dirname, "budget.json"), "utf8")) as Budget;
const MALLORY = "mallory@example.com";

/** Subcommands as people type them. */
const TYPED = [
  `user ${MALLORY}`,
  `sessions ${MALLORY}`,
  `identity ${MALLORY}`,
  `sign-ins ${MALLORY}`,
  `failed-sign-ins ${MALLORY}`,
  `devices ${MALLORY}`,
  `risk ${MALLORY}`,
  "risk",
  "users mallory",
  "changes",
  "requests",
  "help",
  `audit ${MALLORY}`,
];

/** How long Cloudflare takes for each call: rounds are told apart by it. */
const LATENCY_MS = 400;
/** Nothing was asked for so long: it is over. */
const QUIET_MS = 2500;

let isOver = false;
/** When what is measured now was begun, epoch milliseconds. */
let begunAt = 0;
check("modules read at start", countModules(), limits.modules);
check("bundle, in kilobytes", bundleKilobytes(), limits.bundleKilobytes);
const measured = await measureCosts();
for (const [what, cost] of Object.entries(measured)) {
  const limit = limits.costs[what] ?? { cloudflare: 0, rounds: 0, slack: 0 };
  check(`${what}: calls to Cloudflare`, cost.cloudflare, limit.cloudflare);
  check(`${what}: rounds`, cost.rounds, limit.rounds);
  check(`${what}: calls to Slack`, cost.slack, limit.slack);
}
for (const what of Object.keys(limits.costs)) {
  if (what in measured) continue;
  process.stdout.write(`❌ ${what}: not measured, remove it from budget.json\n`);
  isOver = true;
}
process.exit(isOver ? 1 : 0);

function check(what: string, is: number, limit: number): void {
  const sign = is > limit ? "❌" : "✅";
  isOver ||= is > limit;
  process.stdout.write(`${sign} ${what}: ${is} of ${limit}\n`);
}

/** The start ends with its settings missing, after everything is read. */
function countModules(): number {
  const preload = join(import.meta.dirname, "count-modules.mjs");
  const { stderr } = spawnSync(process.execPath, ["--import", preload, join(ROOT, "src", "main.ts")], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  const modules = Number(/modules=(\d+)/.exec(stderr)?.[1]);
  if (!(modules > 0)) throw new Error(`the modules could not be counted:\n${stderr}`);
  return modules;
}

/** What a start may read of the bundle: without source maps and licenses, and without what comes beside it. */
function bundleKilobytes(): number {
  const folder = mkdtempSync(join(tmpdir(), "zt-budget-"));
  try {
    const built = spawnSync("npm", ["run", "--silent", "build", "--", "--dir", folder], {
      cwd: ROOT,
      encoding: "utf8",
    });
    if (built.status !== 0) throw new Error(`the build failed:\n${built.stderr}`);
    const bytes = readdirSync(folder)
      .filter((file) => file.endsWith(".js"))
      .reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    return Math.ceil(bytes / 1024);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureCosts(): Promise<Record<string, Cost>> {
  const world = await openWorld();
  const config = readConfig(world.env);
  const policy = openPolicy(config.policyFile, { hasStepUpKey: config.stepUpKey !== null });
  const bot = await createApp({ config, policy, log: createLogger("silent"), verifyDelaysMs: [20, 50] });
  const { slack, cloudflare } = world;
  try {
    // Who is who in Slack is known afterwards, as it is in a running bot.
    await during(world, () => typed(world, "help"));
    cloudflare.faults.set("*", { kind: "latency", ms: LATENCY_MS });
    const costs: Record<string, Cost> = {};
    for (const text of TYPED) costs[nameOf(text)] = await during(world, () => typed(world, text));
    costs["revoke"] = await during(world, () => typed(world, `revoke ${MALLORY} --reason budget`));
    const card = slack.messages(CHANNELS.approvals).at(-1);
    if (card === undefined) throw new Error("there is no card");
    costs["approve, to the end of the story"] = await during(world, () =>
      slack.click({ user: PEOPLE.bob, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve }),
    );
    const sent = cloudflare.requests.find(({ path }) => path.endsWith("/revoke_user"));
    if (sent === undefined) throw new Error("nothing was revoked");
    costs["approve, before revoke_user goes out"] = costOf(world, { before: sent.at });
    return costs;
  } finally {
    await bot.stop();
    await world.close();
  }
}

function typed({ slack }: World, text: string): Promise<unknown> {
  return slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text, command: "/zt" });
}

/** `sign-ins`; `risk` of nobody is another one than that of somebody. */
function nameOf(text: string): string {
  return text.replace(MALLORY, "<who>");
}

/** What is asked of both until nothing more is. */
async function during(world: World, act: () => Promise<unknown>): Promise<Cost> {
  begunAt = Date.now();
  await act();
  for (;;) {
    const before = world.slack.calls.length + world.cloudflare.requests.length;
    await delay(QUIET_MS);
    if (world.slack.calls.length + world.cloudflare.requests.length === before) return costOf(world);
  }
}

function costOf({ slack, cloudflare }: World, { before = Infinity } = {}): Cost {
  const asked = cloudflare.requests.filter(({ at }) => at >= begunAt && at < before).map(({ at }) => at);
  const answered = slack.calls.filter(
    (call) => Date.parse(call.at) >= begunAt && Date.parse(call.at) < before,
  );
  let rounds = 0;
  let roundAt = -Infinity;
  for (const at of asked.toSorted((a, b) => a - b)) {
    // A call that waited for another one comes after that one's answer.
    if (at < roundAt + LATENCY_MS) continue;
    rounds += 1;
    roundAt = at;
  }
  return { cloudflare: asked.length, rounds, slack: answered.length };
}
