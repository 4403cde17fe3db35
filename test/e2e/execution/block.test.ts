import postgres from "postgres";
import { describe, expect, it, onTestFinished } from "vitest";

import { BLOCK_LIST_ID } from "../../../sandbox/cloudflare/seed/keep-out.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import {
  answerTo,
  callsTo,
  cardWhere,
  CHANNELS,
  PEOPLE,
  press,
  type,
  wordsOf,
  startBot,
  startWorld,
  type BotOptions,
} from "../../support/harness.ts";
import { readRecordConfig } from "../../../src/config.ts";
import { openTables, type Db } from "../../../src/store/open.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { SUMMARY_ACTIONS } from "../../../src/views/look-ups/user-summary.ts";
import {
  approve,
  boxesOf,
  newAnswer,
  newModal,
  openFormBy,
  openIncident,
  readAudit,
  sendForm,
  startScene,
  threadWords,
  type Scene,
} from "../support.ts";

const { alice } = PEOPLE;
const MALLORY = "mallory@example.com";
const WITH_BLOCK = `${POLICY.replace("channels:\n", `channels:\n  incidents: ${CHANNELS.incident}\n`)}block: { email_list: ${BLOCK_LIST_ID} }\n`;
const HOUR = 3_600_000;

function start(options: BotOptions & { policy?: string } = {}): Promise<Scene> {
  return startScene({ policy: WITH_BLOCK, ...options });
}

function listOf({ cloudflare }: Scene) {
  const [list] = cloudflare.state.lists;
  if (list === undefined) throw new Error("no list");
  return list;
}

const listed = (scene: Scene) => listOf(scene).items.map(({ value }) => value);
const put = (scene: Scene, value: string) =>
  listOf(scene).items.push({ value, description: "", createdAt: Date.now() });
const patches = ({ cloudflare }: Scene) =>
  callsTo(cloudflare, "PATCH", "/gateway/lists/").map(({ body }) => body);

async function ask(scene: Scene, typed: string, headline: string) {
  await answerTo(scene.slack, alice, typed);
  return cardWhere(scene.slack, (words) => words.includes(headline) && words.includes("Approve"));
}

/** Asks, approves, and gives back what the card said before, and the thread. */
async function carryOut(scene: Scene, typed: string, headline: string) {
  const card = await ask(scene, typed, headline);
  const words = wordsOf(scene.slack, card);
  return { words, thread: await approve(scene.slack, card) };
}

/** A message in a thread of the approvals channel, or a direct one. */
function told({ slack }: Scene, what: RegExp | string, timeoutMs = 20_000): Promise<string> {
  return slack.waitFor(() => {
    const words = slack
      .messages(CHANNELS.approvals)
      .flatMap((message) => slack.thread(CHANNELS.approvals, message.ts))
      .map((message) => slack.visibleText(message));
    return words.find((text) => (typeof what === "string" ? text.includes(what) : what.test(text)));
  }, timeoutMs);
}

/** A clock that can be put forward. */
function makeClock() {
  let ahead = 0;
  return { now: () => Date.now() + ahead, skip: (ms: number) => void (ahead += ms) };
}

