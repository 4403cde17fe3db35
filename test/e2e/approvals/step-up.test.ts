import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { describe, expect, it, vi } from "vitest";

import type { StoredMessage, StoredView } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { AUTHENTICATOR_ACTIONS } from "../../../src/views/authenticator.ts";
import { BREAK_GLASS_ACTIONS } from "../../../src/views/card/break-glass.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  startBot,
  startWorld,
  wordsOf,
} from "../../support/harness.ts";
import { codeAt, wrongCodeAt } from "../../support/phone.ts";
import {
  addOthers,
  newModal,
  OTHERS,
  requestIdOf,
  readAudit,
  sendForm,
  startScene,
  type Scene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const MINUTE = 60_000;
const POLICY_WITH_CODES = `${POLICY}step_up: [revoke, delete-user]\n`;

type Staged = Scene & { now(): number; pass(ms: number): void };

/** A scene whose clock the test moves on. */
async function startWithCodes(policy = POLICY_WITH_CODES): Promise<Staged> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const scene = await startScene({ policy, now });
  return { ...scene, now, pass: (ms) => void (ahead += ms) };
}

/** What the form shows to type into an app by hand. */
function secretIn({ slack }: Scene, form: StoredView): string {
  const secret = /(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec(slack.visibleText(form))?.[0];
  if (secret === undefined) throw new Error("the form shows no secret");
  return secret.replaceAll(" ", "");
}

async function openSetUp(scene: Scene, user: string): Promise<StoredView> {
  const { message } = await answerTo(scene.slack, user, "authenticator");
  return newModal(scene.slack, user, () => press(scene.slack, user, message, AUTHENTICATOR_ACTIONS.setUp));
}

interface SetUp {
  secret: string;
  /** What takes the form's place. */
  words: string;
  /** What the person is to read out. */
  number: string;
}

/** Sets one up as a person does: opens the form, types its key into an app, and gives the app's code. */
async function setUp(scene: Staged, user: string, current = ""): Promise<SetUp> {
  const form = await openSetUp(scene, user);
  const secret = secretIn(scene, form);
  const values = {
    code: { code: codeAt(secret, scene.now()) },
    ...(current === "" ? {} : { current: { current } }),
  };
  const words = scene.slack.visibleText(await sendForm(scene.slack, user, form, values));
  return { secret, words, number: /read this number out: (\d{6})/.exec(words)?.[1] ?? "" };
}

/** The newest message in the approvals channel that asks to confirm an authenticator. */
function question({ slack }: Scene): StoredMessage {
  const found = slack
    .messages(CHANNELS.approvals)
    .findLast((message) => slack.visibleText(message).includes("needs to confirm it"));
  if (found === undefined) throw new Error("nobody is asked");
  return found;
}

async function confirm(scene: Staged, by: string, heard: string, code = ""): Promise<string> {
  const { slack } = scene;
  const form = await newModal(slack, by, () =>
    press(slack, by, question(scene), AUTHENTICATOR_ACTIONS.confirm),
  );
  if (!slack.visibleText(form).includes("read out to you")) return slack.visibleText(form);
  const values = { heard: { heard }, ...(code === "" ? {} : { code: { code } }) };
  return slack.visibleText(await sendForm(slack, by, form, values));
}

/** One that counts. @returns its secret. */
async function enrol(scene: Staged, user: string, by: string, code = ""): Promise<string> {
  const { secret, number } = await setUp(scene, user);
  expect(await confirm(scene, by, number, code)).toContain("Confirmed: it works now.");
  // The code that proved it is not taken again.
  scene.pass(30_000);
  return secret;
}

function openApproval({ slack }: Scene, user: string, card: StoredMessage): Promise<StoredView> {
  return newModal(slack, user, () => press(slack, user, card, CARD_ACTIONS.approve));
}

async function approveWith(scene: Scene, user: string, card: StoredMessage, code: string): Promise<string> {
  const form = await openApproval(scene, user, card);
  return scene.slack.visibleText(await sendForm(scene.slack, user, form, { code: { code } }));
}

function revokeCalls({ cloudflare }: Scene) {
  return callsTo(cloudflare, "POST", "/access/organizations/revoke_user");
}

function dataOf(scene: Scene, event: string): Record<string, unknown>[] {
  return readAudit(scene)
    .filter((row) => row.event === event)
    .map(({ data }) => data);
}

function directTo({ slack }: Scene, user: string): string[] {
  return slack.messages(slack.dm(user)).map((message) => slack.visibleText(message));
}

describe("an approval that takes a code", () => {
  it("counts with the right one; a wrong one is said in the modal, and loses nothing", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    const secret = await enrol(scene, carol, bob);
    const card = await askToRevoke(slack);
    expect(wordsOf(slack, card)).toContain("Needs a code from your authenticator");
    const form = await openApproval(scene, carol, card);
    expect(slack.visibleText(form)).toContain("Revoke all sessions of mallory@example.com");
    const wrong = { code: { code: wrongCodeAt(secret, scene.now()) } };
    const back = await sendForm(slack, carol, form, wrong);
    expect(slack.visibleText(back)).toContain("Wrong code.");
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    expect(revokeCalls(scene)).toEqual([]);

    // As apps show it.
    const code = codeAt(secret, scene.now()).replace(/(...)(...)/, "$1 $2");
    const done = await sendForm(slack, carol, back, { code: { code } });
    expect(slack.visibleText(done)).toContain("Approved.");
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toContain("Approved by @carol with a code");
    expect(wordsOf(slack, card)).toContain("🔐 With an authenticator code: @carol");
    expect(revokeCalls(scene)).toHaveLength(1);

    const [enrolment] = dataOf(scene, "authenticator.effective");
    expect(enrolment).toMatchObject({ user: carol, confirmed_by: bob });
    expect(dataOf(scene, "request.approved")).toMatchObject([{ step_up: enrolment?.["authenticator"] }]);
    expect(dataOf(scene, "code.refused")).toMatchObject([{ what: "approve", why: "wrong", wrong: 1 }]);
    expect(dataOf(scene, "code.taken")).toMatchObject([{ what: "approve" }]);
    const { words } = await answerTo(slack, carol, `audit ${requestIdOf(slack, card)}`);
    expect(words).toContain("approved it, with a code");
    expect(words).toContain("authenticator code rejected (approve): wrong");
  });

  it("takes each code once, also for another request", async () => {
    const scene = await startWithCodes();
    const secret = await enrol(scene, carol, bob);
    const first = await askToRevoke(scene.slack);
    const second = await askToRevoke(scene.slack, { text: "revoke erin@example.com --reason stolen" });
    const code = codeAt(secret, scene.now());
    expect(await approveWith(scene, carol, first, code)).toContain("Approved.");
    expect(await approveWith(scene, carol, second, code)).toContain("This code is already used");
    expect(wordsOf(scene.slack, second)).toContain("Needs 1 approval");
    scene.pass(30_000);
    expect(await approveWith(scene, carol, second, codeAt(secret, scene.now()))).toContain("Approved.");
  });

  it("is asked for one of several approvers as for the last, and denying takes none", async () => {
    const scene = await startWithCodes(`${POLICY_WITH_CODES}quorum: 2\n`);
    const { slack } = scene;
    const secret = await enrol(scene, carol, bob);
    const card = await askToRevoke(slack);
    await approveWith(scene, carol, card, codeAt(secret, scene.now()));
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    const [vote] = dataOf(scene, "request.voted");
    expect(vote).toMatchObject({ step_up: dataOf(scene, "authenticator.effective")[0]?.["authenticator"] });
    await slack.waitFor(() =>
      slack
        .thread(card.channel, card.ts)
        .some((message) => slack.visibleText(message).includes("@carol approved with a code (1 of 2)")),
    );
    const deny = await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.deny));
    await sendForm(slack, bob, deny, { reason: { reason: "not him" } });
    expect(await slack.waitFor(() => wordsOf(slack, card).includes("Denied") || undefined)).toBe(true);
  });

  it("after five wrong codes takes none for 15 minutes, tells the others, and records it", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    const secret = await enrol(scene, carol, bob);
    const card = await askToRevoke(slack, { text: "revoke mallory@example.com --reason stolen" });
    let form = await openApproval(scene, carol, card);
    for (let nth = 1; nth <= 5; nth += 1)
      form = await sendForm(slack, carol, form, { code: { code: wrongCodeAt(secret, scene.now()) } });
    expect(slack.visibleText(form)).toContain("Too many wrong codes");
    form = await sendForm(slack, carol, form, { code: { code: codeAt(secret, scene.now()) } });
    expect(slack.visibleText(form)).toContain("you are locked out");
    const news = slack.messages(CHANNELS.approvals).map((message) => slack.visibleText(message));
    expect(news.filter((words) => words.includes("Too many wrong codes from @carol"))).toHaveLength(1);
    expect(dataOf(scene, "code.refused").map(({ why }) => why)).toEqual([
      ...Array.from({ length: 4 }, () => "wrong"),
      "locked",
    ]);
    scene.pass(15 * MINUTE);
    form = await sendForm(slack, carol, form, { code: { code: codeAt(secret, scene.now()) } });
    expect(slack.visibleText(form)).toContain("Approved.");
  });

  it("that was given before the policy asked for codes does not count when it is sent, and this is said", async () => {
    const scene = await startWithCodes(POLICY);
    const { slack, env, bot } = scene;
    const card = await askToRevoke(slack);
    await answerTo(slack, carol, "pause --reason a drill");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);
    writeFileSync(env["ZT_POLICY_FILE"] ?? "", POLICY_WITH_CODES);
    await bot.reloadPolicy();
    await answerTo(slack, carol, "resume");
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toMatch(/Void.*Bob Okafor approved without the code that the policy asks for now/s);
    expect(revokeCalls(scene)).toEqual([]);
  });

  it("of several, one without a code has to be given again, and the card says so", async () => {
    const scene = await startWithCodes(`${POLICY}quorum: 2\n`);
    const { slack, env, bot } = scene;
    const bobs = await enrol(scene, bob, carol);
    const carols = await enrol(scene, carol, bob, codeAt(bobs, scene.now()));
    const card = await askToRevoke(slack);
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    writeFileSync(env["ZT_POLICY_FILE"] ?? "", `${POLICY_WITH_CODES}quorum: 2\n`);
    await bot.reloadPolicy();
    const said = "⚠️ Without the code that the policy asks for now: @bob";
    await slack.waitFor(() => wordsOf(slack, card).includes(said) || undefined);
    scene.pass(30_000);
    await approveWith(scene, carol, card, codeAt(carols, scene.now()));
    await slack.waitFor(() => dataOf(scene, "request.voted").length === 2 || undefined);
    expect(revokeCalls(scene)).toEqual([]);
    expect(await approveWith(scene, bob, card, codeAt(bobs, scene.now()))).toContain("Approved.");
    await finishedThread(slack, card);
    expect(revokeCalls(scene)).toHaveLength(1);
  });

  it("is asked of who acts alone as well", async () => {
    const glass = `break_glass: { members: [${alice}], notify: [S0LEADS01] }\n`;
    const scene = await startWithCodes(`${POLICY}${glass}step_up: [break-glass]\n`);
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const open = () =>
      newModal(slack, alice, () => press(slack, alice, card, BREAK_GLASS_ACTIONS.breakGlass));
    expect(slack.visibleText(await open())).toContain("you have none");
    // She is no approver: she may set one up all the same.
    const secret = await enrol(scene, alice, bob);
    const reason = { reason: { reason: "nobody else is awake now" } };
    const form = await open();
    const without = await sendForm(slack, alice, form, { ...reason, code: { code: "000000" } });
    expect(slack.visibleText(without)).toContain("Wrong code");
    expect(JSON.stringify(without.blocks)).toContain("nobody else is awake now");
    const code = codeAt(secret, scene.now());
    const done = await sendForm(slack, alice, without, { ...reason, code: { code } });
    expect(slack.visibleText(done)).toContain("In progress, without approval");
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("With an authenticator code");
    expect(dataOf(scene, "request.approved")).toMatchObject([
      { break_glass: true, step_up: expect.any(String) },
    ]);
  });

  it("is not got round by acting alone, where the action takes codes", async () => {
    const glass = `break_glass: { members: [${bob}], notify: [S0LEADS01] }\n`;
    const scene = await startWithCodes(`${POLICY_WITH_CODES}${glass}`);
    const card = await askToRevoke(scene.slack);
    const form = await newModal(scene.slack, bob, () =>
      press(scene.slack, bob, card, BREAK_GLASS_ACTIONS.breakGlass),
    );
    expect(scene.slack.visibleText(form)).toContain("you have none");
  });
});

