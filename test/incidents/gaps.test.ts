import { describe, expect, it } from "vitest";

import { stateOfPerson } from "../../src/incidents/chips.ts";
import {
  findGaps,
  isContained,
  type GapRules,
  type PersonFacts,
  type PersonRequest,
  type PersonSeen,
} from "../../src/incidents/gaps.ts";

const T = Date.UTC(2027, 0, 15, 12);

const clean: PersonSeen = {
  readAt: T,
  sessions: { value: [] },
  devices: { value: 0 },
  risk: { value: null },
  blocked: { value: true },
  idp: { value: "disabled" },
};

const RULES: GapRules = { required: ["sessions"], hasBlockList: true };

function facts(
  seen: PersonSeen | null,
  requests: readonly PersonRequest[],
  more: Partial<PersonFacts> = {},
): PersonFacts {
  return { seen, requests, returns: [], idpDisabled: null, ...more };
}

const revoked: PersonRequest = {
  id: "ZT-0000001",
  action: "revoke",
  takesAccess: true,
  status: "succeeded",
  state: "done",
  createdAt: T - 60_000,
  sentAt: T - 30_000,
};

describe("gaps", () => {
  it.each<[string, PersonSeen | null, readonly PersonRequest[], unknown]>([
    ["nothing is open", clean, [], []],
    [
      "sessions without a revocation are open, and no one is back",
      { ...clean, sessions: { value: [T - 5000, null] } },
      [],
      [{ kind: "sessions", is: "open", count: 2 }],
    ],
    [
      "a session from after a verified revocation: back since then",
      { ...clean, sessions: { value: [T - 40_000, T - 10_000, T - 20_000] } },
      [revoked],
      [
        { kind: "back", is: "open", since: T - 20_000 },
        { kind: "sessions", is: "open", count: 3 },
      ],
    ],
    [
      "a session that began in the second of the call is new, as `iat` has whole seconds",
      { ...clean, sessions: { value: [T - 30_000] } },
      [{ ...revoked, sentAt: T - 29_400 }],
      [
        { kind: "back", is: "open", since: T - 30_000 },
        { kind: "sessions", is: "open", count: 1 },
      ],
    ],
    [
      "a revocation that was not verified brings no one back",
      { ...clean, sessions: { value: [T - 10_000] } },
      [{ ...revoked, state: "sent" }],
      [{ kind: "sessions", is: "open", count: 1 }],
    ],
    [
      "devices and a risk level",
      { ...clean, devices: { value: 2 }, risk: { value: "high" } },
      [],
      [
        { kind: "devices", is: "open", count: 2 },
        { kind: "risk", is: "open", level: "high" },
      ],
    ],
    ["a low risk is none", { ...clean, risk: { value: "low" } }, [], []],
    [
      "what could not be read is unknown, never closed",
      {
        ...clean,
        sessions: { unknown: "HTTP 502" },
        devices: { unknown: "HTTP 502" },
        blocked: { unknown: "HTTP 502" },
        idp: { unknown: "HTTP 502" },
      },
      [revoked],
      ["back", "sessions", "block", "idp", "devices"].map((kind) => ({
        kind,
        is: "unknown",
        why: "HTTP 502",
      })),
    ],
    [
      "without a revocation no one can be back, however little was read",
      { ...clean, sessions: { unknown: "HTTP 502" } },
      [],
      [{ kind: "sessions", is: "unknown", why: "HTTP 502" }],
    ],
    [
      "not on the list, and active at the identity provider",
      { ...clean, blocked: { value: false }, idp: { value: "active" } },
      [],
      [
        { kind: "block", is: "open" },
        { kind: "idp", is: "open" },
      ],
    ],
    [
      "on a list that no rule uses",
      { ...clean, blocked: { value: false, isUnenforced: true } },
      [],
      [{ kind: "block", is: "open", isUnenforced: true }],
    ],
    [
      "what was read before the list and the provider were is unknown",
      { readAt: T, sessions: { value: [] }, devices: { value: 0 }, risk: { value: null } },
      [],
      ["block", "idp"].map((kind) => ({ kind, is: "unknown", why: "not read yet" })),
    ],
    [
      "someone who was not read yet",
      null,
      [],
      ["sessions", "block", "idp", "devices", "risk"].map((kind) => ({
        kind,
        is: "unknown",
        why: "not read yet",
      })),
    ],
  ])("%s", (_name, seen, requests, gaps) => {
    expect(findGaps(facts(seen, requests), RULES)).toEqual(gaps);
  });

  it.each<[string, Partial<PersonFacts>, unknown]>([
    [
      "a sign-in that a watch saw, of which no session is left",
      { returns: [{ at: T - 5000, isExpected: false }] },
      [{ kind: "back", is: "open", since: T - 5000 }],
    ],
    ["one that was expected", { returns: [{ at: T - 5000, isExpected: true }] }, []],
    ["one from before the revocation", { returns: [{ at: T - 50_000, isExpected: false }] }, []],
    [
      "one that two watches told of, and that was expected in one of them",
      {
        returns: [
          { at: T - 5000, isExpected: false },
          { at: T - 5000, isExpected: true },
        ],
      },
      [],
    ],
    [
      "an expected one with its session, and another session of the same way in",
      {
        seen: { ...clean, sessions: { value: [T - 5000, T - 4000] } },
        returns: [{ at: T - 5000, isExpected: true }],
      },
      [],
    ],
    [
      "an expected one, and another from elsewhere that no one expected",
      {
        seen: { ...clean, sessions: { value: [T - 20_000, T - 4000] } },
        returns: [
          { at: T - 20_000, isExpected: true },
          { at: T - 4000, isExpected: false },
        ],
      },
      [
        { kind: "back", is: "open", since: T - 4000 },
        { kind: "sessions", is: "open", count: 1 },
      ],
    ],
    [
      "an expected one says nothing of a session long after it",
      {
        seen: { ...clean, sessions: { value: [T] } },
        requests: [{ ...revoked, sentAt: T - 3_600_000 }],
        returns: [{ at: T - 1_800_000, isExpected: true }],
      },
      [
        { kind: "back", is: "open", since: T },
        { kind: "sessions", is: "open", count: 1 },
      ],
    ],
  ])("back: %s", (_name, more, gaps) => {
    expect(findGaps(facts(clean, [revoked], more), RULES)).toEqual(gaps);
  });

  it.each<[string, PersonSeen["idp"], boolean, readonly string[]]>([
    ["nothing syncs its users, and no one says anything", { unknown: "no SCIM" }, false, ["unknown"]],
    ["nothing syncs its users, and someone says so", { unknown: "no SCIM" }, true, []],
    ["the provider says so", { value: "disabled" }, false, []],
    ["the provider says otherwise than someone", { value: "active" }, true, ["open"]],
  ])("disabled at the identity provider: %s", (_name, idp, isSaid, is) => {
    const idpDisabled = isSaid ? { by: "U0BOB", at: T } : null;
    const gaps = findGaps(facts({ ...clean, ...(idp && { idp }) }, [], { idpDisabled }), RULES);
    expect(gaps.map((gap) => gap.is)).toEqual(is);
  });

  it("without a block list no one can be blocked, and that is no gap", () => {
    const seen = { ...clean, blocked: { value: false } };
    expect(findGaps(facts(seen, []), { hasBlockList: false })).toEqual([]);
  });

  it("contained is only who has none of the required ones, also none that is unknown", () => {
    const gapsOf = (seen: PersonSeen | null) => findGaps(facts(seen, []), RULES);
    const devices = gapsOf({ ...clean, devices: { value: 1 } });
    expect(isContained(devices, ["sessions"])).toBe(true);
    expect(isContained(devices, ["sessions", "devices"])).toBe(false);
    expect(isContained(gapsOf({ ...clean, sessions: { unknown: "HTTP 502" } }), ["sessions"])).toBe(false);
    expect(isContained(gapsOf({ ...clean, blocked: { unknown: "HTTP 502" } }), ["block"])).toBe(false);
    expect(isContained(gapsOf({ ...clean, idp: { value: "active" } }), ["sessions", "idp"])).toBe(false);
    expect(isContained(gapsOf(null), ["sessions"])).toBe(false);
  });
});

