import { describe, expect, it } from "vitest";

import type { Slack, StoredMessage } from "../../sandbox/slack/index.ts";
import { BLOCK_LIST_ID } from "../../sandbox/cloudflare/seed/keep-out.ts";
import { POLICY } from "../../sandbox/workspace.ts";
import { createCommands } from "../../src/commands/index.ts";
import { CHANNELS, PEOPLE, type } from "../support/harness.ts";
import { startScene as start, type Scene } from "./support.ts";

/** With a block list, so that every subcommand can do its work. */
const startScene: typeof start = (options) =>
  start({ policy: `${POLICY}block: { email_list: ${BLOCK_LIST_ID} }\n`, ...options });

/** A subcommand as it is typed well about somebody; `who` is replaced by each condition's own. */
interface Row {
  /** With everything, so that it goes straight to an answer, a form with data, or a card. */
  good: (who: string) => string;
  /** Something in the answer to it about Mallory. */
  says: RegExp;
  /** Typed wrongly, with a piece of the sentence that is answered. */
  bad: [typed: string, says: RegExp];
  /** What is answered about a user who has nothing; a refusal with a next step counts. */
  empty: RegExp;
  /** It is about a user who is named. */
  isAboutUser: boolean;
  /** The first permission that it misses in a token without any; that of looking users up by default. */
  permission?: string;
  /** It can't do its work without risk scoring. */
  needsRisk?: boolean;
  /** It asks Cloudflare nothing. */
  isOurs?: boolean;
  /** Only approvers may, and Alice is none: Bob types it. */
  byApprover?: boolean;
}

const UNKNOWN_FLAG = /has no flag --nonsense/;

