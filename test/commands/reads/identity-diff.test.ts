import { describe, expect, it } from "vitest";

import type { Identity } from "../../../src/api/cloudflare.ts";
import { diffIdentity } from "../../../src/lookup/identity-diff.ts";
import { compare } from "../../../src/lookup/open-identities.ts";
import { identityMessage } from "../../../src/views/look-ups/identity.ts";
import { readWords } from "../../support/words.ts";
import { HOUR, makeIdentity, makeUser, NOW } from "../../views/support.ts";

const check = (name: string | null, success: boolean | null, id = "1") => ({
  id,
  name,
  type: "file",
  success,
  error: null,
  checkedAt: NOW,
});

const TABLE: readonly (readonly [
  what: string,
  seen: Partial<Identity>,
  inSession: Partial<Identity>,
  expected: object[],
])[] = [
  ["nothing", {}, {}, []],
  [
    "another country",
    { country: "GB" },
    { country: "BR" },
    [{ kind: "value", what: "country", seen: "GB", inSession: "BR" }],
  ],
  ["a country that is not said", { country: "GB" }, { country: null }, []],
  [
    "another IP",
    { ip: "192.0.2.1" },
    { ip: "2001:db8::1" },
    [{ kind: "value", what: "IP", seen: "192.0.2.1", inSession: "2001:db8::1" }],
  ],
  ["an IP that was not said", { ip: null }, { ip: "192.0.2.1" }, []],
  [
    "a provider of another type",
    { idp: { id: "a", type: "azureAD" } },
    { idp: { id: "b", type: "github" } },
    [{ kind: "value", what: "IdP", seen: "azureAD", inSession: "github" }],
  ],
  [
    "another provider of one type",
    { idp: { id: "a", type: "saml" } },
    { idp: { id: "b", type: "saml" } },
    [{ kind: "value", what: "IdP", seen: "saml a", inSession: "saml b" }],
  ],
  [
    "another provider of no type",
    { idp: { id: "a", type: null } },
    { idp: { id: "b", type: null } },
    [{ kind: "value", what: "IdP", seen: "a", inSession: "b" }],
  ],
  ["a provider that is not said", { idp: null }, { idp: { id: "b", type: "github" } }, []],
  [
    "no device",
    { deviceId: "d-1" },
    { deviceId: "" },
    [{ kind: "value", what: "device", seen: "d-1", inSession: "" }],
  ],
  ["no device in either", { deviceId: "" }, { deviceId: "" }, []],
  ["a device that is not said", { deviceId: "d-1" }, { deviceId: null }, []],
  ["groups that are not said", { groups: ["Everyone"] }, { groups: null }, []],
  ["posture that is not said", { posture: [check("Disk", true)] }, { posture: null }, []],
  [
    "other groups",
    { groups: ["Everyone", "Finance", "Finance"] },
    { groups: ["Admins", "Everyone"] },
    [{ kind: "groups", added: ["Admins"], removed: ["Finance"] }],
  ],
  ["the groups in another order", { groups: ["a", "b"] }, { groups: ["b", "a"] }, []],
  [
    "a rule that failed",
    { posture: [check("Disk", true)] },
    { posture: [check("Disk", false)] },
    [{ kind: "posture", rule: "Disk", seen: "passed", inSession: "failed" }],
  ],
  [
    "rules that were not checked",
    { posture: [check("Disk", true), check("OS", null)] },
    { posture: [check("OS", true), check("Firewall", false)] },
    [
      { kind: "posture", rule: "Disk", seen: "passed", inSession: "not checked" },
      { kind: "posture", rule: "OS", seen: "not checked", inSession: "passed" },
      { kind: "posture", rule: "Firewall", seen: "not checked", inSession: "failed" },
    ],
  ],
  [
    "a rule without a name, by its id",
    { posture: [check(null, true, "r-1")] },
    { posture: [check(null, false, "r-1")] },
    [{ kind: "posture", rule: "r-1", seen: "passed", inSession: "failed" }],
  ],
];

describe("the difference of a session from the identity last seen", () => {
  it("is not denied for what is not said", () => {
    const session = { ...makeIdentity({ groups: null }), isActive: true };
    const open = {
      total: 1,
      identities: [{ nonce: "n", issuedAt: NOW, identity: session }],
      unread: 0,
      reason: null,
    };
    const comparison = compare(makeIdentity(), open);
    const words = readWords(
      identityMessage({ user: makeUser(), identity: makeIdentity(), comparison, now: NOW }),
    );
    expect(words).toContain("1 open session compared; groups unknown, so not compared");
  });

  it.each(TABLE)("is %s", (_what, seen, inSession, expected) => {
    expect(diffIdentity(makeIdentity(seen), makeIdentity(inSession))).toEqual(expected);
  });
});

describe("what differs, in words", () => {
  const say = (comparison: Parameters<typeof identityMessage>[0]["comparison"]): string =>
    readWords(identityMessage({ user: makeUser(), identity: makeIdentity(), comparison, now: NOW }));
  const seen = { kind: "value", what: "country", seen: "GB", inSession: "BR" } as const;

  it("names the session, and says once what several share", () => {
    const one = { issuedAt: NOW - HOUR, differences: [seen] };
    const two = { issuedAt: NOW - 2 * HOUR, differences: [seen] };
    const none = { issuedAt: NOW - 3 * HOUR, differences: [] };
    const rest = { unread: 0, reason: null };
    expect(say({ ...rest, total: 2, compared: [one, none] })).toContain(
      "⚠️ country: GB → BR in the session since 2026-03-14 13:02:31 UTC",
    );
    expect(say({ ...rest, total: 3, compared: [one, two, none] })).toContain(
      "⚠️ country: GB → BR in 2 sessions, since 2026-03-14 13:02:31 UTC and 2026-03-14 12:02:31 UTC",
    );
    expect(say({ ...rest, total: 1, compared: [{ issuedAt: null, differences: [seen] }] })).toContain(
      "GB → BR in the session of unknown start",
    );
  });

  it.each([
    [{ total: 0, compared: [], unread: 0, reason: null }, "no session is open"],
    [{ total: 0, compared: [], unread: 0, reason: "busy" }, "⚠️ can't read the open sessions: busy"],
    [
      { total: 1, compared: [{ issuedAt: NOW, differences: [] }], unread: 0, reason: null },
      "✅ nothing differs from the open sessions (1 open session compared)",
    ],
    [
      { total: 2, compared: [{ issuedAt: NOW, differences: [] }], unread: 1, reason: "busy" },
      "✅ nothing differs from the open sessions (1 of 2 open sessions compared, the newest; 1 unknown: busy)",
    ],
    [
      { total: 2, compared: [], unread: 2, reason: "busy" },
      "⚠️ 0 of 2 open sessions compared, the newest; 2 unknown: busy",
    ],
  ])("never calls it the same where nothing was compared: %j", (comparison, expected) => {
    expect(say(comparison)).toContain(expected);
  });
});