describe("whoever has taken over an approver's Slack session", () => {
  it("approves nothing without an authenticator, and can't make one count alone", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    const card = await askToRevoke(slack);
    expect(slack.visibleText(await openApproval(scene, bob, card))).toContain("you have none");
    const { secret, number, words } = await setUp(scene, bob);
    expect(words).toContain("another approver needs to confirm it");
    expect(slack.visibleText(await openApproval(scene, bob, card))).toContain("you have none");
    expect(await confirm(scene, bob, number)).toContain("This is your own authenticator");
    // A form of the time when it asked for codes is no way round either.
    expect(slack.visibleText(await openApproval(scene, bob, card))).toContain("you have none");
    expect(secret).not.toBe("");
    expect(wordsOf(slack, card)).toContain("Needs 1 approval");
    expect(dataOf(scene, "click.refused")).toMatchObject([
      { what: "confirm authenticator", code: "requester" },
    ]);
  });

  it("is found out by the number that the real one can't read out", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    const { number } = await setUp(scene, bob);
    const other = number === "111111" ? "222222" : "111111";
    expect(await confirm(scene, carol, other)).toContain("This number does not match this");
    expect(await slack.waitFor(() => question(scene))).toBeDefined();
    await press(slack, carol, question(scene), AUTHENTICATOR_ACTIONS.decline);
    await slack.waitFor(
      () =>
        slack
          .messages(CHANNELS.approvals)
          .some((message) =>
            slack.visibleText(message).includes("@carol declined the authenticator of @bob"),
          ) || undefined,
    );
    expect(dataOf(scene, "authenticator.declined")).toMatchObject([{ user: bob }]);
    expect((await answerTo(slack, bob, "authenticator")).words).toContain("no confirmed authenticator");
  });

  it("does not make one count together with another session, once a third approver has one", async () => {
    const scene = await startWithCodes(POLICY_WITH_CODES.replace("[S0LEADS01]", `[S0LEADS01, ${alice}]`));
    const { slack } = scene;
    const { number } = await setUp(scene, bob);
    // Opened while nobody had one.
    const early = await newModal(slack, carol, () =>
      press(slack, carol, question(scene), AUTHENTICATOR_ACTIONS.confirm),
    );
    const alices = await enrol(scene, alice, bob);
    const refused = await sendForm(slack, carol, early, { heard: { heard: number } });
    expect(slack.visibleText(refused)).toContain("You have no authenticator, and another approver has one");
    const form = await newModal(slack, alice, () =>
      press(slack, alice, question(scene), AUTHENTICATOR_ACTIONS.confirm),
    );
    const without = await sendForm(slack, alice, form, {
      heard: { heard: number },
      code: { code: wrongCodeAt(alices, scene.now()) },
    });
    expect(slack.visibleText(without)).toContain("Wrong code");
    const code = { code: codeAt(alices, scene.now()) };
    const done = await sendForm(slack, alice, without, { heard: { heard: number }, code });
    expect(slack.visibleText(done)).toContain("Confirmed: it works now.");
  });

  it("finds no secret in any message, log or table, and the number that is read out in none either", async () => {
    const scene = await startWithCodes();
    const { slack, folder } = scene;
    const { secret, number } = await setUp(scene, carol);
    expect((await answerTo(slack, carol, "authenticator")).words).toContain(
      "needs another approver to confirm it",
    );
    expect(await confirm(scene, bob, number)).toContain("Confirmed: it works now.");
    const spaced = secret.match(/.{4}/g)?.join(" ") ?? "";
    const said = [...Object.values(CHANNELS), slack.dm(carol), slack.dm(bob)].flatMap((channel) =>
      slack.messages(channel).map((message) => JSON.stringify(message)),
    );
    const answers = slack.ephemerals(carol).map((message) => JSON.stringify(message));
    const db = new DatabaseSync(join(folder, "data", "zt.db"), { readOnly: true });
    const tables = ["authenticators", "audit", "posts", "code_tries"].map((table) =>
      JSON.stringify(db.prepare(`SELECT * FROM ${table}`).all()),
    );
    db.close();
    for (const text of [...said, ...answers, scene.logs()]) expect(text).not.toContain(number);
    for (const text of [...said, ...answers, scene.logs(), ...tables]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(spaced);
    }
  });
});

