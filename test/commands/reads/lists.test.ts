import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { AccessUser, Page, RiskSummaryUser } from "../../../src/api/cloudflare.ts";
import { activeFirst } from "../../../src/lookup/registrations.ts";
import { riskiestFirst } from "../../../src/lookup/risk/risk.ts";
import { devicesMessage } from "../../../src/views/look-ups/devices.ts";
import { fitLines } from "../../../src/views/fit.ts";
import { riskMessage } from "../../../src/views/look-ups/risk.ts";
import { unpackParams } from "../../../src/views/screen-button.ts";
import { usersMessage } from "../../../src/views/look-ups/users.ts";
import { readWords } from "../../support/words.ts";
import { HOUR, makeRegistration, makeUser, NOW } from "../../views/support.ts";

describe("a page of users", () => {
  const page = (changes: Partial<Page<AccessUser>>, count = 10): Page<AccessUser> => ({
    items: Array.from({ length: count }, (_, index) =>
      makeUser({ id: `u${index}`, lastLoginAt: NOW - index }),
    ),
    page: 1,
    perPage: 10,
    totalCount: 214,
    totalPages: 22,
    ...changes,
  });
  const show = (found: Page<AccessUser>, search = "") => readWords(usersMessage({ found, search, now: NOW }));

  it.each([
    ["the first", page({}), "", "1–10 of 214", ["Next ›"]],
    ["one in the middle", page({ page: 2 }), "", "11–20 of 214", ["‹ Previous", "Next ›"]],
    ["the last", page({ page: 22 }, 4), "", "211–214 of 214", ["‹ Previous"]],
    ["the only one", page({ totalCount: 3 }, 3), "", "1–3 of 3", []],
    ["a full last one", page({ page: 2, totalCount: 20 }), "", "11–20 of 20", ["‹ Previous"]],
    ["one of an unknown number", page({ totalCount: null }), "", "1–10, there are more", ["Next ›"]],
    // Cloudflare documents its total as that of all users, whatever was searched for.
    ["a full one of a search", page({}), "ann", "1–10 of at most 214", ["Next ›"]],
    ["the last of a search", page({}, 3), "ann", "1–3 of 3", []],
    ["one past the end", page({ page: 3 }, 0), "ann", 'No more users matching "ann"', ["‹ Previous"]],
    ["an empty one", page({ totalCount: 0 }, 0), "ann", 'No Access user matching "ann"', []],
    ["of an empty account", page({ totalCount: 0 }, 0), "", "Access: Audit Logs Read", []],
  ])(
    "that is %s says where it stands and leads only to pages that may exist",
    (_what, found, search, said, buttons) => {
      const words = show(found, search);
      expect(words).toContain(said);
      expect(words.match(/‹ Previous|Next ›/g) ?? []).toEqual(buttons);
    },
  );

  it("has the newest sign-in first, and users who never signed in last", () => {
    const at = (id: string, lastLoginAt: number | null) =>
      makeUser({ id, email: `${id}@example.com`, lastLoginAt });
    const items = [at("never", null), at("old", NOW - 2), at("new", NOW - 1)];
    const words = show(page({ items, totalCount: 3 }));
    const order = ["new@", "old@", "never@"].map((email) => words.indexOf(email));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(words).toContain("no sign-in recorded");
  });

  it("carries the search term in its buttons, and each row the user's id", () => {
    const message = usersMessage({ found: page({ page: 2 }), search: "ann & co=1", now: NOW });
    const values = message.blocks
      .flatMap((block): { type: string }[] => {
        if (block.type === "actions") return block.elements;
        return block.type === "section" && block.accessory !== undefined ? [block.accessory] : [];
      })
      .map((button) => unpackParams("value" in button ? String(button.value) : ""));
    expect(values.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, index) => ({ user: `u${index}` })));
    expect(values.slice(10)).toEqual([
      { search: "ann & co=1", page: "1" },
      { search: "ann & co=1", page: "3" },
    ]);
  });
});

