import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { isPlaceholder, NOT_ASKED, reviewPolicy, type SlackFacts } from "../../src/ops/policy-rules.ts";
import { parsePolicy } from "../../src/policy-file.ts";
import type { Person } from "../../src/slack/directory.ts";

const HOME = "T0HOME";

/** One that Slack has nothing against. */
function person(id: string, more: Partial<Person> = {}): Person {
  const email = `${id.toLowerCase()}@example.com`;
  const fine = { isBot: false, isDeactivated: false, isGuest: false, isStranger: false };
  return { id, teamId: HOME, name: id, email, ...fine, ...more };
}

function slack(
  groups: Record<string, string[] | null>,
  people: readonly Person[] = [],
  channel: SlackFacts["channel"] = null,
): SlackFacts {
  return {
    groups: new Map(Object.entries(groups)),
    people: new Map(people.map((one) => [one.id, one])),
    channel,
  };
}

const PEOPLE = { operators: "[U0ALICE, U0BOB]", approvers: "[U0BOB, U0CAROL, U0DAVE]" };

function policyText({ operators, approvers }: typeof PEOPLE, more = ""): string {
  return `channels: { approvals: C0APPROV1 }\noperators: ${operators}\napprovers: ${approvers}\n${more}\n`;
}

function findingsIn(text: string, facts: SlackFacts = NOT_ASKED) {
  return reviewPolicy(parsePolicy(text, "policy.yml"), facts, HOME);
}

/** A policy's lines beside the people of PEOPLE, what Slack says, and what is said of it. */
type Case = [name: string, text: string, facts: SlackFacts, rule: string, danger: RegExp, places: string[]];

const ALONE = "break_glass: { members: [S0ONCALL], notify: [S0LEADS] }";
const SHIELD = "protected: { groups: [S0EXECS] }";

