import { describe, expect, it } from "vitest";

import { ACCOUNT_ID } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { SUMMARY_ACTIONS } from "../../../src/views/look-ups/user-summary.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  cardWhere,
  CHANNELS,
  finishedThread,
  newEphemeral,
  PEOPLE,
  press,
  type,
  wordsOf,
} from "../../support/harness.ts";
import {
  addOthers,
  approve,
  clickOn,
  openModal,
  OTHERS,
  privateAnswer,
  publicMessages,
  requestIdOf,
  type Scene,
  startScene,
} from "../support.ts";

/** The Access user's id, as Cloudflare has it. */
function userId({ cloudflare }: Scene, email: string): string {
  const user = cloudflare.state.users.find((one) => one.email === email);
  if (user === undefined) throw new Error(`${email} is not in the seed`);
  return user.id;
}

/** Presses a button under the answer to `/zt user`. */
async function pressUnder({ slack }: Scene, email: string, actionId: string) {
  const { message } = await answerTo(slack, PEOPLE.alice, `user ${email}`);
  return () => slack.click({ user: PEOPLE.alice, ...clickOn(message, actionId) });
}

it("/zt user says why it is unknown whether someone is active whom the identity provider does not sync", async () => {
  const { slack, cloudflare } = await startScene();
  const { scimUsers } = cloudflare.state;
  scimUsers.splice(
    scimUsers.findIndex(({ email }) => email === "mallory@example.com"),
    1,
  );
  expect((await answerTo(slack, PEOPLE.alice, "user mallory@example.com")).words).toContain(
    "IdP: unknown (not among the users that Entra ID syncs by SCIM)",
  );
});

describe("/zt help", () => {
  it("lists what they may do for whoever types /zt with nothing or with help", async () => {
    const { slack } = await startScene();
    addOthers(slack);
    for (const text of ["", "help", "HELP"]) {
      const { words } = await answerTo(slack, PEOPLE.alice, text);
      for (const name of ["user", "sessions", "revoke", "reset-risk", "help"])
        expect(words).toContain(`/zt ${name}`);
      expect(words).toContain("Actions need an approval");
      expect(words).toContain("You can't use: pause, resume");
      const { words: told } = await answerTo(slack, OTHERS.nobody, text);
      expect(told).toContain("/zt help");
      expect(told).not.toContain("/zt revoke");
      expect(told).toContain("You can't use: user, users");
      expect(told).toContain("Ask @alice @bob @carol to do it for you");
    }
    expect(publicMessages(slack)).toEqual([]);
  });

  it("explains one subcommand with its usage, flags and examples, and suggests the one that was meant", async () => {
    const { slack } = await startScene();
    const { words } = await answerTo(slack, PEOPLE.alice, "help revoke");
    expect(words).toContain(
      '/zt revoke [<who>…] [--devices] [--block] [--for time] [--warp-reauth] [--reason "…"]',
    );
    expect(words).toContain("--devices also revoke all their device registrations");
    expect(words).toContain("/zt revoke mallory@example.com --reason laptop stolen");
    expect((await answerTo(slack, PEOPLE.alice, "help whois")).words).toContain("/zt user <who>");
    expect((await answerTo(slack, PEOPLE.alice, "help revok")).words).toContain(
      "Did you mean /zt help revoke?",
    );
    expect((await answerTo(slack, PEOPLE.alice, "help xyzzy")).words).toContain("/zt help lists them all");
  });
});

