import { createSecretKey } from "node:crypto";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { seal, unseal } from "../../src/approvals/step-up/seal.ts";
import { newSecret, otpauthUri, stepOfCode } from "../../src/approvals/step-up/totp.ts";
import { takesCode, vouchRefusal, type VouchFacts } from "../../src/approvals/step-up/vouch.ts";
import { codeAt } from "../support/phone.ts";

const KEY = createSecretKey(Buffer.alloc(32, 7));
/** RFC 6238, appendix B: the secret of the SHA-1 column is "12345678901234567890". */
const RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

describe("a time-based code", () => {
  it.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("is the one of RFC 6238 at %i s", (seconds, code) => {
    expect(stepOfCode(RFC_SECRET, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
    expect(codeAt(RFC_SECRET, seconds * 1000)).toBe(code);
  });

  it("belongs to the step that it was made for, one away at most, and nothing else is one", () => {
    const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(moment, fc.integer({ min: -3, max: 3 }), (now, steps) => {
        const secret = newSecret();
        const made = Math.max(0, now + steps * 30_000);
        const step = stepOfCode(secret, codeAt(secret, made), now);
        if (Math.abs(Math.floor(made / 30_000) - Math.floor(now / 30_000)) <= 1)
          expect(step).toBe(Math.floor(made / 30_000));
        // One in 333,000 of the others is right by chance.
        else expect(step).toSatisfy((one) => one === null || Math.abs(one - Math.floor(now / 30_000)) <= 1);
      }),
      { numRuns: 50 },
    );
    for (const odd of ["", "12345", "1234567", "12345a", "１２３４５６"])
      expect(stepOfCode(RFC_SECRET, odd, 59_000)).toBeNull();
  });

  it("is offered to apps as RFC 6238 with its usual numbers", () => {
    const uri = new URL(otpauthUri(RFC_SECRET, "carol@example.com"));
    expect(uri.protocol).toBe("otpauth:");
    expect(Object.fromEntries(uri.searchParams)).toMatchObject({
      issuer: "zt-bot",
      secret: RFC_SECRET,
      digits: "6",
      period: "30",
    });
    expect(newSecret()).toMatch(/^[A-Z2-7]{32}$/);
  });
});

describe("what is sealed", () => {
  it("opens with its key for its purpose only, and not once a bit of it was changed", () => {
    const sealed = seal(KEY, RFC_SECRET, "carol");
    expect(unseal(KEY, sealed, "carol")).toBe(RFC_SECRET);
    expect(seal(KEY, RFC_SECRET, "carol")).not.toBe(sealed);
    expect(unseal(KEY, sealed, "mallory")).toBeNull();
    expect(unseal(createSecretKey(Buffer.alloc(32, 8)), sealed, "carol")).toBeNull();
    const bytes = Buffer.from(sealed, "base64");
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(unseal(KEY, changed.toString("base64"), "carol")).toBeNull();
    }
    for (const odd of ["", "AAAA", "not base64!"]) expect(unseal(KEY, odd, "carol")).toBeNull();
  });
});

describe("who may confirm an authenticator", () => {
  const NOW = 1_800_000_000_000;

  function factsOf(
    owner: string,
    voucher: string,
    enrolled: readonly string[],
    changes: Partial<VouchFacts> = {},
  ) {
    const person = {
      id: voucher,
      teamId: "T0HOME",
      name: voucher,
      email: `${voucher}@example.com`,
      isBot: false,
      isDeactivated: false,
      isGuest: false,
      isStranger: false,
    };
    const facts: VouchFacts = {
      authenticator: { userId: owner, state: "waiting", createdAt: NOW - 1000 },
      voucherId: voucher,
      voucher: { person, approverRisk: { kind: "fine" } },
      approvers: new Set(["U0A", "U0B", "U0C"]),
      enrolled: new Set(enrolled),
      homeTeamId: "T0HOME",
      now: NOW,
      ...changes,
    };
    return facts;
  }

  it.each<[string, VouchFacts, string | undefined]>([
    ["another approver, while nobody has one", factsOf("U0A", "U0B", []), undefined],
    ["another approver with one", factsOf("U0A", "U0B", ["U0B"]), undefined],
    ["another approver, where only its owner has one", factsOf("U0A", "U0B", ["U0A"]), undefined],
    ["its owner", factsOf("U0A", "U0A", []), "requester"],
    ["its owner, who has one already", factsOf("U0A", "U0A", ["U0A"]), "requester"],
    ["an approver without one, where a third has one", factsOf("U0A", "U0B", ["U0C"]), "no-authenticator"],
    ["an approver, where only a former one has one", factsOf("U0A", "U0B", ["U0GONE"]), undefined],
    ["somebody who is no approver", factsOf("U0A", "U0X", []), "not-an-approver"],
    [
      "somebody at risk",
      factsOf("U0A", "U0B", [], {
        voucher: { ...factsOf("U0A", "U0B", []).voucher, approverRisk: { kind: "high-risk" } },
      }),
      "at-risk",
    ],
    [
      "anybody, after a day",
      factsOf("U0A", "U0B", [], {
        authenticator: { userId: "U0A", state: "waiting", createdAt: NOW - 86_400_000 },
      }),
      "not-waiting",
    ],
  ])("%s", (_who, facts, code) => {
    expect(vouchRefusal(facts)?.code).toBe(code);
  });

  it("nobody alone, and once an approver has one nobody without one, however many work together", () => {
    const people = fc.constantFrom("U0A", "U0B", "U0C", "U0X");
    fc.assert(
      fc.property(people, people, fc.uniqueArray(people), (owner, voucher, enrolled) => {
        const facts = factsOf(owner, voucher, enrolled);
        if (vouchRefusal(facts) !== null) return;
        expect(voucher).not.toBe(owner);
        expect(facts.approvers.has(voucher)).toBe(true);
        const others = enrolled.filter((id) => id !== owner && facts.approvers.has(id));
        expect(takesCode(facts)).toBe(others.length > 0);
        if (others.length > 0) expect(enrolled).toContain(voucher);
      }),
    );
  });
});
