import { writeFileSync } from "node:fs";

import { describe, expect, it, vi } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { createLogger } from "../../../src/log/log.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import {
  approve,
  newModal,
  pressForWords,
  readAudit,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const DAVE = "U0DAVE001";
const MALLORY = "mallory@example.com";
const REVOKE = `revoke ${MALLORY} --reason laptop stolen`;

/** Alice asks; Bob, Carol and Dave approve. */
function policyWith(more: string, approvers: readonly string[] = [bob, carol, DAVE]): string {
  return `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}]
approvers: [${approvers.join(", ")}]
${more}
`;
}

async function startWith(more: string, options: Parameters<typeof startScene>[0] = {}): Promise<Scene> {
  const scene = await startScene({ ...options, policy: policyWith(more) });
  scene.slack.setPerson(DAVE, { name: "dave", realName: "Dave Adeyemi", email: "dave@example.com" });
  return scene;
}

/** Puts another policy in force, as an operator does with SIGHUP. */
async function changePolicy(scene: Scene, text: string): Promise<void> {
  writeFileSync(scene.config.policyFile, text);
  await scene.policy.reload(createLogger("silent"));
}

function revocations({ cloudflare }: Scene): number {
  return callsTo(cloudflare, "POST", "revoke_user").length;
}

function eventsOf(scene: Scene, requestId: string): string[] {
  return readAudit(scene)
    .filter((row) => row.requestId === requestId)
    .map(({ event }) => event);
}

describe("a quorum of two", () => {
  it("is waited for with the first approval and reached with the second; the card and thread name both", async () => {
    const scene = await startWith("quorum: 2");
    const { slack } = scene;
    const { words } = await answerTo(slack, alice, REVOKE);
    expect(words).toContain("Needs 2 approvals");
    const card = await cardWhere(slack);
    expect(slack.visibleText(card)).toContain("Needs 2 approvals");
    expect(JSON.stringify(card.blocks)).toContain("Yours is approval 1 of 2.");

    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    const last = slack.messages(card.channel).find(({ ts }) => ts === card.ts);
    expect(JSON.stringify(last?.blocks)).not.toContain("Yours is approval");
    expect((await answerTo(slack, bob, "requests")).words).toContain(
      "waiting for approval, 1 of 2 approvals",
    );
    expect((await answerTo(slack, alice, REVOKE)).words).toContain("waiting for approval, 1 of 2 approvals.");
    expect(revocations(scene)).toBe(0);
    expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain(
      "You already approved this: 1 of 2.",
    );

    await press(slack, carol, card, CARD_ACTIONS.approve);
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toContain("@bob approved (1 of 2). Needs 1 more approval.");
    expect(thread).toMatch(/Approved by @carol .*, after @bob/);
    expect(wordsOf(slack, card)).toContain("approved by @bob and @carol");
    expect(revocations(scene)).toBe(1);
  });
});

describe("four approvers who click at once", () => {
  it("are counted one after another: it is done once, and the late ones read who decided", async () => {
    const scene = await startWith("quorum: 3");
    const { slack } = scene;
    const erin = "U0ERIN001";
    slack.setPerson(erin, { name: "erin", realName: "Erin Wolf", email: "erin@example.com" });
    await changePolicy(scene, policyWith("quorum: 3", [bob, carol, DAVE, erin]));
    const card = await askToRevoke(slack);
    await Promise.all(
      [bob, carol, DAVE, erin].map((user) =>
        slack.clickStale({ user, channel: card.channel, ts: card.ts, actionId: CARD_ACTIONS.approve }),
      ),
    );
    await finishedThread(slack, card);
    expect(revocations(scene)).toBe(1);
    const events = eventsOf(scene, requestIdOf(slack, card));
    expect(events.filter((event) => event === "request.voted")).toHaveLength(2);
    expect(events.filter((event) => event === "request.approved")).toHaveLength(1);
    expect(events.filter((event) => event === "click.refused")).toHaveLength(1);
  });
});

