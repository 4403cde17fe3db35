import { describe, expect, it } from "vitest";

import type { RevokeBaseline } from "../../src/actions/revoke/call.ts";
import { revoke } from "../../src/actions/revoke/index.ts";
import type { RevokePlan } from "../../src/actions/revoke/options.ts";
import { judge } from "../../src/actions/revoke/verification.ts";
import type { ActiveSession, Registration } from "../../src/api/cloudflare.ts";
import { NetworkError, NotFoundError } from "../../src/api/errors.ts";
import { makeRegistration, makeSession, makeSummary, makeUser } from "../views/support.ts";
import { broken, fakeCloudflare, NOW, SECOND, SENT, TARGET } from "./support.ts";

function planRevoke(devices = false, warpReauth = false): RevokePlan {
  return { action: "revoke", accountId: "a", target: TARGET, options: { devices, warpReauth } };
}

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

const EXPIRY = old("one").expiresAt;

function look(
  plan: RevokePlan,
  baseline: RevokeBaseline | null,
  sessions: ActiveSession[],
  registrations: Registration[] | null,
) {
  return judge(plan, baseline, { sentAt: SENT, at: NOW, sessions, registrations });
}

describe("after a revocation", () => {
  it.each<
    [
      string,
      ActiveSession[],
      Partial<RevokeBaseline>,
      { confirmed: boolean; summary: string; notes: string[] },
    ]
  >([
    ["no session is left", [], {}, { confirmed: true, summary: "Revoked 3 sessions", notes: [] }],
    [
      "all are left",
      [old("one"), old("two"), old("three")],
      {},
      { confirmed: false, summary: "3 of 3 sessions still open", notes: [] },
    ],
    ["one is left", [old("two")], {}, { confirmed: false, summary: "1 of 3 sessions still open", notes: [] }],
    [
      "somebody logged in again",
      [fresh("four")],
      {},
      {
        confirmed: true,
        summary: "Revoked 3 sessions",
        notes: ["1 new sign-in since: the user can still get in"],
      },
    ],
    [
      "one is left and two are new",
      [old("one"), fresh("four"), fresh("five")],
      {},
      {
        confirmed: false,
        summary: "1 of 3 sessions still open",
        notes: ["2 new sign-ins since: the user can still get in"],
      },
    ],
    [
      "a session that was there before is old, whatever it says of its time",
      [fresh("one")],
      {},
      { confirmed: false, summary: "1 of 3 sessions still open", notes: [] },
    ],
    [
      "a session that says nothing of its time counts as old: nothing is called gone that may stand",
      [fresh("four", null)],
      {},
      { confirmed: false, summary: "1 of 3 sessions still open", notes: [] },
    ],
    [
      "a session without a nonce is told by its time: old",
      [old(null)],
      {},
      { confirmed: false, summary: "1 of 3 sessions still open", notes: [] },
    ],
    [
      "a session without a nonce is told by its time: new",
      [fresh(null)],
      {},
      {
        confirmed: true,
        summary: "Revoked 3 sessions",
        notes: ["1 new sign-in since: the user can still get in"],
      },
    ],
    [
      "a log-in in the second of the call is new, as times have whole seconds",
      [fresh("four", SENT - 400)],
      {},
      {
        confirmed: true,
        summary: "Revoked 3 sessions",
        notes: ["1 new sign-in since: the user can still get in"],
      },
    ],
    [
      "a log-in in the second before the call is old, though it was not seen before",
      [fresh("four", SENT - 400 - SECOND)],
      {},
      { confirmed: false, summary: "1 of 3 sessions still open", notes: [] },
    ],
    [
      "there was none before, and none is there now",
      [],
      { sessionCount: 0, sessionNonces: [] },
      { confirmed: true, summary: "No session is open", notes: [] },
    ],
    [
      "there was none before, and some are left",
      [old("one"), old("two")],
      { sessionCount: 0, sessionNonces: [] },
      { confirmed: false, summary: "2 of 2 sessions still open", notes: [] },
    ],
    [
      "there was one",
      [],
      { sessionCount: 1, sessionNonces: ["one"] },
      { confirmed: true, summary: "Revoked 1 session", notes: [] },
    ],
  ])("where %s", (_what, sessions, baseline, expected) => {
    expect(look(planRevoke(), { ...BASELINE, ...baseline }, sessions, null)).toMatchObject(expected);
  });

  it.each<[string, Registration[], { confirmed: boolean; summary: string; notes: string[] }]>([
    [
      "none is left",
      [],
      { confirmed: true, summary: "Revoked 3 sessions and 2 device registrations", notes: [] },
    ],
    [
      "one is left",
      [device("r2")],
      {
        confirmed: false,
        summary: "Revoked 3 sessions, 1 of 2 device registrations still active",
        notes: [],
      },
    ],
    [
      "one is new",
      [makeRegistration({ id: "r9", createdAt: SENT + SECOND })],
      {
        confirmed: true,
        summary: "Revoked 3 sessions and 2 device registrations",
        notes: ["1 new device registration since"],
      },
    ],
  ])("of devices too, where %s", (_what, registrations, expected) => {
    expect(look(planRevoke(true), BASELINE, [], registrations)).toMatchObject(expected);
  });

  it.each<[string, RevokeBaseline | null, ActiveSession[], Registration[] | null, object]>([
    [
      "nothing was read before, and nothing is left",
      null,
      [],
      [],
      { confirmed: true, summary: "No session is open, no earlier device registration is active", notes: [] },
    ],
    [
      "nothing was read before, and somebody signed in since",
      null,
      [fresh("four")],
      null,
      {
        confirmed: true,
        summary: "No earlier session is open",
        notes: ["1 new sign-in since: the user can still get in"],
      },
    ],
    [
      "nothing was read before, and two are left",
      null,
      [old("one"), old("two")],
      null,
      { confirmed: false, summary: "2 earlier sessions still open", notes: [] },
    ],
    [
      "the sessions could not be read before",
      { ...BASELINE, sessionCount: null, sessionNonces: [] },
      [],
      null,
      {
        confirmed: true,
        summary: "No session is open",
        notes: ["how many sessions were open before is unknown"],
      },
    ],
    [
      "the registrations could not be read before, and some stay active",
      { ...BASELINE, registrationIds: null },
      [],
      [device("r1"), device("r2")],
      {
        confirmed: false,
        summary: "Revoked 3 sessions, 2 earlier device registrations still active",
        notes: ["how many devices were registered before is unknown"],
      },
    ],
    [
      "the registrations could not be read before, and one does not say how old it is",
      { ...BASELINE, registrationIds: null },
      [],
      [makeRegistration({ id: "r9", createdAt: null })],
      { confirmed: false, summary: "Revoked 3 sessions, 1 earlier device registration still active" },
    ],
    [
      "there was no device before",
      { ...BASELINE, registrationIds: [] },
      [],
      [],
      { confirmed: true, summary: "Revoked 3 sessions", notes: [] },
    ],
    [
      "there was neither a session nor a device before",
      { ...BASELINE, sessionCount: 0, sessionNonces: [], registrationIds: [] },
      [],
      [],
      { confirmed: true, summary: "No session is open, no device was registered", notes: [] },
    ],
    [
      "a registration that the list before did not have is older than the call",
      BASELINE,
      [],
      [device("r9")],
      {
        confirmed: false,
        summary: "Revoked 3 sessions, 1 of 2 device registrations still active",
        notes: [],
      },
    ],
    [
      "the list was empty before as now, against what was seen when it was asked for",
      { ...BASELINE, sessionCount: 0, sessionNonces: [], unlisted: [NOW, NOW, null, SENT - SECOND] },
      [],
      null,
      {
        confirmed: false,
        summary:
          "Cloudflare lists no session and listed none before the call, but the request saw 3 open sessions",
      },
    ],
    [
      "the list was empty before and what was seen when it was asked for has expired",
      { ...BASELINE, sessionCount: 0, sessionNonces: [], unlisted: [SENT - SECOND] },
      [],
      null,
      { confirmed: true, summary: "No session is open" },
    ],
    [
      "the list was empty before and shows a new session now, so that it can be trusted",
      { ...BASELINE, sessionCount: 0, sessionNonces: [], unlisted: [NOW] },
      [fresh("four")],
      null,
      { confirmed: true, summary: "No earlier session is open" },
    ],
  ])("where %s", (_what, baseline, sessions, registrations, expected) => {
    expect(look(planRevoke(registrations !== null), baseline, sessions, registrations)).toMatchObject(
      expected,
    );
  });

  it("counts past 500 registrations, and takes none of them for a new one", () => {
    const many = Array.from({ length: 620 }, (_, index) => device(`r${index}`));
    const before = { ...BASELINE, registrationIds: many.map(({ id }) => id) };
    expect(look(planRevoke(true), before, [], many.slice(0, 610))).toMatchObject({
      summary: "Revoked 3 sessions, 610 of 620 device registrations still active",
      notes: [],
    });
  });
});

