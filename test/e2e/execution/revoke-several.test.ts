import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, it, vi } from "vitest";

import { SEVERAL } from "../../../src/views/forms/several.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import type { Slack, StoredMessage, StoredView } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { createLogger } from "../../../src/log/log.ts";
import { addCrowd, crowdEmail, revokedEmails, stillIn } from "../../support/crowd.ts";
import {
  answerTo,
  askToRevoke,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startBot,
  startWorld,
  type,
  wordsOf,
} from "../../support/harness.ts";
import {
  accessIdOf,
  addOthers,
  approve,
  openModal,
  OTHERS,
  pressForWords,
  readAudit,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

/** Opens the form that a command or a button leads to. */
async function openForm(slack: Slack, open: () => Promise<unknown>): Promise<StoredView> {
  await open();
  return slack.waitFor(() => slack.views(PEOPLE.alice).findLast((view) => view.callback_id === "ask"));
}

function send(slack: Slack, form: StoredView, several: string, reason = "credential stuffing") {
  return slack.submitView({
    user: PEOPLE.alice,
    viewId: form.id,
    values: { [SEVERAL]: { [SEVERAL]: several }, reason: { reason } },
  });
}

/** What stands in the field for a list when the form is shown. */
function listIn(form: StoredView): string {
  const block = form.blocks.find(({ block_id: id }) => id === SEVERAL);
  const texts = JSON.stringify(block).matchAll(/"text":"([^"]*@[^"]*)"/g);
  return [...texts].map((match) => String(match[1]).replaceAll(String.raw`\n`, "\n")).join("\n");
}

async function askForCrowd(scene: Scene, count: number): Promise<{ card: StoredMessage; emails: string[] }> {
  const emails = addCrowd(scene.cloudflare, count);
  const card = await askToRevoke(scene.slack, { text: `revoke ${emails.join(" ")} --reason stuffing` });
  return { card, emails };
}

/** What was seen of users after their call. */
function verifiedRows(scene: Scene) {
  return readAudit(scene).filter(({ event }) => event === "target.verified");
}

function answersIn(slack: Slack, card: StoredMessage): string[] {
  return slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message));
}

