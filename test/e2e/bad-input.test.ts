import { describe, expect, it } from "vitest";

import { answerTo, askedOf, CHANNELS, PEOPLE, type } from "../support/harness.ts";
import { addOthers, openModal, OTHERS, publicMessages, readAudit, startScene } from "./support.ts";

/** What was typed, and what the answer has to say: what is wrong, and the usage or the next step. */
const TABLE: readonly (readonly [what: string, text: string, said: readonly string[]])[] = [
  [
    "an unknown subcommand",
    "usr mallory@example.com",
    ['There is no subcommand "usr".', "Did you mean /zt user?"],
  ],
  [
    "one that is like nothing",
    "frobnicate",
    ['There is no subcommand "frobnicate".', "/zt help lists them all."],
  ],
  ["markup for a subcommand", "<!channel>", ['There is no subcommand "<!channel>".']],
  [
    "an unknown flag",
    "revoke mallory@example.com --reson x",
    ["revoke has no flag --reson. Did you mean --reason?", "Usage: /zt revoke"],
  ],
  [
    "a flag of another subcommand",
    "user mallory@example.com --devices",
    ["user has no flag --devices.", "Usage: /zt user <who>"],
  ],
  [
    "a value for a switch",
    "revoke mallory@example.com --devices=no --reason x",
    ['--devices stands alone: leave out "=no".', "Usage: /zt revoke"],
  ],
  [
    "a flag without its words",
    "revoke mallory@example.com --reason",
    ["--reason needs some words after it.", "Usage: /zt revoke"],
  ],
  ["no one named", "user", ["<who> is missing", "Usage: /zt user <who>"]],
  [
    "one word too many",
    "user mallory@example.com please",
    ['"please" is one word too many.', "Usage: /zt user <who>"],
  ],
  [
    "an address that no one has",
    "user nobody@example.com",
    ["No Access user has the email nobody@example.com.", "Check the spelling."],
  ],
  [
    "a name that no one has",
    "user qqqqqqqq",
    ['No Access user matches "qqqqqqqq".', "→ Try a shorter part of the name, or the email address."],
  ],
  ["one letter", "user m", ['Can\'t search for "m"', "type at least two letters"]],
  ["a user group", "user @security-leads", ['"@security-leads" is not a person.', "Usage: /zt user <who>"]],
  ["a channel", "user #security", ['"#security" is not a person.']],
  ["a mention of everyone", "user <!everyone>", ['No Access user matches "<!everyone>".']],
  [
    "a UUID of nobody",
    "user 00000000-0000-4000-8000-000000000000",
    ["No Access user has the id 00000000-0000-4000-8000-000000000000.", "Try the email address."],
  ],
  [
    "a mention of an app",
    "user @zt-bot",
    ["That mention can't be looked up.", "Use their email address instead."],
  ],
  [
    "a mention of someone without an address",
    "user @nomail",
    ["That mention can't be looked up.", "Use their email address instead."],
  ],
  [
    "a text over 3,000 characters",
    `revoke mallory@example.com --reason ${"long ".repeat(620)}`,
    ["That is too long: 3,135 characters.", "at most 3,000"],
  ],
  [
    "a reason that no card could hold",
    `revoke mallory@example.com --reason ${"long ".repeat(300)}`,
    ["The reason is too long: 1,499 characters.", "At most 1,000 fit on the card."],
  ],
  ["control characters", "user mallory@example.com\u0007", ["control characters", "paste it as plain text"]],
  [
    "an address that is none, of somebody who is to be created",
    "create-user new.person@ --reason x",
    ["“new.person@” is not a valid email address.", "Usage: /zt create-user <email> [<name>]"],
  ],
  [
    "somebody to create who is there already",
    "create-user mallory@example.com Mallory --reason x",
    ["mallory@example.com is an Access user already.", "/zt user mallory@example.com shows them."],
  ],
  [
    "the name that somebody has already",
    "rename-user mallory@example.com Mallory Archer --reason x",
    ["mallory@example.com already has that name."],
  ],
  [
    "another address to confirm a deletion",
    "delete-user mallory@example.com --confirm bob@example.com --reason x",
    ["That is not the user's email.", "Type mallory@example.com to confirm."],
  ],
  [
    "a registration of nobody",
    "revoke-devices mallory@example.com 00000000-0000-4000-8000-000000000000 --reason x",
    ["No active registration of this user has the id 00000000-0000-4000-8000-000000000000."],
  ],
  [
    "devices of somebody who has none",
    "revoke-devices quentin@example.com --all --reason x",
    ["This user has no registered device."],
  ],
  [
    "devices to restore where none is revoked",
    "restore-devices quentin@example.com --all --reason x",
    ["This user has no revoked device to restore."],
  ],
];

describe("bad input", () => {
  it("is answered to who typed it alone, names what is wrong and what to do", async () => {
    const { slack, cloudflare } = await startScene();
    slack.setPerson("U0NOMAIL1", { name: "nomail" });
    for (const [what, text, said] of TABLE) {
      const { words } = await answerTo(slack, PEOPLE.alice, text);
      const unsaid = ["⚠️ ", ...said].filter((part) => !words.includes(part));
      expect({ what, unsaid, ...(unsaid.length > 0 ? { words } : {}) }).toEqual({ what, unsaid: [] });
    }
    expect(publicMessages(slack)).toEqual([]);
    expect(cloudflare.requests.filter((request) => request.method !== "GET")).toEqual([]);
  });

  it("of what opens a form is answered there", async () => {
    const { slack } = await startScene();
    for (const text of [
      "reset-risk nobody@example.com --reason x",
      "revoke-devices nobody@example.com",
      "delete-user nobody@example.com",
    ]) {
      await type(slack, PEOPLE.alice, text);
      const view = await openModal(slack, PEOPLE.alice);
      expect(slack.visibleText(view)).toContain("No Access user has the email nobody@example.com.");
      await slack.closeView({ user: PEOPLE.alice, viewId: view.id });
    }
  });
});

describe("people who are no operators", () => {
  it.each([
    ["a member whom no policy names", OTHERS.nobody],
    ["a guest", OTHERS.guest],
    ["somebody from another organisation", OTHERS.stranger],
  ])("%s is refused in words, Cloudflare is not asked, and the record shows it", async (_who, user) => {
    const scene = await startScene({
      // Named by mistake: who is no full member of this workspace is refused all the same.
      policy: `channels: { approvals: ${CHANNELS.approvals} }
operators: [${PEOPLE.alice}, ${OTHERS.guest}, ${OTHERS.stranger}]
approvers: [${PEOPLE.bob}]
`,
    });
    const { slack, cloudflare } = scene;
    addOthers(slack);
    for (const [text, name] of [
      ["user mallory@example.com", "user"],
      ["sessions mallory@example.com", "sessions"],
      ["revoke mallory@example.com --reason x", "revoke"],
      ["revoke", "revoke"],
      ["reset mallory@example.com --reason x", "reset-risk"],
    ] as const) {
      const { words } = await answerTo(slack, user, text);
      expect(words).toContain(`You can't use /zt ${name}.`);
      // Whom to turn to, so that nobody stands there alone.
      expect(words).toContain("@alice");
    }
    expect(slack.views(user)).toEqual([]);
    expect(askedOf(cloudflare)).toEqual([]);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
    expect(readAudit(scene).map((row) => [row.actor, row.event, row.data["command"]])).toEqual(
      ["user", "sessions", "revoke", "revoke", "reset-risk"].map((name) => [user, "command.refused", name]),
    );
  });
});
