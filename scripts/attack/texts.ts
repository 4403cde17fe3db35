import { PEOPLE } from "../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { control, unless, type Attack } from "./attack.ts";
import { answerTo, approve, ask, comesAbout, dump, newForm, shownInSlack, threadOf, type } from "./people.ts";
import type { Target } from "./targets.ts";

const ITEM = "foreign text";

/** Each piece is alive where Slack would show it as more than the text that it is. */
const HOSTILE = [
  "✅ SignMark",
  "*BoldMark*",
  "_ItalicMark_",
  "~StrikeMark~",
  "`CodeMark`",
  ":partying_face:",
  "<!channel>",
  "<@U0EVIL001>",
  "<#C0EVIL001>",
  "<!subteam^S0EVIL001>",
  "<https://evil.example|LabelMark>",
  "https://evil.example/bare",
  "Zero\u200BMark",
  "\u202ERightMark",
].join(" ");

/** What people outside can write into names, and people inside into reasons. */
export const textAttacks: Attack[] = [
  {
    item: ITEM,
    name: "live-text",
    claim: "no name or reason becomes a mention, a link, formatting, an emoji or one of the bot's signs",
    isolated: true,
    timeoutMs: 120_000,
    async run(targets) {
      control(alive({ type: "mrkdwn", text: HOSTILE }).length >= 12, "the judge does not see what is alive");
      const target = await targets.start();
      const { slack, cloudflare } = target;
      plant(target, HOSTILE);
      for (const text of LOOK_UPS) await answerTo(target, PEOPLE.bob, text).catch(() => {});
      const form = await newForm(target, PEOPLE.alice, () =>
        type(target, PEOPLE.alice, "revoke mallory@example.com"),
      );
      if (form !== null) await slack.closeView({ user: PEOPLE.alice, viewId: form.id });
      await newForm(target, PEOPLE.alice, () =>
        type(target, PEOPLE.alice, "rename-user mallory@example.com"),
      );
      const card = await ask(
        target,
        `revoke mallory@example.com --reason ${HOSTILE.replaceAll(/<[^>]*>/g, "")}`,
      );
      await slack.click({
        user: PEOPLE.bob,
        channel: card.channel,
        ts: card.ts,
        actionId: CARD_ACTIONS.details,
      });
      await approve(target, card);
      await comesAbout(() => threadOf(target, card).includes("Next:"), 30_000);
      await answerTo(target, PEOPLE.bob, "requests");
      await answerTo(target, PEOPLE.bob, "audit");
      const texts = textsOf(slack.calls.map(({ args }) => args));
      const marked = texts.filter(({ text }) => text.includes("BoldMark")).length;
      control(marked >= 10, `what was planted is shown in ${marked} places only`);
      control(cloudflare.requests.length > 10, "Cloudflare was not asked");
      const found = new Set(texts.flatMap(alive));
      return unless([...found], `${marked} texts with what was planted, and none of it is alive`);
    },
  },
  {
    item: ITEM,
    name: "broken-text",
    claim: "half a surrogate pair in a name reaches no message and no prefilled input, and every view opens",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const { slack } = target;
      plant(target, "Half \uD83D");
      const wrong: string[] = [];
      for (const text of [
        "rename-user mallory@example.com",
        "revoke mallory@example.com",
        "revoke-devices mallory@example.com",
      ]) {
        const form = await newForm(target, PEOPLE.alice, () => type(target, PEOPLE.alice, text));
        if (form === null) wrong.push(`${text}: no form opens`);
        else if (/something went wrong/i.test(slack.visibleText(form)))
          wrong.push(`${text}: something went wrong`);
      }
      await answerTo(target, PEOPLE.alice, "user mallory@example.com");
      control(shownInSlack(target).includes("Half"), "what was planted is not shown");
      const broken = stringsIn(slack.calls.map(({ args }) => args)).filter((text) => !text.isWellFormed());
      if (broken.length > 0) wrong.push(`${broken.length} texts are not well-formed`);
      for (const { method, error, detail } of slack.violations) wrong.push(`${method} ${error}: ${detail}`);
      return unless(wrong, "three forms and an answer, all well-formed");
    },
  },
  {
    item: ITEM,
    name: "long-metadata",
    claim: "however much Cloudflare holds of a user, what a form carries along stays within Slack's limit",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const { slack, cloudflare } = target;
      const calm = await newForm(target, PEOPLE.alice, () =>
        type(target, PEOPLE.alice, "reset-risk mallory@example.com"),
      );
      control(calm !== null, "the form does not open for an ordinary user");
      await slack.closeView({ user: PEOPLE.alice, viewId: calm.id });
      for (let index = 0; index < 80; index += 1)
        cloudflare.addRiskEvent("mallory@example.com", { name: `${index} "${"quote ".repeat(30)}"` });
      plant(target, '"\\'.repeat(150));
      const wrong: string[] = [];
      for (const text of ["reset-risk mallory@example.com", "revoke mallory@example.com"]) {
        const form = await newForm(target, PEOPLE.alice, () => type(target, PEOPLE.alice, text));
        if (form === null) wrong.push(`${text}: no form opens`);
        else if (/something went wrong/i.test(slack.visibleText(form)))
          wrong.push(`${text}: something went wrong`);
      }
      for (const { method, error, detail } of slack.violations)
        wrong.push(`${method} ${error}: ${detail.slice(0, 120)}`);
      return unless(wrong, "both forms open, within every limit");
    },
  },
  {
    item: "secrets in reasons",
    name: "typed-tokens",
    claim:
      "tokens and keys typed into a reason reach neither the record, Slack nor the log, and who typed them is told",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      const target = await targets.start();
      const { slack } = target;
      const wrong: string[] = [];
      const entries = Object.entries(secrets());
      const before = slack.ephemerals(PEOPLE.alice).length;
      for (const [kind, secret] of entries) {
        const who = WHO[entries.findIndex(([name]) => name === kind) % WHO.length] ?? "";
        const seen = slack.ephemerals(PEOPLE.alice).length;
        await type(target, PEOPLE.alice, `revoke ${who} --reason found ReasonMark ${secret} in a file`);
        // That it was masked may be a message of its own.
        const said = (): string =>
          slack
            .ephemerals(PEOPLE.alice)
            .slice(seen)
            .map((message) => slack.visibleText(message))
            .join("\n");
        const isTold = (): boolean => /mask|looks like a/i.test(said());
        await comesAbout(() => /ZT-[0-9A-Z]{7}/.test(said()) && isTold(), 6000);
        const words = said();
        if (!isTold()) wrong.push(`${kind}: who typed it is not told: ${words.slice(0, 120)}`);
        // So that the next one about the same user is not refused as open already.
        const id = /ZT-[0-9A-Z]{7}/.exec(words)?.[0];
        if (id !== undefined) await answerTo(target, PEOPLE.alice, `cancel ${id}`);
      }
      control(slack.ephemerals(PEOPLE.alice).length > before, "nothing was answered");
      const secret = secrets()["a Slack bot token"] ?? "";
      await answerTo(target, PEOPLE.bob, `pause --reason PauseMark ${secret}`);
      await answerTo(target, PEOPLE.bob, "resume");
      const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
      const form = await newForm(target, PEOPLE.bob, () =>
        slack.click({ user: PEOPLE.bob, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.deny }),
      );
      control(form !== null, "a denial has no form");
      await slack.submitView({
        user: PEOPLE.bob,
        viewId: form.id,
        values: { reason: { reason: `DenyMark\n${secrets()["a private key"] ?? ""}` } },
      });
      await comesAbout(() => threadOf(target, card).includes("DenyMark"), 10_000);
      const stored = await dump(target);
      for (const mark of ["ReasonMark", "PauseMark", "DenyMark"])
        control(stored.includes(mark), `the reason with ${mark} is not in the database`);
      const slackShows = shownInSlack(target);
      for (const [kind, value] of entries)
        for (const part of pieces(value)) {
          if (stored.includes(part)) wrong.push(`${kind} is in the database`);
          if (slackShows.includes(part)) wrong.push(`${kind} is in Slack`);
          if (target.written().includes(part)) wrong.push(`${kind} is in the log`);
        }
      return unless(
        [...new Set(wrong)],
        `${entries.length} kinds, by command, pause and denial: masked, and told`,
      );
    },
  },
  {
    item: "secrets in logs",
    name: "no-secret-in-any-log",
    claim: "no credential is in any line of the log at its finest level, whatever breaks",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      const target = await targets.start({ env: { LOG_LEVEL: "trace" } });
      const { slack, cloudflare, env } = target;
      const token = env["CLOUDFLARE_API_TOKEN"] ?? "";
      for (const fault of [
        { kind: "status", status: 500, body: `Authorization: Bearer ${token}` },
        { kind: "drop" },
        { kind: "odd" },
      ] as const) {
        cloudflare.faults.set("*", fault);
        await answerTo(target, PEOPLE.alice, "user mallory@example.com");
        cloudflare.faults.clear();
      }
      slack.faults.set("chat.postMessage", { error: `invalid_auth of ${env["SLACK_BOT_TOKEN"]}`, times: 1 });
      const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
      await approve(target, card);
      await comesAbout(() => threadOf(target, card).includes("Next:"), 30_000);
      await target.stop();
      const written = target.written();
      control(
        written.includes("invalid_auth of [redacted]"),
        "the error that quotes a token is not in the log",
      );
      const names = ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "CLOUDFLARE_API_TOKEN"];
      const wrong = names.filter((name) => written.includes(env[name] ?? "none"));
      return unless(
        wrong.map((name) => `${name} is in the log`),
        `${written.split("\n").length} lines, no credential`,
      );
    },
  },
];

