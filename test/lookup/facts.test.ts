import { describe, expect, it } from "vitest";

import {
  bySoonestEnd,
  countApps,
  groupRiskEvents,
  MAX_RISK_KINDS,
  onApps,
  recentFailures,
} from "../../src/lookup/facts.ts";
import { list, plural } from "../../src/pluralize.ts";
import { HOUR, makeFailure, makeSession, NOW } from "../views/support.ts";

const app = (uid: string | null, name: string | null = null, hostname: string | null = null) => ({
  uid,
  name,
  hostname,
  type: null,
});

describe("the failed log-ins of the last day", () => {
  it("are those of 24 hours, newest first, without those that have no time", () => {
    const at = (hours: number) => makeFailure({ at: NOW - hours * HOUR });
    const found = recentFailures([at(23), at(25), makeFailure({ at: null }), at(1), at(24)], NOW);
    expect(found.map((login) => (NOW - (login.at ?? 0)) / HOUR)).toEqual([1, 23, 24]);
  });
});

describe("the number of applications", () => {
  it.each([
    [[[app("a")], [app("a"), app("b")]], 2],
    [[[app(null, "Wiki")], [app(null, "Wiki")]], 1],
    [[[app(null, null, "wiki.example.com")], [app(null, null, "git.example.com")]], 2],
    [[[app(null)], [app(null)]], 2],
    [[[]], 0],
    [[], 0],
  ])("of sessions on %j is %i", (apps, count) => {
    expect(countApps(apps.map((one) => makeSession({ apps: one })))).toBe(count);
  });

  it.each([
    [[[app("a")]], " on 1 app"],
    [[[app("a"), app("b")]], " on 2 apps"],
    [[[]], ", on no app yet"],
    [[], ""],
  ])("of sessions on %j reads “%s”", (apps, words) => {
    expect(onApps(apps.map((one) => makeSession({ apps: one })))).toBe(words);
  });
});

describe("sessions in the order of their end", () => {
  it("have those without an end last, and leave the list they came from as it was", () => {
    const sessions = [
      makeSession({ nonce: "never", expiresAt: null }),
      makeSession({ nonce: "late", expiresAt: NOW + 2 }),
      makeSession({ nonce: "soon", expiresAt: NOW + 1 }),
    ];
    expect(bySoonestEnd(sessions).map(({ nonce }) => nonce)).toEqual(["soon", "late", "never"]);
    expect(sessions[0]?.nonce).toBe("never");
  });
});

describe("words", () => {
  it.each([
    [0, "0 sessions"],
    [1, "1 session"],
    [1200, "1,200 sessions"],
  ])("count %i", (count, words) => {
    expect(plural(count, "session")).toBe(words);
  });

  it.each([
    [[], ""],
    [["a"], "a"],
    [["a", "b"], "a and b"],
    [["a", "b", "c"], "a, b and c"],
  ])("list %j", (parts, words) => {
    expect(list(parts)).toBe(words);
  });
});

describe("the kinds of risk events", () => {
  const event = (id: string | null, name: string | null, at: number | null = NOW) => ({
    id,
    name,
    at,
    level: "high" as const,
    details: null,
  });

  it("are counted, the newest kind first, and those without a name are a kind too", () => {
    const events = [
      event("1", "Travel", NOW - HOUR),
      event("2", "DLP", NOW),
      event("3", "Travel", NOW - 2 * HOUR),
      event("4", null, null),
    ];
    expect(groupRiskEvents(events).map(({ name, count, lastAt }) => [name, count, lastAt])).toEqual([
      ["DLP", 1, NOW],
      ["Travel", 2, NOW - HOUR],
      ["unnamed event", 1, null],
    ]);
    expect(groupRiskEvents([])).toEqual([]);
  });

  it("have a key that stands for exactly these events, in whatever order Cloudflare lists them", () => {
    const keyOf = (...ids: string[]) => groupRiskEvents(ids.map((id) => event(id, "Travel")))[0]?.key;
    expect(keyOf("1", "2")).toMatch(/^[0-9a-f]{12}$/);
    expect(keyOf("2", "1")).toBe(keyOf("1", "2"));
    expect(keyOf("1", "2", "3")).not.toBe(keyOf("1", "2"));
    expect(keyOf("1", "3")).not.toBe(keyOf("1", "2"));
  });

  it("past what a form holds are judged together, and every event is counted once", () => {
    const events = Array.from({ length: 100 }, (_, index) =>
      event(String(index), `kind ${index}`, NOW - index),
    );
    const groups = groupRiskEvents(events);
    expect(groups).toHaveLength(MAX_RISK_KINDS);
    expect(groups.at(-1)).toMatchObject({ name: "41 other kinds of events", count: 41 });
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    expect(new Set(groups.map(({ key }) => key)).size).toBe(MAX_RISK_KINDS);
  });
});
