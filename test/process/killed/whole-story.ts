import { expect } from "vitest";

import { findLiveSessions, findUser, type Session } from "../../../sandbox/cloudflare/index.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { callsTo, finishedThread, PEOPLE, wordsOf, type World } from "../../support/harness.ts";
import { query, type ReadyBot } from "../../support/process.ts";

/** Far below the half minute after which a dead process's lease would run out by itself. */
const AT_ONCE_MS = 10_000;

export interface Expected {
  /** How many times Cloudflare is asked to revoke. */
  calls: number;
  /** The thread's line after the call. */
  answer:
    | "Cloudflare accepted it"
    | "The earlier call had no effect. Sent again, and Cloudflare accepted it"
    | "Already done by the earlier call; nothing was sent again";
  /** The audit rows from the call on. */
  audit: string[];
}

/**
 * Waits for the end of a revocation of mallory, stops the bot so that nothing more can come, and looks at all of
 * it: the card, every message in order, the one direct message, Cloudflare and the record.
 */
export async function expectWholeStory(
  world: World,
  bot: ReadyBot,
  card: StoredMessage,
  expected: Expected,
): Promise<void> {
  const { slack, cloudflare } = world;
  const startedAt = performance.now();
  await finishedThread(slack, card, AT_ONCE_MS);
  const dm = slack.dm(PEOPLE.alice);
  await slack.waitFor(() => slack.messages(dm).length > 0);
  expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
  expect(await bot.stop()).toHaveProperty("code", 0);

  expect(wordsOf(slack, card)).toContain("✅ Revoked 3 sessions, verified at");
  const cards = slack.messages(card.channel);
  expect(cards.map((message) => message.ts)).toEqual([card.ts]);
  expect(cards[0]?.blocks.some((block) => block.type === "actions")).toBe(false);
  expect(firstLines(world, card)).toEqual([
    expect.stringMatching(/^🔎 Before/),
    expect.stringMatching(/Approved by @bob/),
    expect.stringMatching(/Calling Cloudflare: revoke_user for mallory@example\.com/),
    ...(expected.audit.includes("request.unknown")
      ? [expect.stringContaining("No clear answer: zt-bot stopped after sending revoke_user")]
      : []),
    expect.stringContaining(`☑️ ${expected.answer}`),
    expect.stringMatching(/✅ Revoked 3 sessions, verified at/),
  ]);
  expect(slack.messages(dm).map((message) => slack.visibleText(message))).toEqual([
    expect.stringContaining("verified at"),
  ]);

  expect(liveSessions(world)).toEqual([]);
  expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(expected.calls);
  expect(auditEvents(world)).toEqual([
    "request.created",
    "request.approved",
    "request.executing",
    "target.checked",
    ...expected.audit,
    // What is reconciled was seen in that very look.
    ...(expected.audit.at(-1) === "call.reconciled" ? [] : ["target.verified"]),
    "request.succeeded",
  ]);
  expect(slack.violations).toEqual([]);
}

/** Mallory's, in Cloudflare itself. */
export function liveSessions({ cloudflare }: World): Session[] {
  const mallory = findUser(cloudflare.state, "mallory@example.com");
  return findLiveSessions(cloudflare.state, mallory?.id ?? "", cloudflare.now());
}

/** Every row of the record but the first policy's and the signatures of its end, oldest first; a check cut short and made again counts once. */
export function auditEvents(world: World): string[] {
  const sql =
    "SELECT event FROM audit WHERE NOT (event = 'policy.loaded' AND seq = 1) AND event <> 'audit.signed' ORDER BY seq";
  const events = query(world, sql).map((row) => String(row["event"]));
  return events.filter((event, index) => event !== "target.checked" || events[index - 1] !== event);
}

/** The first line of each message in a card's thread. */
export function firstLines({ slack }: World, card: StoredMessage): string[] {
  return slack
    .thread(card.channel, card.ts)
    .map((message) => slack.visibleText(message).split("\n")[0] ?? "");
}
