import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { AccessRequest } from "../../src/api/cloudflare.ts";
import { digestSignIns } from "../../src/lookup/sign-ins/digest.ts";
import type { UserSummary } from "../../src/lookup/summary.ts";
import { judge } from "../../src/lookup/verdict.ts";
import {
  HOUR,
  makeFailure,
  makeIdentity,
  makeRegistration,
  makeSummary,
  MINUTE,
  NOW,
  USER_ID,
} from "../views/support.ts";

const DAY = 24 * HOUR;
const UNREAD = { ok: false, reason: "Cloudflare did not answer in time" } as const;
const READING = { ok: false, reason: "still reading", isReading: true } as const;

type Level = "low" | "medium" | "high" | null;
type RiskEvents = (UserSummary["risk"] & { ok: true })["value"]["events"];

function risk(level: Level, events: RiskEvents = []): UserSummary["risk"] {
  const value = {
    userId: USER_ID,
    email: null,
    name: null,
    level,
    rawLevel: level,
    lastResetAt: null,
    events,
  };
  return { ok: true, value };
}

function travel(details: string | null, at: number | null = NOW - HOUR): RiskEvents {
  return [{ id: "e1", name: "Impossible travel", level: "high", at, details }];
}

function signIn(changes: Partial<AccessRequest> = {}): AccessRequest {
  return {
    action: "login",
    allowed: true,
    appDomain: "wiki.example.com",
    appUid: "app-1",
    connection: null,
    at: NOW - HOUR,
    ip: "192.0.2.44",
    rayId: null,
    email: "mallory@example.com",
    ...changes,
  };
}

const DENIED = Array.from({ length: 6 }, (_, index) =>
  signIn({ allowed: false, ip: `198.51.100.${index}`, at: NOW - 3 * HOUR - index * MINUTE }),
);
const USUAL = signIn({ at: NOW - 3 * DAY });
const AFTER = signIn({ ip: "203.0.113.199", at: NOW - 40 * MINUTE, appUid: "payroll" });

/** Read whole, with nothing wrong. */
function calm(changes: Partial<UserSummary> = {}): UserSummary {
  const posture = [{ id: "1", name: "Disk", type: null, success: true, error: null, checkedAt: NOW }];
  return makeSummary({
    risk: risk(null),
    identity: { ok: true, value: makeIdentity({ posture }) },
    failedLogins: { ok: true, value: [] },
    signIns: { ok: true, value: digestSignIns([USUAL], NOW) },
    places: { ok: true, value: { seen: [{ country: "GB", ip: "192.0.2.44" }], unread: 0 } },
    ...changes,
  });
}

const TWO_COUNTRIES: UserSummary["places"] = {
  ok: true,
  value: {
    seen: [
      { country: "GB", ip: "192.0.2.44" },
      { country: "BR", ip: "203.0.113.199" },
    ],
    unread: 0,
  },
};
const ALLOWED_AFTER = { ok: true, value: digestSignIns([USUAL, ...DENIED, AFTER], NOW) } as const;

describe("the verdict's rules", () => {
  it.each<[string, Partial<UserSummary>, object]>([
    [
      "impossible travel, with the countries of its details in their order",
      { risk: risk("low", travel('{"from":{"country":"GB"},"to":{"country":"BR"},"minutes":320}')) },
      { rule: "impossible-travel", countries: ["GB", "BR"] },
    ],
    [
      "impossible travel without details that can be read",
      { risk: risk("low", travel("somewhere", null)) },
      { rule: "impossible-travel", countries: [] },
    ],
    [
      "sign-ins that are allowed from a new address after denials",
      { signIns: ALLOWED_AFTER },
      { rule: "allowed-after-denials", denied: 6, allowed: 1, ip: "203.0.113.199", apps: ["payroll"] },
    ],
    [
      "sessions open from several countries",
      { places: TWO_COUNTRIES },
      { rule: "several-countries", countries: ["GB", "BR"] },
    ],
    ["a high risk level", { risk: risk("high") }, { rule: "high-risk", event: null }],
    ["a medium risk level", { risk: risk("medium") }, { rule: "medium-risk", event: null }],
    [
      "many denials",
      { failedLogins: { ok: true, value: Array.from({ length: 12 }, () => makeFailure()) } },
      { rule: "many-denials", denied: 12 },
    ],
    [
      "failed posture",
      { identity: { ok: true, value: makeIdentity() } },
      { rule: "failed-posture", checks: [{ name: "Firewall on", type: "firewall" }] },
    ],
  ])("find %s", (_name, changes, found) => {
    expect(judge(calm(changes), NOW).findings).toEqual([expect.objectContaining(found)]);
  });

  it("take no journey of the day before yesterday for today's", () => {
    expect(judge(calm({ risk: risk("low", travel(null, NOW - 2 * DAY)) }), NOW).headline).toBe(
      "nothing-unusual",
    );
  });

  it.each([
    ["a usual address", [USUAL, ...DENIED, signIn({ at: NOW - MINUTE })]],
    ["somebody's only address", [...DENIED, AFTER]],
    ["fewer than five denials", [USUAL, ...DENIED.slice(2), AFTER]],
    ["denials that came later", [USUAL, signIn({ ip: "203.0.113.199", at: NOW - 20 * HOUR }), ...DENIED]],
  ])("find nothing in sign-ins from %s", (_name, requests) => {
    expect(digestSignIns(requests, NOW).allowedAfterDenials).toBeNull();
  });

  it("tell of a new device only beside something else", () => {
    const registrations: UserSummary["registrations"] = {
      ok: true,
      value: [makeRegistration({ createdAt: NOW - HOUR })],
    };
    expect(judge(calm({ registrations }), NOW)).toMatchObject({ headline: "nothing-unusual", findings: [] });
    const rules = judge(calm({ registrations, risk: risk("high") }), NOW).findings.map(({ rule }) => rule);
    expect(rules).toEqual(["high-risk", "new-device"]);
  });
});

