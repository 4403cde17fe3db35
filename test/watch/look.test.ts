import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type {
  AccessRequest,
  ActiveSession,
  Registration,
  RiskSummaryUser,
} from "../../src/api/cloudflare.ts";
import { BURST, emptyMemory, look, SAME_WAY_MS, type Memory, type Reading } from "../../src/watch/look.ts";

const SINCE = Date.UTC(2027, 0, 15, 12);
const MINUTE = 60_000;
const IP = "203.0.113.199";

function row(afterMs: number, change: Partial<AccessRequest> = {}): AccessRequest {
  return {
    action: "login",
    allowed: true,
    appDomain: "payroll.example.com",
    appUid: "app-1",
    connection: "azureAD",
    at: SINCE + afterMs,
    ip: IP,
    rayId: `ray-${afterMs}`,
    email: "mallory@example.com",
    ...change,
  };
}

function session(afterMs: number, nonce = `nonce-${afterMs}`): ActiveSession {
  return {
    nonce,
    name: null,
    issuedAt: SINCE + afterMs,
    expiresAt: null,
    apps: [{ uid: "app-1", name: "Payroll", hostname: "payroll.example.com", type: null }],
  };
}

function log(rows: AccessRequest[], toMs: number, fromMs = 0): Reading {
  return { log: { ok: true, from: SINCE + fromMs, to: SINCE + toMs, rows } };
}

function first(reading: Reading, memory: Memory = emptyMemory(SINCE), now = SINCE) {
  return look(SINCE, memory, reading, now);
}

const kindsOf = (found: ReturnType<typeof look>): string[] => found.events.map(({ event }) => event.kind);

describe("signing in", () => {
  it("after the revocation is told with the address and the application's name", () => {
    const identity = { ip: IP, country: "BR" } as NonNullable<Reading["identity"]>;
    const reading = { ...log([row(MINUTE)], 2 * MINUTE), sessions: [session(MINUTE)], identity };
    expect(first(reading).events).toMatchObject([
      {
        isReturn: true,
        event: { kind: "signed-in", at: SINCE + MINUTE, ip: IP, country: "BR", apps: ["Payroll"], count: 1 },
      },
    ]);
  });

  it("before it, without a time, or in somebody else's country says nothing of now", () => {
    const reading = log([row(-1000), row(0, { at: null })], MINUTE);
    expect(first(reading).events).toEqual([]);
    const identity = { ip: "198.51.100.1", country: "BR" } as NonNullable<Reading["identity"]>;
    expect(first({ ...log([row(1)], MINUTE), identity }).events[0]?.event).toMatchObject({ country: null });
  });

  it("in the second of the revocation counts: a session's time has whole seconds", () => {
    expect(kindsOf(look(SINCE + 700, emptyMemory(SINCE + 700), log([row(100)], MINUTE), SINCE))).toEqual([
      "signed-in",
    ]);
  });

  it("to one application after another is one way in; from another address, or later, is another", () => {
    const one = first(log([row(0), row(1000, { appUid: "app-2" })], MINUTE));
    expect(one.events).toHaveLength(1);
    const more = first(log([row(5 * MINUTE)], 6 * MINUTE, 0), one.memory);
    expect(more.events).toEqual([]);
    const other = first(log([row(6 * MINUTE, { ip: "198.51.100.7" })], 7 * MINUTE), more.memory);
    expect(other.events).toHaveLength(1);
    const later = first(log([row(7 * MINUTE + 2 * SAME_WAY_MS)], 8 * MINUTE + 2 * SAME_WAY_MS), other.memory);
    expect(later.events).toHaveLength(1);
  });

  it("that Cloudflare does not call allowed or denied is none", () => {
    expect(first(log([row(0, { allowed: null })], MINUTE)).events).toEqual([]);
  });
});

describe("a session", () => {
  it("that no sign-in explains is told; one that a sign-in began is not, whichever was read first", () => {
    const sessions = [session(1000), session(-5000, "old")];
    const early = first({ ...log([], MINUTE), sessions });
    expect(early.events).toEqual([]);
    expect(early.memory.sessionsAt).toBe(0);
    expect(kindsOf(first({ ...log([row(1500)], MINUTE + 1000), sessions }, early.memory))).toEqual([
      "signed-in",
    ]);
    const alone = first({ ...log([], 3 * MINUTE), sessions }, early.memory);
    expect(kindsOf(alone)).toEqual(["session"]);
    const late = first(log([row(2000)], 4 * MINUTE), alone.memory);
    expect(late.events).toEqual([]);
    const both = first({ ...log([row(1000)], MINUTE), sessions: [session(1000)] });
    expect(kindsOf(both)).toEqual(["signed-in"]);
  });
});

describe("denials", () => {
  it("are told when they are many, once while they go on, and again after a break", () => {
    const denied = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => row(from + index * 1000, { allowed: false }));
    const few = first(log(denied(0, BURST.count - 1), MINUTE));
    expect(few.events).toEqual([]);
    const many = first(log(denied(MINUTE, 1), 2 * MINUTE), few.memory);
    expect(many.events).toMatchObject([{ isReturn: false, event: { kind: "denials", count: BURST.count } }]);
    const on = first(log(denied(2 * MINUTE, 9), 3 * MINUTE), many.memory);
    expect(on.events).toEqual([]);
    const again = first(log(denied(60 * MINUTE, 6), 61 * MINUTE), on.memory);
    expect(kindsOf(again)).toEqual(["denials"]);
  });
});