describe("/zt user", () => {
  it.each([
    [
      "mallory@example.com",
      [
        "Mallory Archer",
        "Likely account takeover",
        "🇧🇷 BR 203.0.113.199 · Payroll, Admin panel",
        "Access and Gateway seats",
        "azureAD · 2 groups · 203.0.113.199 · 🇧🇷 BR · WARP off",
        "2 of 5 posture checks failed",
        "❌ Disk encryption: off",
        "❌ Antivirus running: failed",
        "3 checks passed",
        "3 active sessions on 5 apps, the first ends in 6 h",
        "17 failed sign-ins in 24 h",
        "high, 4 risk events",
        "• Impossible travel: GB (192.0.2.44) → BR (203.0.113.199) within 5 h (high, ",
        "2 registered devices",
        "DESKTOP-7QK2M1",
      ],
      ["old iPhone"],
    ],
    [
      "quentin@example.com",
      [
        "no sign-in on record",
        "no seat",
        "No active session",
        "no failed sign-in in 24 h",
        "Risk\nno level, no events",
        "Devices\nnone registered",
      ],
      ["Cloudflare has no such user or item", "Unknown"],
    ],
    ["dana@example.com", ["12 active sessions on 12 apps", "and 9 more: see All sessions"], []],
    ["devon@example.com", ["14 registered devices", "lab-01", "and 10 more"], ["retired-1"]],
    [
      "bobby.tables@example.com",
      [
        "<!channel> ∗Bobby∗ ˍTablesˍ <https://evil.example|your bank> ˋrmˋ & \uFFFDgnp.exe",
        "<!here> Wiki & `friends`",
        "latest: <https://evil.example|Payroll>",
        "• <!everyone> ",
        "<@U0000000000>\uFFFDkoob",
      ],
      ["@channel", "@here", "@everyone", "\u202E"],
    ],
    [
      "svc-backup@example.com",
      ["seats unknown", "last sign-in unknown", "groups unknown", "apps unknown", "an unnamed app"],
      ["never signed in", "null", "undefined", "Invalid Date"],
    ],
    ["rita@example.com", ["Medium risk", "medium, 2 risk events", "• Impossible travel"], []],
    ["octavia@example.com", ["github · 2 groups", "no posture checks"], []],
    ["frank@example.com", ["140 failed sign-ins in 24 h", "No active session"], []],
    ["erin@example.com", ["1 active session on 2 apps, the first ends in 10 min"], []],
    ["rhea@example.com", ["1 risk event\nlast reset "], []],
    ["connie@contractor.example.org", ["no seat · last sign-in", "1 failed sign-in in 24 h"], ["connie-xps"]],
  ])("%s is told whole and true", async (email, said, notSaid) => {
    const { slack } = await startScene();
    const { message, words } = await answerTo(slack, PEOPLE.alice, `user ${email}`);
    for (const text of said) expect(words).toContain(text);
    for (const text of notSaid) expect(words).not.toContain(text);
    // What a screen reader and a notification get names the person too.
    expect(message.text).toContain(email);
    expect(message.text).not.toMatch(/<[!@]|<https/);
    expect(publicMessages(slack)).toEqual([]);
  });

  it("finds somebody by id, by mention and whatever the case of the address", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const id = userId(scene, "bob@example.com");
    for (const who of [id, id.toUpperCase(), "@bob", "BOB@Example.com"]) {
      expect((await answerTo(slack, PEOPLE.alice, `user ${who}`)).words).toContain("Bob Builder");
    }
    expect((await answerTo(slack, PEOPLE.alice, "whois bob@example.com")).words).toContain("Bob Builder");
  });

  it("links to the user in Cloudflare's dashboard and takes the click on the link in silence", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const { message } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    expect(JSON.stringify(message.blocks)).toContain(
      `https://one.dash.cloudflare.com/${ACCOUNT_ID}/team/users/${userId(scene, "mallory@example.com")}`,
    );
    const before = slack.ephemerals(PEOPLE.alice).length;
    const clicked = await slack.click({
      user: PEOPLE.alice,
      ...clickOn(message, SUMMARY_ACTIONS.dashboard),
    });
    expect(clicked.ok).toBe(true);
    expect(slack.ephemerals(PEOPLE.alice)).toHaveLength(before);
  });
});

