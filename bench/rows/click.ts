import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

import pg from "pg";

import { signRequest } from "../../sandbox/slack/delivery/http.ts";
import {
  ACCOUNT_ID,
  CHANNELS,
  CLOUDFLARE_TOKEN,
  describeWorkspace,
  PEOPLE,
} from "../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { buildBot } from "../build.ts";
import { withDatabase } from "../database.ts";
import { startEmulators, type Emulators } from "../emulators.ts";
import { inTime, notMeasured } from "../line.ts";
import { createHttpSender, repeat } from "../load.ts";
import { startMeasured } from "../measured-process.ts";
import { monotonicMs } from "../monotonic.ts";
import { createTimes, type Times } from "../percentiles.ts";
import type { Line, Row, Setting } from "../row.ts";

/** How long Cloudflare takes for each call. */
const LATENCY_MS = 50;
/** Executions beside which a click is measured: each is called for, and looked at until it shows. */
const OTHERS = 50;
/** After so long nothing that was read for one click serves the next one. */
const APART_MS = 2200;
/** So long the list shows sessions that are over: longer than this is measured. */
const LAG_MS = 600_000;
/** Longer than one round, by database. */
const GOAL_MS = { SQLite: 25, PostgreSQL: 40 } as const;
type Database = keyof typeof GOAL_MS;

export const click: Row = {
  name: "click",
  title: "from the click that approves to revoke_user on the wire",
  beside: `one call to Cloudflare at ${LATENCY_MS} ms, from a process that does nothing else`,
  async run(setting): Promise<Line[]> {
    const main = await buildBot(setting.folder);
    const lines: Line[] = [];
    for (const database of ["SQLite", "PostgreSQL"] as const)
      for (const others of [0, setting.isQuick ? 10 : OTHERS])
        lines.push(await measure(main, { ...setting, database, others }));
    return lines;
  },
};

interface Case extends Setting {
  database: Database;
  others: number;
}

async function measure(main: string, one: Case): Promise<Line> {
  const { database, others, postgres, folder } = one;
  const what = `${database}, ${others === 0 ? "idle" : `beside ${others} executions`}, p50`;
  if (database === "PostgreSQL" && postgres === null)
    return notMeasured(what, "no PostgreSQL server was given: --database");
  const measureOn = (databaseUrl: string) => measureOnDatabase(main, { ...one, what, databaseUrl });
  return database === "SQLite" || postgres === null
    ? measureOn(`file:${join(folder, `${others}`, "zt.db")}`)
    : withDatabase(postgres, measureOn);
}

async function measureOnDatabase(
  main: string,
  one: Case & { what: string; databaseUrl: string },
): Promise<Line> {
  const { what, database, databaseUrl, others, folder, log } = one;
  const emulators = await startEmulators({
    mode: "http",
    rateLimit: { requests: 1_000_000, windowMs: 300_000 },
    databaseUrl,
    ...(others === 0 ? {} : { sessionListLagMs: LAG_MS }),
  });
  try {
    const env = { ...emulators.env, CLOUDFLARE_RATE_BUDGET: "900000/300s", LOG_LEVEL: "info" };
    const bot = await startMeasured(main, env, { cwd: folder });
    try {
      const { round, clicks } = await measureClicks(bot.url, { ...one, emulators });
      log(`${what}: p95 ${inTime(clicks.percentile(95))} of ${clicks.count} clicks`);
      const [ours, beside] = [clicks.percentile(50), round.percentile(50)];
      return {
        what,
        ours: inTime(ours),
        beside: inTime(beside),
        ratio: ours / beside,
        goal: `one round + ${GOAL_MS[database]} ms`,
        met: ours <= beside + GOAL_MS[database],
      };
    } finally {
      await bot.process.stop();
    }
  } finally {
    await emulators.close();
  }
}

interface Scene extends Case {
  databaseUrl: string;
  emulators: Emulators;
}

