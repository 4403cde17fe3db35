import { describe, expect, it } from "vitest";

import type {
  CallOptions,
  Cloudflare,
  Registration,
  RiskScore,
  RiskSummaryUser,
} from "../../src/api/cloudflare.ts";
import {
  AbortedError,
  NetworkError,
  NotFoundError,
  PermissionError,
  type CloudflareFailure,
} from "../../src/api/errors.ts";
import { findRisk, gatherSummary } from "../../src/lookup/summary.ts";
import { makeIdentity, makeRegistration, makeSession, makeUser, NOW, USER_ID } from "../views/support.ts";

const READ = { call: "read", applied: "no" } as const;
const NOT_FOUND = new NotFoundError({ ...READ, codes: [12135] });
const RISK: RiskScore = {
  email: "mallory@example.com",
  name: null,
  level: "high",
  rawLevel: "high",
  lastResetAt: null,
  events: [],
};

interface World {
  failing?: Partial<
    Record<
      "identity" | "sessions" | "place" | "signIns" | "failedLogins" | "risk" | "registrations" | "idp",
      Error
    >
  >;
  registrations?: Registration[];
  /** Risk scores by the id under which risk scoring knows them. */
  scores?: Record<string, RiskScore>;
  rows?: RiskSummaryUser[];
  /** Ids of other Access users. */
  others?: string[];
}

function makeCloudflare({
  failing = {},
  registrations = [],
  scores = { [USER_ID]: RISK },
  rows = [],
  others = [],
}: World = {}) {
  const asked: { what: string; call: CallOptions | undefined }[] = [];
  const answer = <T>(what: keyof typeof failing, value: T, call: CallOptions | undefined): Promise<T> => {
    asked.push({ what, call });
    const failure = failing[what];
    return failure === undefined ? Promise.resolve(value) : Promise.reject(failure);
  };
  const cloudflare = {
    accessUsers: {
      get: (id: string) =>
        others.includes(id) ? Promise.resolve(makeUser({ id })) : Promise.reject(NOT_FOUND),
      lastSeenIdentity: (_id: string, call?: CallOptions) => answer("identity", makeIdentity(), call),
      activeSessions: (_id: string, call?: CallOptions) => answer("sessions", [makeSession()], call),
      activeSession: (_id: string, _nonce: string, call?: CallOptions) =>
        answer("place", { ...makeIdentity(), isActive: true }, call),
      failedLogins: (_id: string, call?: CallOptions) => answer("failedLogins", [], call),
    },
    accessLogs: {
      requests: (_query: unknown, call?: CallOptions) =>
        answer("signIns", { items: [], complete: true }, call),
    },
    identityProviders: {
      list: () => Promise.resolve([{ id: "idp-1", name: "Entra ID", type: "azureAD", scim: true }]),
      scimUsers: (_idp: string, _email: string, call?: CallOptions) =>
        answer("idp", [{ id: "s1", name: null, active: true, emails: [] }], call),
    },
    riskScoring: {
      async get(id: string, call?: CallOptions) {
        await answer("risk", null, call);
        const score = scores[id];
        if (score === undefined) throw NOT_FOUND;
        return score;
      },
      summary: (call?: CallOptions) => answer("risk", rows, call),
    },
    devices: {
      async *iterateRegistrations(_query: unknown, call?: CallOptions) {
        await answer("registrations", null, call);
        yield* registrations;
      },
    },
  } as unknown as Cloudflare;
  return { cloudflare, asked };
}

