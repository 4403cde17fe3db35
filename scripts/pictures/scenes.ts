import { setTimeout as sleep } from "node:timers/promises";

import type { CloudflareEmulator } from "../../sandbox/cloudflare/index.ts";
import type { Slack, StoredMessage } from "../../sandbox/slack/index.ts";
import type { PictureContent } from "../../sandbox/web/page/picture-request.ts";
import { CHANNELS, PEOPLE } from "../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { INCIDENT_ACTIONS } from "../../src/views/incident/actions.ts";

/** What there is a picture of, in the order in which it comes about. */
export type Scene = "summary" | "card" | "thread" | "errors" | "bulk" | "home" | "incident";

interface Stage {
  slack: Slack;
  cloudflare: CloudflareEmulator;
  /** Draws what is there now. */
  draw(scene: Scene, content: PictureContent): Promise<void>;
}

/** After so long without a change in Slack the bot has said what it has to say. */
const QUIET_MS = 1500;

/**
 * Plays an incident with the bot that listens on the stage, and draws each part of it once it stands. It waits for
 * what is posted and never for its words, so that it goes on working when these change. The policy has to ask for two
 * approvals, so that the card shows the first of them.
 */
export async function playScenes(stage: Stage): Promise<void> {
  const { draw, slack } = stage;
  await draw("summary", { messages: [await answerTo(slack, "user mallory@example.com")] });

  const card = await cardOf(
    slack,
    "revoke mallory@example.com --reason impossible travel, and the laptop is gone",
  );
  await decide(slack, PEOPLE.bob, card);
  await draw("card", { messages: [card] });

  await decide(slack, PEOPLE.carol, card);
  await slack.waitFor(() => !hasButton(card, CARD_ACTIONS.cancel), 60_000);
  await settle(slack);
  await draw("thread", { messages: [card, ...slack.thread(card.channel, card.ts)] });

  await draw("errors", { messages: await collectErrors(stage) });

  const bulk = "revoke erin@example.com frank@example.com rhea@example.com --reason credential stuffing";
  await draw("bulk", { messages: [await cardOf(slack, bulk)] });

  await draw("incident", { messages: await playIncident(stage) });

  // What is pending needs Bob.
  await slack.openHome({ user: PEOPLE.bob });
  const home = await slack.waitFor(() => slack.home(PEOPLE.bob));
  await settle(slack);
  await draw("home", { home: home.blocks });
}

/** Dana and Devon in one incident: noted, both revoked with one request, and only Dana, whose account works, is back. */
async function playIncident({ cloudflare, slack }: Stage): Promise<StoredMessage[]> {
  const channel = CHANNELS.incident;
  const [user, dana, devon] = [PEOPLE.alice, "dana@example.com", "devon@example.com"];
  for (const account of cloudflare.state.scimUsers) if (account.email === devon) account.active = false;
  await slack.command({
    user,
    channel,
    text: `incident open ${dana} ${devon} "Phishing wave"`,
  });
  const head = await slack.waitFor(() => slack.messages(channel).at(0), 60_000);
  await settle(slack);
  await slack.post({
    user: PEOPLE.bob,
    channel,
    threadTs: head.ts,
    text: "@zt-bot note Both say by phone that they typed their password on a fake page",
  });
  await settle(slack);
  const card = await cardOf(slack, `revoke ${dana} ${devon} --reason phished, called back`);
  await decide(slack, PEOPLE.bob, card);
  await decide(slack, PEOPLE.carol, card);
  await slack.waitFor(() => !hasButton(card, CARD_ACTIONS.cancel), 60_000);
  await settle(slack);
  cloudflare.login(dana, { country: "BR", ip: "203.0.113.199", force: true });
  await slack.click({ user, channel, ts: head.ts, actionId: INCIDENT_ACTIONS.refresh });
  await settle(slack);
  return [head, ...slack.thread(channel, head.ts)];
}

/** Cloudflare is down, an email is misspelt, and so are a subcommand and a time. */
async function collectErrors({ cloudflare, slack }: Stage): Promise<StoredMessage[]> {
  cloudflare.faults.set("*", { kind: "status", status: 502, html: true });
  const down = await answerTo(slack, "sessions mallory@example.com");
  cloudflare.faults.clear();
  const rest = [];
  for (const text of [
    "user malory@example.com",
    "usr mallory@example.com",
    "audit mallory@example.com --since yesterday",
  ])
    rest.push(await answerTo(slack, text));
  return [down, ...rest];
}

/** What Alice is shown, once it changes no more. */
async function answerTo(slack: Slack, text: string): Promise<StoredMessage> {
  const before = slack.ephemerals(PEOPLE.alice).length;
  await slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text });
  await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).length > before, 60_000);
  await settle(slack);
  const answer = slack.ephemerals(PEOPLE.alice).at(before);
  if (answer === undefined) throw new Error(`the answer to "${text}" is gone`);
  return answer;
}

async function cardOf(slack: Slack, text: string): Promise<StoredMessage> {
  const before = slack.messages(CHANNELS.approvals).length;
  await slack.command({ user: PEOPLE.alice, channel: CHANNELS.security, text });
  const card = await slack.waitFor(() => slack.messages(CHANNELS.approvals).at(before), 60_000);
  await settle(slack);
  return card;
}

async function decide(slack: Slack, user: string, card: StoredMessage): Promise<void> {
  const edits = card.history.length;
  const clicked = await slack.click({
    user,
    channel: card.channel,
    ts: card.ts,
    actionId: CARD_ACTIONS.approve,
  });
  if (!clicked.ok) throw new Error(`the card could not be approved: ${clicked.error ?? "no reason given"}`);
  await slack.waitFor(() => card.history.length > edits, 60_000);
  await settle(slack);
}

function hasButton(message: StoredMessage, actionId: string): boolean {
  return JSON.stringify(message.blocks).includes(JSON.stringify(actionId));
}

async function settle(slack: Slack): Promise<void> {
  let changes = 0;
  const stop = slack.on("change", () => {
    changes += 1;
  });
  try {
    let before: number;
    do {
      before = changes;
      await sleep(QUIET_MS);
    } while (changes > before);
  } finally {
    stop();
  }
}
