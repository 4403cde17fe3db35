import postgres from "postgres";
import { vi } from "vitest";

import type { StoredMessage } from "../../sandbox/slack/index.ts";
import { BLOCK_LIST_ID } from "../../sandbox/cloudflare/seed/keep-out.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { INCIDENT_ACTIONS } from "../../src/views/incident/actions.ts";
import { addCrowd, crowdEmail } from "./crowd.ts";
import { answerTo, CHANNELS, PEOPLE, press, type, wordsOf, type World } from "./harness.ts";
import { query } from "./process.ts";

const { alice, bob } = PEOPLE;
const CHANNEL = CHANNELS.incident;
const MALLORY = "mallory@example.com";

const POLICY = `channels: { approvals: ${CHANNELS.approvals}, incidents: ${CHANNEL} }
operators: [${alice}]
approvers: [${bob}]
`;
/** Someone is contained when they are not signed in, and the block list keeps them out. */
const STRICT_POLICY = `${POLICY}block: { email_list: ${BLOCK_LIST_ID} }
incidents: { required: [back, sessions, block] }
`;

export interface StoryOutline {
  policy: string;
  steps: readonly Step[];
  /** How many people it is about. */
  count: number;
}

/** What has happened so far, for the next step. */
export interface Told {
  world: World;
  /** The incident's first message. */
  head(): StoredMessage;
  /** The card that was posted last. */
  card(): StoredMessage;
  /** How many people it is about, in a story of many. */
  count: number;
}

/**
 * A step of a story. `begin` does what people and Cloudflare do, until the bot has it in its record (a process may die from
 * then on); `isOver` holds when everything that follows from it is in Slack.
 */
export interface Step {
  name: string;
  begin(told: Told): Promise<unknown>;
  isOver(told: Told): boolean;
}

const thread = ({ world: { slack }, head }: Told): string[] =>
  slack.thread(CHANNEL, head().ts).map((one) => slack.visibleText(one));
const says = (told: Told, words: string | RegExp, from = 0): boolean =>
  thread(told)
    .slice(from)
    .some((line) => (typeof words === "string" ? line.includes(words) : words.test(line)));
/** The words in the thread of the card that was posted last. */
const cardThread = ({ world: { slack }, card }: Told): string =>
  slack
    .thread(CHANNELS.approvals, card().ts)
    .map((one) => slack.visibleText(one))
    .join("\n");
const idOf = ({ world: { slack }, head }: Told): string =>
  /INC-[0-9A-Z]{5}/.exec(slack.visibleText(head()))?.[0] ?? "";
/** Lines of the thread so far, so that a step waits for new ones. */
const CONTAINED = /^✅ Contained/;

/** Types a command, and waits until the record has an event once more than before. */
async function command({ world }: Told, user: string, text: string, event: string): Promise<void> {
  const before = await countEvents(world, event);
  await type(world.slack, user, text);
  await recorded(world, event, before + 1);
}

async function request(told: Told, text: string): Promise<void> {
  const { slack } = told.world;
  const before = slack.messages(CHANNELS.approvals).length;
  await command(told, alice, text, "request.created");
  await slack.waitFor(() => slack.messages(CHANNELS.approvals).length > before, 60_000);
}

async function approve({ world, card }: Told): Promise<void> {
  const before = await countEvents(world, "request.approved");
  await press(world.slack, bob, card(), CARD_ACTIONS.approve);
  await recorded(world, "request.approved", before + 1);
}

/** How often an event is in the record, on either database. */
async function countEvents(world: World, event: string): Promise<number> {
  const url = world.env["DATABASE_URL"] ?? "";
  if (!url.startsWith("postgres")) return query(world, "SELECT 1 FROM audit WHERE event = ?", event).length;
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return (await sql`SELECT 1 FROM audit WHERE event = ${event}`).length;
  } finally {
    await sql.end();
  }
}

async function recorded(world: World, event: string, times: number): Promise<void> {
  await vi.waitFor(
    async () => {
      if ((await countEvents(world, event)) < times) throw new Error(`${event} is not recorded`);
    },
    { timeout: 60_000, interval: 10 },
  );
}

