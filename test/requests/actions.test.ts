import { describe, expect, it } from "vitest";

import type { ActiveSession, Cloudflare, Registration, RiskScore } from "../../src/api/cloudflare.ts";
import { NetworkError } from "../../src/api/errors.ts";
import { actionOf } from "../../src/requests/actions/index.ts";
import { resetRisk, type RiskBaseline } from "../../src/requests/actions/reset-risk.ts";
import { judge, revoke, type RevokeBaseline } from "../../src/requests/actions/revoke.ts";
import type { PlanOf } from "../../src/requests/actions/define.ts";
import { ACTION_NAMES } from "../../src/requests/plan.ts";
import { makePlan, makeRegistration, makeSession, makeSummary } from "../views/support.ts";

const SENT = Date.UTC(2026, 2, 14, 14, 2, 31, 400);
const SECOND = 1000;
const NOW = SENT + 30 * SECOND;
const TARGET = { id: "user-1", email: "mallory@example.com", name: "Mallory" };

function planRevoke(devices = false, warpReauth = false): PlanOf<"revoke"> {
  return { action: "revoke", accountId: "a", target: TARGET, options: { devices, warpReauth } };
}

const PLAN_RESET: PlanOf<"reset-risk"> = {
  action: "reset-risk",
  accountId: "a",
  target: TARGET,
  options: { riskUserId: "risk-1", judged: [{ name: "Impossible travel", count: 2, judgement: "handled" }] },
};

/** Of the sessions "one", "two" and "three", and the registrations "r1" and "r2". */
const BASELINE: RevokeBaseline = {
  sessionCount: 3,
  sessionNonces: ["one", "two", "three"],
  registrationIds: ["r1", "r2"],
};

const old = (nonce: string | null): ActiveSession => makeSession({ nonce, issuedAt: SENT - 3600 * SECOND });
const fresh = (nonce: string | null, issuedAt: number | null = SENT + 5 * SECOND): ActiveSession =>
  makeSession({ nonce, issuedAt });
const device = (id: string): Registration => makeRegistration({ id });

describe("after a revocation", () => {
  it.each<
    [
      string,
      ActiveSession[],
      Partial<RevokeBaseline>,
      { confirmed: boolean; summary: string; notes: string[] },
    ]
  >([
    ["no session is left", [], {}, { confirmed: true, summary: "0 of 3 sessions remain", notes: [] }],
    [
      "all are left",
      [old("one"), old("two"), old("three")],
      {},
      { confirmed: false, summary: "3 of 3 sessions remain", notes: [] },
    ],
    ["one is left", [old("two")], {}, { confirmed: false, summary: "1 of 3 sessions remains", notes: [] }],
    [
      "somebody logged in again",
      [fresh("four")],
      {},
      {
        confirmed: true,
        summary: "0 of 3 sessions remain",
        notes: ["1 new log-in since: the user can still get in"],
      },
    ],
    [
      "one is left and two are new",
      [old("one"), fresh("four"), fresh("five")],
      {},
      {
        confirmed: false,
        summary: "1 of 3 sessions remains",
        notes: ["2 new log-ins since: the user can still get in"],
      },
    ],
    [
      "a session that was there before is old, whatever it says of its time",
      [fresh("one")],
      {},
      { confirmed: false, summary: "1 of 3 sessions remains", notes: [] },
    ],
    [
      "a session that says nothing of its time counts as old: nothing is called gone that may stand",
      [fresh("four", null)],
      {},
      { confirmed: false, summary: "1 of 3 sessions remains", notes: [] },
    ],
    [
      "a session without a nonce is told by its time: old",
      [old(null)],
      {},
      { confirmed: false, summary: "1 of 3 sessions remains", notes: [] },
    ],
    [
      "a session without a nonce is told by its time: new",
      [fresh(null)],
      {},
      {
        confirmed: true,
        summary: "0 of 3 sessions remain",
        notes: ["1 new log-in since: the user can still get in"],
      },
    ],
    [
      "a log-in in the second of the call is new, as times have whole seconds",
      [fresh("four", SENT - 400)],
      {},
      {
        confirmed: true,
        summary: "0 of 3 sessions remain",
        notes: ["1 new log-in since: the user can still get in"],
      },
    ],
    [
      "a log-in in the second before the call is old, though it was not seen before",
      [fresh("four", SENT - 400 - SECOND)],
      {},
      { confirmed: false, summary: "1 of 3 sessions remains", notes: [] },
    ],
    [
      "nobody knows how many there were, and none is left",
      [],
      { sessionCount: 0, sessionNonces: [] },
      { confirmed: true, summary: "no session is open", notes: [] },
    ],
    [
      "nobody knows how many there were, and some are left",
      [old("one"), old("two")],
      { sessionCount: 0, sessionNonces: [] },
      { confirmed: false, summary: "2 of 2 sessions remain", notes: [] },
    ],
    [
      "there was one",
      [],
      { sessionCount: 1, sessionNonces: ["one"] },
      { confirmed: true, summary: "0 of 1 session remains", notes: [] },
    ],
  ])("where %s", (_what, sessions, baseline, expected) => {
    expect(judge(planRevoke(), { ...BASELINE, ...baseline }, SENT, NOW, sessions, null)).toEqual({
      ...expected,
      checkedAt: NOW,
    });
  });

  it.each<[string, Registration[], { confirmed: boolean; summary: string; notes: string[] }]>([
    [
      "none is left",
      [],
      { confirmed: true, summary: "0 of 3 sessions remain, 0 of 2 device registrations remain", notes: [] },
    ],
    [
      "one is left",
      [device("r2")],
      { confirmed: false, summary: "0 of 3 sessions remain, 1 of 2 device registrations remains", notes: [] },
    ],
    [
      "one is new",
      [device("r9")],
      {
        confirmed: true,
        summary: "0 of 3 sessions remain, 0 of 2 device registrations remain",
        notes: ["1 new device registration since"],
      },
    ],
  ])("of devices too, where %s", (_what, registrations, expected) => {
    expect(judge(planRevoke(true), BASELINE, SENT, NOW, [], registrations)).toEqual({
      ...expected,
      checkedAt: NOW,
    });
  });
});

