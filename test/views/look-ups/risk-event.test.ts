import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readWords } from "../../support/words.ts";
import { riskEventCell, riskEventText } from "../../../src/views/look-ups/risk-event.ts";
import { anyText, NOW } from "../support.ts";

const event = (name: string | null, details: unknown) => ({
  id: "1",
  name,
  level: "high" as const,
  at: NOW,
  details: typeof details === "string" || details === null ? details : JSON.stringify(details),
});

function cellWords(one: Parameters<typeof riskEventCell>[1]): string {
  return readWords({ blocks: [riskEventCell("🔴 ", one)] });
}

describe("a risk event in words", () => {
  it.each([
    [
      "Impossible travel",
      { from: { country: "GB", ip: "192.0.2.44" }, to: { country: "BR", ip: "203.0.113.199" }, minutes: 320 },
      "Impossible travel: GB (192.0.2.44) → BR (203.0.113.199) within 5 h",
    ],
    ["Impossible travel", { from: "DE", to: "BR", hours: 1 }, "Impossible travel: DE → BR within 60 min"],
    [
      "Impossible travel",
      { previous_country: "GB", previous_ip: "192.0.2.44", current_country: "BR" },
      "Impossible travel: GB (192.0.2.44) → BR",
    ],
    [
      "impossible_travel",
      {
        locations: [
          { city: "London", country: "GB", timestamp: "2026-03-14T08:00:00Z" },
          { country: "BR", timestamp: "2026-03-14T09:00:00Z" },
        ],
      },
      "impossible_travel: London, GB, 2026-03-14 08:00:00 UTC → BR, 2026-03-14 09:00:00 UTC within 60 min",
    ],
    ["Impossible travel", { from: {} }, "Impossible travel"],
    ["Impossible travel", "somewhere", "Impossible travel: somewhere"],
    ["High number of DLP policies triggered", { count: 14 }, "High number of DLP policies triggered: 14"],
    [
      "Malware detected on device",
      { device: "DESKTOP-7QK2M1" },
      "Malware detected on device: DESKTOP-7QK2M1",
    ],
    [
      "SentinelOne threat",
      { threatName: "Emotet", agent: { host_name: "LAP-1", infected: true }, files: ["a", "b"] },
      "SentinelOne threat: threat name: Emotet, agent host name: LAP-1, agent infected: true, files: a b",
    ],
    ["Odd", { seen_at: "2026-03-14T08:00:00Z", n: null, e: "" }, "Odd: seen at: 2026-03-14 08:00:00 UTC"],
    ["Cut", '{"a":{"b":"c"},"list":[1,2,"x…', "Cut: a: b: c, list: 1, 2, x…"],
    ["Number", "42", "Number: 42"],
    [null, { a: 1 }, "Unnamed event: a: 1"],
    ["Nothing", {}, "Nothing"],
    ["Nothing", null, "Nothing"],
  ])("%s %j reads: %s", (name, details, words) => {
    expect(cellWords(event(name, details)).replaceAll(/ +/g, " ").trim()).toBe(`🔴 ${words}`);
  });

  it("never shows JSON, in any of its forms, and no part of it is empty", () => {
    const json = fc.jsonValue({ maxDepth: 5 }).map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(
        anyText,
        fc.oneof(
          json,
          json.map((text) => text.slice(0, 30)),
          anyText,
        ),
        (name, details) => {
          const one = event(name, details);
          if (/^\s*[[{"]/.test(details))
            expect(cellWords(one).slice(name.length)).not.toMatch(/\{"|"\}|\[\{/);
          expect(riskEventText(one).trim()).not.toBe("");
          const cell = riskEventCell("🔴 ", one);
          expect(JSON.stringify(cell)).not.toContain('"text":""');
        },
      ),
    );
  });
});