const TABLE: Record<string, Row> = {
  user: {
    good: (who) => `user ${who}`,
    says: /3 active sessions/,
    bad: ["user", /<who> is missing/],
    empty: /No active session/,
    isAboutUser: true,
  },
  users: {
    good: () => "users mallory",
    says: /mallory@example\.com/,
    bad: ["users --nonsense", UNKNOWN_FLAG],
    empty: /./,
    isAboutUser: false,
  },
  sessions: {
    good: (who) => `sessions ${who}`,
    says: /3 active sessions/,
    bad: ["sessions foo@, bar", /No Access user matches "foo@, bar"/],
    empty: /no active session/,
    isAboutUser: true,
  },
  identity: {
    good: (who) => `identity ${who}`,
    says: /203\.0\.113\.199/,
    bad: ["identity", /<who> is missing/],
    empty: /no sign-in on record|Nothing|never/i,
    isAboutUser: true,
  },
  "failed-sign-ins": {
    good: (who) => `failed-sign-ins ${who}`,
    says: /17/,
    bad: ["failed-sign-ins --nonsense", UNKNOWN_FLAG],
    empty: /no failed sign-in/i,
    isAboutUser: true,
  },
  devices: {
    good: (who) => `devices ${who}`,
    says: /MacBook/,
    bad: ["devices one@example.com two@example.com", /is one word too many/],
    empty: /no .*(device|registration)/i,
    isAboutUser: true,
  },
  risk: {
    good: (who) => `risk ${who}`,
    says: /Impossible travel/,
    bad: ["risk --nonsense", UNKNOWN_FLAG],
    empty: /no .*(event|risk)/i,
    isAboutUser: true,
    needsRisk: true,
  },
  "sign-ins": {
    good: (who) => `sign-ins ${who}`,
    says: /sign-ins in the last 24 h: \d+ denied and \d+ allowed/,
    bad: ["sign-ins mallory@example.com --days 8", /Can't read "8" as a number of days/],
    empty: /no sign-in in the last 24 h/,
    isAboutUser: true,
  },
  changes: {
    good: () => "changes",
    says: /From Cloudflare's audit log/,
    bad: ["changes mallory@example.com", /is one word too many/],
    empty: /./,
    isAboutUser: false,
    permission: "Account Settings Read",
  },
  revoke: {
    good: (who) => `revoke ${who} --reason laptop stolen`,
    says: /Requested: Revoke all sessions of/,
    bad: ["revoke --nonsense", UNKNOWN_FLAG],
    empty: /Requested:/,
    isAboutUser: true,
  },
  block: {
    good: (who) => `block ${who} --for 8h --reason phished`,
    says: /Requested: Block mallory@example\.com for 8 hours/,
    bad: ["block mallory@example.com --for ever --reason x", /Can't read "ever" as how long to block/],
    empty: /Requested:/,
    isAboutUser: true,
  },
  unblock: {
    good: (who) => `unblock ${who} --reason account secured`,
    says: /is not on the list “Blocked people”/,
    bad: ["unblock --nonsense", UNKNOWN_FLAG],
    empty: /is not on the list/,
    isAboutUser: true,
  },
  "revoke-devices": {
    good: (who) => `revoke-devices ${who} --all --reason laptop stolen`,
    says: /Requested: Revoke 2 devices/,
    bad: [
      "revoke-devices mallory@example.com not-an-id --reason x",
      /No active registration of this user has the id not-an-id/,
    ],
    empty: /no registered device/,
    isAboutUser: true,
  },
  "restore-devices": {
    good: (who) => `restore-devices ${who} --all --reason laptop found`,
    says: /Requested: Restore 1 device/,
    bad: ["restore-devices mallory@example.com not-an-id --reason x", /No revoked registration/],
    empty: /no revoked device/,
    isAboutUser: true,
  },
  "delete-devices": {
    good: (who) => `delete-devices ${who} --all --reason laptop scrapped`,
    says: /Requested: Delete 3 device registrations/,
    bad: [
      "delete-devices mallory@example.com not-an-id --reason x",
      /No registration of this user has the id not-an-id/,
    ],
    empty: /no device registration, active or revoked/,
    isAboutUser: true,
  },
  "reset-risk": {
    good: (who) => `reset-risk ${who} --reason travel confirmed`,
    says: /Impossible travel/,
    bad: ["reset-risk --nonsense", UNKNOWN_FLAG],
    empty: /no risk event|Reset risk score/,
    isAboutUser: true,
    needsRisk: true,
  },
  "create-user": {
    good: () => "create-user new.person@example.com New Person --reason starts on Monday",
    says: /Requested: Create the Access user new\.person@example\.com/,
    bad: ["create-user nobody --reason x", /not a valid email/],
    empty: /./,
    isAboutUser: false,
  },
  "rename-user": {
    good: (who) => `rename-user ${who} Another Name --reason married`,
    says: /Requested: Rename mallory@example\.com to Another Name/,
    bad: ["rename-user --nonsense", UNKNOWN_FLAG],
    empty: /Requested:/,
    isAboutUser: true,
  },
  "delete-user": {
    good: (who) => `delete-user ${who} --confirm ${who} --reason left`,
    says: /Requested: Delete the Access user mallory@example\.com/,
    bad: ["delete-user mallory@example.com --confirm alice@example.com --reason x", /not the user's/],
    empty: /Requested:/,
    isAboutUser: true,
  },
  watch: {
    good: (who) => `watch ${who}`,
    says: /atching Mallory Archer/,
    bad: ["watch mallory@example.com 48h", /24 hours is the most/],
    empty: /atching/,
    isAboutUser: true,
  },
  unwatch: {
    good: (who) => `unwatch ${who}`,
    says: /Stopped watching|is not being watched/,
    bad: ["unwatch", /<who> is missing/],
    empty: /Stopped watching|is not being watched/,
    isAboutUser: true,
  },
  pause: {
    good: () => "pause --reason a drill",
    says: /Paused|paused already/,
    bad: ["pause", /--reason is missing: why, for everyone/],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
    byApprover: true,
  },
  resume: {
    good: () => "resume",
    says: /Resumed|not paused/,
    bad: ["resume --nonsense", UNKNOWN_FLAG],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
    byApprover: true,
  },
  authenticator: {
    good: () => "authenticator",
    says: /You have no confirmed authenticator/,
    bad: ["authenticator --nonsense", UNKNOWN_FLAG],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
    byApprover: true,
  },
  incident: {
    good: () => "incident list",
    says: /Incidents: /,
    bad: ["incident nonsense", /An incident has no "nonsense"/],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
  },
  timeline: {
    good: (who) => `timeline ${who}`,
    says: /Timeline of Mallory Archer: /,
    bad: ["timeline --nonsense", UNKNOWN_FLAG],
    empty: /Timeline of /,
    isAboutUser: true,
  },
  requests: {
    good: () => "requests",
    says: /Open requests|No request is open/,
    bad: ["requests everything", /Can't show "everything"/],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
  },
  cancel: {
    good: () => "cancel ZT-0000000",
    says: /There is no request ZT-0000000/,
    bad: ["cancel mallory@example.com", /"mallory@example\.com" is not a request id/],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
  },
  audit: {
    good: (who) => `audit ${who}`,
    says: /Audit record of mallory@example\.com|Nothing is recorded of mallory@example\.com/,
    bad: ["audit --since yesterday", /Can't read "yesterday" as a time/],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
  },
  doctor: {
    good: () => "doctor",
    says: /Cloudflare permissions/,
    bad: ["doctor --nonsense", UNKNOWN_FLAG],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
  },
  help: {
    good: () => "help",
    says: /\/zt user/,
    bad: ["help nonsense", /no subcommand "nonsense"/],
    empty: /./,
    isAboutUser: false,
    isOurs: true,
  },
};

const MALLORY = "mallory@example.com";
/** Never logged in: no session, no identity, no failed log-in, no device, no risk. */
const QUENTIN = "quentin@example.com";

/** Types a subcommand and reads what comes of it: an answer for the asker, or a form that is done loading. */
async function answer(slack: Slack, text: string, user: string = PEOPLE.alice): Promise<string> {
  const answers = slack.ephemerals(user).length;
  for (const view of slack.views(user).toReversed()) await slack.closeView({ user, viewId: view.id });
  const delivery = await type(slack, user, text);
  expect(delivery.ok, `${text}: ${delivery.error ?? ""}`).toBe(true);
  return slack.waitFor(() => {
    // The picture of sign-ins comes some time after its answer, perhaps among those to the next command.
    const isPicture = (one: StoredMessage) => one.blocks.some((block) => "slack_file" in (block as object));
    const message = slack
      .ephemerals(user)
      .slice(answers)
      .findLast((one) => !isPicture(one));
    if (message !== undefined) return slack.visibleText(message);
    const view = slack.views(user).at(-1);
    const words = view === undefined ? "" : slack.visibleText(view);
    return words === "" || words.includes("⏳") ? undefined : words;
  });
}

function typist({ byApprover = false }: Row): string {
  return byApprover ? PEOPLE.bob : PEOPLE.alice;
}

async function answers(
  scene: Scene,
  typed: (name: string, row: Row) => string | null,
): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const [name, row] of Object.entries(TABLE)) {
    const text = typed(name, row);
    if (text !== null) said[name] = await answer(scene.slack, text);
  }
  return said;
}

describe("every subcommand", () => {
  it("stands in this table", () => {
    expect(Object.keys(TABLE).toSorted()).toEqual(
      createCommands()
        .all.map((command) => command.name)
        .toSorted(),
    );
  });

  it("answers what is typed well, and names what is wrong with what is not", async () => {
    const scene = await startScene();
    for (const [name, row] of Object.entries(TABLE)) {
      expect.soft(await answer(scene.slack, row.good(MALLORY), typist(row)), name).toMatch(row.says);
      expect.soft(await answer(scene.slack, row.bad[0], typist(row)), name).toMatch(row.bad[1]);
    }
  });

  it("says that there is no such user", async () => {
    const scene = await startScene();
    const said = await answers(scene, (_name, row) =>
      row.isAboutUser ? row.good("nobody@example.com") : null,
    );
    for (const [name, words] of Object.entries(said))
      expect(words, name).toContain("No Access user has the email nobody@example.com");
  });

  it("says that an id is of something else", async () => {
    const scene = await startScene();
    const device = scene.cloudflare.state.registrations.find((one) => one.id !== "")?.id ?? "";
    const said = await answers(scene, (_name, row) => (row.isAboutUser ? row.good(device) : null));
    for (const [name, words] of Object.entries(said))
      expect(words, name).toContain(`No Access user has the id ${device}`);
  });

  it(
    "says so on an account without risk scoring where it can't do without, and does its work where it can",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene();
      scene.cloudflare.settings.riskEnabled = false;
      for (const [name, row] of Object.entries(TABLE)) {
        const words = await answer(scene.slack, row.good(MALLORY), typist(row));
        if (row.needsRisk === true) expect(words, name).toMatch(/does not have|not enabled|Enterprise/);
        else expect(words, name).toMatch(row.says);
      }
    },
  );

  it("names the permission that the token lacks", async () => {
    const scene = await startScene({ permissions: ["Some Other Permission"] });
    const said = await answers(scene, (_name, row) => (row.isOurs === true ? null : row.good(MALLORY)));
    for (const [name, words] of Object.entries(said))
      expect(words, name).toContain(`lacks “${TABLE[name]?.permission ?? "Access: Audit Logs Read"}”`);
  });

  it("says when it goes on where Cloudflare's rate limit is reached", async () => {
    const scene = await startScene();
    scene.cloudflare.faults.set("*", { kind: "rate-limit", retryAfter: 120 });
    const said = await answers(scene, (_name, row) => (row.isOurs === true ? null : row.good(MALLORY)));
    for (const [name, words] of Object.entries(said))
      expect(words, name).toMatch(/rate limit[\s\S]*in a few minutes/);
  });

  it("says that Cloudflare is down, and where to look", { tags: ["slow"] }, async () => {
    const scene = await startScene({ cloudflareTimeoutMs: 300 });
    scene.cloudflare.faults.set("*", { kind: "status", status: 502, html: true });
    const said = await answers(scene, (_name, row) => (row.isOurs === true ? null : row.good(MALLORY)));
    for (const [name, words] of Object.entries(said)) expect(words, name).toMatch(/cloudflarestatus/);
  });

  it("says that there is nothing where a user has nothing", async () => {
    const scene = await startScene();
    const said = await answers(scene, (_name, row) => (row.isAboutUser ? row.good(QUENTIN) : null));
    for (const [name, words] of Object.entries(said)) expect(words, name).toMatch(TABLE[name]?.empty ?? /^$/);
  });

  it("is refused to whoever the policy does not name, but for help", async () => {
    const scene = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }\noperators: [${PEOPLE.bob}]\napprovers: [${PEOPLE.carol}]\n`,
    });
    const said = await answers(scene, (name, row) => (name === "help" ? null : row.good(MALLORY)));
    for (const [name, words] of Object.entries(said))
      expect(words, name).toContain(`You can't use /zt ${name}`);
  });
});