describe("the buttons of a summary", () => {
  it("Sessions shows every session to who pressed it", async () => {
    const scene = await startScene();
    const press = await pressUnder(scene, "dana@example.com", SUMMARY_ACTIONS.sessions);
    const words = await privateAnswer(scene.slack, PEOPLE.alice, press);
    expect(words).toContain("dana@example.com: 12 active sessions on 12 apps");
    for (const app of ["Grafana", "GitLab", "Jira", "Payroll", "Admin panel", "Confluence"])
      expect(words).toContain(app);
    expect(words.match(/\d\d-\d\d \d\d:\d\d UTC/g)).toHaveLength(12);

    const none = await pressUnder(scene, "quentin@example.com", SUMMARY_ACTIONS.sessions);
    expect(await privateAnswer(scene.slack, PEOPLE.alice, none)).toContain("has no active session");
  });

  it("Share puts the summary as it is now into the channel, says who did, and gives nobody else its powers", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    addOthers(slack);
    const share = await pressUnder(scene, "mallory@example.com", SUMMARY_ACTIONS.share);
    cloudflare.login("mallory@example.com");
    await share();
    const shared = await slack.waitFor(() => slack.messages(CHANNELS.security).at(-1));
    const words = slack.visibleText(shared);
    expect(words).toContain("4 active sessions");
    expect(words).toContain("shared by @alice");
    expect(JSON.stringify(shared.blocks)).not.toContain(SUMMARY_ACTIONS.share);

    await slack.click({
      user: OTHERS.nobody,
      channel: shared.channel,
      ts: shared.ts,
      actionId: SUMMARY_ACTIONS.revoke,
    });
    expect(slack.visibleText(await openModal(slack, OTHERS.nobody))).toContain("You can't use /zt revoke.");
    expect(
      await privateAnswer(slack, OTHERS.nobody, () =>
        slack.click({
          user: OTHERS.nobody,
          ...clickOn(shared, SUMMARY_ACTIONS.sessions),
        }),
      ),
    ).toContain("You can't use /zt sessions.");
  });

  it("Reset risk… asks under the id that risk scoring has, says that access may come back, and verifies", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const open = await pressUnder(scene, "rita@example.com", SUMMARY_ACTIONS.resetRisk);
    await open();
    const form = await openModal(slack, PEOPLE.alice);
    expect(slack.visibleText(form)).toContain("risk level medium, 2 events since the last reset");
    expect(slack.visibleText(form)).toContain("This can restore access");
    const reason = { reason: "travel confirmed by phone" };
    const judged = { "risk:0": { "risk:0": "false-positive" }, "risk:1": { "risk:1": "handled" } };
    await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values: { reason, ...judged } });
    const card = await cardWhere(slack, (words) =>
      words.includes("Reset the risk score of rita@example.com"),
    );
    expect(wordsOf(slack, card)).toContain("Resets the risk level (medium) with 2 events");
    await press(slack, PEOPLE.carol, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);
    expect(thread.join("\n")).toContain("Reset the risk score, now none, verified at");
    expect(callsTo(cloudflare, "POST", "/zt_risk_scoring/").map((call) => call.path)).toEqual([
      `/accounts/${ACCOUNT_ID}/zt_risk_scoring/0f6c2f64-9f0e-4b7e-8a53-5c1f4f7a3f10/reset`,
    ]);
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
  });
});