const CASES: Case[] = [
  [
    "an id of the example",
    policyText({ ...PEOPLE, operators: "[U0ALICE, S0123SECOPS, U00000000]" }),
    NOT_ASKED,
    "placeholder-id",
    /^S0123SECOPS and U00000000 are examples/,
    ["operators"],
  ],
  [
    "a user whom Slack does not know",
    policyText(PEOPLE),
    { ...slack({}), people: new Map([["U0ALICE", null]]) },
    "unknown-person",
    /^Slack knows no user U0ALICE/,
    ["operators"],
  ],
  [
    "somebody who left",
    policyText(PEOPLE),
    slack({}, [person("U0BOB", { isDeactivated: true })]),
    "deactivated-person",
    /^U0BOB is deactivated/,
    ["operators", "approvers"],
  ],
  [
    "a bot",
    policyText(PEOPLE),
    slack({}, [person("U0DAVE", { isBot: true })]),
    "bot-user",
    /^U0DAVE is a bot/,
    ["approvers"],
  ],
  [
    "a guest",
    policyText(PEOPLE),
    slack({}, [person("U0CAROL", { isGuest: true })]),
    "guest-or-stranger",
    /^U0CAROL is a guest/,
    ["approvers"],
  ],
  [
    "somebody of another organization",
    policyText(PEOPLE),
    slack({}, [person("U0CAROL", { teamId: "T0ELSE" })]),
    "guest-or-stranger",
    /^U0CAROL is a guest or from another organization/,
    ["approvers"],
  ],
  [
    "a group that Slack does not know",
    policyText(PEOPLE, SHIELD),
    slack({ S0EXECS: null }),
    "unknown-group",
    /^Slack knows no user group S0EXECS: .* everyone counts as protected$/,
    ["protected.groups"],
  ],
  [
    "an empty group",
    policyText(PEOPLE, "viewers: [S0HELP]"),
    slack({ S0HELP: [] }),
    "empty-group",
    /^The user group S0HELP has no members/,
    ["viewers"],
  ],
  [
    "one person as the only operator and approver",
    policyText({ operators: "[U0ALICE]", approvers: "[U0ALICE]" }),
    NOT_ASKED,
    "one-person",
    /^U0ALICE is the only operator and the only approver/,
    ["operators", "approvers"],
  ],
  [
    "one person behind two groups",
    policyText({ operators: "[S0OPS]", approvers: "[S0LEADS]" }),
    slack({ S0OPS: ["U0ALICE"], S0LEADS: ["U0ALICE"] }),
    "one-person",
    /^U0ALICE is the only operator/,
    ["operators", "approvers"],
  ],
  [
    "codes, and nobody to confirm the authenticator of the only approver",
    policyText({ ...PEOPLE, approvers: "[S0LEADS]" }, "step_up: [delete-user]"),
    slack({ S0LEADS: ["U0CAROL"] }),
    "one-approver-with-codes",
    /and U0CAROL is the only approver: theirs never counts$/,
    ["approvers", "step_up"],
  ],
  [
    "a quorum above the approvers",
    policyText(PEOPLE, "quorum: 4"),
    NOT_ASKED,
    "unreachable-quorum",
    /^Every action: needs 4 approvals, and only 3 can approve it$/,
    ["quorum"],
  ],
  [
    "a quorum above those who are no guests",
    policyText({ ...PEOPLE, approvers: "[S0LEADS]" }, "actions: { revoke: { quorum: 2 } }"),
    slack({ S0LEADS: ["U0BOB", "U0CAROL"] }, [person("U0CAROL", { isGuest: true })]),
    "unreachable-quorum",
    /^Revoke: needs 2 approvals, and only 1 can approve it$/,
    ["quorum"],
  ],
  [
    "a quorum that only who asks could complete",
    policyText({ operators: "[U0BOB, U0CAROL]", approvers: "[U0BOB, U0CAROL]" }, "quorum: 2"),
    NOT_ASKED,
    "unreachable-quorum",
    /^Every action: needs 2 approvals, and only 1 apart from the requester can approve it$/,
    ["quorum"],
  ],
  [
    "a quorum by risk that nobody can reach",
    policyText(PEOPLE, "actions: { reset-risk: { quorum_by_risk: { high: 5 } } }"),
    NOT_ASKED,
    "unreachable-quorum",
    /^Reset-risk: needs 5 approvals for high-risk users, and only 3 can approve it$/,
    ["actions.reset-risk.quorum_by_risk.high"],
  ],
  [
    "too few for protected people",
    policyText(PEOPLE, "protected: { emails: [ceo@corp.example], quorum: 4 }"),
    NOT_ASKED,
    "unreachable-quorum",
    /needs 4 approvals for protected people, and only 3 can approve it$/,
    ["protected.quorum"],
  ],
  [
    "an action that nobody can approve",
    policyText(PEOPLE, "actions: { revoke: { approvers: [U0GONE] } }"),
    slack({}, [person("U0GONE", { isDeactivated: true })]),
    "unreachable-quorum",
    /^Revoke: no one can approve it$/,
    ["quorum"],
  ],
  [
    "break-glass that tells those who may use it",
    policyText(PEOPLE, "break_glass: { members: [S0ONCALL, U0BOB], notify: [S0ONCALL] }"),
    NOT_ASKED,
    "break-glass-told-to-itself",
    /^Everyone who is told of a break-glass can use it too/,
    ["break_glass.members", "break_glass.notify"],
  ],
  [
    "break-glass that tells the same people by another group",
    policyText(PEOPLE, ALONE),
    slack({ S0ONCALL: ["U0BOB", "U0CAROL"], S0LEADS: ["U0CAROL", "U0BOB"] }),
    "break-glass-told-to-itself",
    /no one else would notice$/,
    ["break_glass.members", "break_glass.notify"],
  ],
  [
    "approvers who are all protected, by the group",
    policyText({ ...PEOPLE, approvers: "[S0EXECS]" }, SHIELD),
    NOT_ASKED,
    "approvers-protected",
    /^All approvers are protected: .* needs 2 other approvers/,
    ["approvers", "protected"],
  ],
  [
    "approvers who are all protected, by their addresses",
    policyText({ ...PEOPLE, approvers: "[S0LEADS]" }, "protected: { domains: [example.com], quorum: 1 }"),
    slack({ S0LEADS: ["U0BOB", "U0CAROL"] }, [person("U0BOB"), person("U0CAROL")]),
    "approvers-protected",
    /needs 1 other approver,/,
    ["approvers", "protected"],
  ],
  [
    "an escalation to who may approve already",
    policyText(PEOPLE, "actions: { revoke: { escalate: { after: 30m, to: [U0CAROL] } } }"),
    NOT_ASKED,
    "escalation-to-nobody-new",
    /^The escalation of revoke adds only people who can approve already/,
    ["actions.revoke.escalate.to"],
  ],
  [
    "an escalation to a group of approvers",
    policyText(PEOPLE, "actions: { revoke: { escalate: { after: 30m, to: [S0CISO] } } }"),
    slack({ S0CISO: ["U0DAVE"] }),
    "escalation-to-nobody-new",
    /^The escalation of revoke/,
    ["actions.revoke.escalate.to"],
  ],
  [
    "a request that waits for years",
    policyText(PEOPLE, "actions: { revoke: { ttl: 3650d } }"),
    NOT_ASKED,
    "long-ttl",
    /^A request for revoke waits 3650 d/,
    ["actions.revoke.ttl"],
  ],
  [
    "an approval that counts for longer than the request waits",
    policyText(PEOPLE, "approval_max_age: 90d"),
    NOT_ASKED,
    "long-approval",
    /^An approval of every action counts for 90 d, longer than the request itself may wait/,
    ["approval_max_age"],
  ],
  [
    "an approvals channel that is shared by now",
    policyText(PEOPLE),
    slack({}, [], { audience: { isPublic: false, isShared: true, isMember: true }, trouble: null }),
    "shared-channel",
    /^Nothing can be requested: the approvals channel is shared with another organization/,
    ["channels.approvals"],
  ],
  [
    "an approvals channel that the bot cannot see",
    policyText(PEOPLE),
    slack({}, [], { audience: null, trouble: "channel_not_found" }),
    "shared-channel",
    /^Nothing can be requested: it is unknown who reads the approvals channel: .* does not exist/,
    ["channels.approvals"],
  ],
  [
    "direct messages to more approvers than get one",
    policyText({ ...PEOPLE, approvers: "[S0LEADS, U0BOB]" }, "notify_approvers: dm"),
    slack({ S0LEADS: Array.from({ length: 20 }, (_one, index) => `U0LEAD${index}`) }),
    "crowd-of-approvers",
    /^Only 20 of the approvers of every action get a direct message/,
    ["notify_approvers"],
  ],
  [
    "a public approvals channel",
    policyText(PEOPLE),
    slack({}, [], { audience: { isPublic: true, isShared: false, isMember: true }, trouble: null }),
    "public-channel",
    /^The approvals channel \(C0APPROV1\) is public/,
    ["channels.approvals"],
  ],
];

