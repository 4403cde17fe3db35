import { writeFileSync } from "node:fs";

import postgres from "postgres";
import { expect, it, onTestFinished, vi } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { openModal } from "../../e2e/support.ts";
import { addCrowd, revokedEmails, stillIn } from "../../support/crowd.ts";
import {
  answerTo,
  CHANNELS,
  PEOPLE,
  press,
  startWorld,
  type,
  wordsOf,
  type World,
} from "../../support/harness.ts";
import { createDatabase, describeWithPostgres } from "../../support/postgres.ts";
import { createFleet } from "../../support/replicas.ts";

vi.setConfig({ testTimeout: 180_000 });

/** A limit that one process alone reaches, as Cloudflare's own; and it says nothing of what is left of it. */
const RATE_LIMIT = { requests: 300, windowMs: 5000, isSilent: true };
const BUDGET = "275/5s";
/** Of each of two requests: more calls than a window has. */
const COUNT = 100;

/** Two processes on one database. */
async function startTwo() {
  const { url, drop } = await createDatabase();
  onTestFinished(drop);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const world = await startWorld({ databaseUrl: url, rateLimit: RATE_LIMIT });
  world.env["CLOUDFLARE_RATE_BUDGET"] = BUDGET;
  const fleet = createFleet(world, sql);
  await Promise.all([fleet.start(), fleet.start()]);
  onTestFinished(async () => void (await fleet.stop()));
  return { world, fleet };
}

/** Asks to revoke many people's sessions. @returns the card */
async function askFor({ slack }: World, asker: string, emails: readonly string[]): Promise<StoredMessage> {
  const cards = slack.messages(CHANNELS.approvals).length;
  await type(slack, asker, "revoke");
  const form = await openModal(slack, asker);
  await slack.submitView({
    user: asker,
    viewId: form.id,
    values: { several: { several: emails.join("\n") }, reason: { reason: "credential stuffing" } },
  });
  return slack.waitFor(() => slack.messages(CHANNELS.approvals)[cards]);
}

describeWithPostgres("two processes on one database", () => {
  it("share Cloudflare's rate limit: none of their calls is refused, though each alone could use all of it", async () => {
    const { world } = await startTwo();
    const { slack, cloudflare } = world;
    const emails = addCrowd(cloudflare, 2 * COUNT);
    const cards = [
      await askFor(world, PEOPLE.alice, emails.slice(0, COUNT)),
      await askFor(world, PEOPLE.carol, emails.slice(COUNT)),
    ];
    await Promise.all(cards.map((card) => press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)));
    for (const card of cards)
      await slack.waitFor(() => wordsOf(slack, card).includes(`${COUNT} of ${COUNT} done`), 90_000);

    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
    expect(stillIn(cloudflare, emails)).toEqual([]);
    expect(cloudflare.requests.filter(({ status }) => status === 429)).toEqual([]);
  });

  it("have the same policy in force as soon as one of them is told to read it again", async () => {
    const { world, fleet } = await startTwo();
    const { slack } = world;
    const [one, two] = fleet.all;
    writeFileSync(
      world.env["ZT_POLICY_FILE"] ?? "",
      POLICY.replace(/^operators: .*$/m, `operators: [${PEOPLE.bob}, ${PEOPLE.carol}]`),
    );
    one?.bot.signal("SIGHUP");
    await Promise.all([one?.bot.logged("policy reloaded"), two?.bot.logged("policy reloaded")]);
    // Commands go to both in turn.
    for (const _ of [1, 2, 3, 4]) {
      const { words } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
      expect(words).toMatch(/operator/i);
    }
  });
});