describe("what is seen after a revocation", () => {
  const LASTING = { ...BASELINE, lastExpiry: NOW + SECOND };
  it.each<[string, boolean, RevokePlan, RevokeBaseline | null, ActiveSession[], Registration[] | null]>([
    ["proves the call: a session is gone that would be open", true, planRevoke(), LASTING, [], null],
    ["proves it with a new sign-in as well", true, planRevoke(), LASTING, [fresh("four")], null],
    ["proves nothing while one is left", false, planRevoke(), LASTING, [old("one")], null],
    [
      "proves nothing when all have expired by now",
      false,
      planRevoke(),
      { ...LASTING, lastExpiry: NOW },
      [],
      null,
    ],
    ["proves nothing when it is unknown when they expire", false, planRevoke(), BASELINE, [], null],
    [
      "proves nothing where there was no session",
      false,
      planRevoke(),
      { ...LASTING, sessionCount: 0 },
      [],
      null,
    ],
    ["proves nothing where nothing was read before", false, planRevoke(), null, [], null],
    ["proves the call by registrations that are gone", true, planRevoke(true), BASELINE, [], []],
    [
      "proves nothing by registrations that were not read before",
      false,
      planRevoke(true),
      { ...BASELINE, registrationIds: null },
      [],
      [],
    ],
    ["proves nothing of WARP re-authentication", false, planRevoke(true, true), LASTING, [], []],
  ])("%s", (_what, expected, plan, baseline, sessions, registrations) => {
    expect(look(plan, baseline, sessions, registrations).provesCall).toBe(expected);
  });

  it("says that WARP re-authentication can't be verified", () => {
    expect(look(planRevoke(false, true), BASELINE, [], null).notes).toEqual([
      "WARP re-authentication can't be verified: Cloudflare does not show it",
    ]);
  });
});

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

  it("is not held up by a baseline that cannot be read, which is unknown and not empty", async () => {
    const cloudflare = fakeCloudflare({
      sessions: broken,
      registrations: async function* () {
        yield* [];
        await broken();
      },
    });
    expect(await revoke.readBaseline(cloudflare, planRevoke(true), null)).toMatchObject({
      sessionCount: null,
      registrationIds: null,
    });
  });

  it("counts sessions without a nonce in its baseline", async () => {
    const cloudflare = fakeCloudflare({ sessions: () => Promise.resolve([old("one"), old(null)]) });
    expect(await revoke.readBaseline(cloudflare, planRevoke(), null)).toMatchObject({
      sessionCount: 2,
      sessionNonces: ["one"],
      registrationIds: [],
    });
  });

  it.each<[string, Partial<Parameters<typeof fakeCloudflare>[0]>, (number | null)[]]>([
    ["is open by itself", { session: () => Promise.resolve({ isActive: true }) }, [EXPIRY]],
    ["can't be read by itself", { session: broken }, [EXPIRY]],
    ["does not say by itself", { session: () => Promise.resolve({ isActive: null }) }, [EXPIRY]],
    ["has ended since", { session: () => Promise.resolve({ isActive: false }) }, []],
    [
      "is no longer known",
      { session: () => Promise.reject(new NotFoundError({ call: "x", applied: "no", codes: [12135] })) },
      [],
    ],
  ])(
    "doubts an empty list before the call only where a session seen before %s",
    async (_what, parts, expected) => {
      const cloudflare = fakeCloudflare({ sessions: () => Promise.resolve([]), ...parts });
      const seen = makeSummary({
        user: makeUser({ id: TARGET.id }),
        sessions: { ok: true, value: [old("one")] },
      });
      expect(await revoke.readBaseline(cloudflare, planRevoke(), seen)).toMatchObject({ unlisted: expected });
      const ofAnother = makeSummary({ sessions: { ok: true, value: [old("one")] } });
      expect(await revoke.readBaseline(cloudflare, planRevoke(), ofAnother)).toMatchObject({ unlisted: [] });
    },
  );

  it("is refused when it is asked for somebody without an email address: the call names the user by it", async () => {
    const nameless = { id: "user-2", email: "", name: "Kiosk" };
    const wish = { action: "revoke", devices: false, warpReauth: false } as const;
    const input = {
      cloudflare: fakeCloudflare({}),
      evidence: null,
      wish,
      legacyDeviceRevoke: false,
      block: null,
    };
    const refused = {
      what: "The Access user user-2 has no email address, so zt-bot can't revoke their sessions.",
    };
    await expect(async () => revoke.prepare({ ...input, target: nameless })).rejects.toMatchObject({
      detail: refused,
    });
    await expect(async () =>
      revoke.prepare({ ...input, target: TARGET, others: [nameless] }),
    ).rejects.toMatchObject({ detail: refused });
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

  it("says with devices that these can be restored, and without that nothing need be", () => {
    expect(revoke.describe(planRevoke(true), makeSummary()).undo).toContain("can be restored");
    expect(revoke.describe(planRevoke(false), makeSummary()).undo).toBe("");
  });
});