describe("the riskiest users", () => {
  const row = (userId: string, changes: Partial<RiskSummaryUser>): RiskSummaryUser => ({
    userId,
    email: null,
    name: null,
    level: "low",
    eventCount: 1,
    lastEventAt: NOW,
    ...changes,
  });

  it("come by level, then by number of events, then by the latest event", () => {
    const rows = [
      row("unknown", { level: null, eventCount: 99 }),
      row("low", { eventCount: 50 }),
      row("medium", { level: "medium", eventCount: null }),
      row("high-few", { level: "high" }),
      row("high-many-older", { level: "high", eventCount: 9, lastEventAt: NOW - HOUR }),
      row("high-many", { level: "high", eventCount: 9 }),
    ];
    expect(riskiestFirst(rows).map(({ userId }) => userId)).toEqual([
      "high-many",
      "high-many-older",
      "high-few",
      "medium",
      "low",
      "unknown",
    ]);
  });
});

describe("the risk events of a user", () => {
  const event = (name: string, at: number | null) => ({
    id: name,
    name,
    level: "low" as const,
    at,
    details: null,
  });

  it("are those since the last reset, newest first, and earlier ones are counted", () => {
    const risk = {
      email: null,
      name: null,
      level: "low" as const,
      rawLevel: "low",
      lastResetAt: NOW - 2 * HOUR,
      events: [
        event("before", NOW - 3 * HOUR),
        event("first", NOW - HOUR),
        event("no time", null),
        event("last", NOW),
      ],
    };
    const user = makeUser();
    const words = readWords(riskMessage({ user, riskUserId: user.id, risk, now: NOW }));
    expect(words).toContain("🟢 low risk · last reset 2026-03-14 12:02:31 UTC · 3 events since then");
    expect(words.match(/(?<=^[🔴🟠🟢⚪] )(?:before|first|last|no time)$/gmu)).toEqual([
      "last",
      "first",
      "no time",
    ]);
    expect(words).toContain("1 event from before the last reset not shown");
  });

  it("are said to be under another id where risk scoring has one", () => {
    const risk = { email: null, name: null, level: null, rawLevel: null, lastResetAt: null, events: [] };
    const user = makeUser();
    const other = "0f6c2f64-9f0e-4b7e-8a53-5c1f4f7a3f10";
    expect(readWords(riskMessage({ user, riskUserId: other, risk, now: NOW }))).toContain(
      `Risk scoring has another id for this user: ${other}`,
    );
    expect(readWords(riskMessage({ user, riskUserId: user.id, risk, now: NOW }))).not.toContain("another id");
  });
});

describe("devices", () => {
  it("come active first, last seen first, then revoked, last revoked first", () => {
    const rows = [
      makeRegistration({ id: "revoked-old", revokedAt: NOW - 2 * HOUR }),
      makeRegistration({ id: "seen-old", lastSeenAt: NOW - 9 * HOUR }),
      makeRegistration({ id: "revoked-new", revokedAt: NOW - HOUR }),
      makeRegistration({ id: "seen-new", lastSeenAt: NOW }),
      makeRegistration({ id: "never-seen", lastSeenAt: null }),
    ];
    expect(activeFirst(rows).map(({ id }) => id)).toEqual([
      "seen-new",
      "seen-old",
      "never-seen",
      "revoked-new",
      "revoked-old",
    ]);
  });

  it("that several people use are marked, and revoked ones say when", () => {
    const items = [
      makeRegistration({ deviceName: "Kiosk", multiUser: true }),
      makeRegistration({ id: "2", deviceName: "Old phone", revokedAt: NOW - HOUR }),
    ];
    const words = readWords(devicesMessage(makeUser(), { items, isComplete: true }, { now: NOW }));
    expect(words).toContain("1 active device, 1 revoked");
    expect(words).toContain("👥 Kiosk");
    expect(words).toContain("👥 1 device in multi-user mode");
    expect(words).toContain("Old phone · 🚫 revoked 03-14 13:02 UTC");
  });
});

describe("lines that are to fit", () => {
  it("are whole or counted, and never longer than allowed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 40 }).map((line) => line.replaceAll("\n", " "))),
        fc.integer({ min: 40, max: 400 }),
        (lines, max) => {
          const fitted = fitLines(lines, max);
          expect(fitted.length).toBeLessThanOrEqual(max);
          const left = Number(/(?:^|\n)and (\d+) more$/.exec(fitted)?.[1] ?? 0);
          const shown = left === 0 ? lines.length : lines.length - left;
          expect(fitted.startsWith(lines.slice(0, shown).join("\n"))).toBe(true);
        },
      ),
    );
  });
});
