import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { KnownBlock } from "@slack/types";
import { expect, onTestFinished } from "vitest";

import type {
  ApiCall,
  Delivery,
  Slack,
  StoredMessage,
  StoredView,
  SubmittedValues,
  SuggestedOption,
} from "../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import {
  answerTo,
  CHANNELS,
  finishedThread,
  newEphemeral,
  PEOPLE,
  press,
  startAll,
  type,
  type Bot,
  type BotOptions,
  type World,
  type WorldOptions,
} from "../support/harness.ts";

export type Scene = World & Bot;

/** Incidents have a channel; alice may ask, and bob approve. */
export const INCIDENT_POLICY = `channels: { approvals: ${CHANNELS.approvals}, incidents: ${CHANNELS.incident} }
operators: [${PEOPLE.alice}]
approvers: [${PEOPLE.bob}]
`;

/**
 * Both emulators with the bot in between; when the test ends, Slack must not have had anything to object to, nor to
 * make links and mentions of by itself.
 */
export async function startScene(options: WorldOptions & BotOptions = {}): Promise<Scene> {
  const scene = await startAll(options);
  onTestFinished(() => {
    expect(scene.slack.violations).toEqual([]);
    expect(scene.slack.calls.filter(readsMoreThanIsWritten)).toEqual([]);
  });
  return scene;
}

const SPEAKS: ReadonlySet<string> = new Set([
  "chat.postMessage",
  "chat.postEphemeral",
  "chat.update",
  "response_url",
]);

/** A message in which Slack would link addresses, or name people and channels, that are only text. */
function readsMoreThanIsWritten({ method, args }: ApiCall): boolean {
  if (!SPEAKS.has(method)) return false;
  const { parse, link_names: linkNames } = args;
  return parse !== "none" || String(linkNames) !== "false";
}

export interface AuditRow {
  requestId: string | null;
  actor: string;
  event: string;
  data: Record<string, unknown>;
}