describe("a policy that undoes itself", () => {
  it.each(CASES)(
    "by %s is named, with where it is and what to do",
    (_name, text, facts, rule, danger, places) => {
      const findings = findingsIn(text, facts).filter((one) => one.rule === rule);
      expect(findings).toEqual([
        { rule, places, danger: expect.stringMatching(danger), fix: expect.stringMatching(/^[A-Z].+\w$/) },
      ]);
    },
  );

  it("is said once where one person is to blame: not also for each action", () => {
    const found = findingsIn(policyText({ operators: "[U0ALICE]", approvers: "[U0ALICE]" }, "quorum: 2"));
    expect(found.map(({ rule }) => rule)).toEqual(["one-person"]);
  });
});

describe("a policy that holds", () => {
  const SOUND = policyText(
    { operators: "[S0OPS, U0ALICE]", approvers: "[S0LEADS, U0DAVE]" },
    `quorum: 2
notify_approvers: dm
reasons: [Phishing]
step_up: [delete-user]
${ALONE}
${SHIELD}
actions:
  revoke: { ttl: 4h, escalate: { after: 1h, to: [S0CISO] }, quorum_by_risk: { high: 3 } }
`,
  );
  const GROUPS = {
    S0OPS: ["U0ERIN"],
    S0LEADS: ["U0BOB", "U0CAROL"],
    S0ONCALL: ["U0ERIN", "U0BOB"],
    S0EXECS: ["U0FRANK", "U0BOB"],
    S0CISO: ["U0GRACE"],
  };
  const EVERYBODY = ["ALICE", "BOB", "CAROL", "DAVE", "ERIN", "FRANK", "GRACE"].map((name) =>
    person(`U0${name}`),
  );

  it.each([
    ["as the file alone shows it", NOT_ASKED],
    [
      "as Slack has its people",
      slack(GROUPS, EVERYBODY, {
        audience: { isPublic: false, isShared: false, isMember: true },
        trouble: null,
      }),
    ],
    ["while Slack has said only a part", slack({ S0LEADS: ["U0BOB", "U0CAROL"] })],
  ])("has nothing said of it, %s", (_how, facts) => {
    expect(findingsIn(SOUND, facts)).toEqual([]);
  });
});

it("every id in policy.example.yml is known to be an example, and such ids as Slack gives are not", () => {
  const example = readFileSync(new URL("../../policy.example.yml", import.meta.url), "utf8");
  const ids = example.match(/\b[CUS]0[A-Z0-9]{5,}\b/g) ?? [];
  expect(ids.length).toBeGreaterThan(7);
  expect(ids.filter((id) => !isPlaceholder(id))).toEqual([]);
  for (const id of ["U000000", "S00000000", "C012345678", "UXXXXXXXXX"])
    expect([id, isPlaceholder(id)]).toEqual([id, true]);
  for (const id of ["U0123ABCDEF", "U04QX7K2M9P", "C0APPROV1", "S0LEADS01", "W012A3CDE"])
    expect([id, isPlaceholder(id)]).toEqual([id, false]);
});