/** A Cloudflare of which only what is given answers. */
function fakeCloudflare(parts: {
  sessions?: () => Promise<ActiveSession[]>;
  registrations?: () => AsyncIterable<Registration>;
  risk?: RiskScore;
  sent?: unknown[];
}): Cloudflare {
  const record = (input: unknown) => {
    parts.sent?.push(input);
    return Promise.resolve({ cfRay: "ray", status: 200 });
  };
  return {
    accessUsers: { activeSessions: parts.sessions },
    devices: { iterateRegistrations: parts.registrations },
    organizations: { revokeUser: record },
    riskScoring: { get: () => Promise.resolve(parts.risk), reset: record },
  } as unknown as Cloudflare;
}

const broken = () => Promise.reject(new NetworkError({ call: "x", applied: "no", code: "ECONNRESET" }));

describe("the revocation of a user", () => {
  it("names the user by address and id, with the options of the plan", async () => {
    const sent: unknown[] = [];
    const cloudflare = fakeCloudflare({ sent });
    await revoke.execute(cloudflare, planRevoke(true, true));
    await revoke.execute(cloudflare, planRevoke());
    expect(sent).toEqual([
      { email: TARGET.email, userUid: TARGET.id, devices: true, warpSessionReauth: true },
      { email: TARGET.email, userUid: TARGET.id, devices: false, warpSessionReauth: false },
    ]);
  });

  it("is not held up by a baseline that cannot be read", async () => {
    const cloudflare = fakeCloudflare({
      sessions: broken,
      registrations: async function* () {
        yield* [];
        await broken();
      },
    });
    expect(await revoke.readBaseline(cloudflare, planRevoke(true))).toEqual({
      sessionCount: 0,
      sessionNonces: [],
      registrationIds: [],
    });
  });

  it("counts sessions without a nonce in its baseline", async () => {
    const cloudflare = fakeCloudflare({ sessions: () => Promise.resolve([old("one"), old(null)]) });
    expect(await revoke.readBaseline(cloudflare, planRevoke())).toEqual({
      sessionCount: 2,
      sessionNonces: ["one"],
      registrationIds: [],
    });
  });

  it("looks at registrations only where they were revoked", async () => {
    const cloudflare = fakeCloudflare({
      sessions: () => Promise.resolve([]),
      registrations: () => {
        throw new Error("not asked for");
      },
    });
    expect(await revoke.verify(cloudflare, planRevoke(), BASELINE, SENT, NOW)).toMatchObject({
      confirmed: true,
    });
  });

  it("is not called done when the sessions cannot be read", async () => {
    const cloudflare = fakeCloudflare({ sessions: broken });
    await expect(revoke.verify(cloudflare, planRevoke(), BASELINE, SENT, NOW)).rejects.toBeInstanceOf(
      NetworkError,
    );
  });

  it.each([
    [false, false, "revoke_user for mallory@example.com (sessions only)"],
    [true, false, "revoke_user for mallory@example.com (with device registrations)"],
    [
      true,
      true,
      "revoke_user for mallory@example.com (with device registrations and with WARP re-authentication)",
    ],
  ])("is told in words: devices %s, WARP %s", (devices, warp, words) => {
    expect(revoke.callText(planRevoke(devices, warp))).toBe(words);
  });
});

