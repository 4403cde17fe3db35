import { describe, expect, it } from "vitest";

import { bySoonestEnd, countApps, onApps, recentFailures } from "../../src/lookup/facts.ts";
import { list, plural } from "../../src/words.ts";
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
