import { spawnProcess } from "../../sandbox/bot-process.ts";
import { CHANNELS, PEOPLE } from "../../sandbox/workspace.ts";
import { openWorld, type World } from "../../sandbox/world.ts";
import { capOf, DEFAULT_BUDGET } from "../../src/api/rate/budget.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { scaleClock } from "../../test/support/scaled-clock.ts";
import { buildBot } from "../build.ts";
import { addPeople, press, typed, untilCard } from "../people.ts";
import type { Line, Row, Setting } from "../row.ts";

/** Cloudflare's own limit. The bot has its usual budget below it: 1,100 calls, 200 of which it keeps from bulk work. */
const LIMIT = { requests: 1200, windowMs: 300_000 };
/** Of Cloudflare, for each call. */
const LATENCY_MS = 50;
/** People that one request takes. */
const IN_ONE = 500;

/**
 * A thousand people are revoked and verified beneath Cloudflare's limit, in a bot whose clock, as Cloudflare's, goes some
 * times as fast: its budget, its timers and the limit are the real ones. Slack's clock is the real one.
 */
export const thousand: Row = {
  name: "thousand",
  title: "1,000 people revoked and verified at Cloudflare's real limit, on a scaled clock",
  beside: "what the limit allows",
  run: measure,
};

async function measure({ isQuick, folder, log }: Setting): Promise<Line[]> {
  const people = isQuick ? 300 : 1000;
  const clock = scaleClock(isQuick ? 40 : 10);
  const world = await openWorld({ rateLimit: LIMIT, cloudflareNow: clock.now });
  const { slack, cloudflare } = world;
  const bot = spawnProcess({ ...world.env, ...clock.env }, world.folder, await buildBot(folder));
  try {
    await bot.logged("ready");
    const emails = addPeople(world, people);
    cloudflare.faults.set("*", { kind: "latency", ms: LATENCY_MS / clock.scale });
    for (let from = 0; from < people; from += IN_ONE) await askFor(world, emails.slice(from, from + IN_ONE));
    const cards = slack.messages(CHANNELS.approvals);
    log(`${people} people in ${cards.length} requests; the clock goes ${clock.scale} times as fast`);
    const startedAt = clock.now();
    await Promise.all(cards.map((card) => press(world, card, CARD_ACTIONS.approve)));
    for (const card of cards) await untilCard(world, card, " done, verified at", 600_000);
    const took = clock.now() - startedAt;
    const calls = cloudflare.requests.filter(({ at }) => at >= startedAt);
    const refused = cloudflare.requests.filter(({ status }) => status === 429).length;
    if (countIn(world, emails) > 0) throw new Error("not everyone was revoked");
    const what = `${people} people revoked and verified with ${calls.length} calls`;
    const note = `${refused} calls answered with 429`;
    const line = (beside: string, allowedMs: number): Line => ({
      what: `${what}, beside ${beside}`,
      ours: seconds(took),
      beside: seconds(allowedMs),
      ratio: took / allowedMs,
      goal: "≤ 1.05×, no 429",
      met: took / allowedMs <= 1.05 && refused === 0,
      note,
    });
    const forBulk = capOf(DEFAULT_BUDGET, "bulk");
    return [
      line(
        `${forBulk} calls in 300 s, which the budget leaves to bulk work, each window's sent at once`,
        Math.floor((calls.length - 1) / forBulk) * LIMIT.windowMs,
      ),
      line(
        "all 1,200 calls in 300 s, evenly spread: calls ÷ 4 a second",
        (calls.length / LIMIT.requests) * LIMIT.windowMs,
      ),
    ];
  } finally {
    await bot.kill();
    await world.close();
  }
}

/** Asks to revoke these people's sessions, by the form. */
async function askFor(world: World, emails: readonly string[]): Promise<void> {
  const { slack } = world;
  const cards = slack.messages(CHANNELS.approvals).length;
  const open = new Set(slack.views(PEOPLE.alice).map(({ id }) => id));
  await typed(world, "revoke");
  const form = await slack.waitFor(() => {
    const view = slack.views(PEOPLE.alice).at(-1);
    return view?.callback_id === "ask" && !open.has(view.id) ? view : undefined;
  });
  await slack.submitView({
    user: PEOPLE.alice,
    viewId: form.id,
    values: { several: { several: emails.join("\n") }, reason: { reason: "credential stuffing" } },
  });
  await slack.waitFor(() => slack.messages(CHANNELS.approvals).length > cards, 120_000);
}

/** How many of these have an open session. */
function countIn({ cloudflare }: World, emails: readonly string[]): number {
  const { sessions, users } = cloudflare.state;
  const open = new Set(sessions.filter(({ revokedAt }) => revokedAt === null).map(({ userId }) => userId));
  const known = new Set(emails);
  return users.filter(({ id, email }) => known.has(email) && open.has(id)).length;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
