import { describe, expect, it, vi } from "vitest";

import { POLICY } from "../../../sandbox/workspace.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { BREAK_GLASS_ACTIONS } from "../../../src/views/card/break-glass.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import {
  addOthers,
  approve,
  newModal,
  openFormBy,
  openModal,
  OTHERS,
  publicMessages,
  readAudit,
  requestIdOf,
  type Scene,
  sendForm,
  startScene,
} from "../support.ts";

const MINUTE = 60_000;
const WHY = "it is 3 in the morning and nobody answers";
const { alice, bob, carol } = PEOPLE;
const DAVE = "U0DAVE001";

/** Alice and whoever is given may act alone; the leads (bob, carol) and dave are told. */
function policyWith(members: string, more = ""): string {
  return `${POLICY}break_glass: { members: [${members}], notify: [S0LEADS01, ${DAVE}]${more} }\n`;
}

const GLASS = policyWith(alice);

async function startWithGlass(options: Parameters<typeof startScene>[0] = {}): Promise<Scene> {
  const scene = await startScene({ policy: GLASS, ...options });
  scene.slack.setPerson(DAVE, { name: "dave", realName: "Dave Chief", email: "dave@example.com" });
  addOthers(scene.slack);
  return scene;
}

function revokeCalls({ cloudflare }: Scene) {
  return callsTo(cloudflare, "POST", "/access/organizations/revoke_user");
}

function refusals(scene: Scene): string[] {
  return readAudit(scene)
    .filter((row) => row.event === "click.refused")
    .map((row) => `${row.actor} ${String(row.data["what"])} ${String(row.data["code"])}`);
}

function directTo({ slack }: Scene, user: string): string[] {
  return slack.messages(slack.dm(user)).map((message) => slack.visibleText(message));
}

/** Opens the form on the card, or what is said instead. */
async function openForm({ slack }: Scene, user: string, card: StoredMessage, actionId: string) {
  return newModal(slack, user, () => press(slack, user, card, actionId));
}

/** The words of what takes the form's place when it is sent. */
async function useBreakGlass(scene: Scene, user: string, card: StoredMessage, reason = WHY): Promise<string> {
  const form = await openForm(scene, user, card, BREAK_GLASS_ACTIONS.breakGlass);
  return scene.slack.visibleText(await sendForm(scene.slack, user, form, { reason: { reason } }));
}

async function review(
  scene: Scene,
  user: string,
  card: StoredMessage,
  verdict: string,
  note = "",
): Promise<string> {
  const form = await openForm(scene, user, card, BREAK_GLASS_ACTIONS.review);
  const sent = await sendForm(scene.slack, user, form, {
    verdict: { verdict },
    note: { note },
  });
  return scene.slack.visibleText(sent);
}