describe("a revocation of 12 users", () => {
  it("is one request: the first alone and verified, then the others, told on one card", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    const asked = slack.visibleText(card);
    expect(asked).toContain("Revoke all sessions of 12 users");
    expect(asked).toContain("1. user-001@crowd.example.com (first, alone)");
    expect(asked).toContain("10. user-010@crowd.example.com\nand 2 more: Details lists all of them");

    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);

    expect(thread.map((text) => text.split("\n")[0])).toEqual([
      expect.stringContaining("🔎 Before, first user"),
      expect.stringContaining("Approved"),
      expect.stringContaining("Calling Cloudflare: revoke_user for user-001@crowd.example.com"),
      expect.stringContaining("Cloudflare accepted it"),
      expect.stringMatching(/First user: Revoked 1 session, verified at .*other 11 follow/),
      expect.stringContaining("✅ 12 of 12 done, verified at"),
    ]);
    const end = wordsOf(slack, card);
    expect(end).toContain("12 of 12 done, verified at");
    expect(end).not.toContain("█");
    expect(end).not.toMatch(/^Stop$/m);
    expect(revokedEmails(cloudflare)[0]).toBe(emails[0]);
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
    expect(stillIn(cloudflare, emails)).toEqual([]);
    const told = await slack.waitFor(() => slack.messages(slack.dm(PEOPLE.alice)).at(-1));
    expect(slack.visibleText(told)).toContain("12 of 12 done");
    const calls = readAudit(scene).filter(({ event }) => event === "call.sent");
    expect(calls.map(({ data }) => String(data["target"])).toSorted()).toEqual(emails);
  });

  it("is recorded so that each call says all of its own user and nothing of the others", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const emails = addCrowd(scene.cloudflare, 4);
    const card = await askToRevoke(slack, { text: `revoke ${emails.join(" ")} --devices --reason stuffing` });
    await approve(slack, card);
    const trail = readAudit(scene);
    const created = trail.find(({ event }) => event === "request.created");
    const calls = trail.filter(({ event }) => event === "call.sent");
    expect(calls).toHaveLength(4);
    for (const { data } of calls) {
      const email = String(data["target"]);
      expect(data).toEqual({
        attempt: 1,
        target: email,
        target_id: accessIdOf(scene, email),
        call: `revoke_user for ${email} (with device registrations)`,
        action: "revoke",
        account_id: scene.env["CLOUDFLARE_ACCOUNT_ID"],
        options: { devices: true, warpReauth: false },
        plan_hash: created?.data["plan_hash"],
      });
    }
  });

  it("is found in the record through any of its users, with what was done to that one alone", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { card, emails } = await askForCrowd(scene, 4);
    await approve(slack, card);
    const { words } = await answerTo(slack, PEOPLE.alice, `audit ${emails[2]}`);
    expect(words).toContain(`Audit record of ${emails[2]} · 1–7, newest first`);
    expect(words).toContain("requested: Revoke sessions: stuffing");
    expect(words).toContain(`${requestIdOf(slack, card)} ${emails[0]} and 3 more`);
    expect(words).toContain(`sent to Cloudflare: revoke_user for ${emails[2]} (sessions only)`);
    expect(words).toMatch(/verified: (no session is open|Revoked 1 session)/);
    expect(words).not.toContain(emails[1]);
    expect(words).not.toContain(`revoke_user for ${emails[0]}`);
  });

  it("is recorded with what was seen of each of them afterwards", async () => {
    const scene = await startScene();
    const { card, emails } = await askForCrowd(scene, 4);
    await press(scene.slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(scene.slack, card);
    const rows = verifiedRows(scene);
    expect(rows.map(({ data }) => String(data["target"])).toSorted()).toEqual(emails);
    for (const { requestId, data } of rows) {
      const email = String(data["target"]);
      expect(requestId).toBe(requestIdOf(scene.slack, card));
      expect(data).toEqual({
        target: email,
        target_id: accessIdOf(scene, email),
        confirmed: true,
        summary: email === emails[0] ? "Revoked 1 session" : "Revoked 1 session",
      });
    }
  });
});