describe("a summary", () => {
  it("says of its registrations that they are the first 500 when there are more", async () => {
    const registrations = Array.from({ length: 501 }, (_, index) => makeRegistration({ id: String(index) }));
    const cut = await gatherSummary(makeCloudflare({ registrations }).cloudflare, makeUser(), NOW);
    expect(cut.registrations).toMatchObject({ ok: true, isComplete: false });
    expect(cut.registrations.ok && cut.registrations.value).toHaveLength(500);
    registrations.pop();
    const all = await gatherSummary(makeCloudflare({ registrations }).cloudflare, makeUser(), NOW);
    expect(all.registrations).toEqual({ ok: true, value: registrations });
  });

  it("asks for every part at once, each with a time limit", async () => {
    const { cloudflare, asked } = makeCloudflare({ registrations: [makeRegistration()] });
    const gathering = gatherSummary(cloudflare, makeUser(), NOW);
    // Before any answer was looked at.
    expect(asked.map(({ what }) => what).toSorted()).toEqual([
      "failedLogins",
      "identity",
      "registrations",
      "risk",
      "sessions",
      "signIns",
    ]);
    const summary = await gathering;
    expect(summary).toMatchObject({
      identity: { ok: true },
      sessions: { ok: true, value: [{}] },
      failedLogins: { ok: true, value: [] },
      risk: { ok: true, value: { userId: USER_ID, level: "high" } },
      registrations: { ok: true, value: [{}] },
      places: {
        ok: true,
        value: { seen: [{ country: "PT", ip: "203.0.113.7", nonce: "X1aXj1lFVcqqyoXF" }], unread: 0 },
      },
      signIns: { ok: true, value: { allowed: 0, denied: 0, allowedAfterDenials: null } },
      idp: { ok: true, value: { active: true, provider: "Entra ID" } },
      gatheredAt: NOW,
    });
    for (const { call } of asked)
      expect(call).toMatchObject({ timeoutMs: expect.any(Number), signal: expect.any(AbortSignal) });
  });

  it("survives the way through the database as it is", async () => {
    const summary = await gatherSummary(makeCloudflare().cloudflare, makeUser(), NOW);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it.each<[string, CloudflareFailure, string]>([
    [
      "is not allowed",
      new PermissionError({ ...READ, status: 403, permission: "Zero Trust Read", codes: [] }),
      "the API token lacks “Zero Trust Read”",
    ],
    ["cannot be reached", new NetworkError({ ...READ, code: null }), "Cloudflare can't be reached"],
    ["takes too long", new AbortedError(READ), "Cloudflare did not answer in time"],
  ])("says in its place why a part %s, and keeps the others", async (_what, failure, reason) => {
    for (const part of ["identity", "signIns", "failedLogins", "risk", "registrations", "idp"] as const) {
      const { cloudflare } = makeCloudflare({ failing: { [part]: failure } });
      const { user: _user, gatheredAt: _at, ...parts } = await gatherSummary(cloudflare, makeUser(), NOW);
      expect(parts[part]).toEqual({ ok: false, reason });
      expect(Object.values(parts).filter(({ ok }) => ok)).toHaveLength(7);
    }
    // Without the sessions it is not known where they are either.
    const { cloudflare } = makeCloudflare({ failing: { sessions: failure } });
    const { sessions, places } = await gatherSummary(cloudflare, makeUser(), NOW);
    expect([sessions, places]).toEqual([
      { ok: false, reason },
      { ok: false, reason },
    ]);
  });

  it("says of a user who never signed in that no sign-in is on record", async () => {
    const { cloudflare } = makeCloudflare({ failing: { identity: NOT_FOUND } });
    expect((await gatherSummary(cloudflare, makeUser(), NOW)).identity).toEqual({
      ok: false,
      reason: "no sign-in on record",
      isNone: true,
    });
  });

  it("does not hide a mistake of ours as something Cloudflare said", async () => {
    const { cloudflare } = makeCloudflare({ failing: { sessions: new TypeError("id must not be empty") } });
    await expect(gatherSummary(cloudflare, makeUser(), NOW)).rejects.toThrow(TypeError);
  });
});

describe("a risk score", () => {
  const row = (userId: string, email: string | null): RiskSummaryUser => ({
    userId,
    email,
    name: null,
    level: "high",
    eventCount: 1,
    lastEventAt: null,
  });

  it("is found under another id by the address, in any case", async () => {
    const { cloudflare } = makeCloudflare({
      scores: { other: RISK },
      rows: [row("x", null), row("other", "Mallory@Example.COM")],
    });
    expect(await findRisk(cloudflare, makeUser())).toEqual({ ...RISK, userId: "other" });
  });

  it("of nobody, which an id that risk scoring does not know may have, is looked for by the address too", async () => {
    const blank: RiskScore = {
      email: null,
      name: null,
      level: null,
      rawLevel: null,
      lastResetAt: null,
      events: [],
    };
    const rows = [row("other", "mallory@example.com")];
    const { cloudflare } = makeCloudflare({ scores: { [USER_ID]: blank, other: RISK }, rows });
    expect(await findRisk(cloudflare, makeUser())).toEqual({ ...RISK, userId: "other" });
    const alone = makeCloudflare({ scores: { [USER_ID]: blank } });
    expect(await findRisk(alone.cloudflare, makeUser())).toEqual({ ...blank, userId: USER_ID });
  });

  it("is not taken from another Access user whose address differs only in case", async () => {
    const { cloudflare } = makeCloudflare({
      scores: { twin: RISK },
      rows: [row("twin", "Mallory@example.com")],
      others: ["twin"],
    });
    await expect(findRisk(cloudflare, makeUser())).rejects.toBe(NOT_FOUND);
  });

  it("is taken from the row that spells the address the same, where there are two", async () => {
    const rows = [row("twin", "Mallory@example.com"), row("other", "mallory@example.com")];
    const { cloudflare } = makeCloudflare({ scores: { other: RISK }, rows });
    expect(await findRisk(cloudflare, makeUser())).toEqual({ ...RISK, userId: "other" });
  });

  it.each<[string, RiskSummaryUser[], string]>([
    ["nobody has that address", [row("other", "dana@example.com")], "mallory@example.com"],
    ["the user has no address: nobody else's is taken for it", [row("other", null), row("third", "")], ""],
  ])("is not there where %s", async (_what, rows, email) => {
    const { cloudflare } = makeCloudflare({ scores: { other: RISK, third: RISK }, rows });
    await expect(findRisk(cloudflare, makeUser({ email }))).rejects.toBe(NOT_FOUND);
  });
});