describe("breaking the glass", () => {
  it("is done at once, told to everybody who has to know, and reviewed by somebody else", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    const words = slack.visibleText(form);
    expect(words).toContain("Revoke all sessions of mallory@example.com");
    expect(words).toContain("Ends 3 sessions on 5 apps");
    expect(words).toContain("told at once");
    const sent = await sendForm(slack, alice, form, { reason: { reason: ` ${WHY} ` } });
    expect(slack.visibleText(sent)).toContain("☑️ In progress, without approval.");
    const thread = await finishedThread(slack, card);

    expect(thread.join("\n")).toContain(`Break-glass by @alice`);
    expect(thread.join("\n")).toContain(WHY);
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(wordsOf(slack, card)).toMatch(/🚨 Break-glass by @alice: it is 3 in the morning/);
    expect(wordsOf(slack, card)).toContain("Needs review");
    expect(revokeCalls(scene)).toHaveLength(1);
    await slack.waitFor(() => [bob, carol, DAVE].every((user) => directTo(scene, user).length > 0));
    for (const user of [bob, carol, DAVE]) {
      expect(directTo(scene, user)).toEqual([expect.stringContaining("Break-glass by @alice")]);
      const [told = ""] = directTo(scene, user);
      expect(told).toContain("Requested by @alice: laptop stolen");
      expect(told).toContain(WHY);
      expect(told).toContain(requestIdOf(slack, card));
    }
    // Who did it reads how it ended, and no news of what they did.
    await slack.waitFor(() => directTo(scene, alice).length > 0);
    expect(directTo(scene, alice)).toEqual([expect.stringContaining("verified at")]);

    // Who has to review it can read its story.
    const story = await answerTo(slack, bob, `audit ${requestIdOf(slack, card)}`);
    expect(story.words).toContain("used break-glass");
    expect(await review(scene, bob, card, "justified")).toContain("☑️ Your review is on the card");
    await slack.waitFor(() => wordsOf(slack, card).includes("Justified, reviewed by @bob"));
    expect(wordsOf(slack, card)).not.toContain("Needs review");
    await slack.waitFor(() => directTo(scene, alice).length > 1);
    expect(directTo(scene, alice)[1]).toContain("Justified, reviewed by @bob");
    const all = await slack.waitFor(() => {
      const now = slack.thread(card.channel, card.ts).map((message) => slack.visibleText(message));
      return now.length > thread.length ? now : undefined;
    });
    expect(all.at(-1)).toContain("Justified, reviewed by @bob");

    const rows = readAudit(scene);
    expect(rows.find((row) => row.event === "request.approved")).toMatchObject({
      actor: alice,
      data: {
        break_glass: true,
        reason: WHY,
        told: [DAVE, bob, carol],
        surface: "form",
        policy_hash: scene.policy.hash(),
      },
    });
    expect(rows.find((row) => row.event === "request.reviewed")).toMatchObject({
      actor: bob,
      data: { verdict: "justified", acted_alone: alice, surface: "form", policy_hash: scene.policy.hash() },
    });
    expect(rows.find((row) => row.event === "request.approved")?.data).not.toHaveProperty("unchecked");
    expect(refusals(scene)).toEqual([]);
  });

  it("on somebody else's request tells who asked as well", async () => {
    const scene = await startWithGlass({ policy: policyWith(DAVE) });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, DAVE, card);
    await finishedThread(slack, card);
    await slack.waitFor(() => directTo(scene, alice).length === 2);
    expect(directTo(scene, alice)).toEqual([
      expect.stringContaining("Break-glass by @dave"),
      expect.stringContaining("verified at"),
    ]);
    expect(directTo(scene, DAVE)).toEqual([]);
    expect(directTo(scene, bob)).toHaveLength(1);
  });

  it("is offered to who asked, in the answer and in the form, where they may", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const { message } = await answerTo(slack, alice, "revoke mallory@example.com --reason laptop stolen");
    const card = await cardWhere(slack);
    const place = { user: alice, channel: message.channel, ts: message.ts };
    const form = await newModal(slack, alice, () =>
      slack.click({ ...place, actionId: BREAK_GLASS_ACTIONS.breakGlass }),
    );
    expect(slack.visibleText(form)).toContain("Revoke now");
    await slack.closeView({ user: alice, viewId: form.id });
    await press(slack, alice, card, CARD_ACTIONS.cancel);
    await slack.waitFor(() => wordsOf(slack, card).includes("Cancelled"));

    const ask = await openFormBy(slack, alice, "revoke mallory@example.com");
    const asked = await sendForm(slack, alice, ask, { reason: { reason: "laptop stolen" } });
    expect(slack.visibleText(asked)).toContain("Revoke now…");
    const pushed = await newModal(slack, alice, () =>
      slack.click({ user: alice, viewId: asked.id, actionId: BREAK_GLASS_ACTIONS.breakGlass }),
    );
    await sendForm(slack, alice, pushed, { reason: { reason: WHY } });
    const second = await cardWhere(slack, (text) => text.includes("Break-glass by @alice"));
    await finishedThread(slack, second);
    expect(revokeCalls(scene)).toHaveLength(1);
    // What was asked is there again underneath.
    expect(slack.views(alice).map((view) => view.id)).toContain(asked.id);
  });

  it("is offered to nobody who may not: the card shows it to all, the answer to members", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const { words } = await answerTo(slack, bob, "revoke mallory@example.com --reason laptop stolen");
    expect(words).not.toContain("Revoke now");
    expect(wordsOf(slack, await cardWhere(slack))).toContain("Revoke now…");
  });

  it("twice at once, by a double click and by a payload that Slack sends again, is done once", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    const gate = slack.faults.hold("users.info");
    const values = { reason: { reason: WHY } };
    const [first] = await Promise.all([
      slack.submitView({ user: alice, viewId: form.id, values }),
      slack.submitView({ user: alice, viewId: form.id, values }),
    ]);
    await gate.arrived;
    gate.release();
    await finishedThread(slack, card);
    await slack.replay(first);
    await slack.waitFor(() => [bob, carol, DAVE].every((user) => directTo(scene, user).length > 0));
    expect(revokeCalls(scene)).toHaveLength(1);
    expect(readAudit(scene).filter((row) => row.event === "request.approved")).toHaveLength(1);
    expect(directTo(scene, bob)).toHaveLength(1);
  });

  it("loses to an approval that came first, which the form says, with what was typed still in it", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    await approve(slack, card);
    const back = await sendForm(slack, alice, form, { reason: { reason: WHY } });
    expect(slack.visibleText(back)).toContain("This request is already");
    expect(slack.visibleText(back)).toContain("(by @bob)");
    expect(JSON.stringify(back.blocks)).toContain(WHY);
    expect(refusals(scene)).toEqual([`${alice} break-glass decided`]);
    expect(revokeCalls(scene)).toHaveLength(1);
    expect(directTo(scene, carol)).toEqual([]);
  });
});

