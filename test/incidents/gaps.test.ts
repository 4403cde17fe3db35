import { describe, expect, it } from "vitest";

import { stateOfPerson } from "../../src/incidents/chips.ts";
import { findGaps, isContained, type PersonRequest, type PersonSeen } from "../../src/incidents/gaps.ts";

const T = Date.UTC(2027, 0, 15, 12);

const clean: PersonSeen = {
  readAt: T,
  sessions: { value: [] },
  devices: { value: 0 },
  risk: { value: null },
};

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
      [{ kind: "sessions", is: "open", count: 2, backSince: null }],
    ],
    [
      "a session from after a verified revocation: back since then",
      { ...clean, sessions: { value: [T - 40_000, T - 10_000, T - 20_000] } },
      [revoked],
      [{ kind: "sessions", is: "open", count: 3, backSince: T - 20_000 }],
    ],
    [
      "a session that began in the second of the call is new, as `iat` has whole seconds",
      { ...clean, sessions: { value: [T - 30_000] } },
      [{ ...revoked, sentAt: T - 29_400 }],
      [{ kind: "sessions", is: "open", count: 1, backSince: T - 30_000 }],
    ],
    [
      "a revocation that was not verified brings no one back",
      { ...clean, sessions: { value: [T - 10_000] } },
      [{ ...revoked, state: "sent" }],
      [{ kind: "sessions", is: "open", count: 1, backSince: null }],
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
      { ...clean, sessions: { unknown: "HTTP 502" }, devices: { unknown: "HTTP 502" } },
      [revoked],
      [
        { kind: "sessions", is: "unknown", why: "HTTP 502" },
        { kind: "devices", is: "unknown", why: "HTTP 502" },
      ],
    ],
    [
      "someone who was not read yet",
      null,
      [],
      ["sessions", "devices", "risk"].map((kind) => ({ kind, is: "unknown", why: "not read yet" })),
    ],
  ])("%s", (_name, seen, requests, gaps) => {
    expect(findGaps(seen, requests)).toEqual(gaps);
  });

  it("contained is only who has none of the required ones, also none that is unknown", () => {
    const devices = findGaps({ ...clean, devices: { value: 1 } }, []);
    expect(isContained(devices, ["sessions"])).toBe(true);
    expect(isContained(devices, ["sessions", "devices"])).toBe(false);
    expect(isContained(findGaps({ ...clean, sessions: { unknown: "HTTP 502" } }, []), ["sessions"])).toBe(
      false,
    );
    expect(isContained(findGaps(null, []), ["sessions"])).toBe(false);
  });
});

describe("how someone stands", () => {
  const open = { ...clean, sessions: { value: [T - 90_000] } };
  it.each<[string, PersonSeen | null, readonly PersonRequest[], string, readonly string[]]>([
    ["contained", clean, [revoked], "contained", ["revoked"]],
    ["open", open, [], "open", ["open"]],
    [
      "waiting",
      open,
      [{ ...revoked, status: "pending", state: "waiting", sentAt: null }],
      "waiting",
      ["waiting", "open"],
    ],
    [
      "in progress",
      open,
      [{ ...revoked, status: "executing", state: "sent" }],
      "in-progress",
      ["in-progress", "open"],
    ],
    [
      "back, whatever else is under way",
      { ...clean, sessions: { value: [T - 1000] } },
      [
        revoked,
        { ...revoked, id: "ZT-0000002", status: "pending", state: "waiting", sentAt: null, createdAt: T },
      ],
      "back",
      ["back", "waiting", "revoked"],
    ],
    [
      "failed, and still open",
      open,
      [{ ...revoked, status: "failed", state: "failed" }],
      "open",
      ["failed", "open"],
    ],
    [
      "denied: nothing was done",
      open,
      [{ ...revoked, status: "denied", state: "waiting" }],
      "open",
      ["open"],
    ],
    ["unknown", { ...clean, sessions: { unknown: "HTTP 502" } }, [], "unknown", ["unknown"]],
    ["not read yet", null, [], "unknown", ["unknown"]],
  ])("%s", (_name, seen, requests, standing, chips) => {
    const state = stateOfPerson(seen, requests, ["sessions"]);
    expect(state.standing).toBe(standing);
    expect(state.chips.map(({ kind }) => kind)).toEqual(chips);
  });
});