describe("/zt block", () => {
  it("puts someone on the list as they are spelled, and says so once the list shows it", async () => {
    const scene = await start();
    const { words, thread } = await carryOut(scene, `block ${MALLORY} --reason phished`, `Block ${MALLORY}`);
    expect(words).toContain("The Gateway rule “Block listed people” uses it");
    expect(thread).toContain("Blocked (on the list “Blocked people”)");
    expect(thread).toContain("/zt revoke");
    expect(patches(scene)).toEqual([{ append: [{ value: MALLORY, description: "Added by zt-bot" }] }]);
    expect(listed(scene)).toContain(MALLORY);
  });

  it("sends nothing where they are on the list already, in whatever case", async () => {
    const scene = await start();
    put(scene, "Mallory@Example.COM");
    const { thread } = await carryOut(scene, `block ${MALLORY} --reason phished`, `Block ${MALLORY}`);
    expect(thread).toContain("Already blocked");
    expect(patches(scene)).toEqual([]);
  });

  it("is not called a block where no enabled rule uses the list", async () => {
    const scene = await start();
    for (const rule of scene.cloudflare.state.rules) rule.enabled = false;
    const { words, thread } = await carryOut(
      scene,
      `block ${MALLORY} --reason phished`,
      `Put ${MALLORY} on the list`,
    );
    expect(words).toContain("this list alone keeps no one out");
    expect(thread).toContain("No enabled Gateway rule uses this list: it blocks nothing");
    expect(thread).not.toMatch(/Blocked,/);
  });

  it("takes the operator's word that Access policies use the list", async () => {
    const policy = `${POLICY}block: { email_list: ${BLOCK_LIST_ID}, enforced_by: access }\n`;
    const scene = await start({ policy });
    scene.cloudflare.state.rules = [];
    const card = await ask(scene, `block ${MALLORY} --reason phished`, `Block ${MALLORY}`);
    expect(wordsOf(scene.slack, card)).toContain("Your Access policies use it, as policy.yml says");
  });

  it("says what is wrong with the list before it asks anyone", async () => {
    const scene = await start();
    const { slack } = scene;
    const answer = async () => (await answerTo(slack, alice, `block ${MALLORY} --reason phished`)).words;
    listOf(scene).type = "DOMAIN";
    expect(await answer()).toContain("The list “Blocked people” is no list of email addresses");
    scene.cloudflare.state.lists = [];
    expect(await answer()).toContain("The block list does not exist");
    expect((await answerTo(slack, alice, `block ${MALLORY} --for never --reason x`)).words).toContain(
      `Can't read "never" as how long to block`,
    );
  });

  it("says that none is set up", async () => {
    const scene = await startScene();
    const { words } = await answerTo(scene.slack, alice, `block ${MALLORY} --reason phished`);
    expect(words).toContain("No block list is set up");
  });

  it("fails in words where the list is full, or gone by then", async () => {
    const scene = await start();
    scene.cloudflare.settings.unknowns.listLimit = 1;
    const full = await carryOut(scene, `block ${MALLORY} --reason phished`, `Block ${MALLORY}`);
    expect(full.thread).toContain("it may be full");
    const card = await ask(scene, "block alice@example.com --reason phished", "Block alice@example.com");
    scene.cloudflare.state.lists = [];
    expect(await approve(scene.slack, card)).toContain("Cloudflare no longer has the block list");
  });

  it("adds them once though the answer is lost", { tags: ["slow"] }, async () => {
    const scene = await start();
    scene.cloudflare.faults.set("lists.change", { kind: "drop-after", times: 1 });
    const { thread } = await carryOut(scene, `block ${MALLORY} --reason phished`, `Block ${MALLORY}`);
    expect(thread).toContain("Blocked (on the list");
    expect(listed(scene).filter((value) => value === MALLORY)).toHaveLength(1);
  });

  it("needs the quorum of a protected person", async () => {
    const scene = await start({ policy: `${WITH_BLOCK}protected: { emails: [${MALLORY}], quorum: 2 }\n` });
    const card = await ask(scene, `block ${MALLORY} --reason phished`, `Block ${MALLORY}`);
    expect(wordsOf(scene.slack, card)).toMatch(/2 approvals|protected/i);
  });
});