describe("a revocation of several users", () => {
  it("shows all of them, with how each stands, in its details", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { card } = await askForCrowd(scene, 12);
    await approve(slack, card);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.details);
    const words = slack.visibleText(await openModal(slack, PEOPLE.bob));
    expect(words).toContain("All 12 users");
    expect(words).toContain(`✅ ${crowdEmail(11)}`);
  });

  it("also takes the devices that were registered before, and no newer one", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const emails = addCrowd(cloudflare, 3);
    for (const email of emails) cloudflare.registerDevice(email, { at: cloudflare.now() - 3_600_000 });
    const card = await askToRevoke(slack, { text: `revoke ${emails.join(" ")} --devices --reason stuffing` });
    await approve(slack, card);
    expect(wordsOf(slack, card)).toContain("3 of 3 done");
    const left = cloudflare.state.registrations.filter(({ deviceName, revokedAt }) => {
      return deviceName.startsWith("user-") && revokedAt === null;
    });
    expect(left).toEqual([]);
  });

  it("names each user once, and is about one when all names are the same one's", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const [email = ""] = addCrowd(cloudflare, 1);
    const id = cloudflare.state.users.find((user) => user.email === email)?.id;
    const card = await askToRevoke(slack, {
      text: `revoke ${email} ${email.toUpperCase()} ${id} --reason stuffing`,
    });
    expect(slack.visibleText(card)).toContain(`Revoke all sessions of ${email}`);
  });

  it("is approved once when two approvers press at the same time, and by none of those it is about", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    cloudflare.login("dora@example.com");
    slack.setPerson("U0DORA001", { name: "dora", realName: "Dora", email: "Dora@example.com" });
    const emails = addCrowd(cloudflare, 3);
    cloudflare.login("bob@example.com");
    const card = await askToRevoke(slack, {
      text: `revoke ${emails.join(" ")} bob@example.com --reason stuffing`,
    });
    expect(await pressForWords(slack, PEOPLE.bob, card, CARD_ACTIONS.approve)).toContain(
      "This request is about you",
    );
    await Promise.all([
      press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve),
      press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve),
    ]);
    await finishedThread(slack, card);
    expect(revokedEmails(cloudflare)).toHaveLength(4);
    const decisions = readAudit(scene).filter(({ event }) => event === "request.approved");
    expect(decisions.map(({ actor }) => actor)).toEqual([PEOPLE.carol]);
  });

  it("is carried out once when both approvers press at the same time", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 5);
    await Promise.all([
      press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve),
      press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve),
    ]);
    await finishedThread(slack, card);
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
  });

  it(
    "says on the card when Cloudflare's rate limit lets it wait, and how long it will take",
    { tags: ["slow"] },
    async () => {
      const world = await startWorld();
      world.env["CLOUDFLARE_RATE_BUDGET"] = "40/4s";
      const scene = { ...world, ...(await startBot(world)) };
      const { slack } = scene;
      const { card } = await askForCrowd(scene, 12);
      await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
      await slack.waitFor(() =>
        /⏸️ Cloudflare's rate limit: continues at/.test(wordsOf(slack, card)) ? true : undefined,
      );
      expect(wordsOf(slack, card)).toMatch(/\d+ done · \d+ left · about \d+ s left/);
      expect((await answerTo(slack, PEOPLE.carol, "requests")).words).toContain(
        "Cloudflare's rate limit is nearly reached",
      );
      await finishedThread(slack, card);
      expect(wordsOf(slack, card)).toContain("12 of 12 done");
      expect(slack.violations).toEqual([]);
    },
  );
});

describe("a long list in the form", () => {
  it("shows how far its users are looked up, and then what was asked", { tags: ["slow"] }, async () => {
    let ahead = 0;
    const { slack, cloudflare } = await startScene({ now: () => Date.now() + ahead });
    const emails = addCrowd(cloudflare, 12);
    const form = await openForm(slack, () => type(slack, PEOPLE.alice, "revoke"));
    const lookUps = cloudflare.faults.hold("users.list");
    const shown: string[] = [];
    expect((await send(slack, form, emails.join("\n"))).ok).toBe(true);
    await vi.waitFor(() => expect(lookUps.waiting).toBe(6));
    // Slack shows that it is at work: from then on the view says how far it is.
    await slack.waitFor(({ calls }) => calls.some(({ response }) => response?.["error"] === "hash_conflict"));
    shown.push(...viewTexts(slack));
    // Later than the form is edited at most.
    ahead = 2000;
    lookUps.release();
    await openModal(slack, PEOPLE.alice, (words) => words.includes("Requested"));
    const progress = viewTexts(slack)
      .slice(shown.length)
      .flatMap((text) => /Looking up (\d+) of 12…/.exec(text)?.[1] ?? []);
    expect(["1", "2"]).toContain(progress[0]);
    expect(slack.visibleText(await cardWhere(slack))).toContain("Revoke all sessions of 12 users");
  });
});

/** What modals were made to show so far, as Slack was told. */
function viewTexts(slack: Slack): string[] {
  return slack.calls
    .filter(({ method }) => method === "views.update")
    .map(({ args }) => JSON.stringify(args["view"]));
}