describe("how someone stands", () => {
  const open = { ...clean, sessions: { value: [T - 90_000] } };
  it.each<[string, PersonSeen | null, readonly PersonRequest[], string, readonly string[]]>([
    ["contained", clean, [revoked], "contained", ["revoked", "blocked"]],
    ["open", open, [], "open", ["blocked", "open"]],
    [
      "waiting",
      open,
      [{ ...revoked, status: "pending", state: "waiting", sentAt: null }],
      "waiting",
      ["waiting", "blocked", "open"],
    ],
    [
      "in progress",
      open,
      [{ ...revoked, status: "executing", state: "sent" }],
      "in-progress",
      ["in-progress", "blocked", "open"],
    ],
    [
      "back, whatever else is under way",
      { ...clean, sessions: { value: [T - 1000] } },
      [
        revoked,
        { ...revoked, id: "ZT-0000002", status: "pending", state: "waiting", sentAt: null, createdAt: T },
      ],
      "back",
      ["back", "waiting", "revoked", "blocked"],
    ],
    [
      "failed, and still open",
      open,
      [{ ...revoked, status: "failed", state: "failed" }],
      "open",
      ["failed", "blocked", "open"],
    ],
    [
      "denied: nothing was done",
      open,
      [{ ...revoked, status: "denied", state: "waiting" }],
      "open",
      ["blocked", "open"],
    ],
    ["unknown", { ...clean, sessions: { unknown: "HTTP 502" } }, [], "unknown", ["blocked", "unknown"]],
    ["not known to be blocked", { ...clean, blocked: { unknown: "HTTP 502" } }, [], "contained", ["unknown"]],
    ["not read yet", null, [], "unknown", ["unknown"]],
  ])("%s", (_name, seen, requests, standing, chips) => {
    const state = stateOfPerson(facts(seen, requests), RULES);
    expect(state.standing).toBe(standing);
    expect(state.chips.map(({ kind }) => kind)).toEqual(chips);
  });

  it("someone of whom only gaps are left that are not required is contained, and not without a gap", () => {
    const left = { ...clean, devices: { value: 2 } };
    expect(stateOfPerson(facts(left, []), RULES)).toMatchObject({ standing: "open", isContained: true });
    const required: GapRules = { ...RULES, required: ["devices"] };
    expect(stateOfPerson(facts(left, []), required)).toMatchObject({ standing: "open", isContained: false });
    const unread = { ...clean, sessions: { unknown: "HTTP 502" } };
    expect(stateOfPerson(facts(unread, []), RULES)).toMatchObject({ isContained: false });
  });
});
