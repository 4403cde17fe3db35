import { describe, expect, it } from "vitest";

import { findUser } from "../../../sandbox/cloudflare/index.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { appendAudit } from "../../support/audit.ts";
import { readRecordConfig } from "../../../src/config.ts";
import { insertRequest } from "../../../src/requests/repository.ts";
import { openTables, type Db } from "../../../src/store/open.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { newRequest } from "../../store/fixture.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  CHANNELS,
  PEOPLE,
  press,
  startAll,
  type Bot,
  type World,
} from "../../support/harness.ts";
import { approve, privateAnswer, readAudit } from "../support.ts";

type Scene = World & Bot;

/** Writes into the bot's record from beside it. */
async function besides(scene: Scene, work: (db: Db) => Promise<void>): Promise<void> {
  const tables = await openTables(readRecordConfig(scene.env).database);
  await work(tables.db);
  await tables.close();
}

function appendMany(scene: Scene, rows: number, from = 0): Promise<void> {
  return besides(scene, async (db) => {
    for (let index = from; index < from + rows; index += 1)
      await appendAudit(db, { at: Date.now(), actor: "zt-bot", event: `number.${index}` });
  });
}

function numbersIn(words: string): number[] {
  return Array.from(words.matchAll(/number (\d+)/g), ([, number]) => Number(number));
}

/** Presses a paging button; the words of the message afterwards. */
async function turn(scene: Scene, message: StoredMessage, which: "next" | "previous"): Promise<string> {
  const { slack } = scene;
  const now = (): StoredMessage | undefined =>
    slack.ephemerals(PEOPLE.alice).find((one) => one.ts === message.ts);
  const before = slack.visibleText(now() ?? message);
  const { ok } = await slack.click({
    user: PEOPLE.alice,
    channel: message.channel,
    ts: message.ts,
    actionId: `screen:audit:${which}`,
  });
  expect(ok).toBe(true);
  return slack.waitFor(() => {
    const words = slack.visibleText(now() ?? message);
    return words === before ? undefined : words;
  });
}

describe("/zt audit", () => {
  it("tells a request's whole way in plain words, found by its target, its id and by who took part", async () => {
    const scene = await startAll();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.alice, card, CARD_ACTIONS.approve);
    await approve(slack, card);

    const { message, words } = await answerTo(slack, PEOPLE.alice, "audit mallory@example.com");
    expect(words).toContain("Audit record of mallory@example.com · 1–9, newest first");
    const told = [
      "@alice\nrequested: Revoke sessions: laptop stolen",
      "@alice\nwas refused “approve”: requester",
      "@bob\napproved it",
      "zt-bot\nstarted it",
      "zt-bot\nchecked: still the approved user",
      "zt-bot\nsent to Cloudflare: revoke_user for mallory@example.com (sessions only)",
      "zt-bot\nCloudflare accepted it, 200, ray ",
      "zt-bot\nverified: Revoked 3 sessions",
      "zt-bot\ndone: Revoked 3 sessions",
    ];
    const places = told.map((line) => words.indexOf(line));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => b - a));
    const id = /ZT-[0-9A-Z]{7}/.exec(words)?.[0] ?? "";
    expect(message.text).toContain("approved it (mallory@example.com)");

    const byId = await answerTo(slack, PEOPLE.alice, `audit ${id.toLowerCase()}`);
    expect(byId.words).toContain(`Audit record of request ${id} · 1–9`);
    const bob = await answerTo(slack, PEOPLE.alice, "audit @bob --since 1h");
    expect(bob.words).toContain("Audit record of @bob since ");
    expect(bob.words).toContain("approved it");
    expect(bob.words).not.toContain("requested: Revoke sessions");
    expect(slack.violations).toEqual([]);
  });

  it("is of a record that says who, for whom, from where, under which policy, what was sent and what came of it", async () => {
    const scene = await startAll();
    const { slack, cloudflare, policy } = scene;
    const card = await askToRevoke(slack);
    await approve(slack, card);
    const trail = new Map(
      readAudit(scene).map(({ event, actor, data }): [string, Record<string, unknown>] => [
        event,
        { actor, ...data },
      ]),
    );
    const mallory = findUser(cloudflare.state, "mallory@example.com");
    const whom = { target: "mallory@example.com", target_id: mallory?.id };
    expect(trail.get("request.created")).toMatchObject({
      actor: PEOPLE.alice,
      channel: CHANNELS.security,
      surface: "command",
      policy_hash: policy.hash(),
      reason: "laptop stolen",
    });
    expect(trail.get("request.approved")).toMatchObject({
      actor: PEOPLE.bob,
      requester: PEOPLE.alice,
      ...whom,
      channel: CHANNELS.approvals,
      surface: "button",
      policy_hash: policy.hash(),
    });
    expect(trail.get("target.checked")).toMatchObject({ ok: true, ...whom });
    expect(trail.get("call.sent")).toMatchObject({
      ...whom,
      action: "revoke",
      options: { devices: false, warpReauth: false },
      account_id: scene.env["CLOUDFLARE_ACCOUNT_ID"],
    });
    const [sent] = callsTo(cloudflare, "POST", "revoke_user");
    expect(trail.get("call.answered")).toMatchObject({ ...whom, ok: true, status: 200, cf_ray: sent?.cfRay });
    expect(trail.get("request.succeeded")).toMatchObject({
      requester: PEOPLE.alice,
      verification: { confirmed: true, summary: "Revoked 3 sessions" },
    });
    expect(JSON.stringify([...trail])).not.toContain(scene.env["CLOUDFLARE_API_TOKEN"]);
  });

  it("pages through the record, and a page stays as it is while new rows come", async () => {
    const scene = await startAll();
    const { slack } = scene;
    await appendMany(scene, 25);
    const { message, words } = await answerTo(slack, PEOPLE.alice, "audit");
    expect(words).toContain("Audit record · 1–10, newest first");
    expect(numbersIn(words)).toEqual([24, 23, 22, 21, 20, 19, 18, 17, 16, 15]);
    await appendMany(scene, 3, 100);
    expect(numbersIn(await turn(scene, message, "next"))).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
    const last = await turn(scene, message, "next");
    expect(last).toContain("· 21–26, newest first");
    expect(last).not.toContain("Next");
    expect(numbersIn(last)).toEqual([4, 3, 2, 1, 0]);
    expect(numbersIn(await turn(scene, message, "previous"))).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
    expect(slack.violations).toEqual([]);
  });
});

