import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, onTestFinished } from "vitest";

import type { Delivery, Slack, StoredMessage, StoredView } from "../../sandbox/slack/index.ts";
import {
  CHANNELS,
  newEphemeral,
  PEOPLE,
  press,
  startAll,
  type Bot,
  type BotOptions,
  type World,
  type WorldOptions,
} from "../support/harness.ts";

export type Scene = World & Bot;

/** Both emulators with the bot in between; when the test ends, Slack must not have had anything to object to. */
export async function startScene(options: WorldOptions & BotOptions = {}): Promise<Scene> {
  const scene = await startAll(options);
  onTestFinished(() => expect(scene.slack.violations).toEqual([]));
  return scene;
}

export interface AuditRow {
  requestId: string | null;
  actor: string;
  event: string;
  data: Record<string, unknown>;
}

/** Everything recorded so far, oldest first, read by a connection of its own. */
export function readAudit({ folder }: World): AuditRow[] {
  const db = new DatabaseSync(join(folder, "data", "zt.db"), { readOnly: true });
  try {
    const rows = db.prepare("SELECT request_id, actor, event, data FROM audit ORDER BY seq").all();
    return rows.map((row) => ({
      requestId: row["request_id"] === null ? null : String(row["request_id"]),
      actor: String(row["actor"]),
      event: String(row["event"]),
      data: JSON.parse(String(row["data"])) as Record<string, unknown>,
    }));
  } finally {
    db.close();
  }
}

/** What everybody can read: every message of every channel, with the threads. */
export function publicMessages(slack: Slack): StoredMessage[] {
  return Object.values(CHANNELS).flatMap((channel) =>
    slack.messages(channel).flatMap((message) => [message, ...slack.thread(channel, message.ts)]),
  );
}

/** Does something and waits for the words that only this person gets for it. */
export async function privateAnswer(
  slack: Slack,
  user: string,
  act: () => Promise<Delivery>,
): Promise<string> {
  const before = slack.ephemerals(user).length;
  const delivery = await act();
  expect(delivery.ok, `acknowledged: ${delivery.error ?? ""}`).toBe(true);
  return slack.visibleText(await newEphemeral(slack, user, before));
}

/** A press on a card that is answered with words for the presser alone. */
export function pressForWords(
  slack: Slack,
  user: string,
  card: StoredMessage,
  actionId: string,
): Promise<string> {
  return privateAnswer(slack, user, () => press(slack, user, card, actionId));
}

/** The modal this person has in front of them, once it says something else than that it is loading. */
export function openModal(
  slack: Slack,
  user: string,
  is: (words: string) => boolean = (words) => !words.includes("⏳"),
): Promise<StoredView> {
  return slack.waitFor(() => {
    const view = slack.views(user).at(-1);
    return view !== undefined && is(slack.visibleText(view)) ? view : undefined;
  });
}

/** The request's id as it stands on its card. */
export function requestIdOf(slack: Slack, card: StoredMessage): string {
  const id = /ZT-[0-9A-Z]{7}/.exec(slack.visibleText(card))?.[0];
  if (id === undefined) throw new Error("the card names no request");
  return id;
}

/** Somebody from an organisation that shares the channel, a guest, members whom no policy names, another app. */
export const OTHERS = {
  stranger: "U0STRANGE",
  guest: "U0GUEST01",
  mallory: "U0MALLORY",
  nobody: "U0NOBODY1",
  bot: "U0OTHRBOT",
} as const;

export function addOthers(slack: Slack): void {
  slack.setPerson(OTHERS.stranger, {
    name: "sten",
    realName: "Sten Ger",
    email: "sten@elsewhere.example",
    isStranger: true,
    teamId: "T0ELSEWHER",
  });
  slack.setPerson(OTHERS.guest, {
    name: "gus",
    realName: "Gus Test",
    email: "gus@example.com",
    isRestricted: true,
  });
  slack.setPerson(OTHERS.mallory, {
    name: "mallory",
    realName: "Mallory Archer",
    email: "mallory@example.com",
  });
  slack.setPerson(OTHERS.nobody, { name: "nora", realName: "Nora Body", email: "nora@example.com" });
  slack.setPerson(OTHERS.bot, { name: "deploybot", realName: "Deploy Bot", isBot: true });
}

export { PEOPLE };
