import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readCall, writeCall } from "../../src/api/call.ts";
import { openEnvelope, readList } from "../../src/api/envelope.ts";
import type { Answer } from "../../src/api/envelope.ts";
import type { ReadRow } from "../../src/api/fields.ts";
import { CloudflareError } from "../../src/api/errors.ts";
import { Identity, SessionIdentity } from "../../src/api/identity-schema.ts";
import {
  AccessRequest,
  AccessUser,
  ActiveSession,
  FailedLogin,
  Registration,
  RiskScore,
  RiskSummaryUser,
  sameEmail,
  TokenVerification,
} from "../../src/api/schema.ts";

/** Each schema with the keys it knows, so that random rows hit them. */
const SCHEMAS: [name: string, schema: ReadRow<unknown>, keys: string[], needs: string[]][] = [
  [
    "AccessUser",
    AccessUser,
    ["uid", "seat_uid", "email", "name", "access_seat", "gateway_seat", "active_device_count", "created_at"],
    ["id"],
  ],
  ["ActiveSession", ActiveSession, ["name", "expiration", "metadata"], []],
  ["FailedLogin", FailedLogin, ["expiration", "metadata"], []],
  [
    "Identity",
    Identity,
    [
      "id",
      "groups",
      "amr",
      "idp",
      "geo",
      "iat",
      "service_token_id",
      "devicePosture",
      "device_sessions",
      "mtls_auth",
    ],
    [],
  ],
  ["SessionIdentity", SessionIdentity, ["isActive", "groups", "devicePosture", "device_id", "is_warp"], []],
  ["Registration", Registration, ["device", "user", "created_at", "revoked_at", "key_type"], ["id"]],
  ["RiskScore", RiskScore, ["email", "name", "risk_level", "last_reset_time", "events"], []],
  ["RiskSummaryUser", RiskSummaryUser, ["email", "max_risk_level", "event_count", "last_event"], ["user_id"]],
  ["AccessRequest", AccessRequest, ["action", "allowed", "created_at", "user_email"], []],
  ["TokenVerification", TokenVerification, ["id", "status", "expires_on", "not_before"], []],
];

const INNER_KEYS = ["nonce", "iat", "expires", "apps", "app_name", "datetime", "id", "name", "type", "email"];
const LEAVES = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "true", "", 0, -1, 1_694_791_905, 1e300, "high", "HIGH", "odd"),
  fc.constantFrom("2025-02-14T13:17:00Z", "0001-01-01T00:00:00Z", "2025-02-14", "2025-99-99T99:99:99Z"),
  fc.string(),
  fc.double(),
);
const ANYTHING: fc.Arbitrary<unknown> = fc.oneof(
  LEAVES,
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...INNER_KEYS, "__proto__", "constructor"), fc.oneof(LEAVES, fc.jsonValue())),
  fc.array(fc.dictionary(fc.constantFrom(...INNER_KEYS), LEAVES)),
);

function makeRows(keys: string[], needs: string[]): fc.Arbitrary<unknown> {
  const known = Object.fromEntries([...keys, ...needs].map((key) => [key, ANYTHING]));
  return fc.oneof(fc.record(known, { requiredKeys: [] }), fc.record(known), fc.jsonValue()).map(asOnTheWire);
}

/** What it would be after its way through JSON: no NaN, no undefined, no -0. */
function asOnTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

/** Every text, number (as text), key and flag inside a value. */
function listLeaves(value: unknown, into = new Set<unknown>()): Set<unknown> {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      into.add(key);
      listLeaves(item, into);
    }
    return into;
  }
  into.add(value);
  if (typeof value === "number") into.add(String(value));
  return into;
}

/** Every text that a parsed value holds, the keys left out; details are rewritten JSON and not compared. */
function listTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === "details" ? [] : listTexts(item)));
}

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

function readSuccess(body: string): unknown {
  const value = attempt((): unknown => JSON.parse(body));
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Reflect.get(value, "success")
    : null;
}

const quiet = { warn: () => {} };
const ANSWER: Answer = {
  facts: { call: "test", applied: "no", status: 200, cfRay: null },
  result: null,
  resultInfo: {},
};

describe.each(SCHEMAS)("rows of %s", (_name, schema, keys, needs) => {
  const rows = fc.array(makeRows(keys, needs));

  it("never cost one another: whatever is in one, the good ones are read", () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const good = Object.fromEntries(needs.map((key) => [key, "an-id"]));
        const read = (list: unknown[]) => readList(schema, { answer: ANSWER, log: quiet, list });
        const { rows: mixed, rowCount } = read([...before, good, ...after]);
        expect(rowCount).toBe(before.length + 1 + after.length);
        expect(mixed).toContainEqual(read([good]).rows[0]);
        expect(mixed).toHaveLength(read(before).rows.length + 1 + read(after).rows.length);
      }),
    );
  });

  it("say nothing that is not on the wire", () => {
    fc.assert(
      fc.property(makeRows(keys, needs), (wire) => {
        const leaves = listLeaves(wire);
        // A level is folded to lower case; nothing else is rewritten.
        const words = new Set([...leaves, ...[...leaves].map((leaf) => String(leaf).toLowerCase())]);
        const texts = listTexts(schema(wire));
        expect(texts.filter((text) => text !== "" && !words.has(text))).toEqual([]);
      }),
    );
  });

  it("survive being stored and read again as JSON", () => {
    fc.assert(
      fc.property(makeRows(keys, needs), (wire) => {
        const data = schema(wire);
        expect(asOnTheWire(data)).toEqual(data);
      }),
    );
  });
});

describe("an envelope", () => {
  const read = readCall("read", "/x", null);
  const write = writeCall("write", "POST /x", null);
  const bodies = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record(
        {
          success: ANYTHING,
          errors: ANYTHING,
          code: ANYTHING,
          error: ANYTHING,
          result: ANYTHING,
          result_info: ANYTHING,
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );

  it("is either opened with success true, or one of our errors, whatever the answer is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        bodies,
        fc.constantFrom(read, write),
        (status, body, call) => {
          const context = { redact: (message: string) => message, now: 0 };
          const opened = attempt(() => openEnvelope(call, { status, body, header: () => null }, context));
          const isSuccess = status < 300 && readSuccess(body) === true;
          expect(opened instanceof CloudflareError).toBe(!isSuccess);
          expect(opened).toHaveProperty(isSuccess ? "result" : "kind");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("nested as deep as it likes does not get in the way of the status", () => {
    const deep = `{"errors":[${'{"error_chain":['.repeat(5_000)}${"]}".repeat(5_000)}]}`;
    const open = () =>
      openEnvelope(write, { status: 400, body: deep, header: () => null }, { redact: String, now: 0 });
    expect(open).toThrow(CloudflareError);
  });
});

describe("two addresses", () => {
  it.each([
    ["JDoe@Example.com", " jdoe@example.com ", true],
    ["jdoe+a@example.com", "jdoe@example.com", false],
    ["jdoe@example.com", "jdoe@example.co", false],
  ])("%j and %j are the same person's: %s", (one, other, same) => {
    expect(sameEmail(one, other)).toBe(same);
  });
});