/** The last step of each story. */
const EXPORT: Step = {
  name: "export",
  // It is made while its reader waits.
  begin: (told) => answerTo(told.world.slack, bob, `incident export ${idOf(told)}`),
  isOver: ({ world: { slack }, head }) =>
    slack.thread(CHANNEL, head().ts).some(({ files }) => files?.length === 2),
};

/** Someone was phished: revoked with devices, back, revoked again and blocked, contained, closed, exported. */
const PHISHED_STEPS: readonly Step[] = [
  {
    name: "look up",
    begin: ({ world: { slack } }) => answerTo(slack, alice, `user ${MALLORY}`),
    isOver: ({ world: { slack } }) =>
      slack.ephemerals(alice).some((one) => slack.visibleText(one).includes("Likely account takeover")),
  },
  {
    name: "open",
    begin: (told) => command(told, alice, `incident open ${MALLORY} "Phishing wave"`, "incident.opened"),
    isOver: (told) =>
      says(told, "Mallory Archer") && wordsOf(told.world.slack, told.head()).includes("3 sessions open"),
  },
  {
    name: "request to revoke",
    begin: (told) => request(told, `revoke ${MALLORY} --devices --reason phished`),
    isOver: (told) => says(told, "requested:") && isChip(told, "waiting for approval"),
  },
  {
    name: "approve",
    begin: approve,
    isOver: (told) => says(told, "verified at") && isChip(told, "revoked"),
  },
  {
    name: "note",
    begin: async (told) => {
      const { slack } = told.world;
      const before = await countEvents(told.world, "incident.noted");
      await slack.post({
        user: bob,
        channel: CHANNEL,
        text: "@zt-bot note Called Mallory: the mail with the link is still in her inbox.",
        threadTs: told.head().ts,
      });
      await recorded(told.world, "incident.noted", before + 1);
    },
    isOver: (told) => says(told, "📌"),
  },
  {
    name: "back",
    begin: async (told) => {
      await nextSecond();
      told.world.cloudflare.login(MALLORY, { force: true, ip: "203.0.113.199", country: "BR" });
      await press(told.world.slack, alice, told.head(), INCIDENT_ACTIONS.refresh);
    },
    isOver: (told) => isChip(told, "back since") && cardThread(told).includes("signed in again"),
  },
  {
    name: "request to revoke and block",
    begin: async (told) => {
      await nextSecond();
      await request(told, `revoke ${MALLORY} --devices --block --reason back again`);
    },
    isOver: (told) => thread(told).filter((line) => line.includes("requested:")).length === 2,
  },
  {
    name: "approve again",
    begin: approve,
    isOver: (told) => thread(told).some((line) => CONTAINED.test(line)) && cardThread(told).includes("Next:"),
  },
  {
    name: "close",
    begin: (told) => command(told, alice, `incident close ${idOf(told)}`, "incident.closed"),
    isOver: (told) => says(told, "Closed by") && says(told, "Summary:") && says(told, "Sign-ins of"),
  },
  EXPORT,
];

/** Nothing was wrong: the request is denied, a note says why, and the incident is closed with what is left. */
const FALSE_ALARM_STEPS: readonly Step[] = [
  {
    name: "open",
    begin: (told) =>
      command(told, alice, 'incident open dana@example.com "Odd sign-in of Dana"', "incident.opened"),
    isOver: (told) => says(told, "Dana") && thread(told).length >= 1,
  },
  {
    name: "request to revoke",
    begin: (told) => request(told, "revoke dana@example.com --reason sign-in at night"),
    isOver: (told) => says(told, "requested:"),
  },
  {
    name: "deny",
    begin: async ({ world, card }) => {
      const { slack } = world;
      await press(slack, bob, card(), CARD_ACTIONS.deny);
      const form = await slack.waitFor(() =>
        slack.views(bob).find((view) => !slack.visibleText(view).includes("⏳")),
      );
      await slack.submitView({
        user: bob,
        viewId: form.id,
        values: { reason: { reason: "She is on the night train, I called her." } },
      });
      await recorded(world, "request.denied", 1);
    },
    isOver: (told) => says(told, "denied"),
  },
  {
    name: "note",
    begin: (told) =>
      command(
        told,
        alice,
        `incident note ${idOf(told)} Dana confirmed by phone: it was her`,
        "incident.noted",
      ),
    isOver: (told) => says(told, "📌"),
  },
  {
    name: "close",
    begin: async (told) => {
      const { slack } = told.world;
      const { message } = await answerTo(slack, alice, `incident close ${idOf(told)}`);
      await press(slack, alice, message, INCIDENT_ACTIONS.closeAnyway);
      await recorded(told.world, "incident.closed", 1);
    },
    isOver: (told) => says(told, "Closed by") && says(told, "Summary:"),
  },
  EXPORT,
];