describe("/zt revoke", () => {
  it("with arguments goes straight to a request and links to its card", async () => {
    const { slack } = await startScene();
    const { message, words } = await answerTo(
      slack,
      PEOPLE.alice,
      "revoke mallory@example.com --reason laptop stolen",
    );
    expect(words).toContain("Requested: Revoke all sessions of mallory@example.com");
    expect(words).toContain("Needs 1 approval");
    const card = await cardWhere(slack);
    expect(JSON.stringify(message.blocks)).toContain(
      `/archives/${card.channel}/p${card.ts.replace(".", "")}|`,
    );
    expect(words).toContain(requestIdOf(slack, card));
    expect(wordsOf(slack, card)).toContain("Requested by @alice");
    expect(wordsOf(slack, card)).toContain("Reason laptop stolen");
    expect(wordsOf(slack, card)).toContain("2 devices stay registered");
  });

  it("with --devices and --warp-reauth does both, says so on the card, and checks that the devices are gone", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack, {
      text: "revoke mallory@example.com —devices —warp-reauth —reason “phished, see #sec-42”",
    });
    expect(wordsOf(slack, card)).toContain("Revokes 2 device registrations");
    expect(wordsOf(slack, card)).toContain("Makes WARP re-authenticate");
    expect(wordsOf(slack, card)).toContain("phished, see #sec-42");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    const thread = await finishedThread(slack, card);
    expect(thread.join("\n")).toContain("✅ Revoked 3 sessions and 2 device registrations, verified at");
    const [call, ...more] = callsTo(cloudflare, "POST", "revoke_user");
    expect(more).toEqual([]);
    expect(call?.query).toEqual({ devices: "true" });
    expect(call?.body).toEqual({
      email: "mallory@example.com",
      user_uid: userId(scene, "mallory@example.com"),
      warp_session_reauth: true,
    });
  });

  it("without arguments opens a form, and what is wrong with it comes back with what was written", async () => {
    const { slack, cloudflare } = await startScene();
    await type(slack, PEOPLE.alice, "revoke");
    const form = await openModal(slack, PEOPLE.alice);
    expect(slack.visibleText(form)).toContain("Revoke sessions");

    const found = await slack.suggest({
      user: PEOPLE.alice,
      viewId: form.id,
      actionId: "who",
      value: "mallo",
    });
    expect(found.options.map((option) => option.text)).toEqual(["Mallory Archer (mallory@example.com)"]);
    const values = {
      options: { options: ["devices"] },
      reason: { reason: "impossible travel, laptop stolen" },
      who: { who: found.options[0]?.value ?? "" },
    };
    cloudflare.faults.set("users.get", { kind: "status", status: 403, times: 1 });
    await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values });
    const back = await openModal(slack, PEOPLE.alice, (words) =>
      words.includes("Can't read the user: the API token lacks"),
    );
    const words = slack.visibleText(back);
    expect(words).toContain("mallory@example.com");
    expect(words).toContain("impossible travel, laptop stolen");
    expect(JSON.stringify(back.blocks)).toMatch(/"initial_options":\[[^\]]*"devices"/);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);

    // Sent again as it stands.
    await slack.submitView({ user: PEOPLE.alice, viewId: back.id, values: {} });
    const asked = await openModal(slack, PEOPLE.alice, (text) => text.includes("Requested: Revoke"));
    expect(slack.visibleText(asked)).toContain("Open the card");
    const card = await cardWhere(slack);
    expect(wordsOf(slack, card)).toContain("Revokes 2 device registrations");
    expect(wordsOf(slack, card)).toContain("impossible travel, laptop stolen");
  });

  it("without a reason opens the form with what was typed, a mention as an address", async () => {
    const { slack } = await startScene();
    for (const [text, shown] of [
      ["revoke mallory@example.com --devices", "mallory@example.com"],
      ["revoke @bob", "bob@example.com"],
    ] as const) {
      await type(slack, PEOPLE.alice, text);
      const form = await openModal(slack, PEOPLE.alice, (words) => words.includes(shown));
      expect(JSON.stringify(form.blocks).includes("initial_options")).toBe(text.includes("--devices"));
      await slack.closeView({ user: PEOPLE.alice, viewId: form.id });
    }
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });
});

