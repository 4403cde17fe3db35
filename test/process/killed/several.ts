import { expect } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import type { Hold } from "../../../sandbox/cloudflare/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { addCrowd, stillIn } from "../../support/crowd.ts";
import { askToRevoke, finishedThread, PEOPLE, press, wordsOf, type World } from "../../support/harness.ts";
import type { LogLine, ReadyBot } from "../../support/process.ts";
import { firstLines } from "./whole-story.ts";

/** Asks for a revocation of so many new users. */
export async function askForCrowd(
  { slack, cloudflare }: World,
  count: number,
): Promise<{ card: StoredMessage; emails: string[] }> {
  const emails = addCrowd(cloudflare, count);
  const card = await askToRevoke(slack, { text: `revoke ${emails.join(" ")} --reason stuffing` });
  return { card, emails };
}

/** Approves it, lets the first user end, and stops the others just before each is looked up for their call. */
export async function approveUpToOthers({ slack, cloudflare }: World, card: StoredMessage): Promise<Hold> {
  const first = cloudflare.faults.hold("revoke-user");
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await first.arrived;
  const others = cloudflare.faults.hold("users.get");
  first.release();
  await others.arrived;
  return others;
}

/** The card, the thread and the direct message of a request whose users are all done, each told once. */
export async function expectAllDone(world: World, card: StoredMessage, emails: readonly string[]) {
  const { slack, cloudflare } = world;
  await finishedThread(slack, card);
  const dm = slack.dm(PEOPLE.alice);
  await slack.waitFor(() => slack.messages(dm).length > 0);
  expect(stillIn(cloudflare, emails)).toEqual([]);
  expect(wordsOf(slack, card)).toContain(`${emails.length} of ${emails.length} done, verified at`);
  expect(firstLines(world, card)).toEqual([
    expect.stringContaining("🔎 Before, first user"),
    expect.stringContaining("Approved"),
    expect.stringContaining("Calling Cloudflare: revoke_user for user-001@crowd.example.com"),
    expect.stringContaining("Cloudflare accepted it"),
    expect.stringContaining(`The other ${emails.length - 1} follow`),
    expect.stringContaining(`✅ ${emails.length} of ${emails.length} done, verified at`),
  ]);
  expect(slack.messages(card.channel)).toHaveLength(1);
  expect(slack.messages(dm)).toHaveLength(1);
  expect(slack.violations).toEqual([]);
}

/** What the bot logged that somebody would have to look into. */
export function errorsOf(bot: ReadyBot): LogLine[] {
  return bot.logs().filter(({ level }) => level === "error" || level === "fatal");
}