/** Asks for all revocations first; then Cloudflare becomes slow, the others are approved, and clicks are measured. */
async function measureClicks(
  url: string,
  { emulators, databaseUrl, others, runs, isQuick }: Scene,
): Promise<{ round: Times; clicks: Times }> {
  const count = isQuick ? 2 : Math.min(runs, 20);
  const emails = Array.from({ length: count + others + 1 }, (_, index) => `user-${index}@crowd.example.com`);
  for (const email of emails) await control(emulators.cloudflareUrl, "login", { email });
  const sender = createHttpSender(url);
  await repeat(emails.length, 4, async (index) => {
    const id = `ask-${index}`;
    const text = `revoke ${emails[index] ?? ""} --reason bench`;
    const answer = emulators.answered(id);
    await sender.prepare({ text, responseUrl: emulators.responseUrl(id) })();
    await answer;
  });
  sender.close();
  const ids = await until(
    () => readPending(databaseUrl),
    (found) => found.length === emails.length,
  );
  await control(emulators.cloudflareUrl, "faults", {
    route: "*",
    fault: { kind: "latency", ms: LATENCY_MS },
  });

  const revoked = revocations(emulators);
  // The first click after a start reads who has a say, and is not counted.
  for (const id of ids.splice(0, others + 1)) await press(url, id);
  await revoked(others + 1);
  await delay(APART_MS);

  const [round, clicks] = [createTimes(), createTimes()];
  for (const id of ids) {
    round.add(await measureRound(emulators.cloudflareUrl));
    const from = monotonicMs();
    await press(url, id);
    const [at = Infinity] = await revoked(1);
    clicks.add(at - from);
    await delay(APART_MS);
  }
  return { round, clicks };
}

/** Waits for so many more calls. @returns when each arrived */
function revocations(emulators: Emulators): (count: number) => Promise<number[]> {
  let seen: number[] = [];
  return async (count) => {
    const look = async (): Promise<number[]> => {
      const calls = await emulators.calls();
      seen.push(...calls.filter(({ detail }) => detail.includes("revoke_user")).map(({ from }) => from));
      return seen;
    };
    await until(look, (found) => found.length >= count);
    const found = seen.slice(0, count);
    seen = seen.slice(count);
    return found;
  };
}

async function measureRound(cloudflareUrl: string): Promise<number> {
  const from = monotonicMs();
  const url = `${cloudflareUrl}/client/v4/accounts/${ACCOUNT_ID}/access/users?email=nobody%40example.com`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${CLOUDFLARE_TOKEN}` } });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`Cloudflare answered ${response.status}`);
  return monotonicMs() - from;
}

/** Bob presses *Approve*, which Slack tells the bot by a signed request. Resolves when it is acknowledged. */
async function press(url: string, requestId: string): Promise<void> {
  const path = `${url}/slack/events`;
  const { team, bot } = describeWorkspace({ mode: "socket" });
  const payload = {
    type: "block_actions",
    user: { id: PEOPLE.bob, team_id: team.id },
    team: { id: team.id, domain: team.domain },
    channel: { id: CHANNELS.approvals },
    container: { type: "message", channel_id: CHANNELS.approvals, message_ts: "1.1" },
    api_app_id: bot.appId,
    trigger_id: randomUUID(),
    actions: [
      {
        type: "button",
        action_id: CARD_ACTIONS.approve,
        block_id: "b",
        value: requestId,
        action_ts: "1.1",
      },
    ],
  };
  const { body, headers } = signRequest(path, "interactive", payload, bot.signingSecret, Date.now());
  const response = await fetch(path, { method: "POST", headers, body });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`a click was answered with ${response.status}`);
}

async function control(url: string, what: string, input: unknown): Promise<void> {
  const response = await fetch(`${url}/sandbox/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${what}: ${await response.text()}`);
}

/** Looks until it is so; half a minute at most. */
async function until<T>(look: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const value = await look();
    if (isSo(value)) return value;
    await delay(100);
  }
  throw new Error("it did not happen within half a minute");
}

const PENDING =
  "SELECT id FROM requests WHERE status = 'pending' AND card_ts IS NOT NULL ORDER BY created_at";

/** The requests whose cards wait, oldest first. */
async function readPending(databaseUrl: string): Promise<string[]> {
  if (databaseUrl.startsWith("file:")) {
    const db = new DatabaseSync(databaseUrl.slice("file:".length), { readOnly: true });
    const rows = db.prepare(PENDING).all();
    db.close();
    return rows.map(({ id }) => String(id));
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(PENDING);
  await client.end();
  return rows.map(({ id }) => id);
}