describe("the verdict", () => {
  it("is calm where all was read and nothing found", () => {
    expect(judge(calm(), NOW)).toEqual({
      level: "calm",
      headline: "nothing-unusual",
      findings: [],
      unread: [],
      reading: [],
      step: "none",
    });
  });

  it.each<[string, Partial<UserSummary>, object]>([
    [
      "two signs are likely a takeover",
      { places: TWO_COUNTRIES, signIns: ALLOWED_AFTER },
      { level: "danger", headline: "likely-takeover", step: "revoke" },
    ],
    [
      "one sign with high risk is likely a takeover",
      { places: TWO_COUNTRIES, risk: risk("high") },
      { level: "danger", headline: "likely-takeover", step: "revoke" },
    ],
    [
      "one sign alone is a possible one",
      { places: TWO_COUNTRIES },
      { level: "warning", headline: "possible-takeover", step: "ask-them" },
    ],
    ["high risk alone is told as that", { risk: risk("high") }, { level: "danger", headline: "high-risk" }],
    [
      "with nothing left to revoke, what is left is to disable the account",
      {
        risk: risk("high"),
        sessions: { ok: true, value: [] },
        registrations: { ok: true, value: [] },
      },
      { step: "disable" },
    ],
    [
      "sessions that could not be read are not none",
      { risk: risk("high"), sessions: UNREAD, registrations: { ok: true, value: [] } },
      { step: "revoke" },
    ],
  ])("%s", (_name, changes, expected) => {
    expect(judge(calm(changes), NOW)).toMatchObject(expected);
  });

  it("rests on nothing that could not be read, and then never says that nothing is unusual", () => {
    const alarming = calm({
      risk: risk("high", travel(null)),
      places: TWO_COUNTRIES,
      signIns: ALLOWED_AFTER,
      identity: { ok: true, value: makeIdentity() },
      failedLogins: { ok: true, value: Array.from({ length: 12 }, () => makeFailure()) },
    });
    const parts = [
      "risk",
      "places",
      "signIns",
      "identity",
      "failedLogins",
      "registrations",
      "sessions",
    ] as const;
    const restsOn: Record<string, (typeof parts)[number]> = {
      "impossible-travel": "risk",
      "high-risk": "risk",
      "allowed-after-denials": "signIns",
      "several-countries": "places",
      "failed-posture": "identity",
    };
    fc.assert(
      fc.property(fc.subarray([...parts]), fc.constantFrom(alarming, calm()), (lost, whole) => {
        const summary = { ...whole, ...Object.fromEntries(lost.map((part) => [part, UNREAD])) };
        const { findings, headline, level, unread } = judge(summary, NOW);
        for (const { rule } of findings) {
          const part = restsOn[rule];
          if (part !== undefined) expect(lost).not.toContain(part);
        }
        const isRested = lost.some((part) => ["risk", "signIns", "sessions", "places"].includes(part));
        expect(unread.length > 0).toBe(isRested);
        if (isRested) expect([headline, level]).not.toContain("nothing-unusual");
        if (isRested) expect(level).not.toBe("calm");
      }),
    );
  });

  it("of evidence from before sign-ins and places were read says that they were not", () => {
    expect(judge(makeSummary({ risk: risk(null), identity: UNREAD }), NOW)).toMatchObject({
      headline: "nothing-unusual-in-what-was-read",
      unread: ["signIns", "places"],
    });
  });

  it.each<[string, Partial<UserSummary>, object]>([
    [
      "a part that is still being read leaves it open",
      { signIns: READING },
      {
        level: "unknown",
        headline: "nothing-unusual-so-far",
        reading: ["signIns"],
        unread: [],
        step: "none",
      },
    ],
    [
      "a finding stands whatever is still being read",
      { signIns: READING, places: TWO_COUNTRIES },
      { headline: "possible-takeover", reading: ["signIns"], unread: [] },
    ],
    [
      "a part that failed beside one that is being read is told apart",
      { signIns: READING, risk: UNREAD },
      { headline: "nothing-unusual-so-far", reading: ["signIns"], unread: ["risk"] },
    ],
    [
      "nothing is said before anything it rests on is read",
      { signIns: READING, risk: READING, sessions: READING, places: READING },
      { level: "unknown", headline: "still-reading", step: "none" },
    ],
    [
      "a part that it does not rest on may still change it",
      { identity: READING },
      { level: "unknown", headline: "nothing-unusual-so-far", reading: ["identity"] },
    ],
  ])("%s", (_name, changes, expected) => {
    expect(judge(calm(changes), NOW)).toMatchObject(expected);
  });
});
