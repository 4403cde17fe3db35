import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import { BREAK_GLASS_ACTIONS } from "../../../src/views/card/break-glass.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  CHANNELS,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import { CREDENTIALS } from "../../support/credentials.ts";
import {
  newModal,
  openFormBy,
  publicMessages,
  readAudit,
  sendForm,
  startScene,
  type Scene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;

function credential(what: string): string {
  const row = CREDENTIALS.find(([name]) => name === what);
  if (row === undefined) throw new Error(`no credential is ${what}`);
  return row[1];
}
const TOKEN = credential("a bot token of Slack");

/** Fails when any of it is anywhere that outlives the moment: the database, the log, what the bot said in Slack. */
function expectGone({ folder, logs, slack }: Scene, secret = TOKEN): void {
  const data = join(folder, "data");
  const files = readdirSync(data).map((name) => readFileSync(join(data, name), "latin1"));
  expect(files.join("").includes(secret), "in the database").toBe(false);
  expect(logs()).not.toContain(secret);
  expect(JSON.stringify(slack.calls)).not.toContain(JSON.stringify(secret).slice(1, -1));
}

describe("a credential that somebody types", () => {
  it.each(CREDENTIALS.filter(([what]) => /^a bot token|^a user token|phone wrote/.test(what)))(
    "into a command is masked before anything is stored or posted, and they are told: %s",
    async (_what, secret, name) => {
      const scene = await startScene();
      const { slack } = scene;
      await type(slack, alice, `revoke mallory@example.com --reason found ${secret}`);
      const card = await cardWhere(slack);
      await slack.waitFor(() => slack.ephemerals(alice).length === 2);
      expect(wordsOf(slack, card)).toContain(`found [${name} masked]`);
      const told = slack
        .ephemerals(alice)
        .map((message) => slack.visibleText(message))
        .join("\n");
      expect(told).toContain(`You typed a credential (${name})`);
      expect(told).toContain("Revoke it now");
      const [created] = readAudit(scene).filter(({ event }) => event === "request.created");
      expect(JSON.stringify(created)).toContain(`[${name} masked]`);
      expectGone(scene, secret);
    },
  );

  it("where a subcommand or a name is expected is in no answer, log or record", async () => {
    const scene = await startScene();
    const { slack } = scene;
    for (const text of [TOKEN, `user ${TOKEN}`, `users ${TOKEN}`, `cancel ${TOKEN}`]) {
      const before = slack.ephemerals(alice).length;
      await type(slack, alice, text);
      await slack.waitFor(() => slack.ephemerals(alice).length === before + 2);
    }
    expectGone(scene);
    expect(JSON.stringify(scene.cloudflare.requests)).not.toContain(TOKEN);
  });

  it("into a form is masked, and the view that follows says so", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await openFormBy(slack, alice, "revoke mallory@example.com");
    const asked = await sendForm(slack, alice, form, { reason: { reason: `see ${TOKEN}` } });
    expect(slack.visibleText(asked)).toContain("You typed a credential (Slack token)");
    expect(wordsOf(slack, await cardWhere(slack))).toContain("see [Slack token masked]");

    const card = await cardWhere(slack);
    const deny = await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.deny));
    const denied = await sendForm(slack, bob, deny, { reason: { reason: `no, ${TOKEN}` } });
    expect(slack.visibleText(denied)).toContain("Slack token");
    await slack.waitFor(() =>
      publicMessages(slack).some((message) =>
        slack.visibleText(message).includes("no, [Slack token masked]"),
      ),
    );
    expectGone(scene);
  });

  it("for acting alone, and in the review of it, is masked as well", async () => {
    const scene = await startScene({
      policy: `${POLICY}break_glass: { members: [${alice}], notify: [S0LEADS01] }\n`,
    });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const asked = slack.ephemerals(alice).at(-1);
    if (asked === undefined) throw new Error("nobody was answered");
    const form = await newModal(slack, alice, () =>
      press(slack, alice, asked, BREAK_GLASS_ACTIONS.breakGlass),
    );
    const done = await sendForm(slack, alice, form, { reason: { reason: `it cannot wait: ${TOKEN}` } });
    expect(slack.visibleText(done)).toContain("You typed a credential (Slack token)");
    await slack.waitFor(() => wordsOf(slack, card).includes("it cannot wait: [Slack token masked]"));

    await slack.waitFor(() => wordsOf(slack, card).includes("verified at"));
    const review = await newModal(slack, carol, () => press(slack, carol, card, BREAK_GLASS_ACTIONS.review));
    await sendForm(slack, carol, review, { verdict: { verdict: "justified" }, note: { note: TOKEN } });
    await slack.waitFor(() => readAudit(scene).some(({ event }) => event === "request.reviewed"));
    expectGone(scene);
  });

  it("to pause, by a mention, and for a list that waits for a second look is masked as well", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await slack.post({ user: alice, channel: CHANNELS.approvals, text: `@zt-bot revoke --reason ${TOKEN}` });
    await type(slack, alice, `revoke mallory@example.com nobody@example.com --reason ${TOKEN}`);
    await slack.waitFor(() => slack.ephemerals(alice).length === 2);
    const { words } = await answerTo(slack, bob, `pause --reason ${TOKEN}`);
    expect(words).not.toContain(TOKEN);
    await slack.waitFor(() => readAudit(scene).some(({ event }) => event === "bot.paused"));
    await slack.waitFor(() =>
      publicMessages(slack).some((one) =>
        slack.visibleText(one).includes("You typed a credential (Slack token)"),
      ),
    );
    expectGone(scene);
  });
});