describe("/zt reset-risk", () => {
  it("by command opens the form with each kind of event to judge, and asks for the same as the button", async () => {
    const { slack, cloudflare } = await startScene();
    await type(slack, PEOPLE.alice, 'reset-risk rita@example.com --reason "travel confirmed"');
    const form = await openModal(slack, PEOPLE.alice);
    expect(slack.visibleText(form)).toContain("travel confirmed");
    const missing = await slack.submitView({
      user: PEOPLE.alice,
      viewId: form.id,
      values: { "risk:0": { "risk:0": "handled" } },
    });
    expect(missing.ok).toBe(false);
    const judged = { "risk:0": { "risk:0": "handled" }, "risk:1": { "risk:1": "accepted" } };
    await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values: judged });
    const card = await cardWhere(slack);
    expect(wordsOf(slack, card)).toContain("This can restore access");
    expect(wordsOf(slack, card)).toMatch(/travel: handled[\s\S]*agent: accepted/);
    await approve(slack, card);
    expect(wordsOf(slack, card)).toContain("verified at");
    expect(callsTo(cloudflare, "POST", "/reset")).toHaveLength(1);
  });

  it("is not taken when another kind of event came after the form was opened", async () => {
    const { slack, cloudflare } = await startScene();
    await type(slack, PEOPLE.alice, "reset-risk rita@example.com --reason travel confirmed");
    const form = await openModal(slack, PEOPLE.alice);
    cloudflare.addRiskEvent("rita@example.com", { name: "Malware detected on device", level: "high" });
    const judged = { "risk:0": { "risk:0": "handled" }, "risk:1": { "risk:1": "accepted" } };
    await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values: judged });
    const back = await openModal(slack, PEOPLE.alice, (words) => words.includes("not classified"));
    expect(slack.visibleText(back)).toContain("“Malware detected on device” is new or not classified");
    expect(slack.visibleText(back)).toContain("travel confirmed");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });

  it("says on the card that there is nothing to reset where there is no risk", async () => {
    const { slack } = await startScene();
    await type(slack, PEOPLE.alice, "reset-risk dana@example.com --reason asked by mistake");
    const form = await openModal(slack, PEOPLE.alice);
    await slack.submitView({ user: PEOPLE.alice, viewId: form.id, values: {} });
    expect(wordsOf(slack, await cardWhere(slack))).toContain("nothing to reset");
  });

  it("is not asked for where risk scoring is not part of the plan, and the summary goes on without it", async () => {
    const { slack, cloudflare } = await startScene();
    cloudflare.settings.riskEnabled = false;
    await type(slack, PEOPLE.alice, "reset-risk rita@example.com --reason travel");
    const words = slack.visibleText(await openModal(slack, PEOPLE.alice));
    expect(words).toContain("not enabled on this Cloudflare account");
    expect(words).toContain("Risk scoring needs a Zero Trust Enterprise plan");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    const summary = await answerTo(slack, PEOPLE.alice, "user rita@example.com");
    expect(summary.words).toContain("⚠️ Unknown: risk score (not enabled on this Cloudflare account)");
    expect(summary.words).toContain("1 active session on 1 app");
  });
});

describe("a policy that asks for no reason", () => {
  it("lets a request go without one and says so on the card", async () => {
    const { slack } = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${PEOPLE.alice}]
approvers: [${PEOPLE.bob}]
actions: { revoke: { require_reason: false } }
`,
    });
    await type(slack, PEOPLE.alice, "revoke mallory@example.com");
    await newEphemeral(slack, PEOPLE.alice);
    expect(wordsOf(slack, await cardWhere(slack))).toContain("Reason none given");
  });

  it("refuses a request that only its requester or its target could approve", async () => {
    const { slack } = await startScene({
      policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${PEOPLE.alice}]
approvers: [${PEOPLE.alice}, ${PEOPLE.bob}]
`,
    });
    const { words } = await answerTo(slack, PEOPLE.alice, "revoke bob@example.com --reason odd");
    expect(words).toContain("No one can approve this, so nothing was requested.");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });
});