describe("/zt unblock", () => {
  it("takes every spelling off the list, and says so once the list shows it", async () => {
    const scene = await start();
    put(scene, MALLORY);
    put(scene, "Mallory@Example.com");
    const { words, thread } = await carryOut(
      scene,
      `unblock ${MALLORY} --reason secured`,
      `Unblock ${MALLORY}`,
    );
    expect(words).toContain("This restores access");
    expect(thread).toContain("Unblocked: off the list “Blocked people”");
    expect(listed(scene)).toEqual(["former.contractor@example.net"]);
  });

  it("asks for nothing where they are not on it, and sends nothing where they are off by then", async () => {
    const scene = await start();
    const { words } = await answerTo(scene.slack, alice, `unblock ${MALLORY} --reason secured`);
    expect(words).toContain("is not on the list “Blocked people”");
    put(scene, MALLORY);
    const card = await ask(scene, `unblock ${MALLORY} --reason secured`, `Unblock ${MALLORY}`);
    listOf(scene).items = [];
    expect(await approve(scene.slack, card)).toContain("Was off the list “Blocked people” already");
    expect(patches(scene)).toEqual([]);
  });

  it("is void once they were blocked again after it was asked for", async () => {
    const scene = await start();
    put(scene, MALLORY);
    const card = await ask(scene, `unblock ${MALLORY} --reason secured`, `Unblock ${MALLORY}`);
    await carryOut(scene, `block ${MALLORY} --reason again`, `Block ${MALLORY}`);
    expect(await approve(scene.slack, card)).toContain(
      "took this user's access away after this was requested",
    );
    expect(listed(scene)).toContain(MALLORY);
  });
});