describe("/zt audit", () => {
  it.each([
    ["audit", "loaded a policy", "Audit record · 1"],
    ["audit quentin@example.com", "Nothing is recorded of quentin@example.com", "Look-ups are not recorded"],
    ["audit ZT-0000000", "Nothing is recorded of request ZT-0000000", "Compare the id"],
    ["audit @carol", "Nothing is recorded of @carol", "Look-ups are not recorded"],
    ["audit --since yesterday", 'Can\'t read "yesterday" as a time.', "Try 12h, 7d"],
    ["audit nobody", 'Can\'t read "nobody" as an email address', "Usage: /zt audit [<who|request>]"],
    ["audit alice@example.com bob@example.com", "is one word too many", "Usage: /zt audit"],
  ])("%s: %s", async (text, what, next) => {
    const { slack } = await startAll();
    const { words } = await answerTo(slack, PEOPLE.alice, text);
    expect(words).toContain(what);
    expect(words).toContain(next);
    expect(slack.violations).toEqual([]);
  });

  it("is for operators only, by command and by a button seen elsewhere; what is refused is recorded with where it was", async () => {
    const scene = await startAll({
      policy: `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${PEOPLE.alice}]\nviewers: [${PEOPLE.bob}]\napprovers: [${PEOPLE.carol}]\n`,
    });
    const { slack, policy } = scene;
    const { words } = await answerTo(slack, PEOPLE.bob, "audit");
    expect(words).toContain("You can't use /zt audit.");
    await besides(scene, async (db) => {
      const row = await db
        .selectFrom("audit")
        .selectAll()
        .where("event", "not in", ["policy.loaded", "audit.signed"])
        .executeTakeFirstOrThrow();
      expect(row).toMatchObject({ actor: PEOPLE.bob, event: "command.refused", team_id: "T0SANDBOX" });
      expect(JSON.parse(row.data)).toEqual({
        command: "audit",
        channel: CHANNELS.security,
        surface: "command",
        policy_hash: policy.hash(),
      });
    });
    const seen = await answerTo(slack, PEOPLE.alice, "audit @bob");
    expect(seen.words).toContain("was refused /zt audit");
  });

  it("stays within Slack's limits with the longest and most hostile words, and lets none of them out of their cell", async () => {
    const scene = await startAll();
    const { slack } = scene;
    const hostile = `<!channel> <https://evil|bank> *x* \`y\` \u202E ${"<@U0ALICE01>&🔥".repeat(70)}`.slice(
      0,
      1000,
    );
    await besides(scene, async (db) => {
      for (let index = 0; index < 12; index += 1) {
        await insertRequest(db, newRequest({ at: Date.now(), reason: hostile }));
        await appendAudit(db, {
          at: Date.now(),
          actor: hostile,
          event: hostile,
          data: { cf_ray: hostile, why: hostile, plan: null },
        });
      }
    });
    const { message } = await answerTo(slack, PEOPLE.alice, "audit");
    expect(message.text).not.toContain("<!channel>");
    expect(message.text).not.toContain("<https://evil");
    const next = await turn(scene, message, "next");
    expect(next).toContain("11–20");
    expect(slack.violations).toEqual([]);
  });

  it("takes a forged button for what it says at most: nothing, or a page", async () => {
    const scene = await startAll();
    const { slack } = scene;
    await appendMany(scene, 3);
    const { message } = await answerTo(slack, PEOPLE.alice, "audit");
    for (const [value, expected] of [
      ["page=-1&upTo=3", "1–2, newest first"],
      ["page=NaN&upTo=1e3", "1–4, newest first"],
      ["page=99999999999999999999&upTo=4", "Audit record · 1–3"],
      ["page=7&upTo=4", "Nothing more is recorded"],
      ["about=%27%20OR%201%3D1&upTo=3", "Nothing is recorded of request ' OR 1=1"],
      ["", "Nothing is recorded"],
    ] as const) {
      const forged = {
        user: PEOPLE.alice,
        channel: message.channel,
        ts: message.ts,
        actionId: "screen:audit:forged",
        value,
      };
      expect(await privateAnswer(slack, PEOPLE.alice, () => slack.clickStale(forged))).toContain(expected);
    }
  });
});