it("a row that is read again with the next look counts once", () => {
  const rows = Array.from({ length: BURST.count - 1 }, (_, index) => row(index * 1000, { allowed: false }));
  const one = first(log(rows, MINUTE));
  const again = first(log(rows, 2 * MINUTE), one.memory);
  expect(again.events).toEqual([]);
  expect(again.memory.denials).toHaveLength(rows.length);
});

describe("devices and risk", () => {
  const device = (id: string, createdAt: number | null): Registration =>
    ({ id, createdAt, deviceName: id }) as Registration;
  const risk = (level: "low" | "high", lastEventAt: number): RiskSummaryUser => ({
    userId: "u",
    email: null,
    name: null,
    level,
    eventCount: 1,
    lastEventAt,
  });

  it("a device is new by its time, or where it was not there before", () => {
    const one = first({ ...log([], 0), registrations: [device("old", SINCE - 1), device("new", SINCE + 1)] });
    expect(one.events.map(({ key }) => key)).toEqual(["registration:new"]);
    const two = first(
      { ...log([], 0), registrations: [device("new", SINCE + 1), device("odd", null)] },
      one.memory,
    );
    expect(two.events.map(({ key }) => key)).toEqual(["registration:odd"]);
    expect(first({ ...log([], 0), registrations: [device("odd", null)] }).events).toEqual([]);
  });

  it("risk is told when it rises or has a new event, not when it falls or could not be read", () => {
    const one = first({ ...log([], 0), risk: risk("low", SINCE - 1) });
    expect(one.events).toEqual([]);
    const two = first({ ...log([], 0), risk: risk("high", SINCE + 1) }, one.memory);
    expect(two.events[0]?.event).toMatchObject({ kind: "risk", level: "high", before: "low" });
    expect(first(log([], 0), two.memory).memory.risk).toEqual(two.memory.risk);
    expect(first({ ...log([], 0), risk: null }, two.memory).events).toEqual([]);
  });
});

describe("a log that can't be read", () => {
  it("is unknown, not empty: it is read from where it was known, and nothing is missed", () => {
    const one = first(log([], MINUTE));
    const blind = first({ log: { ok: false, why: "Cloudflare returned an error (502)" } }, one.memory);
    expect(blind.memory).toMatchObject({
      readTo: SINCE + MINUTE,
      blind: { since: SINCE + MINUTE, isTold: false },
    });
    const isTold = { ...blind.memory, blind: { since: SINCE + MINUTE, why: "", isTold: true } };
    const sees = first(log([row(5 * MINUTE)], 9 * MINUTE), isTold);
    expect(sees.sees).toEqual({ since: SINCE + MINUTE, missed: [] });
    expect(sees.events).toHaveLength(1);
    expect(sees.memory).toMatchObject({ blind: null, gaps: [], readTo: SINCE + 9 * MINUTE });
  });

  it("of which only the newest part was read leaves a gap that is named", () => {
    const one = first(log([], MINUTE));
    const cut = first(log([row(8 * MINUTE)], 9 * MINUTE, 7 * MINUTE), one.memory);
    expect(cut.memory.gaps).toMatchObject([{ from: SINCE + MINUTE, to: SINCE + 7 * MINUTE }]);
  });
});

it("however the log is cut into looks, each way in is told once, and none is passed over", () => {
  const minutes = fc.integer({ min: 0, max: 100 });
  const ip = fc.constantFrom("203.0.113.1", "203.0.113.2", "203.0.113.3");
  fc.assert(
    fc.property(
      fc.array(fc.record({ minute: minutes, ip }), { maxLength: 30 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 101 }), { maxLength: 20 }),
      fc.integer({ min: 0, max: 2 }),
      (signIns, cuts, lateMinutes) => {
        const rows = signIns.map(({ minute, ip: from }, index) =>
          row(minute * MINUTE, { ip: from, rayId: `ray-${index}` }),
        );
        let memory = emptyMemory(SINCE);
        const told: string[] = [];
        // What Cloudflare shows late stands in the part that the next look reads again.
        for (const cut of [...cuts.toSorted((a, b) => a - b), 110]) {
          const shown = rows.filter((one) => (one.at ?? 0) <= SINCE + (cut - lateMinutes) * MINUTE);
          const found = look(SINCE, memory, log(shown, cut * MINUTE), SINCE);
          told.push(...found.events.map(({ key }) => key));
          expect(found.memory.gaps).toEqual([]);
          memory = found.memory;
        }
        expect(new Set(told).size).toBe(told.length);
        // Each address is told at least once, and each of its breaks of more than SAME_WAY_MS begins a new way in.
        expect(told.length).toBeGreaterThanOrEqual(new Set(signIns.map((one) => one.ip)).size);
        expect(told.length).toBeLessThanOrEqual(rows.length);
      },
    ),
  );
});