describe("names that were not found", () => {
  const LEFT_OUT = ["nobody@example.com: not an Access user", "sam.lee@example.com: 2 Access users have it"];

  it("are told before anything is requested; one goes on without them, and each is named to the end", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const emails = addCrowd(cloudflare, 3);
    const typed = [...emails, "nobody@example.com", "sam.lee@example.com"];
    const { message, words } = await answerTo(
      slack,
      PEOPLE.alice,
      `revoke ${typed.join(" ")} --devices --reason stuffing`,
    );
    expect(words).toContain("2 of 5 names were not found. Nothing was requested yet.");
    for (const one of LEFT_OUT) expect(words).toContain(one);
    expect(words).toContain(`Found (3)\n• ${emails.join("\n• ")}`);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    expect(JSON.stringify(message.blocks.filter((block) => block.type === "actions"))).not.toContain("@");

    const form = await openForm(slack, () =>
      slack.click({
        user: PEOPLE.alice,
        channel: message.channel,
        ts: message.ts,
        actionId: "form:revoke:without",
      }),
    );
    expect(listIn(form)).toBe(typed.join("\n"));
    expect(slack.visibleText(form)).toContain("stuffing");
    expect((await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values: {} })).ok).toBe(true);
    const card = await cardWhere(slack);
    const confirmation = await openModal(slack, PEOPLE.alice, (text) => text.includes("Open the card"));
    expect(slack.visibleText(card)).toContain("Revoke all sessions and devices of 3 users");
    await slack.click({
      user: PEOPLE.bob,
      channel: card.channel,
      ts: card.ts,
      actionId: CARD_ACTIONS.details,
    });
    const details = await openModal(slack, PEOPLE.bob, (text) => text.includes("SHA-256"));
    for (const place of [card, confirmation, details]) {
      const shown = slack.visibleText(place);
      for (const one of LEFT_OUT) expect(shown).toContain(one);
    }
  });

  it("come back above the form with all that was typed, and a box that goes on without them", async () => {
    const { slack, cloudflare } = await startScene();
    const emails = addCrowd(cloudflare, 12);
    const form = await openForm(slack, () => type(slack, PEOPLE.alice, "revoke"));
    const pasted = emails.map((email, index) => `"User ${index}" <${email}>,`).join("\n");
    await send(slack, form, `${pasted}\nnobody@example.com; typo@@example.com and ${emails[0]}`);
    const back = await openModal(slack, PEOPLE.alice, (words) => words.includes("Nothing was requested yet"));
    const words = slack.visibleText(back);
    expect(words).toContain("2 of 14 names were not found");
    expect(words).toContain("nobody@example.com: not an Access user");
    expect(words).toContain("typo@@example.com: not an email address");
    expect(listIn(back)).toBe([...emails, "nobody@example.com", "typo@@example.com"].join("\n"));
    expect(words).toContain("credential stuffing");
    expect(words).toContain("Go on without the 2 names not found");

    await slack.submitView({
      user: PEOPLE.alice,
      viewId: back.id,
      values: { without: { without: ["yes"] } },
    });
    const card = await cardWhere(slack);
    expect(slack.visibleText(card)).toContain("Revoke all sessions of 12 users");
    expect(slack.visibleText(card)).toContain("Left out: 2 names");
  });

  it("are not left out unseen: a name that is typed wrong after the box was ticked is told first", async () => {
    const { slack, cloudflare } = await startScene();
    const emails = addCrowd(cloudflare, 2);
    const form = await openForm(slack, () => type(slack, PEOPLE.alice, "revoke"));
    await send(slack, form, `${emails.join("\n")}\nnobody@example.com`);
    const back = await openModal(slack, PEOPLE.alice, (words) => words.includes("Nothing was requested yet"));
    await slack.submitView({
      user: PEOPLE.alice,
      viewId: back.id,
      values: {
        several: { several: [...emails, "nobody@example.com", "another.slip@example.com"].join("\n") },
        without: { without: ["yes"] },
      },
    });
    await openModal(slack, PEOPLE.alice, (words) => words.includes("another.slip@example.com: not an"));
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });

  it("are more than fit: a list of 501 is refused with a sentence", async () => {
    const { slack } = await startScene();
    const form = await openForm(slack, () => type(slack, PEOPLE.alice, "revoke"));
    const emails = Array.from({ length: 501 }, (_, index) => crowdEmail(index));
    const sent = await send(slack, form, emails.join(" "));
    expect(sent.errors?.[SEVERAL]).toContain("501 addresses are too many: one request takes at most 500");
  });

  it("are nobody: the form asks for one or for a list", async () => {
    const { slack } = await startScene();
    const form = await openForm(slack, () => type(slack, PEOPLE.alice, "revoke"));
    const sent = await send(slack, form, "just words");
    expect(Object.values(sent.errors ?? {})).toEqual([
      "Pick a user from the list, or paste addresses below.",
    ]);
  });
});