/**
 * From half of the people on, Cloudflare answers no read at once. Of the calls for some it says 502 and does nothing; of
 * others it does what it was asked, and the connection breaks before the answer.
 */
function failFromHalfOn({ world: { cloudflare }, count }: Told): void {
  const { faults, state } = cloudflare;
  for (let index = count / 2; index < count; index += 1) {
    const email = crowdEmail(index);
    const id = state.users.find((user) => user.email === email)?.id ?? "";
    faults.set("*", { kind: "status", status: 502, times: 1, to: id });
    const nth = index - count / 2;
    if (nth < 3) faults.set("revoke-user", { kind: "status", status: 502, times: 1, to: email });
    else if (nth < 6) faults.set("revoke-user", { kind: "drop-after", times: 1, to: email });
  }
}

/** Many are attacked at once, and Cloudflare fails half-way. */
const STUFFING_STEPS: readonly Step[] = [
  {
    name: "open",
    begin: (told) => {
      const emails = addCrowd(told.world.cloudflare, told.count);
      return command(
        told,
        alice,
        `incident open ${emails.join(" ")} "Credential stuffing"`,
        "incident.opened",
      );
    },
    isOver: (told) =>
      (
        thread(told)
          .join("\n")
          .match(/Nothing unusual/g) ?? []
      ).length >= told.count,
  },
  {
    name: "request to revoke all",
    begin: async (told) => {
      const { slack } = told.world;
      const before = slack.messages(CHANNELS.approvals).length;
      await type(slack, alice, "revoke");
      const form = await slack.waitFor(() =>
        slack.views(alice).find((view) => !slack.visibleText(view).includes("⏳")),
      );
      await slack.submitView({
        user: alice,
        viewId: form.id,
        values: {
          several: {
            several: told.world.cloudflare.state.users
              .map(({ email }) => email)
              .filter((email) => email.endsWith("@crowd.example.com"))
              .join("\n"),
          },
          reason: { reason: "credential stuffing" },
        },
      });
      await slack.waitFor(() => slack.messages(CHANNELS.approvals).length > before, 60_000);
    },
    isOver: (told) => says(told, "requested:"),
  },
  {
    name: "approve, and Cloudflare fails half-way",
    begin: async (told) => {
      failFromHalfOn(told);
      await approve(told);
    },
    isOver: (told) =>
      told.world.cloudflare.faults.list().length === 0 &&
      says(told, `${told.count} of ${told.count} done`) &&
      thread(told).some((line) => CONTAINED.test(line)),
  },
  {
    name: "close",
    begin: (told) => command(told, alice, `incident close ${idOf(told)}`, "incident.closed"),
    isOver: (told) => says(told, "Closed by") && says(told, "Summary:"),
  },
  EXPORT,
];

function isChip(told: Told, words: string): boolean {
  return wordsOf(told.world.slack, told.head()).includes(words);
}

/** Sessions begin in whole seconds: what happens in the second of a call counts as after it. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  await vi.waitUntil(() => Math.floor(Date.now() / 1000) > second, { timeout: 5000, interval: 20 });
}

export const STORIES = {
  "phished-user": { policy: STRICT_POLICY, steps: PHISHED_STEPS, count: 1 },
  "false-alarm": { policy: POLICY, steps: FALSE_ALARM_STEPS, count: 1 },
  "credential-stuffing": { policy: POLICY, steps: STUFFING_STEPS, count: 40 },
} satisfies Record<string, StoryOutline>;