describe("a quorum that can't be met", () => {
  it("is refused when it is asked for, and names who is missing and why", async () => {
    const scene = await startWith("quorum: 3");
    const { slack } = scene;
    slack.setPerson(DAVE, {
      name: "dave",
      realName: "Dave Adeyemi",
      email: "dave@example.com",
      deleted: true,
    });
    const { words } = await answerTo(slack, alice, REVOKE);
    expect(words).toContain("Too few people can approve this, so nothing was requested.");
    expect(words).toContain("The policy needs 3 approvers for revoke of mallory@example.com");
    expect(words).toContain("only Bob Okafor and Carol Lindqvist can approve");
    expect(words).toContain("is a bot, deactivated or without an email address");
    expect(words).toContain("add 1 approver to policy.yml");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    expect(readAudit(scene).map(({ event }) => event)).toEqual(["request.refused"]);
  });
});

describe("a quorum that can't be met because of an approver at risk", () => {
  it("is refused with the reason, and met again where the policy looks away", async () => {
    const scene = await startWith("quorum: 3");
    const { slack, cloudflare } = scene;
    cloudflare.addRiskEvent("bob@example.com", { level: "high" });
    const { words } = await answerTo(slack, alice, REVOKE);
    expect(words).toContain(
      "only Carol Lindqvist and Dave Adeyemi can approve: Bob Okafor is high-risk in Cloudflare",
    );
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    await changePolicy(scene, policyWith("quorum: 3\napprover_hygiene: false"));
    await askToRevoke(slack);
  });

  it("counts who was revoked within a day as missing", async () => {
    const scene = await startWith("actions: { revoke: { quorum_by_risk: { high: 3 } } }");
    const { slack } = scene;
    const revoked = await askToRevoke(slack, { text: "revoke bob@example.com --reason phished" });
    await press(slack, carol, revoked, CARD_ACTIONS.approve);
    await finishedThread(slack, revoked);
    const { words } = await answerTo(slack, alice, REVOKE);
    expect(words).toContain("Bob Okafor was revoked within the last 24 hours");
  });
});

describe("what is asked for twice", () => {
  it("is refused while the first is open, with a link to it, and may be asked again afterwards", async () => {
    const scene = await startWith("");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    const id = requestIdOf(slack, card);
    const { words } = await answerTo(slack, alice, REVOKE.replace("laptop", "phone"));
    expect(words).toContain(`Already requested: ${id}, waiting for approval. (by @alice)`);
    expect(words).toContain("Open the card");
    expect(slack.messages(CHANNELS.approvals)).toHaveLength(1);
    // With other options it is another plan.
    await askToRevoke(slack, { text: `revoke ${MALLORY} --devices --reason laptop stolen` });

    await press(slack, alice, card, CARD_ACTIONS.cancel);
    await slack.waitFor(() => wordsOf(slack, card).includes("Cancelled") || undefined);
    await askToRevoke(slack);
  });
});