const RESET_BEFORE = SENT - 1000 * SECOND;

describe("after a reset of the risk score", () => {
  const risk = (
    level: RiskScore["level"],
    lastResetAt: number | null,
    eventIds: (string | null)[],
  ): RiskScore => ({
    email: TARGET.email,
    name: null,
    level,
    rawLevel: level,
    lastResetAt,
    events: eventIds.map((id) => ({ id, name: "x", level: "high", at: SENT, details: null })),
  });
  const before: RiskBaseline = { level: "high", lastResetAt: RESET_BEFORE, eventIds: ["e1", "e2"] };

  it.each<[string, RiskBaseline, RiskScore, { confirmed: boolean; summary: string; notes: string[] }]>([
    [
      "the reset's time has moved and nothing counts any more",
      before,
      risk("low", SENT, []),
      { confirmed: true, summary: "risk level low, 0 earlier events still count", notes: [] },
    ],
    [
      "it was never reset before",
      { ...before, lastResetAt: null },
      risk("low", SENT, []),
      { confirmed: true, summary: "risk level low, 0 earlier events still count", notes: [] },
    ],
    [
      "nothing has changed",
      before,
      risk("high", RESET_BEFORE, ["e1", "e2"]),
      { confirmed: false, summary: "risk level high, 2 earlier events still count", notes: [] },
    ],
    [
      "Cloudflare shows no time, and the score has come down",
      { ...before, lastResetAt: null },
      risk("low", null, []),
      { confirmed: true, summary: "risk level low, 0 earlier events still count", notes: [] },
    ],
    [
      "Cloudflare shows no time, and an earlier event still counts",
      { ...before, lastResetAt: null },
      risk("low", null, ["e2"]),
      { confirmed: false, summary: "risk level low, 1 earlier event still counts", notes: [] },
    ],
    [
      "Cloudflare shows no time, and the score has not come down",
      { ...before, lastResetAt: null },
      risk("medium", null, []),
      { confirmed: false, summary: "risk level medium, 0 earlier events still count", notes: [] },
    ],
    [
      "it was low before",
      { level: "low", lastResetAt: null, eventIds: [] },
      risk("low", null, []),
      { confirmed: true, summary: "risk level low, 0 earlier events still count", notes: [] },
    ],
    [
      "something new has happened since",
      before,
      risk("high", SENT, ["e3"]),
      {
        confirmed: true,
        summary: "risk level high, 0 earlier events still count",
        notes: ["1 new risk event since"],
      },
    ],
    [
      "events have no ids: they cannot be told from earlier ones",
      { ...before, eventIds: [""] },
      risk("high", RESET_BEFORE, [null]),
      { confirmed: false, summary: "risk level high, 1 earlier event still counts", notes: [] },
    ],
    [
      "Cloudflare shows no level at all",
      before,
      risk(null, RESET_BEFORE, []),
      { confirmed: false, summary: "risk level none, 0 earlier events still count", notes: [] },
    ],
  ])("where %s", async (_what, baseline, now, expected) => {
    const seen = await resetRisk.verify(fakeCloudflare({ risk: now }), PLAN_RESET, baseline, SENT, NOW);
    expect(seen).toEqual({ ...expected, checkedAt: NOW });
  });

  it("the baseline holds what stood before", async () => {
    const cloudflare = fakeCloudflare({ risk: risk("high", RESET_BEFORE, ["e1", null]) });
    expect(await resetRisk.readBaseline(cloudflare, PLAN_RESET)).toEqual({
      level: "high",
      lastResetAt: RESET_BEFORE,
      eventIds: ["e1", ""],
    });
  });

  it("the call names the user as risk scoring knows them", async () => {
    const sent: unknown[] = [];
    await resetRisk.execute(fakeCloudflare({ sent }), PLAN_RESET);
    expect(sent).toEqual(["risk-1"]);
  });
});

describe("the words of an action", () => {
  it.each(ACTION_NAMES)("%s is found by its name, and its words name the target", (name) => {
    const plan = { ...makePlan(name), target: TARGET };
    const action = actionOf(plan);
    expect(action.name).toBe(name);
    const words = action.describe(plan, makeSummary());
    for (const text of [words.headline, action.question(plan), action.callText(plan)])
      expect(text).toContain(TARGET.email);
    expect(words.effects.length).toBeGreaterThan(0);
    expect(words.caution).not.toBe("");
    expect(words.undo).not.toBe("");
  });

  it("of a revocation with devices say that these can be restored, and without that nothing need be", () => {
    expect(revoke.describe(planRevoke(true), makeSummary()).undo).toContain("can be restored");
    expect(revoke.describe(planRevoke(false), makeSummary()).undo).toBe(
      "Cannot be undone, and need not be: the user logs in again.",
    );
  });
});
