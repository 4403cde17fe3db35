import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../src/canonical-json.ts";
import { createRequestId, hashPlan, type Plan } from "../../src/requests/plan.ts";
import { fromRow } from "../../src/requests/request.ts";

const PLAN: Plan = {
  action: "revoke",
  accountId: "023e105f4ecef8ad9ca31a8372d0c353",
  target: { id: "f174e90a-fafe-4643-bbbc-4a0ed4fc8415", email: "mallory@example.com", name: "Mallory" },
  options: { devices: true, warpReauth: false },
};

/** The same data with the keys of every object in another order. */
function shuffleKeys(value: unknown, order: readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, order));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner], index) => ({
    key,
    inner,
    at: order[index % order.length] ?? 0,
  }));
  return Object.fromEntries(
    entries.toSorted((a, b) => a.at - b.at).map(({ key, inner }) => [key, shuffleKeys(inner, order)]),
  );
}

const anyOrder = fc.array(fc.integer(), { minLength: 1, maxLength: 20 });

describe("a plan's hash", () => {
  it("is the SHA-256 of its canonical JSON, for ever the same", () => {
    expect(canonicalJson(PLAN)).toBe(
      '{"accountId":"023e105f4ecef8ad9ca31a8372d0c353","action":"revoke","options":{"devices":true,"warpReauth":false},"target":{"email":"mallory@example.com","id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","name":"Mallory"}}',
    );
    expect(hashPlan(PLAN)).toBe("104f1a84f31d38c9973a60d0341a4b8a91c4d0feecdce0b0026dcdea486f8db9");
  });

  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        expect(hashPlan(shuffleKeys(PLAN, order) as Plan)).toBe(hashPlan(PLAN));
      }),
    );
  });

  it("survives the way through the database", () => {
    expect(hashPlan(JSON.parse(JSON.stringify(PLAN)) as Plan)).toBe(hashPlan(PLAN));
  });

  it.each<[string, Plan]>([
    ["option", { ...PLAN, options: { devices: false, warpReauth: false } }],
    ["target", { ...PLAN, target: { ...PLAN.target, id: "another" } }],
    ["address", { ...PLAN, target: { ...PLAN.target, email: "mallory@example.org" } }],
    ["account", { ...PLAN, accountId: "another" }],
    ["action", { ...PLAN, action: "reset-risk", options: { riskUserId: "x", judged: [] } }],
  ])("is another with another %s", (_what, plan) => {
    expect(hashPlan(plan)).not.toBe(hashPlan(PLAN));
  });
});

describe("a request whose stored plan can't be read", () => {
  it.each([
    ["is none", "not JSON"],
    ["has an action of another version", JSON.stringify({ ...PLAN, action: "ban" })],
    [
      "has an option of another version",
      JSON.stringify({ ...PLAN, options: { ...PLAN.options, zone: "z" } }),
    ],
    ["has no target", JSON.stringify({ ...PLAN, target: undefined })],
  ])("is named: one that %s", (_what, plan) => {
    const row = { id: "ZT-7K3M2QF", plan } as Parameters<typeof fromRow>[0];
    expect(() => fromRow(row)).toThrow("the stored plan of request ZT-7K3M2QF cannot be read");
  });
});

describe("canonical JSON", () => {
  it("is the same for the same data, whatever the order of keys, and reads back as it was", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyOrder, (value, order) => {
        expect(canonicalJson(shuffleKeys(value, order))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("keeps the order of lists, which means something", () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });
});

describe("a request's id", () => {
  it("can be read out over the phone, and is never the same twice", () => {
    const ids = Array.from({ length: 2000 }, createRequestId);
    for (const id of ids) expect(id).toMatch(/^ZT-[0-9A-HJKMNP-TV-Z]{7}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