describe("when it does not go well", { tags: ["slow"] }, () => {
  it("leaves the others alone when the first one fails, and offers to ask again", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    cloudflare.faults.set("revoke-user", { kind: "status", status: 403 });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);
    expect(revokedEmails(cloudflare)).toEqual([emails[0]]);
    const end = wordsOf(slack, card);
    expect(end).toContain(
      "Failed: 0 of 12 done, 1 failed, 11 not touched. The first user failed: The API token",
    );
    expect(thread.at(-1)).toContain("Retry the 1 that failed…");
    expect(thread.at(-1)).toContain("Request the 11 not touched…");
  });

  it("leaves the others alone when the first one is accepted and never confirmed", async () => {
    const scene = await startScene({ verifyDelaysMs: [10, 10] });
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 4);
    cloudflare.settings.sessionListLagMs = 600_000;
    await approve(slack, card);
    expect(revokedEmails(cloudflare)).toEqual([emails[0]]);
    expect(wordsOf(slack, card)).toContain("not confirmed: 1 of 1 session");
    expect(verifiedRows(scene).map(({ data }) => data)).toEqual([
      {
        target: emails[0],
        target_id: accessIdOf(scene, emails[0] ?? ""),
        confirmed: false,
        summary: "1 of 1 session still open",
      },
    ]);
  });

  it("records who of the others was accepted and never confirmed, and that they logged in again", async () => {
    const scene = await startScene({ verifyDelaysMs: [10, 10] });
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 3);
    const looks = await untilLookedAt(scene, card);
    const answers = cloudflare.faults.holdAnswer("revoke-user");
    looks.release();
    await vi.waitFor(() => expect(answers.waiting).toBe(2));
    cloudflare.login(emails[1] ?? "", { at: cloudflare.now() + 5000, force: true });
    cloudflare.login(emails[2] ?? "", { at: cloudflare.now() - 3_600_000, force: true });
    answers.release();
    await finishedThread(slack, card);
    const seen = verifiedRows(scene).map(({ data }) => data);
    expect(seen.find(({ target }) => target === emails[1])).toMatchObject({
      confirmed: true,
      notes: ["1 new sign-in since: the user can still get in"],
    });
    expect(seen.find(({ target }) => target === emails[2])).toMatchObject({
      confirmed: false,
      summary: "1 of 1 session still open",
    });
    const { words } = await answerTo(slack, PEOPLE.alice, `audit ${emails[2]}`);
    expect(words).toContain("not verified: 1 of 1 session still open");
  });

  it("names every failure with its reason, and asks again for just those", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    const [, gone, , renamed] = cloudflare.state.users.filter(({ email }) => emails.includes(email));
    if (gone === undefined || renamed === undefined) throw new Error("nobody there");
    cloudflare.state.users.splice(cloudflare.state.users.indexOf(gone), 1);
    renamed.email = "somebody-else@example.com";
    await approve(slack, card);

    expect(wordsOf(slack, card)).toContain("Not all done: 10 of 12 done, 2 failed");
    const failures = answersIn(slack, card).find((words) => words.startsWith("❌ 2 failed"));
    expect(failures).toContain(`${emails[1]}: ${emails[1]} is no longer an Access user of this account.`);
    expect(failures).toMatch(new RegExp(`${emails[3]}: The Access user .* is no longer ${emails[3]}`));
    expect(revokedEmails(cloudflare)).toHaveLength(10);

    renamed.email = emails[3] ?? "";
    cloudflare.state.users.push(gone);
    const summary = slack.thread(card.channel, card.ts).at(-1);
    if (summary === undefined) throw new Error("no summary");
    expect(JSON.stringify(summary.blocks.at(-1))).toContain(`request=${requestIdOf(slack, card)}`);
    const form = await openForm(slack, () =>
      slack.click({
        user: PEOPLE.alice,
        channel: card.channel,
        ts: summary.ts,
        actionId: "form:revoke:failed",
      }),
    );
    expect(listIn(form)).toBe(`${emails[1]}\n${emails[3]}`);
    await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values: {} });
    const again = await cardWhere(slack, (words) => words.includes("Revoke all sessions of 2 users"));
    await press(slack, PEOPLE.carol, again, CARD_ACTIONS.approve);
    await finishedThread(slack, again);
    expect(wordsOf(slack, again)).toContain("2 of 2 done");
    expect(stillIn(cloudflare, emails)).toEqual([]);
  });

  it("tries again what had no answer, after a look whether it is done", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 8);
    const first = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await first.arrived;
    const others = cloudflare.faults.hold("users.get");
    first.release();
    await others.arrived;
    cloudflare.faults.set("revoke-user", { kind: "drop-after", times: 1 });
    cloudflare.faults.set("revoke-user", { kind: "status", status: 503, times: 2 });
    others.release();
    await finishedThread(slack, card, 30_000);
    expect(wordsOf(slack, card)).toContain("8 of 8 done");
    expect(stillIn(cloudflare, emails)).toEqual([]);
    const events = readAudit(scene).map(({ event }) => event);
    expect(events).toContain("call.reconciled");
  });

  it("looks again at those whose sessions are shown for a while, and calls for nobody twice", async () => {
    const scene = await startScene({ verifyDelaysMs: [200, 400, 2000] });
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 6);
    cloudflare.settings.sessionListLagMs = 300;
    await approve(slack, card);
    expect(wordsOf(slack, card)).toContain("6 of 6 done");
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
  });
});

