import { setTimeout as delay } from "node:timers/promises";

import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import type { CloudflareEmulator } from "../../../sandbox/cloudflare/index.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { LOOK_MS } from "../../../src/watch/poll.ts";
import { openModal } from "../../e2e/support.ts";
import { addCrowd, crowdEmail } from "../../support/crowd.ts";
import { cardWhere, PEOPLE, press, startWorld, type, wordsOf, type World } from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { startBotProcess } from "../../support/process.ts";
import { createRandom, type Random } from "../../support/random.ts";
import { createFleet } from "../../support/replicas.ts";
import { scaleClock, scaleDatabase } from "../../support/scaled-clock.ts";

vi.setConfig({ testTimeout: 600_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WATCHED = 200;
/** An hour takes six minutes. What the machine itself takes counts as much longer. */
const SCALE = 10;
/** Two real seconds, which a busy machine may take for a look and its message. */
const MACHINE_MS = 2000 * SCALE;
/** Of Cloudflare's 1,200 calls in five minutes. */
const WINDOW = 5 * MINUTE;
const TENTH = 120;

/** Somebody signs in, from an address of their own, by which the message is known. */
interface Return {
  at: number;
  email: string;
  ip: string;
}

/** Within an hour some come back, at any time, and two of them again from elsewhere. */
function planReturns(random: Random, from: number): Return[] {
  const people = new Set<string>();
  while (people.size < 25) people.add(crowdEmail(random.between(0, WATCHED - 1)));
  const moments = [...people].map((email) => ({
    at: from + random.between(2 * MINUTE, HOUR),
    email,
  }));
  const twice = moments
    .filter(({ at }) => at < from + HOUR / 2)
    .slice(0, 2)
    .map(({ at, email }) => ({ at: at + 20 * MINUTE, email }));
  return [...moments, ...twice]
    .toSorted((a, b) => a.at - b.at)
    .map((one, index) => ({ ...one, ip: `192.0.2.${index + 1}` }));
}

/** Revokes them all with one request: each is watched from then on. @returns the card */
async function revokeAll(world: World, emails: readonly string[]): Promise<StoredMessage> {
  const { slack } = world;
  await type(slack, PEOPLE.alice, "revoke");
  const form = await openModal(slack, PEOPLE.alice);
  await slack.submitView({
    user: PEOPLE.alice,
    viewId: form.id,
    values: { several: { several: emails.join("\n") }, reason: { reason: "credential stuffing" } },
  });
  const card = await cardWhere(slack);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await slack.waitFor(() => wordsOf(slack, card).includes(`${WATCHED} of ${WATCHED} done`), 240_000);
  return card;
}

/** The five minutes with the most calls from a time on: how many of each kind. */
function busiest({ requests }: CloudflareEmulator, from: number): { calls: number; kinds: string } {
  const later = requests.filter(({ at }) => at >= from);
  const windows = later.map(({ at: start }) => later.filter(({ at }) => at >= start && at < start + WINDOW));
  const most = windows.reduce((one, other) => (other.length > one.length ? other : one), []);
  const kinds = [...Map.groupBy(most, ({ route }) => route)].map(([route, all]) => `${all.length} ${route}`);
  return { calls: most.length, kinds: kinds.join(", ") };
}

/** When the account's sign-ins were read, from a time on. */
function looksOf({ requests }: CloudflareEmulator, from: number): number[] {
  return requests
    .filter(({ at, path }) => at >= from && path.endsWith("/access_requests"))
    .map(({ at }) => at);
}

/** One process revokes; from then on the clock is fast, and three processes watch. */
async function startWatching() {
  const { url, drop } = await createDatabase();
  onTestFinished(drop);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  onTestFinished(() => sql.end());
  let now = Date.now;
  const world = await startWorld({
    databaseUrl: url,
    cloudflareNow: () => now(),
    policy: `${POLICY}watch: { after_revoke: 4h }\n`,
  });
  const first = await startBotProcess(world);
  const card = await revokeAll(world, addCrowd(world.cloudflare, WATCHED));
  await first.stop();

  const clock = scaleClock(SCALE);
  now = clock.now;
  await scaleDatabase(url, clock);
  Object.assign(world.env, clock.env);
  const fleet = createFleet(world, sql);
  await Promise.all([fleet.start(), fleet.start(), fleet.start()]);
  onTestFinished(async () => void (await fleet.stop()));
  return { world, clock, card };
}

describeWithPostgres("three processes on one database", () => {
  it(
    "watch 200 people for an hour with less than a tenth of the calls, and the thread tells of each return once, within one interval",
    { tags: ["slow"] },
    async () => {
      const random = createRandom();
      const { world, clock, card } = await startWatching();
      const { slack, cloudflare } = world;
      const begun = clock.now();

      const returns = planReturns(random, begun);
      for (const one of returns) {
        await delay((one.at - clock.now()) / SCALE);
        const { email, ip } = one;
        // A timer may be late, which counts ten times.
        one.at = cloudflare.login(email, { ip, country: "BR", apps: ["Payroll"] }).issuedAt;
      }
      const told = (sign: string): StoredMessage[] =>
        slack.thread(card.channel, card.ts).filter((one) => slack.visibleText(one).startsWith(sign));
      await slack.waitFor(() => told("🚨").length >= returns.length, 60_000);
      // What is told twice would be told by now.
      const last = clock.now();
      await vi.waitFor(() => expect(looksOf(cloudflare, last).length).toBeGreaterThan(2), 60_000);

      // Each of the three reads what its token may do when it starts.
      const { calls, kinds } = busiest(cloudflare, begun + WINDOW);
      expect(calls, kinds).toBeLessThan(TENTH);
      const seen = returns.map(({ at, email, ip }) => {
        const messages = told("🚨").filter((one) => slack.visibleText(one).includes(`from ${ip} `));
        expect(
          messages.map((one) => slack.visibleText(one)),
          `${email} from ${ip} is told once`,
        ).toEqual([expect.stringContaining(email)]);
        const toldAt = clock.at(Number(messages[0]?.ts) * 1000);
        return toldAt - at;
      });
      expect(told("🚨")).toHaveLength(returns.length);
      expect(Math.max(...seen), "each is told within one interval").toBeLessThan(LOOK_MS + MACHINE_MS);
      expect(told("👁")).toEqual([]);
      expect(slack.violations).toEqual([]);
    },
  );
});