describe("another authenticator", () => {
  it("counts at once with a code of the one before, which does not count any longer", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    const before = await enrol(scene, carol, bob);
    const { secret, words } = await setUp(scene, carol, codeAt(before, scene.now()));
    expect(words).toContain("Your new authenticator works now.");
    scene.pass(30_000);
    const card = await askToRevoke(slack);
    expect(await approveWith(scene, carol, card, codeAt(before, scene.now()))).toContain("Wrong code");
    expect(await approveWith(scene, carol, card, codeAt(secret, scene.now()))).toContain("Approved.");
    expect(dataOf(scene, "authenticator.effective")).toMatchObject([
      { user: carol, confirmed_by: bob },
      { user: carol, confirmed_by: carol, replaces: expect.any(String) },
    ]);
    await vi.waitFor(() => expect(directTo(scene, carol).join("\n")).toContain("with a code of the old one"));
  });

  it("does not count with a wrong code of the one before, and the form comes back with the same key", async () => {
    const scene = await startWithCodes();
    const before = await enrol(scene, carol, bob);
    const form = await openSetUp(scene, carol);
    const secret = secretIn(scene, form);
    const back = await sendForm(scene.slack, carol, form, {
      code: { code: codeAt(secret, scene.now()) },
      current: { current: wrongCodeAt(before, scene.now()) },
    });
    expect(scene.slack.visibleText(back)).toContain("Wrong code.");
    expect(secretIn(scene, back)).toBe(secret);
    expect(dataOf(scene, "authenticator.effective")).toHaveLength(1);
  });

  it("of who lost theirs counts once another approver has confirmed it; until then the one before does", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    const before = await enrol(scene, carol, bob);
    const { secret, number } = await setUp(scene, carol);
    expect(slack.visibleText(question(scene))).toContain("without a code of the old one");
    const card = await askToRevoke(slack);
    expect(await approveWith(scene, carol, card, codeAt(secret, scene.now()))).toContain("Wrong code");
    expect(await confirm(scene, bob, number)).toContain("Confirmed: it works now.");
    scene.pass(30_000);
    expect(await approveWith(scene, carol, card, codeAt(before, scene.now()))).toContain("Wrong code");
    expect(await approveWith(scene, carol, card, codeAt(secret, scene.now()))).toContain("Approved.");
    expect(dataOf(scene, "authenticator.effective").at(-1)).toMatchObject({
      user: carol,
      confirmed_by: bob,
      replaces: expect.any(String),
    });
  });
});