/** The first is done, and so many of the others are being looked at, to see who they are. */
async function untilLookedAt({ slack, cloudflare }: Scene, card: StoredMessage) {
  const first = cloudflare.faults.hold("revoke-user");
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await first.arrived;
  const looks = cloudflare.faults.hold("users.get");
  first.release();
  await looks.arrived;
  return looks;
}

/** Stops in the middle: the first is done, so many are being called for, the others wait. */
async function untilInTheMiddle(scene: Scene, card: StoredMessage) {
  const { slack, cloudflare } = scene;
  const looks = await untilLookedAt(scene, card);
  const calls = cloudflare.faults.hold("revoke-user");
  looks.release();
  await vi.waitFor(() => expect(calls.waiting).toBe(4));
  await slack.waitFor(() => /^Stop$/m.test(wordsOf(slack, card)) || undefined);
  return calls;
}

describe("a pause in the middle", () => {
  async function untilPaused(scene: Scene, card: StoredMessage, release: () => void): Promise<void> {
    const { slack } = scene;
    const { words } = await answerTo(slack, PEOPLE.carol, "pause --reason a drill");
    expect(words).toContain("Paused");
    release();
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);
  }

  async function finishResumed(scene: Scene, card: StoredMessage, emails: string[]): Promise<void> {
    const { slack, cloudflare } = scene;
    await answerTo(slack, PEOPLE.carol, "resume");
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("12 of 12 done, verified at");
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
  }

  it("lets whoever is being called for end, and begins nobody else of the round before it is resumed", async () => {
    const scene = await startScene();
    const { cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    const calls = await untilInTheMiddle(scene, card);
    const looked = userLooks(scene);
    await untilPaused(scene, card, calls.release);
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails.slice(0, 5));
    expect(userLooks(scene)).toBe(looked);
    await finishResumed(scene, card, emails);
  });

  it("is seen by those who are only looked at, who stay as they are and hold up nobody else", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    const looks = await untilLookedAt(scene, card);
    await vi.waitFor(() => expect(looks.waiting).toBe(4));
    await untilPaused(scene, card, looks.release);
    expect(revokedEmails(cloudflare)).toEqual([emails[0]]);
    const sent = readAudit(scene).filter(({ event }) => event === "call.sent");
    expect(sent).toHaveLength(1);
    expect(lockedBy(scene)).toEqual([]);
    await finishResumed(scene, card, emails);
    expect(answersIn(slack, card).filter((text) => text.includes("On hold"))).toHaveLength(1);
  });
});

