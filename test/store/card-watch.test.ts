import { describe, expect, it, onTestFinished } from "vitest";

import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log/log.ts";
import { replaceLostCards, type CardDeps } from "../../src/outbox/cards.ts";
import { openPolicy } from "../../src/policy-file.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { createChannels } from "../../src/slack/channels.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { postMessage } from "../../src/slack/messages.ts";
import { openStore } from "../../src/store/open.ts";
import { CHANNELS, startWorld } from "../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import { letCardBePosted, newRequest } from "./fixture.ts";

const CARDS = 3;
const SWEEP_MS = 30_000;

/** A world in which so many replicas watch so many cards. `looks` counts what Slack was asked about them. */
async function startWatch(replicas: number, options: { databaseUrl?: string } = {}) {
  const world = await startWorld(options);
  const { database } = readConfig(world.env);
  const stores = await Promise.all(Array.from({ length: replicas }, () => openStore(database)));
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
  const slack = createSlackClients(world.env["SLACK_BOT_TOKEN"] ?? "", world.slack.apiUrl).background;
  const policy = openPolicy(world.env["ZT_POLICY_FILE"] ?? "");
  let now = Date.now();
  const watchers = stores.map(({ db }): CardDeps => ({
    db,
    slack,
    policy,
    channels: createChannels(slack, Date.now),
    log: createLogger("silent"),
    now: () => now,
  }));
  const db = stores[0]?.db;
  if (db === undefined) throw new Error("no store");
  const cards: string[] = [];
  for (let n = 0; n < CARDS; n += 1) {
    const { id } = await insertRequest(db, newRequest());
    const { channel, ts } = await postMessage(slack, CHANNELS.approvals, { text: id, blocks: [] }, id);
    await letCardBePosted(db, id, channel, ts);
    cards.push(ts);
  }
  return {
    world,
    cards,
    watch: async () => (await Promise.all(watchers.map((deps) => replaceLostCards(deps)))).flat(),
    looks: () => world.slack.calls.filter(({ method }) => method === "conversations.history").length,
    /** For the database's clock the last watch becomes so much older; the processes' own goes on as much. */
    async pass(ms: number) {
      now += ms;
      if (database.kind !== "postgres") return;
      await db
        .updateTable("switches")
        .set((eb) => ({ at: eb("at", "-", ms) }))
        .where("name", "=", "card-watch")
        .execute();
    },
    setClock: (at: number) => (now = at),
  };
}

describeWithPostgres("cards that several replicas watch", () => {
  it("are looked at once in the time of a sweep, by one of them", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const { world, cards, watch, looks, pass, setClock } = await startWatch(2, { databaseUrl: url });
    for (let sweep = 1; sweep <= 4; sweep += 1) {
      // Once with both at once, once more before the next sweep, whatever time the processes think it is.
      expect(await watch()).toEqual([]);
      setClock(Date.now() + sweep * 3_600_000);
      expect(await watch()).toEqual([]);
      expect(looks()).toBe(sweep * CARDS);
      await pass(SWEEP_MS);
    }

    world.slack.deleteMessage(CHANNELS.approvals, cards[0] ?? "");
    expect(await watch(), "one is replaced, by one of them").toHaveLength(1);
  });
});

describe("cards that one process watches", () => {
  it("are looked at in each sweep, also where its timer comes early or its clock is put back", async () => {
    const { watch, looks, pass, setClock } = await startWatch(1);
    for (let sweep = 1; sweep <= 3; sweep += 1) {
      await watch();
      await watch();
      expect(looks()).toBe(sweep * CARDS);
      await pass(SWEEP_MS - 500);
    }
    setClock(Date.now() - 3_600_000);
    await watch();
    expect(looks()).toBe(4 * CARDS);
  });
});
