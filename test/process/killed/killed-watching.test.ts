import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { startBalancer } from "../../support/balancer.ts";
import {
  askToRevoke,
  finishedThread,
  PEOPLE,
  press,
  startWorld,
  wordsOf,
  type World,
} from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { startBotProcess } from "../../support/process.ts";
import { createFleet, type Replica } from "../../support/replicas.ts";

// Two looks are a minute apart at most, and each test starts processes.
vi.setConfig({ testTimeout: 400_000 });

const LOOK_MS = 90_000;

function returns({ slack }: World, { channel, ts }: StoredMessage): string[] {
  return slack
    .thread(channel, ts)
    .map((message) => slack.visibleText(message))
    .filter((words) => words.includes("signed in again at"));
}

async function revoked({ slack }: World): Promise<StoredMessage> {
  const card = await askToRevoke(slack);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await finishedThread(slack, card);
  return card;
}

/** Two looks later: another event has come, and what was told before stands there once. */
async function expectToldOnce(world: World, card: StoredMessage): Promise<void> {
  const { slack, cloudflare } = world;
  cloudflare.login("mallory@example.com", { force: true, ip: "198.51.100.7" });
  await slack.waitFor(() => returns(world, card).some((words) => words.includes("198.51.100.7")), LOOK_MS);
  expect(returns(world, card).filter((words) => words.includes("203.0.113.199"))).toHaveLength(1);
  expect(wordsOf(slack, card)).toContain("Revoked, back since");
}

it("killed when a return is posted and it was not told so, the bot tells it once, and goes on watching", async () => {
  const world = await startWorld();
  const { slack, cloudflare } = world;
  const first = await startBotProcess(world);
  const card = await revoked(world);
  // The direct message that says how it ended is through.
  await slack.waitFor(() => !wordsOf(slack, card).includes("⏳"));
  cloudflare.login("mallory@example.com", { force: true, ip: "203.0.113.199" });
  await slack.waitFor(() => cloudflare.requests.length > 0);
  const post = slack.faults.holdAnswer("chat.postMessage");
  await post.arrived;
  await first.kill();
  post.release();
  await startBotProcess(world);
  await slack.waitFor(() => returns(world, card).length === 1, LOOK_MS);
  await expectToldOnce(world, card);
  expect(returns(world, card)).toHaveLength(2);
});

describeWithPostgres("three processes on one PostgreSQL", () => {
  it("tell a return once, also when the one that found it is killed", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    onTestFinished(() => sql.end());
    const world = await startWorld({ mode: "http", databaseUrl: url });
    const { slack, cloudflare } = world;
    const balancer = await startBalancer<Replica>();
    slack.setDelivery({ mode: "http", url: `${balancer.url}/slack/events` });
    const fleet = createFleet(world, sql, balancer);
    await Promise.all([fleet.start(), fleet.start(), fleet.start()]);
    const card = await revoked(world);
    cloudflare.login("mallory@example.com", { force: true, ip: "203.0.113.199" });
    const look = cloudflare.faults.hold("access-requests");
    await look.arrived;
    // Whoever looks waits for Cloudflare: all of them but one are killed, whichever it was.
    const [one, other] = fleet.ready;
    if (one === undefined || other === undefined) throw new Error("no replicas");
    await Promise.all([fleet.kill(one), fleet.kill(other)]);
    look.release();
    await slack.waitFor(() => returns(world, card).length === 1, LOOK_MS);
    await expectToldOnce(world, card);
    expect(returns(world, card)).toHaveLength(2);
    await fleet.stop();
  });
});
