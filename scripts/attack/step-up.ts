import { createHmac, randomBytes } from "node:crypto";

import type { Delivery, StoredMessage, StoredView } from "../../sandbox/slack/index.ts";
import { CHANNELS, PEOPLE, POLICY } from "../../sandbox/workspace.ts";
import { control, unless, type Attack } from "./attack.ts";
import { answerTo, approve, ask, changesOf, comesAbout, dump, newForm } from "./people.ts";
import type { Target, Targets } from "./targets.ts";

const ITEM = "step-up";
const { alice, bob, carol } = PEOPLE;

/** What somebody who has taken over an approver's Slack session, and not their phone, can do. */
export const stepUpAttacks: Attack[] = [
  {
    item: ITEM,
    name: "hijacked-approver",
    claim:
      "a stolen Slack session alone approves nothing that takes a code: without the code, with guessed ones, or with a used one",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      const target = await start(targets);
      const secret = await enrol(target, carol, bob);
      const first = await ask(target, "revoke dana@example.com --reason stolen laptop");
      // The code that proved the app is used; the next one is taken a little early.
      const code = codeAt(secret, Date.now() + 30_000);
      await approveWith(target, carol, first, code);
      control(
        await comesAbout(() => changesOf(target).length === 1, 30_000),
        "the right code does nothing either",
      );

      const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
      const wrong: string[] = [];
      const said: string[] = [];
      const guesses = [
        "",
        "000000",
        code,
        "123456",
        "999999",
        "abcdef",
        "111111",
        "222222",
        codeAt(secret, Date.now() + 300_000),
      ];
      for (const guess of guesses) said.push(await approveWith(target, carol, card, guess));
      if (changesOf(target).length > 1) wrong.push("a wrong or used code approved it");
      if (!said.some((words) => /too many|locked/i.test(words))) wrong.push("guessing is not ended");
      const stored = await dump(target);
      if (stored.includes(secret) || stored.includes(secret.toLowerCase()))
        wrong.push("the secret is in the database");
      await comesAbout(() => changesOf(target).length > 1, 3000);
      if (changesOf(target).length > 1) wrong.push("it was carried out afterwards");
      return unless(wrong, `${guesses.length} tries, none approved it, and guessing was ended`);
    },
  },
  {
    item: ITEM,
    name: "own-authenticator",
    claim: "a stolen session can neither set up an authenticator of its own nor vouch for it itself",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      const target = await start(targets);
      const { slack } = target;
      const confirmed = await enrol(target, carol, bob);
      control(confirmed.length === 32, "one that another approver confirmed does not count");
      // Bob has none: who took his session over sets one up.
      const { secret, number } = await setUp(target, bob);
      control(number !== "", "an authenticator can't be set up");
      const said: string[] = [];
      for (const by of [bob, alice]) said.push(await confirm(target, by, number));
      // A form that is open for somebody else is sent in his name.
      for (const user of [bob, alice])
        for (const view of slack.views(carol))
          await slack.submitView({
            user,
            viewId: view.id,
            values: { heard: { heard: number }, code: { code: "000000" } },
          });
      const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
      said.push(await approveWith(target, bob, card, codeAt(secret, Date.now() + 30_000)));
      await comesAbout(() => changesOf(target).length > 0, 3000);
      return unless(
        changesOf(target).length > 0 ? ["it was carried out"] : [],
        "nobody but another approver could vouch for it",
      );
    },
  },
  {
    item: ITEM,
    name: "shouted-number",
    claim: "the number that vouches for an authenticator is in no message, and a wrong one confirms nothing",
    isolated: true,
    async run(targets) {
      const target = await start(targets);
      const { number } = await setUp(target, carol);
      control(/^\d{6}$/.test(number), "the person is shown no number to read out");
      const wrong: string[] = [];
      const posted = target.slack.calls
        .filter(({ method }) => method.startsWith("chat.") || method === "response_url")
        .map(({ args }) => JSON.stringify(args))
        .join("\n");
      if (posted.includes(number)) wrong.push("it is in a message");
      const other = String((Number(number) + 1) % 1_000_000).padStart(6, "0");
      const words = await confirm(target, bob, other);
      if (/counts from now on/.test(words)) wrong.push("another number confirmed it");
      return unless(wrong, "it is in none, and another number confirmed nothing");
    },
  },
];