describe("somebody who becomes protected in the middle", () => {
  async function protect(scene: Scene, emails: readonly string[]): Promise<void> {
    writeFileSync(scene.config.policyFile, `${POLICY}protected: { emails: [${emails.join(", ")}] }\n`);
    expect(await scene.policy.reload(createLogger("silent"))).toEqual([]);
  }

  it("is left alone with the reason, and the others are not", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    const calls = await untilInTheMiddle(scene, card);
    const [late = ""] = emails.slice(-1);
    // The third is being called for already: what was begun is finished.
    await protect(scene, [late.toUpperCase(), emails[2] ?? ""]);
    calls.release();
    await finishedThread(slack, card);
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails.slice(0, -1));
    expect(wordsOf(slack, card)).toContain("Not all done: 11 of 12 done, 1 failed");
    const why = "protected by the policy since this was requested: request them separately";
    expect(answersIn(slack, card).find((words) => words.startsWith("❌ 1 failed"))).toContain(
      `${late}: ${why}`,
    );
    const rows = readAudit(scene).filter(({ data }) => data["target"] === late);
    expect(rows.map(({ event, data }) => [event, data])).toEqual([
      [
        "target.protected",
        {
          target: late,
          target_id: accessIdOf(scene, late),
          why,
          policy_hash: scene.policy.hash(),
        },
      ],
    ]);
    const { words } = await answerTo(slack, PEOPLE.alice, `audit ${late}`);
    expect(words).toContain(`skipped them: ${why}`);
    const other = await answerTo(slack, PEOPLE.alice, `audit ${emails[5]}`);
    expect(other.words).not.toContain("skipped them");
  });

  it("is revoked where the request had the approvals that protected people need", async () => {
    const scene = await startScene({
      policy: `${POLICY}protected: { domains: [crowd.example.com], quorum: 1 }\n`,
    });
    const { card, emails } = await askForCrowd(scene, 3);
    await press(scene.slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await finishedThread(scene.slack, card);
    expect(revokedEmails(scene.cloudflare).toSorted()).toEqual(emails);
  });
});

/** How often somebody was looked up by id. */
function userLooks({ cloudflare }: Scene): number {
  return cloudflare.requests.filter(({ route }) => route === "users.get").length;
}

/** The requests that have a user to themselves now. */
function lockedBy({ folder }: Scene): unknown[] {
  const db = new DatabaseSync(join(folder, "data", "zt.db"), { readOnly: true });
  try {
    return db.prepare("SELECT target, request_id FROM target_locks").all();
  } finally {
    db.close();
  }
}