const LOOK_UPS = [
  "user mallory@example.com",
  "users mallory",
  "sessions mallory@example.com",
  "identity mallory@example.com",
  "failed-sign-ins mallory@example.com",
  "devices mallory@example.com",
  "risk mallory@example.com",
  "sign-ins mallory@example.com",
  "changes",
];

const WHO = ["mallory@example.com", "dana@example.com", "erin@example.com", "rhea@example.com"];

/** Puts a text everywhere where somebody outside has a say in what Cloudflare shows. */
function plant({ cloudflare: { state } }: Target, text: string): void {
  const user = state.users.find(({ email }) => email === "mallory@example.com");
  control(user !== undefined, "there is no mallory@example.com");
  user.name = text;
  for (const registration of state.registrations)
    if (registration.userId === user.id) registration.deviceName = text;
  for (const app of state.apps) Object.assign(app, { name: text });
  for (const idp of state.idps) idp.name = text;
  for (const session of state.sessions) for (const app of session.apps) Object.assign(app, { name: text });
  for (const failed of state.failedLogins) if (failed.userId === user.id) failed.appName = text;
  for (const { userId, events } of state.risk)
    if (userId === user.id) for (const event of events.slice(0, 2)) event.name = text;
  for (const request of state.accessRequests) if (request.email === user.email) request.connection = text;
  const identity = state.identities[user.id];
  if (identity !== undefined) identity["name"] = text;
}