describe("a protected target", () => {
  const shield = (list: string) => `protected: { ${list}, quorum: 2 }`;

  it.each([
    ["address", shield(`emails: [${MALLORY.toUpperCase()}]`)],
    ["domain", shield("domains: [example.com]")],
    ["Slack user group", shield("groups: [S0EXECS01]")],
  ])("known by %s needs more approvers", async (_how, policy) => {
    const scene = await startWith(policy);
    const { slack } = scene;
    slack.setPerson("U0MALLORY", { name: "mallory", realName: "Mallory Archer", email: MALLORY });
    slack.setUserGroup("S0EXECS01", { handle: "execs", users: ["U0MALLORY"] });
    const card = await askToRevoke(slack);
    expect(slack.visibleText(card)).toContain("Protected by the policy");
    expect(slack.visibleText(card)).toContain("Needs 2 approvals");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    await press(slack, carol, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(revocations(scene)).toBe(1);
  });

  it("is not asked for without a reason, also where others need none", async () => {
    const scene = await startWith(
      `actions: { revoke: { require_reason: false } }\n${shield(`emails: [${MALLORY}]`)}`,
    );
    const { words } = await answerTo(scene.slack, alice, `revoke ${MALLORY}`);
    expect(words).toContain("A reason is required.");
    expect(words).toContain(`${MALLORY} is protected by the policy`);
    const several = await answerTo(scene.slack, alice, `revoke ${MALLORY} dana@example.com`);
    expect(several.words).toContain("One of these users is protected by the policy");
    await askToRevoke(scene.slack, { text: "revoke dana@example.com" });
  });

  it("who became protected after it was asked for makes the request void at the next click", async () => {
    const scene = await startWith("");
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await changePolicy(scene, policyWith(shield(`emails: [${MALLORY}]`)));
    await press(slack, bob, card, CARD_ACTIONS.approve);
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(wordsOf(slack, card)).toContain(
      "Voided, nothing was done: The target became protected after the request",
    );
    expect(thread).toContain("Void");
    expect(revocations(scene)).toBe(0);
  });
});

describe("a user group that Slack does not know", () => {
  const GONE = "S0GONE001";

  it("keeps nobody from deciding who is named beside it, wherever it stands in the policy", async () => {
    const scene = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${alice}, ${GONE}]
viewers: [${GONE}]
approvers: [${GONE}, ${bob}]
break_glass: { members: [${alice}, ${GONE}], notify: [${bob}, ${GONE}] }
`,
    });
    const { slack } = scene;
    const card = await askToRevoke(slack);
    expect((await answerTo(slack, bob, "pause --reason a drill")).words).toContain("Paused");
    expect((await answerTo(slack, bob, "resume")).words).toContain("Resumed");
    await approve(slack, card);
    expect(revocations(scene)).toBe(1);
    const told = scene.logs().split("\n");
    expect(told.find((line) => line.includes(`Slack knows no user group ${GONE}`))).toContain(
      `"places":["operators","viewers","approvers","break_glass.members","break_glass.notify"]`,
    );
  });

  it("is named where too few are left to approve", async () => {
    const scene = await startScene({ policy: policyWith("quorum: 2", [GONE, bob]) });
    const { words } = await answerTo(scene.slack, alice, REVOKE);
    expect(words).toContain(`only Bob Okafor can approve: the user group ${GONE} is unknown to Slack`);
  });

  it("and is gone before what it approved is carried out takes its members' votes with it", async () => {
    let ahead = 0;
    const scene = await startScene({
      policy: policyWith("", ["S0TEAM001", carol]),
      now: () => Date.now() + ahead,
    });
    const { slack } = scene;
    slack.setUserGroup("S0TEAM001", { handle: "team", users: [bob] });
    const card = await askToRevoke(slack);
    await answerTo(slack, carol, "pause --reason a drill");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);

    slack.faults.set("usergroups.users.list", { error: "no_such_subteam" });
    // Longer than a group's members are remembered.
    ahead = 31_000;
    await answerTo(slack, carol, "resume");
    await finishedThread(slack, card);
    expect(wordsOf(slack, card)).toContain("Bob Okafor is no longer an approver");
    expect(revocations(scene)).toBe(0);
  });

  describe("of protected people", () => {
    const SHIELD = `protected: { groups: [${GONE}], quorum: 2 }`;
    const MENDED = `protected: { groups: [S0LEADS01], quorum: 2 }`;

    it("has everybody count as protected until the policy is mended, and the log says so", async () => {
      const scene = await startWith(SHIELD);
      const { slack } = scene;
      const card = await askToRevoke(slack);
      expect(slack.visibleText(card)).toContain("Protected by the policy");
      await press(slack, bob, card, CARD_ACTIONS.approve);
      await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
      expect(revocations(scene)).toBe(0);
      await press(slack, carol, card, CARD_ACTIONS.approve);
      await finishedThread(slack, card);
      expect(readAudit(scene).find(({ event }) => event === "request.created")?.data).toMatchObject({
        protected: true,
        unknown_groups: [GONE],
      });
      expect(scene.logs()).toContain(
        `Slack knows no user group ${GONE}: no one counts as in it, and everyone counts as protected`,
      );

      writeFileSync(scene.config.policyFile, policyWith(MENDED));
      await scene.bot.reloadPolicy();
      const other = await askToRevoke(slack, { text: "revoke dana@example.com --reason left" });
      expect(slack.visibleText(other)).not.toContain("protected");
    });

    it("makes void what was asked for before, and says why and what mends it", async () => {
      const scene = await startWith("");
      const { slack } = scene;
      const card = await askToRevoke(slack);
      writeFileSync(scene.config.policyFile, policyWith(SHIELD));
      await scene.bot.reloadPolicy();
      await vi.waitFor(() => expect(scene.logs()).toContain("everyone counts as protected"));
      await press(slack, bob, card, CARD_ACTIONS.approve);
      const thread = (await finishedThread(slack, card)).join("\n");
      expect(wordsOf(slack, card)).toContain(
        `Slack does not know the user group ${GONE}, a protected group in the policy`,
      );
      expect(thread).toContain("need to fix protected.groups in policy.yml");
      expect(revocations(scene)).toBe(0);
    });

    it("is named where too few could approve", async () => {
      const scene = await startScene({ policy: policyWith(SHIELD, [bob]) });
      const { words } = await answerTo(scene.slack, alice, REVOKE);
      expect(words).toContain(
        `2 approvers (everyone counts as protected while Slack does not know the user group ${GONE})`,
      );
      expect(scene.slack.messages(CHANNELS.approvals)).toEqual([]);
    });
  });
});

describe("conditions by the target's risk", () => {
  it("ask for as many approvers as the level needs", async () => {
    const scene = await startWith("actions: { revoke: { quorum_by_risk: { high: 3, low: 1 }, quorum: 2 } }");
    const card = await askToRevoke(scene.slack);
    expect(scene.slack.visibleText(card)).toContain("Needs 3 approvals");
    const other = await askToRevoke(scene.slack, { text: "revoke quentin@example.com --reason left" });
    expect(scene.slack.visibleText(other)).toContain("Needs 2 approvals");
  });
});

describe("before what is approved is carried out", () => {
  /** Approved by Bob and Carol while zt-bot is paused. */
  async function approvedWhilePaused(
    more = "quorum: 2",
  ): Promise<{ scene: Scene; card: Awaited<ReturnType<typeof askToRevoke>> }> {
    const scene = await startWith(more);
    const { slack } = scene;
    const card = await askToRevoke(slack);
    await answerTo(slack, carol, "pause --reason a drill");
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("Needs 1 more approval") || undefined);
    await press(slack, carol, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);
    return { scene, card };
  }

  it("waits while zt-bot is paused, and goes on when it is resumed", async () => {
    const { scene, card } = await approvedWhilePaused();
    const { slack } = scene;
    expect(revocations(scene)).toBe(0);
    expect(wordsOf(slack, card)).toContain("On hold");
    const { words } = await answerTo(slack, bob, "resume");
    expect(words).toContain("Resumed");
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toContain("On hold");
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(revocations(scene)).toBe(1);
    const channel = slack.messages(CHANNELS.approvals).map((message) => slack.visibleText(message));
    expect(channel.filter((text) => /zt-bot is paused|zt-bot resumed/.test(text))).toHaveLength(2);
  });

  it("can still be taken back by who asked, and is void then, whatever comes", async () => {
    const { scene, card } = await approvedWhilePaused();
    const { slack } = scene;
    await press(slack, alice, card, CARD_ACTIONS.cancel);
    await slack.waitFor(() => wordsOf(slack, card).includes("Voided, nothing was done") || undefined);
    expect(wordsOf(slack, card)).toContain("The requester cancelled it while it was on hold");
    await answerTo(slack, carol, "resume");
    const other = await askToRevoke(slack, { text: "revoke dana@example.com --reason after it" });
    await press(slack, bob, other, CARD_ACTIONS.approve);
    await press(slack, carol, other, CARD_ACTIONS.approve);
    await finishedThread(slack, other);
    expect(revocations(scene)).toBe(1);
  });

  it("the vote of an approver who was removed meanwhile does not count any more", async () => {
    const { scene, card } = await approvedWhilePaused();
    await changePolicy(scene, policyWith("quorum: 2", [carol, DAVE]));
    await answerTo(scene.slack, carol, "resume");
    await finishedThread(scene.slack, card);
    expect(wordsOf(scene.slack, card)).toContain("Bob Okafor is no longer an approver");
    expect(revocations(scene)).toBe(0);
  });

  it("the vote of an approver who was deactivated meanwhile does not count any more", async () => {
    const { scene, card } = await approvedWhilePaused();
    scene.slack.setPerson(bob, { deleted: true });
    await answerTo(scene.slack, carol, "resume");
    await scene.slack.waitFor(() => wordsOf(scene.slack, card).includes("Void") || undefined);
    expect(wordsOf(scene.slack, card)).toContain("is deactivated or no longer known to Slack");
    expect(revocations(scene)).toBe(0);
  });

  it("a target whose address now means another user id is void, and the card says who it is", async () => {
    const { scene, card } = await approvedWhilePaused();
    const user = scene.cloudflare.state.users.find((one) => one.email === MALLORY);
    if (user === undefined) throw new Error("no such user");
    user.id = "0f0f0f0f-0000-4000-8000-000000000009";
    await answerTo(scene.slack, carol, "resume");
    await scene.slack.waitFor(() => wordsOf(scene.slack, card).includes("Void") || undefined);
    expect(wordsOf(scene.slack, card)).toContain(`${MALLORY} is now another Access user (${user.id})`);
    expect(revocations(scene)).toBe(0);
  });

  it("another number of sessions by then holds up nothing", async () => {
    const { scene, card } = await approvedWhilePaused();
    scene.cloudflare.login(MALLORY);
    await answerTo(scene.slack, carol, "resume");
    await finishedThread(scene.slack, card);
    expect(wordsOf(scene.slack, card)).toContain("verified at");
  });

  it(
    "waits for another request that is at work on the same user, and for no other",
    { tags: ["slow"] },
    async () => {
      const scene = await startWith("");
      const { slack, cloudflare } = scene;
      const first = await askToRevoke(slack);
      const second = await askToRevoke(slack, { text: `revoke ${MALLORY} --devices --reason laptop stolen` });
      const other = await askToRevoke(slack, {
        text: "revoke-devices devon@example.com --all --reason phished",
      });
      const call = cloudflare.faults.hold("revoke-user");
      await press(slack, bob, first, CARD_ACTIONS.approve);
      await call.arrived;
      await press(slack, bob, second, CARD_ACTIONS.approve);
      await slack.waitFor(
        () => wordsOf(slack, second).includes("another request is working on the same user") || undefined,
      );
      await press(slack, bob, other, CARD_ACTIONS.approve);
      await finishedThread(slack, other);
      expect(wordsOf(slack, second)).not.toContain("Done");
      call.release();
      await finishedThread(slack, first);
      await finishedThread(slack, second);
      expect(wordsOf(slack, second)).toContain("verified at");
    },
  );
});

describe("the kill switch", () => {
  it("is not for who is at risk themselves; whom an open request is about may pause, and not resume", async () => {
    const scene = await startWith("");
    const { slack, cloudflare } = scene;
    cloudflare.addRiskEvent("bob@example.com", { level: "high" });
    await askToRevoke(slack, { text: "revoke carol@example.com --reason phished" });
    expect((await answerTo(slack, bob, "pause --reason a drill")).words).toContain("shows you as high-risk");
    expect((await answerTo(slack, carol, "pause --reason a drill")).words).toContain("Paused");
    expect((await answerTo(slack, bob, "resume")).words).toContain("Cloudflare shows you as high-risk");
    expect((await answerTo(slack, carol, "resume")).words).toContain("An open request is about you");
    const rows = readAudit(scene);
    expect(rows.find(({ event }) => event === "bot.paused")?.data).toMatchObject({
      open_request: expect.stringMatching(/^ZT-/),
    });
    const refused = rows.filter(({ event }) => event === "command.refused");
    expect(refused.map(({ actor, data }) => [actor, data["command"], data["code"]])).toEqual([
      [bob, "pause", "at-risk"],
      [bob, "resume", "at-risk"],
      [carol, "resume", "target"],
    ]);
    expect((await answerTo(slack, DAVE, "resume")).words).toContain("Resumed");
  });

  it("stays in the approvers' hands when somebody asks to revoke each of them, as does their say elsewhere", async () => {
    const { slack } = await startWith("");
    const deny = async (user: string, card: StoredMessage): Promise<void> => {
      const form = await newModal(slack, user, () => press(slack, user, card, CARD_ACTIONS.deny));
      await slack.submitView({ user, viewId: form.id, values: { reason: { reason: "not ours" } } });
      await slack.waitFor(() => wordsOf(slack, card).includes("Denied") || undefined);
    };
    const [ofBob, ofCarol] = [
      await askToRevoke(slack, { text: "revoke bob@example.com --reason phished" }),
      await askToRevoke(slack, { text: "revoke carol@example.com --reason phished" }),
    ];
    expect((await answerTo(slack, bob, "pause --reason these are not ours")).words).toContain("Paused");
    const own = await newModal(slack, bob, () => press(slack, bob, ofBob, CARD_ACTIONS.deny));
    expect(slack.visibleText(own)).toContain("This request is about you: you can't deny it.");
    await deny(bob, ofCarol);
    // What was asked for and denied is no revocation: Carol's say is as it was.
    await deny(carol, ofBob);
    expect((await answerTo(slack, carol, "resume")).words).toContain("Resumed");
  });
});

/** What was read of the approvers when it was asked for is not read again at once. */
const LATER = 31_000;

describe("an approver at risk", () => {
  it("who is high-risk in Cloudflare is refused with the reason, unless the policy looks away", async () => {
    let shift = 0;
    const scene = await startWith("", { now: () => Date.now() + shift });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    cloudflare.addRiskEvent("bob@example.com", { level: "high" });
    shift = LATER;
    const words = await pressForWords(slack, bob, card, CARD_ACTIONS.approve);
    expect(words).toContain("Cloudflare shows you as high-risk");
    expect(readAudit(scene).at(-1)?.data).toMatchObject({ what: "approve", code: "at-risk" });
    await changePolicy(scene, policyWith("approver_hygiene: false"));
    await approve(slack, card);
  });

  it("who was revoked within a day is refused, and may decide again on the next day", async () => {
    let shift = 0;
    const scene = await startWith("actions: { revoke: { ttl: 3d } }", { now: () => Date.now() + shift });
    const { slack } = scene;
    const revoked = await askToRevoke(slack, { text: "revoke bob@example.com --reason phished" });
    await press(slack, carol, revoked, CARD_ACTIONS.approve);
    await finishedThread(slack, revoked);
    const card = await askToRevoke(slack);
    expect(await pressForWords(slack, bob, card, CARD_ACTIONS.approve)).toContain(
      "Your own access was revoked less than a day ago",
    );
    shift = 25 * 60 * 60_000;
    await approve(slack, card);
  });

  it("whom Cloudflare can't be asked about may take access away, and the card says so", async () => {
    let shift = 0;
    const scene = await startWith("", { now: () => Date.now() + shift });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    cloudflare.settings.riskEnabled = false;
    shift = LATER;
    await approve(slack, card);
    expect(wordsOf(slack, card)).toContain("Unknown whether @bob is at risk");
    const decided = readAudit(scene).find(({ event }) => event === "request.approved");
    expect(decided?.data["unchecked"]).toEqual(expect.any(String));
    expect(revocations(scene)).toBe(1);
  });

  it("whom Cloudflare can't be asked about does not give access back: that waits", async () => {
    let shift = 0;
    const scene = await startWith("", { now: () => Date.now() + shift });
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `restore-devices ${MALLORY} --all --reason laptop found`);
    const card = await cardWhere(slack, (words) => words.includes("Restore"));
    cloudflare.settings.riskEnabled = false;
    shift = LATER;
    const words = await pressForWords(slack, bob, card, CARD_ACTIONS.approve);
    expect(words).toContain("It is unknown whether you are at risk");
    expect(words).toContain("approver_hygiene: false");
    cloudflare.settings.riskEnabled = true;
    await approve(slack, card);
    expect(wordsOf(slack, card)).toContain("verified at");
  });

  it.each<[string, number, string]>([
    [
      "a missing permission",
      403,
      "The people who run zt-bot need to add that permission to the token; no restart is needed.",
    ],
    [
      "a token that may also be expired",
      401,
      "The people who run zt-bot need to renew the token, or add that permission.",
    ],
  ])("whom nobody can check for %s is told who mends that, and not to wait", async (_cause, status, next) => {
    let shift = 0;
    const { slack, cloudflare } = await startWith("", { now: () => Date.now() + shift });
    await answerTo(slack, alice, `restore-devices ${MALLORY} --all --reason laptop found`);
    const card = await cardWhere(slack, (words) => words.includes("Restore"));
    cloudflare.faults.set("risk.get", { kind: "status", status });
    shift = LATER;
    const words = await pressForWords(slack, bob, card, CARD_ACTIONS.approve);
    expect(words).toContain("lacks “Zero Trust: PII Read”");
    expect(words).toContain(next);
    expect(words).not.toContain("Try again");
  });
});