describe("breaking the glass", () => {
  it("is not offered, and refused to a forged click, where the policy names nobody", async () => {
    const scene = await startWithGlass({ policy: POLICY });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    expect(wordsOf(slack, card)).not.toContain("Revoke now");
    const forged = {
      user: alice,
      channel: card.channel,
      ts: card.ts,
      actionId: BREAK_GLASS_ACTIONS.breakGlass,
      value: requestIdOf(slack, card),
    };
    await slack.clickStale(forged);
    expect(slack.visibleText(await openModal(slack, alice))).toContain(
      "Break-glass is not available for this request.",
    );
    expect(refusals(scene)).toEqual([`${alice} break-glass no-break-glass`]);
  });

  it.each([
    ["what gives access back", "restores", GLASS, "reset-risk mallory@example.com"],
    [
      "what the policy leaves out",
      "left out",
      policyWith(alice, ", actions: [revoke-devices]"),
      "revoke mallory@example.com",
    ],
    ["several people", "several", GLASS, "revoke mallory@example.com erin@example.com"],
    ["what can't be undone, unless it is named", "final", GLASS, "delete-user mallory@example.com"],
  ])("is not offered for %s", async (_what, sort, policy, command) => {
    const scene = await startWithGlass({ policy });
    const { slack } = scene;
    if (sort === "restores") {
      const form = await openFormBy(slack, alice, command);
      const judged = form.blocks.flatMap(({ block_id: id = "" }) => (id.startsWith("risk:") ? [id] : []));
      const values = Object.fromEntries(judged.map((id) => [id, { [id]: "handled" }]));
      await sendForm(slack, alice, form, { ...values, reason: { reason: "looked into" } });
    } else if (sort === "final") {
      const form = await openFormBy(slack, alice, `${command} --reason gone`);
      await sendForm(slack, alice, form, { typed: { typed: "mallory@example.com" } });
    } else {
      const other = scene.cloudflare.state.users.find((user) => user.email !== "mallory@example.com");
      const text = command.replace("erin@example.com", other?.email ?? "");
      await type(slack, alice, `${text} --reason laptop stolen`);
    }
    const card = await cardWhere(slack);
    expect(wordsOf(slack, card)).not.toContain("Revoke now");
    await slack.clickStale({
      user: alice,
      channel: card.channel,
      ts: card.ts,
      actionId: BREAK_GLASS_ACTIONS.breakGlass,
      value: requestIdOf(slack, card),
    });
    const said = await openModal(slack, alice, (text) => text.includes("Break-glass is not available"));
    expect(slack.visibleText(said)).toContain("Ask an approver");
    expect(refusals(scene)).toEqual([`${alice} break-glass no-break-glass`]);
  });

  it("is refused to whoever is no member, in words, and nothing is said in public", async () => {
    const everyone = [OTHERS.stranger, OTHERS.guest, OTHERS.mallory, OTHERS.bot].join(", ");
    const scene = await startWithGlass({ policy: policyWith(everyone) });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const before = publicMessages(slack);
    for (const [user, words] of [
      [alice, "You can't use break-glass."],
      [bob, "You can't use break-glass."],
      [OTHERS.mallory, "This request is about you: you can't do it."],
      [OTHERS.stranger, "You are from another workspace or organization."],
      [OTHERS.guest, "Guests can't decide here."],
      [OTHERS.bot, "Bots and deactivated accounts can't decide here."],
    ] as const) {
      await press(slack, user, card, BREAK_GLASS_ACTIONS.breakGlass);
      expect(slack.visibleText(await openModal(slack, user))).toContain(words);
    }
    expect(refusals(scene)).toEqual([
      `${alice} break-glass no-break-glass`,
      `${bob} break-glass no-break-glass`,
      `${OTHERS.mallory} break-glass target`,
      `${OTHERS.stranger} break-glass stranger`,
      `${OTHERS.guest} break-glass stranger`,
      `${OTHERS.bot} break-glass unknown-person`,
    ]);
    expect(publicMessages(slack)).toEqual(before);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("is refused to who is no member any more when the form is sent", async () => {
    const scene = await startWithGlass({
      policy: `${POLICY}break_glass: { members: [S0ONCALL1], notify: [S0LEADS01] }\n`,
    });
    const { slack } = scene;
    slack.setUserGroup("S0ONCALL1", { handle: "on-call", users: [alice] });
    const card = await askToRevoke(slack);
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    slack.setPerson(alice, { deleted: true });
    const back = await sendForm(slack, alice, form, { reason: { reason: WHY } });
    expect(slack.visibleText(back)).toContain("deactivated accounts can't decide here");
    expect(refusals(scene)).toEqual([`${alice} break-glass unknown-person`]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("with a reason that says nothing is sent back beside its field", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    const values = { reason: { reason: `${" ".repeat(20)}urgent` } };
    const sent = await slack.submitView({ user: alice, viewId: form.id, values });
    expect(sent.errors).toEqual({ reason: expect.stringContaining("at least 15 characters") as string });
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
  });

  it("after the deadline loses even while the card still shows its buttons", async () => {
    let ahead = 0;
    const scene = await startWithGlass({ now: () => Date.now() + ahead });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    ahead = 2 * 3_600_000;
    const back = await sendForm(slack, alice, form, { reason: { reason: WHY } });
    expect(slack.visibleText(back)).toContain("This request has expired");
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("by somebody whom Cloudflare can't be asked about is done, and card, message, review and record say so", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    scene.cloudflare.settings.riskEnabled = false;
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    const unknown = "Unknown whether @alice is at risk";
    // The finished card is short: why is in the message and in the review.
    expect(wordsOf(slack, card)).toContain(unknown);
    const words = `${unknown}: `;
    await slack.waitFor(() => directTo(scene, bob).length > 0);
    expect(directTo(scene, bob)[0]).toContain(words);
    const form = await openForm(scene, bob, card, BREAK_GLASS_ACTIONS.review);
    expect(slack.visibleText(form)).toContain(words);
    const approved = readAudit(scene).find((row) => row.event === "request.approved");
    expect(approved?.data).toMatchObject({
      break_glass: true,
      unchecked: expect.stringMatching(/./) as string,
    });
    expect(revokeCalls(scene)).toHaveLength(1);
  });

  it("a second time waits until somebody has reviewed the first", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const first = await askToRevoke(slack);
    await useBreakGlass(scene, alice, first);
    await finishedThread(slack, first);
    const second = await askToRevoke(slack);
    await press(slack, alice, second, BREAK_GLASS_ACTIONS.breakGlass);
    const said = await openModal(slack, alice, (text) => text.includes("still needs review"));
    expect(slack.visibleText(said)).toContain(requestIdOf(slack, first));
    expect(refusals(scene)).toEqual([`${alice} break-glass acted-alone`]);

    await review(scene, carol, first, "justified");
    expect(await useBreakGlass(scene, alice, second)).toContain("In progress, without approval");
    await finishedThread(slack, second);
  });

  it("is refused where nobody but who acts would be told", async () => {
    const policy = `${POLICY}break_glass: { members: [${alice}], notify: [${alice}, ${DAVE}] }\n`;
    const scene = await startWithGlass({ policy });
    const { slack } = scene;
    slack.setPerson(DAVE, { deleted: true });
    const card = await askToRevoke(slack);
    await press(slack, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    expect(slack.visibleText(await openModal(slack, alice))).toContain("No one but you would be told");
    expect(refusals(scene)).toEqual([`${alice} break-glass no-break-glass`]);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("tells all others where one can't be written to, now or ever", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    // The first of them is dave.
    slack.faults.set("conversations.open", { error: "user_disabled", times: 1 });
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    await slack.waitFor(() => [bob, carol].every((user) => directTo(scene, user).length === 1));
    await vi.waitFor(() => expect(scene.logs()).toContain("cannot be written to"));
    expect(directTo(scene, DAVE)).toEqual([]);
    await review(scene, carol, card, "justified");
    await slack.waitFor(() => directTo(scene, alice).some((text) => text.includes("reviewed by")));

    const second = await askToRevoke(slack);
    slack.faults.set("conversations.open", { error: "fatal_error", times: 1 });
    await useBreakGlass(scene, alice, second);
    await slack.waitFor(() => [bob, carol].every((user) => directTo(scene, user).length === 2));
    await slack.waitFor(() => directTo(scene, DAVE).length === 1);
    // Who could not be written to at first comes last, and kept nobody waiting.
    const at = (user: string) => slack.messages(slack.dm(user)).at(-1)?.ts ?? "";
    expect([at(bob), at(carol), at(DAVE)].toSorted().at(-1)).toBe(at(DAVE));
    await finishedThread(slack, second);
    expect(wordsOf(slack, second)).toContain("Break-glass by @alice");
  });
});

describe("a review", { tags: ["slow"] }, () => {
  it("that finds it not justified needs a word why, which who did it reads", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    const form = await openForm(scene, carol, card, BREAK_GLASS_ACTIONS.review);
    expect(slack.visibleText(form)).toContain(WHY);
    const bare = { verdict: { verdict: "not-justified" }, note: { note: " " } };
    const sent = await slack.submitView({ user: carol, viewId: form.id, values: bare });
    expect(sent.errors).toEqual({ note: expect.stringContaining("Say why not") as string });
    await sendForm(slack, carol, form, { ...bare, note: { note: "<!channel> bob was online" } });
    await slack.waitFor(() => directTo(scene, alice).some((text) => text.includes("Not justified")));
    await slack.waitFor(() => wordsOf(slack, card).includes("Not justified, reviewed by @carol"));
    expect(wordsOf(slack, card)).toContain("bob was online");
    expect(directTo(scene, alice).at(-1)).toContain("bob was online");
    expect(JSON.stringify(slack.messages(card.channel))).not.toContain("<!channel>");
  });

  it("is refused to who did it, who asked, whom it is about and who is no approver", async () => {
    const generous = policyWith(DAVE).replace(
      "approvers: [S0LEADS01]",
      `approvers: [S0LEADS01, ${alice}, ${DAVE}, ${OTHERS.mallory}]`,
    );
    const scene = await startWithGlass({ policy: generous });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, DAVE, card);
    await finishedThread(slack, card);
    for (const [user, words] of [
      [DAVE, "You did this yourself."],
      [alice, "You requested this: you can't review it."],
      [OTHERS.mallory, "This request is about you: you can't review it."],
      [OTHERS.nobody, "You can't review this request."],
    ] as const) {
      await press(slack, user, card, BREAK_GLASS_ACTIONS.review);
      expect(slack.visibleText(await openModal(slack, user, (text) => text.includes(words)))).toContain(
        words,
      );
    }
    expect(refusals(scene)).toEqual([
      `${DAVE} review acted-alone`,
      `${alice} review requester`,
      `${OTHERS.mallory} review target`,
      `${OTHERS.nobody} review not-an-approver`,
    ]);
    expect(wordsOf(slack, card)).toContain("Needs review");
  });

  it("counts once: who comes second reads who was first, and keeps what they wrote", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    const [one, other] = [
      await openForm(scene, bob, card, BREAK_GLASS_ACTIONS.review),
      await openForm(scene, carol, card, BREAK_GLASS_ACTIONS.review),
    ];
    const values = { verdict: { verdict: "justified" }, note: { note: "I looked into it" } };
    await sendForm(slack, bob, one, values);
    const back = await sendForm(slack, carol, other, values);
    expect(slack.visibleText(back)).toContain("This is already reviewed. (by @bob)");
    expect(JSON.stringify(back.blocks)).toContain("I looked into it");
    expect(readAudit(scene).filter((row) => row.event === "request.reviewed")).toHaveLength(1);
    expect(refusals(scene)).toEqual([`${carol} review not-reviewable`]);

    const stale = { user: bob, channel: card.channel, ts: card.ts, actionId: BREAK_GLASS_ACTIONS.review };
    await slack.clickStale(stale);
    const said = await openModal(slack, bob, (text) => text.includes("already reviewed"));
    expect(slack.visibleText(said)).toContain("Nothing was changed");
  });
});

describe("a review", () => {
  it("is asked for by the list of requests, which has the button also where the card is gone", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    expect((await answerTo(slack, bob, "requests")).words).not.toContain("not reviewed");
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    const { message, words } = await answerTo(slack, bob, "requests");
    expect(words).toContain("Break-glass, not reviewed yet · 1");
    expect(words).toContain("break-glass by @alice, needs review");
    expect((await answerTo(slack, bob, "requests mine")).words).not.toContain("not reviewed");
    const form = await newModal(slack, bob, () =>
      slack.click({
        user: bob,
        channel: message.channel,
        ts: message.ts,
        actionId: BREAK_GLASS_ACTIONS.review,
      }),
    );
    await sendForm(slack, bob, form, { verdict: { verdict: "justified" }, note: { note: "" } });
    await slack.waitFor(() => wordsOf(slack, card).includes("Justified, reviewed by @bob"));
    expect((await answerTo(slack, bob, "requests")).words).not.toContain("not reviewed");
  });

  it("that nobody gives is called to mind after an hour, then ever later, until somebody gives it", async () => {
    let ahead = 0;
    const scene = await startWithGlass({ now: () => Date.now() + ahead, sweepMs: 200 });
    const { slack } = scene;
    const reminders = () =>
      slack
        .thread(card.channel, card.ts)
        .map((message) => slack.visibleText(message))
        .filter((text) => text.startsWith("⏰"));
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    ahead = 61 * MINUTE;
    await slack.waitFor(() => reminders().length === 1);
    expect(reminders()).toEqual(["⏰ Break-glass 61 min ago still needs review by @bob @carol"]);
    ahead = 61 * MINUTE + 121 * MINUTE;
    await slack.waitFor(() => reminders().length === 2);
    expect(readAudit(scene).filter((row) => row.event === "review.reminded")).toMatchObject([
      { actor: "zt-bot", data: { number: 1, reminded: [bob, carol], acted_alone: alice } },
      { actor: "zt-bot", data: { number: 2 } },
    ]);
    expect(await review(scene, bob, card, "justified")).toContain("Your review is on the card");
    ahead = 48 * 60 * MINUTE;
    await slack.waitFor(() => wordsOf(slack, card).includes("reviewed by @bob"));
    expect(reminders()).toHaveLength(2);
  });

  it("waits also for what failed", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    scene.cloudflare.faults.set("revoke-user", { kind: "status", status: 403 });
    const card = await askToRevoke(slack);
    await useBreakGlass(scene, alice, card);
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toMatch(/Failed.*/);
    expect(wordsOf(slack, card)).toContain("Break-glass by @alice");
    expect(await review(scene, bob, card, "justified")).toContain("Your review is on the card");
    await slack.waitFor(() => wordsOf(slack, card).includes("Justified, reviewed by @bob"));
  });

  it(
    "is due also for what was void; whoever did it may act alone again, as nothing came of it",
    { tags: ["slow"] },
    async () => {
      const scene = await startWithGlass();
      const { slack, cloudflare } = scene;
      const first = await askToRevoke(slack);
      const call = cloudflare.faults.hold("revoke-user");
      await press(slack, bob, first, CARD_ACTIONS.approve);
      await call.arrived;
      const card = await askToRevoke(slack, {
        text: "revoke mallory@example.com --devices --reason laptop stolen",
      });
      await useBreakGlass(scene, alice, card);
      await slack.waitFor(() => wordsOf(slack, card).includes("another request is working on the same user"));
      slack.setPerson(alice, { deleted: true });
      call.release();
      await slack.waitFor(() => wordsOf(slack, card).includes("Void"));
      expect(wordsOf(slack, card)).toContain("used break-glass and may no longer use it");
      expect(revokeCalls(scene)).toHaveLength(1);
      slack.setPerson(alice, { deleted: false });
      const other = await askToRevoke(slack, { text: "revoke dana@example.com --reason phished" });
      await useBreakGlass(scene, alice, other);
      await finishedThread(slack, other);
      expect(await review(scene, bob, card, "justified")).toContain("Your review is on the card");
    },
  );

  it("has nothing to review while zt-bot is paused: nobody acts alone then, and is told what ends it", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await answerTo(slack, bob, "pause --reason drill");
    const form = await openForm(scene, alice, card, BREAK_GLASS_ACTIONS.breakGlass);
    expect(slack.visibleText(form)).toContain("zt-bot is paused. (by @bob)");
    expect(slack.visibleText(form)).toContain("/zt resume");
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
  });

  it("of what was approved is refused to a forged click", async () => {
    const scene = await startWithGlass();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await approve(slack, card);
    await slack.clickStale({
      user: carol,
      channel: card.channel,
      ts: card.ts,
      actionId: BREAK_GLASS_ACTIONS.review,
      value: requestIdOf(slack, card),
    });
    expect(slack.visibleText(await openModal(slack, carol))).toContain("No break-glass was used here.");
  });
});
