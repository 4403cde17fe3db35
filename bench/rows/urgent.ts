import { setTimeout as delay } from "node:timers/promises";

import { spawnProcess } from "../../sandbox/bot-process.ts";
import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { PEOPLE } from "../../sandbox/workspace.ts";
import { openWorld, type World } from "../../sandbox/world.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { buildBot } from "../build.ts";
import { compare, inTime } from "../line.ts";
import { addPeople, askToRevoke, press, typed, untilCard } from "../people.ts";
import { createTimes, type Times } from "../percentiles.ts";
import type { Line, Row } from "../row.ts";

/** Of Cloudflare, for each call. */
const LATENCY_MS = 50;
/** 200 look-ups a minute. */
const LOOK_UP_MS = 300;
/** What responders look up: three calls to Cloudflare each, on average. */
const TYPED = [
  "user",
  "sessions",
  "devices",
  "risk",
  "sessions",
  "sign-ins",
  "devices",
  "risk",
  "sessions",
  "devices",
];
/** Between two containments. */
const APART_MS = 1000;

/**
 * A containment from the click that approves it, alone and then in the midst of look-ups. Everything is within Cloudflare's
 * real limit and the bot's real budget, which a minute of this comes close to.
 */
export const urgent: Row = {
  name: "urgent",
  title: "a containment beside 200 look-ups a minute",
  beside: "a containment alone",
  async run({ isQuick, folder, log }): Promise<Line[]> {
    const count = isQuick ? 3 : 8;
    const lookUps = isQuick ? 35 : 200;
    const world = await openWorld();
    const { slack, cloudflare } = world;
    const bot = spawnProcess(world.env, world.folder, await buildBot(folder));
    try {
      await bot.logged("ready");
      cloudflare.faults.set("*", { kind: "latency", ms: LATENCY_MS });
      const emails = addPeople(world, 2 * count);
      const waiting: Containment[] = [];
      for (const email of emails) waiting.push({ email, card: await askToRevoke(world, email) });
      log(`${waiting.length} containments wait for an approval`);

      const alone = await contain(world, waiting.slice(0, count), APART_MS);
      const before = slack.ephemerals(PEOPLE.alice).length;
      const startedAt = Date.now();
      const looking = lookUp(world, lookUps, emails);
      const beside = await contain(world, waiting.slice(count), (lookUps * LOOK_UP_MS) / count);
      const late = await looking;
      const refusals = slack
        .ephemerals(PEOPLE.alice)
        .slice(before)
        .filter((answer) => /rate limit/i.test(slack.visibleText(answer))).length;
      const calls = cloudflare.requests.filter(({ at }) => at >= startedAt);
      const refused = refusals + calls.filter(({ status }) => status === 429).length;
      log(`${lookUps} look-ups and ${count} containments in ${inTime(Date.now() - startedAt)}`);
      return [
        compare(
          "approved → revoke_user on the wire, p50",
          [beside.wire.percentile(50), alone.wire.percentile(50)],
          inTime,
          { atMost: 1.2 },
        ),
        compare(
          "approved → verified, p50",
          [beside.verified.percentile(50), alone.verified.percentile(50)],
          inTime,
          { atMost: 1.2 },
        ),
        {
          what: `refused, of ${lookUps} look-ups and ${calls.length} calls to Cloudflare`,
          ours: String(refused),
          beside: "",
          ratio: null,
          goal: "none",
          met: refused === 0,
          note: `${late} look-ups were acknowledged late`,
        },
      ];
    } finally {
      await bot.kill();
      await world.close();
    }
  },
};

interface Containment {
  email: string;
  card: StoredMessage;
}

/** Approves one after the other; how long each took to be on the wire, and to be verified. */
async function contain(
  world: World,
  containments: readonly Containment[],
  everyMs: number,
): Promise<{ wire: Times; verified: Times }> {
  const [wire, verified] = [createTimes(), createTimes()];
  for (const { card, email } of containments) {
    const clickedAt = Date.now();
    await press(world, card, CARD_ACTIONS.approve);
    await untilCard(world, card, ", verified at");
    verified.add(Date.now() - clickedAt);
    wire.add(sentAt(world, email) - clickedAt);
    await delay(Math.max(0, everyMs - (Date.now() - clickedAt)));
  }
  return { wire, verified };
}

function sentAt({ cloudflare }: World, email: string): number {
  const sent = cloudflare.requests.find(
    ({ path, body }) => path.endsWith("/revoke_user") && (body as { email?: string }).email === email,
  );
  if (sent === undefined) throw new Error(`${email} was not revoked`);
  return sent.at;
}

/** So many look-ups at a steady pace, until all are answered. @returns how many were not acknowledged in time */
async function lookUp(world: World, count: number, emails: readonly string[]): Promise<number> {
  const { slack } = world;
  const startedAt = Date.now();
  const before = slack.ephemerals(PEOPLE.alice).length;
  const sent: Promise<boolean>[] = [];
  for (let index = 0; index < count; index += 1) {
    await delay(startedAt + index * LOOK_UP_MS - Date.now());
    const what = TYPED[index % TYPED.length] ?? "sessions";
    sent.push(typed(world, `${what} ${emails[index % emails.length] ?? ""}`));
  }
  const acknowledged = await Promise.all(sent);
  await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).length >= before + count, 60_000);
  return acknowledged.filter((isInTime) => !isInTime).length;
}