interface Shown {
  type: string;
  text: string;
  verbatim?: unknown;
  emoji?: unknown;
}

/** All text objects in what was sent to Slack, and the texts of messages themselves, which notifications show. */
function textsOf(value: unknown): Shown[] {
  if (typeof value === "string") {
    if (!/^\s*[[{]/.test(value)) return [];
    try {
      return textsOf(JSON.parse(value));
    } catch {
      return [];
    }
  }
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  const { type, text } = value as Partial<Shown>;
  const own: Shown[] = [];
  if (typeof text === "string") {
    if (type === "mrkdwn" || type === "plain_text") own.push(value as Shown);
    // Links that Slack would make of a bare address by itself are a matter of the message's `parse`.
    else if (type === undefined) own.push({ type: "mrkdwn", text, verbatim: true });
  }
  return [...own, ...Object.values(value).flatMap(textsOf)];
}

/** Which pieces of the hostile text would be more than text there. */
function alive({ type, text, verbatim, emoji }: Shown): string[] {
  const found: string[] = [];
  if (text.includes("✅ SignMark")) found.push("the bot's own sign");
  if (text.includes("\u200B")) found.push("a character of no width");
  if (text.includes("\u202E")) found.push("a change of direction");
  if (type === "plain_text") {
    if (emoji !== false && text.includes(":partying_face:")) found.push("an emoji in plain text");
    return found;
  }
  if (text.includes("`CodeMark`")) found.push("a code span");
  // Nothing formats in a code span of the bot's; mentions and links do.
  const open = text.replaceAll(/`[^`\n]+`/g, "");
  const pieces: Record<string, string> = {
    "*BoldMark*": "bold",
    _ItalicMark_: "italics",
    "~StrikeMark~": "a strike-through",
    ":partying_face:": "an emoji",
  };
  for (const [piece, what] of Object.entries(pieces)) if (open.includes(piece)) found.push(what);
  for (const piece of ["<!channel>", "<@U0EVIL001", "<#C0EVIL001", "<!subteam^S0EVIL001"])
    if (text.includes(piece)) found.push(`the mention ${piece}`);
  if (text.includes("<https://evil")) found.push("a link with a label");
  if (open.includes("evil.example") && verbatim !== true) found.push("a link out of a bare address");
  return found;
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") {
    if (!/^\s*[[{]/.test(value)) return [value];
    try {
      return stringsIn(JSON.parse(value));
    } catch {
      return [value];
    }
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** Made up, and put together here so that nobody takes them for real ones. */
function secrets(): Record<string, string> {
  const digits = "1234567890";
  const letters = "aBcDeFgHiJkLmNoPqRsTuVwX";
  const hex = "0123456789abcdef";
  const dashes = "-".repeat(5);
  return {
    "a Slack bot token": ["xox", `b-${digits}-${digits}-${letters}`].join(""),
    "a Slack user token": ["xox", `p-${digits}-${digits}-${digits}-${letters.toLowerCase()}`].join(""),
    "a Slack app token": ["xap", `p-1-A${digits}-${digits}-${hex.repeat(4)}`].join(""),
    "a Cloudflare token": `${letters}_${digits}-aBcD`,
    "a Cloudflare token with its prefix": ["cfu", `t_${letters}${digits}${letters.slice(0, 14)}`].join(""),
    "a Cloudflare global key": hex.repeat(3).slice(0, 37),
    "a bearer token": `Authorization: Bearer ${letters}.${digits}`,
    "a private key": `${dashes}BEGIN PRIVATE KEY${dashes}\n${hex.repeat(3)}${letters}\n${dashes}END PRIVATE KEY${dashes}`,
  };
}

/** The parts of a secret that have to be gone: its lines, without what only says of what kind it is. */
function pieces(secret: string): string[] {
  return secret.split(/\s+/).filter((part) => part.length > 20 && !part.includes("-----"));
}