describe("Stop", () => {
  it.each([
    ["who asked", PEOPLE.alice],
    ["an approver", PEOPLE.carol],
  ])("by %s finishes whoever is being called for and touches nobody else", async (_who, stopper) => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 12);
    const calls = await untilInTheMiddle(scene, card);
    expect((await press(slack, stopper, card, CARD_ACTIONS.stop)).ok).toBe(true);
    await slack.waitFor(() => wordsOf(slack, card).includes("⏹️ Stopped by") || undefined);
    expect(wordsOf(slack, card)).not.toMatch(/^Stop$/m);
    calls.release();
    const thread = await finishedThread(slack, card);

    expect(wordsOf(slack, card)).toContain("Not all done: 5 of 12 done, 7 not touched · stopped by @");
    expect(revokedEmails(cloudflare).toSorted()).toEqual(emails.slice(0, 5));
    expect(stillIn(cloudflare, emails)).toEqual(emails.slice(5));
    expect(thread.filter((text) => text.startsWith("⏹️ Stopped by"))).toHaveLength(1);
    expect(thread.at(-1)).toContain("Request the 7 not touched…");
    const stops = readAudit(scene).filter(({ event }) => event === "request.stopped");
    expect(stops).toEqual([
      {
        actor: stopper,
        requestId: requestIdOf(slack, card),
        event: "request.stopped",
        data: {
          plan_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          requester: PEOPLE.alice,
          target: emails[0],
          target_id: accessIdOf(scene, emails[0] ?? ""),
          targets: 12,
          untouched: 7,
          channel: CHANNELS.approvals,
          surface: "button",
          policy_hash: scene.policy.hash(),
        },
      },
    ]);
    const { words } = await answerTo(slack, PEOPLE.alice, `audit ${requestIdOf(slack, card)}`);
    expect(words).toContain("stopped it: 7 users not touched");
    const summary = slack.thread(card.channel, card.ts).at(-1);
    const form = await openForm(slack, () =>
      slack.click({
        user: PEOPLE.alice,
        channel: card.channel,
        ts: summary?.ts ?? "",
        actionId: "form:revoke:untouched",
      }),
    );
    expect(listIn(form)).toBe(emails.slice(5).join("\n"));
  });

  it("is refused to anybody else, and to who comes second, and each refusal is recorded", async () => {
    const scene = await startScene();
    const { slack } = scene;
    addOthers(slack);
    const { card } = await askForCrowd(scene, 12);
    const calls = await untilInTheMiddle(scene, card);
    for (const user of [OTHERS.stranger, OTHERS.nobody, OTHERS.guest]) {
      expect(await pressForWords(slack, user, card, CARD_ACTIONS.stop)).toMatch(
        /another workspace|You can't stop|Guests can't decide/,
      );
    }
    await press(slack, PEOPLE.carol, card, CARD_ACTIONS.stop);
    await slack.waitFor(() => readAudit(scene).find(({ event }) => event === "request.stopped"));
    const second = await slack.clickStale({
      user: PEOPLE.bob,
      channel: card.channel,
      ts: card.ts,
      actionId: CARD_ACTIONS.stop,
    });
    expect(second.ok).toBe(true);
    const told = await slack.waitFor(() => slack.ephemerals(PEOPLE.bob).at(-1));
    expect(slack.visibleText(told)).toContain("This is already stopped. (by @carol)");
    calls.release();
    await finishedThread(slack, card);
    const refused = readAudit(scene).filter(({ event }) => event === "click.refused");
    expect(refused.map(({ actor, data }) => [actor, data["what"]])).toEqual([
      [OTHERS.stranger, "stop"],
      [OTHERS.nobody, "stop"],
      [OTHERS.guest, "stop"],
      [PEOPLE.bob, "stop"],
    ]);
  });

  it("before the first is done lets that one end and touches nobody else", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const { card, emails } = await askForCrowd(scene, 5);
    const first = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await first.arrived;
    await slack.waitFor(() => /^Stop$/m.test(wordsOf(slack, card)) || undefined);
    await press(slack, PEOPLE.alice, card, CARD_ACTIONS.stop);
    first.release();
    await finishedThread(slack, card);
    expect(revokedEmails(cloudflare)).toEqual([emails[0]]);
    expect(wordsOf(slack, card)).toContain("1 of 5 done, 4 not touched · stopped by @alice");
  });
});
