import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { CHANNELS, PEOPLE } from "../sandbox/workspace.ts";
import { openWorld } from "../sandbox/world.ts";
import { createApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLogger } from "../src/log/log.ts";
import { openPolicy } from "../src/policy-file.ts";
import { CARD_ACTIONS } from "../src/views/card/approvals.ts";

/** A row as the bot wrote it. */
export interface TemplateRow {
  table: string;
  row: Record<string, string | number | null>;
}

/** Some requests as the bot wrote them, from the question to the end. */
export interface HistoryTemplate {
  requests: { id: string; people: { id: string; email: string }[]; rows: TemplateRow[] }[];
  /** Who asked for all of them. */
  requester: string;
  /** When that was, epoch milliseconds. */
  at: number;
}

/** Tables that grow with requests: how a row is found, which columns are times, and which are ids of their own. */
export const COPIED: readonly {
  table: string;
  of: string;
  times: readonly string[];
  ids: readonly string[];
}[] = [
  {
    table: "requests",
    of: "id",
    times: ["created_at", "expires_at", "decided_at", "started_at", "finished_at", "card_attempted_at"],
    ids: [],
  },
  { table: "request_targets", of: "request_id", times: ["sent_at", "answered_at"], ids: [] },
  { table: "posts", of: "request_id", times: ["created_at", "attempted_at", "posted_at"], ids: [] },
  { table: "audit", of: "request_id", times: ["at"], ids: [] },
  { table: "watches", of: "request_id", times: ["since", "started_at", "until", "ended_at"], ids: ["id"] },
];

/** What teams ask for, and what comes of it: revocations mostly, some of several people, some not approved. */
const ASKED: readonly { text: string; click: string }[] = [
  { text: "revoke mallory@example.com --reason laptop stolen in the train", click: CARD_ACTIONS.approve },
  { text: "revoke dana@example.com --reason signed in from two countries", click: CARD_ACTIONS.approve },
  { text: "revoke dana@example.com --reason the same again, a day later", click: CARD_ACTIONS.approve },
  { text: "revoke mallory@example.com --reason phished, says the help desk", click: CARD_ACTIONS.cancel },
];

/** Long: the machine may be busy. */
const PATIENCE_MS = 60_000;

/** Lets the bot itself carry these out, against the emulators, and reads what it wrote. Takes some seconds. */
export async function makeTemplate(): Promise<HistoryTemplate> {
  const world = await openWorld();
  const { slack, env, folder } = world;
  try {
    const config = readConfig(env);
    const policy = openPolicy(config.policyFile, { hasStepUpKey: config.stepUpKey !== null });
    let ahead = 0;
    const now = (): number => Date.now() + ahead;
    const bot = await createApp({
      config,
      policy,
      log: createLogger("silent"),
      verifyDelaysMs: [20, 50],
      sweepMs: 100,
      watchMs: 100,
      now,
    });
    try {
      for (const { text, click } of ASKED) {
        const before = slack.messages(CHANNELS.approvals).length;
        await slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text, command: "/zt" });
        const card = await slack.waitFor(() => slack.messages(CHANNELS.approvals)[before]);
        const user = click === CARD_ACTIONS.cancel ? PEOPLE.alice : PEOPLE.bob;
        await slack.click({ user, channel: card.channel, ts: card.ts, actionId: click });
        await untilOver(join(folder, "data", "zt.db"));
      }
      // Whom they revoked is watched for an hour.
      ahead = 2 * 3_600_000;
      await untilOver(join(folder, "data", "zt.db"), true);
    } finally {
      await bot.stop();
    }
    return readTemplate(join(folder, "data", "zt.db"));
  } finally {
    await world.close();
  }
}

/** Until no request is open and every message is posted; `isWatched`: and nobody is watched. */
async function untilOver(file: string, isAlsoWatch = false): Promise<void> {
  const db = new DatabaseSync(file, { readOnly: true });
  const open = db.prepare(
    `SELECT (SELECT count(*) FROM requests WHERE status IN ('pending', 'approved', 'executing', 'unknown')
         OR card_version < version)
       + (SELECT count(*) FROM posts WHERE posted_at IS NULL)
       + (SELECT count(*) FROM watches WHERE state = 'active' AND ${isAlsoWatch ? 1 : 0}) AS count`,
  );
  const deadline = Date.now() + PATIENCE_MS;
  try {
    while (Number(open.get()?.["count"]) > 0) {
      if (Date.now() > deadline) throw new Error("a request of the template does not come to its end");
      await delay(50);
    }
  } finally {
    db.close();
  }
}

function readTemplate(file: string): HistoryTemplate {
  const db = new DatabaseSync(file, { readOnly: true });
  const rowsOf = (query: string, ...values: string[]): TemplateRow["row"][] =>
    db.prepare(query).all(...values) as TemplateRow["row"][];
  try {
    const requests = rowsOf("SELECT * FROM requests ORDER BY created_at");
    return {
      requests: requests.map(({ id }) => ({
        id: String(id),
        people: rowsOf(
          "SELECT target_id AS id, email FROM request_targets WHERE request_id = ?",
          String(id),
        ).map((row) => ({ id: String(row["id"]), email: String(row["email"]) })),
        rows: COPIED.flatMap(({ table, of }) =>
          rowsOf(`SELECT * FROM ${table} WHERE ${of} = ? ORDER BY rowid`, String(id)).map((row) => ({
            table,
            row,
          })),
        ),
      })),
      requester: String(requests[0]?.["requester_id"]),
      at: Number(requests[0]?.["created_at"]),
    };
  } finally {
    db.close();
  }
}