describe("/zt authenticator", () => {
  it("is for those who decide, and says what one has and who could confirm it", async () => {
    const scene = await startWithCodes();
    const { slack } = scene;
    addOthers(slack);
    expect((await answerTo(slack, OTHERS.nobody, "authenticator")).words).toContain("You can't use /zt");
    expect((await answerTo(slack, bob, "authenticator")).words).toContain(
      "No one else has an authenticator yet.",
    );
    await enrol(scene, carol, bob);
    expect((await answerTo(slack, bob, "authenticator")).words).toContain("Who can confirm yours: @carol");
    expect((await answerTo(slack, carol, "authenticator")).words).toMatch(/since .*, confirmed by @bob/);
    // Whose it is is shown by name, never by a Slack id.
    expect((await answerTo(slack, bob, "audit")).words).toMatch(/confirmed an authenticator\s*\|?\s*@carol/);
    // The question has lost its buttons.
    const asked = slack.messages(CHANNELS.approvals).at(-1);
    expect(asked === undefined ? "" : slack.visibleText(asked)).toContain(
      "@bob confirmed the authenticator of @carol",
    );
    expect(asked?.blocks?.some(({ type }) => type === "actions")).toBe(false);
  });

  it("is still listed, and says why it can't be used, where there is no STEP_UP_KEY", async () => {
    const world = await startWorld();
    delete world.env["STEP_UP_KEY"];
    const { bot } = await startBot(world);
    expect((await answerTo(world.slack, bob, "authenticator")).words).toContain("zt-bot has no STEP_UP_KEY");
    // Nor does a policy that asks for codes come into force.
    writeFileSync(world.env["ZT_POLICY_FILE"] ?? "", POLICY_WITH_CODES);
    await bot.reloadPolicy();
    const card = await askToRevoke(world.slack);
    await press(world.slack, bob, card, CARD_ACTIONS.approve);
    await finishedThread(world.slack, card);
    const refused = readAudit(world).filter(({ event }) => event === "policy.refused");
    expect(JSON.stringify(refused)).toContain("STEP_UP_KEY is missing");
  });
});