describe("/zt revoke --block", () => {
  const HEADLINE = `Revoke all sessions of ${MALLORY} and block them`;
  const TYPED = `revoke ${MALLORY} --block --reason phished`;

  it("blocks first and revokes then, by one approval, and verifies both", async () => {
    const scene = await start();
    const { words, thread } = await carryOut(scene, TYPED, HEADLINE);
    expect(words).toContain("Adds them to the list “Blocked people”");
    expect(thread).toContain("Revoked 3 sessions, blocked (on the list “Blocked people”)");
    expect(thread).toContain("Unblock…");
    const writes = scene.cloudflare.requests
      .filter(({ method }) => method !== "GET")
      .map(({ route }) => route);
    expect(writes).toEqual(["lists.change", "revoke-user"]);
    expect(listed(scene)).toContain(MALLORY);
  });

  it("revokes though the list is full, and does not claim the block", async () => {
    const scene = await start();
    scene.cloudflare.settings.unknowns.listLimit = 1;
    const { thread } = await carryOut(scene, TYPED, HEADLINE);
    expect(thread).toContain("Revoked 3 sessions; not on the list “Blocked people”");
    expect(thread).toContain("not confirmed");
    expect(callsTo(scene.cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });

  it("does both in the end where the list fails for a moment", { tags: ["slow"] }, async () => {
    const scene = await start();
    scene.cloudflare.faults.set("lists.change", { kind: "status", status: 502, times: 1 });
    const { thread } = await carryOut(scene, TYPED, HEADLINE);
    expect(thread).toMatch(/blocked \(on the list/);
    expect(listed(scene)).toContain(MALLORY);
  });

  it("with a time, is blocked for as long and revoked for good", async () => {
    const clock = makeClock();
    const scene = await start({ now: clock.now });
    const { words } = await carryOut(
      scene,
      `revoke ${MALLORY} --block --for 8h --reason phished`,
      `${HEADLINE} for 8 hours`,
    );
    expect(words).toContain("zt-bot unblocks them by itself 8 hours after it begins");
    await told(scene, /stays on .* until /);
    clock.skip(8 * HOUR + 1000);
    await told(scene, /Unblocked .*the time is up/);
    expect(listed(scene)).toEqual(["former.contractor@example.net"]);
    expect(callsTo(scene.cloudflare, "POST", "revoke_user")).toHaveLength(1);
  });

  it("with a time has no end to tell of where the list refused them", async () => {
    const scene = await start();
    scene.cloudflare.settings.unknowns.listLimit = 1;
    const typed = `revoke ${MALLORY} --block --for 8h --reason phished`;
    const { thread } = await carryOut(scene, typed, `${HEADLINE} for 8 hours`);
    expect(thread).toContain("not on the list “Blocked people”");
    expect(thread).not.toMatch(/stays on .* until /);
    expect(readAudit(scene).filter(({ event }) => event === "block.timed")).toEqual([]);
  });

  it("takes a time only with the block", async () => {
    const scene = await start();
    const { words } = await answerTo(scene.slack, alice, `revoke ${MALLORY} --for 8h --reason x`);
    expect(words).toContain("--for goes with --block");
  });

  it("is ticked in the form that a recommendation opens, with the time to choose", async () => {
    const scene = await start();
    const { slack } = scene;
    const summary = await newAnswer(scene, () => type(slack, alice, `user ${MALLORY}`));
    await slack.waitFor(() => slack.visibleText(summary).includes("devices, block them, then disable"));
    const form = await newModal(slack, alice, () => press(slack, alice, summary, SUMMARY_ACTIONS.revoke));
    expect(boxesOf(form).map(({ value, isTicked }) => [value, isTicked])).toEqual([
      ["devices", true],
      ["warpReauth", false],
      ["block", true],
    ]);
    await sendForm(slack, alice, form, { duration: { duration: "4h" }, reason: { reason: "phished" } });
    const headline = `Revoke all sessions and devices of ${MALLORY} and block them for 4 hours`;
    await cardWhere(slack, (words) => words.includes(headline));
  });

  it("can be ticked in every form where a list is set up, and in none where none is", async () => {
    const values = async (scene: Scene) =>
      boxesOf(await openFormBy(scene.slack, alice, `revoke ${MALLORY}`)).map(({ value }) => value);
    expect(await values(await start())).toContain("block");
    expect(await values(await startScene())).not.toContain("block");
  });

  it("takes one person", async () => {
    const scene = await start();
    const { words } = await answerTo(
      scene.slack,
      alice,
      `revoke ${MALLORY} alice@example.com --block --reason x`,
    );
    expect(words).toContain("--block takes one person");
  });

  it("is offered on the card and the result of every other revocation, where a list is set up", async () => {
    const scene = await start();
    const { words, thread } = await carryOut(
      scene,
      `revoke ${MALLORY} --reason phished`,
      "Revoke all sessions",
    );
    expect(words).toContain(`To keep them out: /zt block ${MALLORY}`);
    expect(thread).toContain(`/zt block ${MALLORY}`);
    expect(thread).toContain("Block…");
  });

  it("gives way to the identity provider where none is", async () => {
    const scene = await startScene();
    const { words, thread } = await carryOut(
      scene,
      `revoke ${MALLORY} --reason phished`,
      "Revoke all sessions",
    );
    expect(words).toContain("To keep them out, disable the account in your IdP");
    expect(thread).not.toContain("/zt block");
  });
});

describe("blocking someone who is on the list already", () => {
  /** Blocked for an hour, and asked for again: the card with its question, and the thread of each. */
  async function blockAgain(typed: string, headline: string) {
    const scene = await start();
    await carryOut(scene, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY} for 1 hour`);
    await told(scene, /stays on .* until /);
    const card = await ask(scene, typed, headline);
    const words = wordsOf(scene.slack, card);
    return { words, asks: JSON.stringify(card.blocks), thread: await approve(scene.slack, card), scene };
  }

  it("says until when, and until when it is from now on", async () => {
    const { words, asks, thread, scene } = await blockAgain(
      `block ${MALLORY} --for 4h --reason still looking`,
      `Block ${MALLORY} for 4 hours`,
    );
    expect(words).toMatch(/Already on the list “Blocked people” until \S+/);
    expect(words).toContain("Instead, zt-bot unblocks them by itself 4 hours after this begins");
    expect(asks).toContain("already, with an end. Instead, they come off it 4 hours after");
    expect(thread).toContain("Already blocked");
    expect(await told(scene, "instead of")).toMatch(/stays on .* until \S+.* instead of \S+/);
  });

  it("says that it has no end from now on", async () => {
    const { words, scene } = await blockAgain(`block ${MALLORY} --reason for good`, `Block ${MALLORY}`);
    expect(words).toContain("Instead, they stay on it until someone unblocks them");
    expect(await told(scene, "until someone unblocks them; before, it was until")).toContain(MALLORY);
  });

  it("promises no end to a block that has none, as what someone else did is not undone", async () => {
    const scene = await start();
    put(scene, MALLORY);
    const card = await ask(scene, `block ${MALLORY} --for 8h --reason phished`, `Block ${MALLORY}`);
    const words = wordsOf(scene.slack, card);
    expect(words).toContain("Already on the list “Blocked people”, without an end");
    expect(words).toContain("They stay on it after 8 hours as well");
    expect(words).not.toContain(`Block ${MALLORY} for 8 hours`);
    expect(words).not.toContain("zt-bot unblocks them");
  });

  it("says the same of a revocation that blocks as well", async () => {
    const { words, asks } = await blockAgain(
      `revoke ${MALLORY} --block --for 4h --reason phished`,
      `Revoke all sessions of ${MALLORY} and block them for 4 hours`,
    );
    expect(words).toMatch(/Already on the list “Blocked people” until \S+/);
    expect(asks).toContain("They are on the list “Blocked people” already, with an end.");
  });
});

describe("revoking someone who is blocked already", { tags: ["slow"] }, () => {
  const values = async (scene: Scene) =>
    boxesOf(await openFormBy(scene.slack, alice, `revoke ${MALLORY}`)).map(({ value }) => value);

  it("offers no block: the form, the card and the next step say until when they are blocked", async () => {
    const scene = await start();
    const { slack, cloudflare } = scene;
    await carryOut(scene, `block ${MALLORY} --for 8h --reason phished`, `Block ${MALLORY} for 8 hours`);
    await told(scene, /stays on .* until /);
    const form = await openFormBy(slack, alice, `revoke ${MALLORY}`);
    expect(boxesOf(form).map(({ value }) => value)).toEqual(["devices", "warpReauth"]);
    expect(slack.visibleText(form)).toMatch(/blocked until \S+/);
    const { words, thread } = await carryOut(scene, `revoke ${MALLORY} --reason phished`, "Revoke all");
    expect(words).toMatch(/They stay blocked until \S+/);
    expect(words).toContain("What the block list does not cover stays open to them");
    expect(thread).toMatch(/Next: They stay blocked until .*: disable the account in your IdP as well/);
    expect(`${words}\n${thread}`).not.toContain("/zt block");
    expect(thread).not.toContain("Block…");
    expect(callsTo(cloudflare, "GET", "/lists/").length).toBeGreaterThan(0);
  });

  it("says so of a block without an end as well", async () => {
    const scene = await start();
    put(scene, "Mallory@Example.COM");
    const { words, thread } = await carryOut(scene, `revoke ${MALLORY} --reason phished`, "Revoke all");
    expect(words).toContain("They stay blocked until someone unblocks them");
    expect(thread).toContain("Next: They stay blocked: disable the account in your IdP as well");
  });

  it.each([
    ["the list can't be read", ({ cloudflare }: Scene) => cloudflare.faults.set("lists.items", FAILING)],
    ["its rules can't be read", ({ cloudflare }: Scene) => cloudflare.faults.set("rules.list", FAILING)],
    ["nothing enforces the list", ({ cloudflare }: Scene) => void (cloudflare.state.rules = [])],
  ])("offers the block where %s", async (_why, spoil) => {
    const scene = await start();
    put(scene, MALLORY);
    spoil(scene);
    expect(await values(scene)).toContain("block");
    const card = await ask(scene, `revoke ${MALLORY} --reason phished`, "Revoke all");
    expect(wordsOf(scene.slack, card)).toContain(`To keep them out: /zt block ${MALLORY}`);
  });

  it("is read beside the sessions: no one waits longer for the card", { tags: ["slow"] }, async () => {
    const scene = await start();
    const { cloudflare } = scene;
    const latencyMs = 500;
    cloudflare.faults.set("*", { kind: "latency", ms: latencyMs });
    cloudflare.requests.length = 0;
    await ask(scene, `revoke ${MALLORY} --reason phished`, "Revoke all");
    const [sessions] = callsTo(cloudflare, "GET", "/active_sessions");
    const reads = [callsTo(cloudflare, "GET", "/gateway/"), sessions ?? []].flat();
    expect(reads).toHaveLength(3);
    const times = reads.map(({ at }) => at);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(latencyMs);
  });
});

const FAILING = { kind: "status", status: 502 } as const;

it("/zt help warns of a list that nothing uses", async () => {
  const world = await startWorld({ policy: WITH_BLOCK });
  world.cloudflare.state.rules = [];
  await startBot(world);
  const words = await world.slack.waitFor(async () => {
    const help = (await answerTo(world.slack, alice, "help")).words;
    return help.includes("No enabled Gateway rule uses the block list") ? help : undefined;
  });
  expect(words).toContain("block.enforced_by: access");
});

describe("a block with an end, on SQLite", () => {
  endsAtItsTime(() => {
    const { now, skip } = makeClock();
    return Promise.resolve({ bot: { now }, skip: (ms: number) => Promise.resolve(skip(ms)) });
  });
});

describeWithPostgres("a block with an end, on PostgreSQL", () => {
  endsAtItsTime(async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    return { bot: {}, databaseUrl: url, skip: await shiftClock(url) };
  });
});

/** The database's clock is that of all replicas: it is put forward by a function in the place of PostgreSQL's own. */
async function shiftClock(url: string): Promise<(ms: number) => Promise<void>> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  await sql.unsafe(`
    CREATE SCHEMA shifted;
    CREATE TABLE shifted.ahead (ms bigint NOT NULL);
    INSERT INTO shifted.ahead VALUES (0);
    CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
      'SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT ms FROM shifted.ahead) / 1000.0)';
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, shifted, pg_catalog', current_database()); END $$;`);
  return async (ms) => {
    await sql`UPDATE shifted.ahead SET ms = ms + ${ms}`;
  };
}

/** Where a scene keeps its tables, and how its time is put forward. */
interface Timed {
  bot: Pick<BotOptions, "now">;
  databaseUrl?: string;
  skip(ms: number): Promise<void>;
}

function endsAtItsTime(makeTimed: () => Promise<Timed>): void {
  const startHere = async (): Promise<{ scene: Scene; skip: Timed["skip"] }> => {
    const { bot, skip, ...place } = await makeTimed();
    return { scene: await start({ ...bot, ...place }), skip };
  };
  /** In the database of the scene, whichever it is. */
  const withTables = async <T>({ env }: Scene, work: (db: Db) => Promise<T>): Promise<T> => {
    const tables = await openTables(readRecordConfig(env).database);
    try {
      return await work(tables.db);
    } finally {
      await tables.close();
    }
  };

  it("is taken back at its time, verified and told in its thread", async () => {
    const { scene, skip } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 8h --reason phished`, `Block ${MALLORY} for 8 hours`);
    await told(scene, /stays on .* until /);
    await skip(8 * HOUR - 60_000);
    put(scene, "someone.else@example.com");
    await answerTo(scene.slack, alice, "requests");
    expect(listed(scene)).toContain(MALLORY);
    await skip(61_000);
    expect(await told(scene, /Unblocked .*the time is up/)).toContain("verified");
    expect(listed(scene)).toEqual(["former.contractor@example.net", "someone.else@example.com"]);
    const rows = await withTables(scene, (db) =>
      db.selectFrom("audit").select("event").where("event", "like", "block.%").orderBy("seq").execute(),
    );
    expect(rows.map(({ event }) => event)).toEqual(["block.timed", "block.ended"]);
    expect(patches(scene)).toHaveLength(2);
  });

  it("says at its end that they were revoked again, and that an incident about them is open", async () => {
    const { scene, skip } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 8h --reason phished`, `Block ${MALLORY} for 8 hours`);
    await told(scene, /stays on .* until /);
    const { message, id } = await openIncident(scene);
    await carryOut(scene, `revoke ${MALLORY} --reason back`, `Revoke all sessions of ${MALLORY}`);
    await skip(8 * HOUR + 60_000);
    const over = await told(scene, /No longer blocked/);
    expect(over).toMatch(new RegExp(`though ${id} is open and they were revoked again .*ZT-`));
    expect(over).toContain("Block again…");
    const line = await scene.slack.waitFor(() =>
      threadWords(scene.slack, message).find((words) => words.includes("No longer blocked")),
    );
    expect(line).toContain("Block again…");
  });

  it("is extended by asking again, and the first end no longer counts", { tags: ["slow"] }, async () => {
    const { scene, skip } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY} for 1 hour`);
    await carryOut(scene, `block ${MALLORY} --for 4h --reason still looking`, `Block ${MALLORY} for 4 hours`);
    await told(scene, "changed the time");
    await skip(HOUR + 60_000);
    await answerTo(scene.slack, alice, "requests");
    expect(listed(scene)).toContain(MALLORY);
    await skip(3 * HOUR);
    await told(scene, /Unblocked .*the time is up/);
    expect(listed(scene)).not.toContain(MALLORY);
  });

  it("leaves on the list whom someone else put there before", async () => {
    const { scene } = await startHere();
    put(scene, MALLORY);
    await carryOut(scene, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY}`);
    await told(scene, "before this request, so they stay on it");
    const rows = await withTables(scene, (db) =>
      db.selectFrom("audit").select("seq").where("event", "=", "block.timed").execute(),
    );
    expect(rows).toEqual([]);
  });

  it("is ended by a process that was started after its time", async () => {
    const { bot, skip, ...place } = await makeTimed();
    const world = await startWorld({ policy: WITH_BLOCK, ...place });
    const first = await startBot(world, bot);
    await carryOut({ ...world, ...first }, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY}`);
    await first.bot.stop();
    await skip(2 * HOUR);
    const scene = { ...world, ...(await startBot(world, bot)) };
    await told(scene, /Unblocked .*the time is up/);
    expect(patches(scene)).toHaveLength(2);
  });

  it("is not ended before its time by someone who changes the database", async () => {
    const { scene } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 8h --reason phished`, `Block ${MALLORY} for 8 hours`);
    await told(scene, /stays on .* until /);
    await withTables(scene, (db) => db.updateTable("block_ends").set({ ends_at: 1, due_at: 1 }).execute());
    await told(scene, "when the block ends is not what was approved");
    expect(listed(scene)).toContain(MALLORY);
    expect(patches(scene)).toHaveLength(1);
  });

  it("waits while zt-bot is paused, and says why", { tags: ["slow"] }, async () => {
    const { scene, skip } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY} for 1 hour`);
    await answerTo(scene.slack, PEOPLE.bob, "pause --reason a drill");
    await skip(HOUR + 120_000);
    await told(scene, "zt-bot is paused: a drill");
    expect(listed(scene)).toContain(MALLORY);
    await answerTo(scene.slack, PEOPLE.bob, "resume");
    await skip(16_000);
    await told(scene, /Unblocked .*the time is up/);
  });

  it("says that someone took them off the list before, and sends nothing", async () => {
    const { scene, skip } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY} for 1 hour`);
    listOf(scene).items = [];
    await skip(HOUR + 1000);
    await told(scene, "was already off the list “Blocked people”");
    expect(patches(scene)).toHaveLength(1);
  });

  it("is tried again where Cloudflare fails, and told as late", { tags: ["slow"] }, async () => {
    const { scene, skip } = await startHere();
    await carryOut(scene, `block ${MALLORY} --for 1h --reason phished`, `Block ${MALLORY} for 1 hour`);
    scene.cloudflare.faults.set("lists.change", { kind: "status", status: 502 });
    await skip(HOUR + 120_000);
    await told(scene, "is still on the list “Blocked people”");
    scene.cloudflare.faults.clear("lists.change");
    await skip(300_000);
    await told(scene, /Unblocked .*the time is up/);
    expect(listed(scene)).not.toContain(MALLORY);
  });
}