/** Everything recorded so far but for the policy's first row and signatures, oldest first, read by a connection of its own. */
export function readAudit({ folder }: World): AuditRow[] {
  const db = new DatabaseSync(join(folder, "data", "zt.db"), { readOnly: true });
  try {
    const rows = db
      .prepare(
        "SELECT request_id, actor, event, data FROM audit WHERE NOT (event = 'policy.loaded' AND seq = 1) AND event <> 'audit.signed' ORDER BY seq",
      )
      .all();
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
    // Slack says `is_stranger: false` of somebody who shares a channel.
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

/** The Access user's id, as Cloudflare has it. */
export function accessIdOf({ cloudflare }: World, email: string): string {
  const user = cloudflare.state.users.find((one) => one.email === email);
  if (user === undefined) throw new Error(`${email} is not in Cloudflare`);
  return user.id;
}

/** Types a command that opens a form; the form, once it is filled. */
export function openFormBy(slack: Slack, user: string, text: string): Promise<StoredView> {
  return newModal(slack, user, () => type(slack, user, text));
}

/** Does something that opens a modal; the modal, once it is filled. */
export async function newModal(
  slack: Slack,
  user: string,
  act: () => Promise<Delivery>,
): Promise<StoredView> {
  const before = new Set(slack.views(user).map((view) => view.id));
  expect(await act()).toMatchObject({ ok: true });
  return slack.waitFor(() => {
    const view = slack.views(user).at(-1);
    return view !== undefined && !before.has(view.id) && !slack.visibleText(view).includes("⏳")
      ? view
      : undefined;
  });
}

/** Sends a form as it stands, with `values` filled in, and waits for the view that takes its place. */
export async function sendForm(
  slack: Slack,
  user: string,
  form: StoredView,
  values: SubmittedValues = {},
): Promise<StoredView> {
  // What is given is the view itself: it changes where it stands.
  const { id, hash } = form;
  const delivery = await slack.submitView({ user, viewId: id, values });
  expect(delivery, "the form is taken").toMatchObject({ ok: true });
  return slack.waitFor(() => {
    const view = slack.views(user).find((one) => one.id === id);
    return view !== undefined && view.hash !== hash && !slack.visibleText(view).includes("⏳")
      ? view
      : undefined;
  });
}

/** What the menu of Access users offers for what was typed. */
export async function offered(
  slack: Slack,
  user: string,
  form: StoredView,
  typed: string,
): Promise<SuggestedOption[]> {
  return (await slack.suggest({ user, viewId: form.id, actionId: "who", blockId: "who", value: typed }))
    .options;
}

/** The value of the menu of Access users, set to the first one that it offers. */
export async function pick(
  slack: Slack,
  user: string,
  form: StoredView,
  typed: string,
): Promise<SubmittedValues> {
  const [first] = await offered(slack, user, form, typed);
  if (first === undefined) throw new Error(`the menu offers nobody for ${typed}`);
  return {
    who: { who: { selected_option: { text: { type: "plain_text", text: first.text }, value: first.value } } },
  };
}

export interface Box {
  group: string;
  value: string;
  text: string;
  isTicked: boolean;
}

interface CheckboxGroup {
  options?: { value: string; text: { text: string } }[];
  initial_options?: { value: string }[];
}

/** Every checkbox of a form, in order. */
export function boxesOf(form: StoredView): Box[] {
  return form.blocks.flatMap((block) => {
    if (!("element" in block) || block.element.type !== "checkboxes") return [];
    const { options = [], initial_options: ticked = [] } = block.element as CheckboxGroup;
    return options.map(({ value, text }) => ({
      group: block.block_id ?? "",
      value,
      text: text.text,
      isTicked: ticked.some((one) => one.value === value),
    }));
  });
}

/** Exactly these boxes ticked, in every group of the form. */
export function tick(form: StoredView, is: (box: Box) => boolean): SubmittedValues {
  const groups = Map.groupBy(boxesOf(form), (box) => box.group);
  return Object.fromEntries(
    [...groups].map(([id, boxes]) => [id, { [id]: boxes.filter(is).map((box) => box.value) }]),
  );
}

/** The same judgement for every kind of risk event in a form that has none yet, or all of them. */
export function judgeAll(form: StoredView, judgement: string): SubmittedValues {
  const kinds = form.blocks.flatMap(({ block_id: id = "" }) => (id.startsWith("risk:") ? [id] : []));
  return Object.fromEntries(kinds.map((id) => [id, { [id]: judgement }]));
}

/** The words of a request's thread, once somebody has approved it and it is over. */
export async function approve(slack: Slack, card: StoredMessage, by: string = PEOPLE.bob): Promise<string> {
  await press(slack, by, card, CARD_ACTIONS.approve);
  return (await finishedThread(slack, card)).join("\n");
}

/** Does something that alice is answered to with a new message, which only she sees. */
export async function newAnswer({ slack }: World, act: () => Promise<Delivery>): Promise<StoredMessage> {
  const before = slack.ephemerals(PEOPLE.alice).length;
  expect(await act()).toMatchObject({ ok: true });
  return newEphemeral(slack, PEOPLE.alice, before);
}

/** Turns the page of a message of alice's, which changes where it stands; its words then. */
export async function turnPage({ slack }: World, message: StoredMessage, actionId: string): Promise<string> {
  const words = slack.visibleText(message);
  const { channel, ts } = message;
  expect(await slack.click({ user: PEOPLE.alice, channel, ts, actionId })).toMatchObject({ ok: true });
  return slack.waitFor(() => {
    const now = slack.ephemerals(PEOPLE.alice).find((one) => one.ts === ts);
    return now !== undefined && slack.visibleText(now) !== words ? slack.visibleText(now) : undefined;
  });
}

/** A click on what a message shows: a button, or its option where it stands in a "•••" menu. */
export function clickOn(
  { channel, ts, blocks }: StoredMessage,
  actionId: string,
): { channel: string; ts: string; actionId: string; value?: string } {
  const elements = (blocks as KnownBlock[]).flatMap((block) =>
    block.type === "actions" ? block.elements : [],
  );
  for (const element of elements) {
    if (element.type !== "overflow") continue;
    const option = element.options.find(({ value = "" }) => value.startsWith(`${actionId}?`));
    if (option?.value !== undefined && element.action_id !== undefined)
      return { channel, ts, actionId: element.action_id, value: option.value };
  }
  return { channel, ts, actionId };
}

/** The head of the newest incident. */
export function incidentHead({ slack }: World): Promise<StoredMessage> {
  return slack.waitFor(() =>
    slack.messages(CHANNELS.incident).findLast((one) => slack.visibleText(one).includes("INC-")),
  );
}

/** The words of the replies in a message's thread. */
export function threadWords(slack: Slack, { channel, ts }: StoredMessage): string[] {
  return slack.thread(channel, ts).map((one) => slack.visibleText(one));
}

/** Opens an incident as alice and waits for its head and the snapshots of its people. */
export async function openIncident(
  scene: Scene,
  typed = 'incident open mallory@example.com "Phishing wave"',
  people = 1,
): Promise<{ message: StoredMessage; id: string; words: string }> {
  const { slack } = scene;
  const { words } = await answerTo(slack, PEOPLE.alice, typed);
  const message = await incidentHead(scene);
  await slack.waitFor(() => threadWords(slack, message).length >= people);
  return { message, id: /INC-[0-9A-Z]{5}/.exec(slack.visibleText(message))?.[0] ?? "", words };
}