function start(targets: Targets): Promise<Target> {
  return targets.start({
    policy: `${POLICY}step_up: [revoke, delete-user]\n`,
    env: { STEP_UP_KEY: randomBytes(32).toString("base64") },
  });
}

/** Sets one up as a person does: types the key into an app, and gives the app's code. */
async function setUp(target: Target, user: string): Promise<{ secret: string; number: string }> {
  const { slack } = target;
  await answerTo(target, user, "authenticator");
  const message = slack.ephemerals(user).at(-1);
  control(message !== undefined, "there is no answer");
  const form = await newForm(target, user, () => press(target, user, message, /^Set up/));
  control(form !== null, "no form opens to set one up");
  const shown = /(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec(slack.visibleText(form))?.[0] ?? "";
  const secret = shown.replaceAll(" ", "");
  const words = await send(target, user, form, { code: codeAt(secret, Date.now()) });
  return { secret, number: /\b(\d{6})\b/.exec(words)?.[1] ?? "" };
}

/** @returns the secret of an authenticator that another approver confirmed. */
async function enrol(target: Target, user: string, by: string): Promise<string> {
  const { secret, number } = await setUp(target, user);
  const words = await confirm(target, by, number);
  control(/counts from now on/.test(words), `another approver can't confirm it: ${words}`);
  return secret;
}

/** Presses Confirm under the newest question in the approvals channel. @returns what is said to it */
async function confirm(target: Target, by: string, heard: string): Promise<string> {
  const { slack } = target;
  const question = (): StoredMessage | undefined =>
    slack.messages(CHANNELS.approvals).findLast((message) => buttonOf(message, /^Confirm/) !== undefined);
  await comesAbout(() => question() !== undefined, 10_000);
  const message = question();
  if (message === undefined) return "nobody is asked to confirm it";
  const form = await newForm(target, by, () => press(target, by, message, /^Confirm/));
  if (form === null) return "no form opens";
  if (!JSON.stringify(form.blocks).includes('"heard"')) return slack.visibleText(form);
  return send(target, by, form, { heard });
}

/** Presses Approve, and gives this code where one is asked for. @returns what is said to it */
async function approveWith(target: Target, user: string, card: StoredMessage, code: string): Promise<string> {
  const form = await newForm(target, user, () => approve(target, card, user));
  if (form === null) return `no form; ${changesOf(target).length} changes`;
  const words = await send(target, user, form, { code });
  if (target.slack.views(user).some(({ id }) => id === form.id))
    await target.slack.closeView({ user, viewId: form.id });
  return words;
}

/** Sends a form. @returns the words of what takes its place, or of what is wrong with it */
async function send(
  { slack }: Target,
  user: string,
  { id, hash }: StoredView,
  values: Record<string, string>,
): Promise<string> {
  const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { [name]: value }]));
  const delivery: Delivery = await slack.submitView({ user, viewId: id, values: given });
  if (!delivery.ok) return JSON.stringify(delivery.errors ?? delivery.error);
  const next = (): StoredView | undefined => {
    const view = slack.views(user).find((one) => one.id === id);
    return view === undefined || view.hash === hash || slack.visibleText(view).includes("⏳")
      ? undefined
      : view;
  };
  await comesAbout(() => next() !== undefined, 8000);
  const view = next();
  return view === undefined ? "" : slack.visibleText(view);
}

function press(target: Target, user: string, message: StoredMessage, label: RegExp): Promise<Delivery> {
  const actionId = buttonOf(message, label);
  control(actionId !== undefined, `there is no button ${label.source}`);
  return target.slack.click({ user, channel: message.channel, ts: message.ts, actionId });
}

function buttonOf({ blocks }: StoredMessage, label: RegExp): string | undefined {
  for (const block of blocks) {
    if (block.type !== "actions" || !("elements" in block)) continue;
    for (const element of block.elements)
      if (element.type === "button" && "text" in element && label.test(element.text.text))
        return element.action_id;
  }
  return undefined;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code that an authenticator app shows at a time (epoch milliseconds): RFC 6238. */
function codeAt(secret: string, at: number): string {
  const bits = secret
    .split("")
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, "0");
}
