import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { maskSecrets } from "../src/secrets.ts";
import { CREDENTIALS } from "./support/credentials.ts";

const SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

describe("a credential in what is typed", () => {
  it.each(CREDENTIALS)("is masked: %s", (_what, secret, name) => {
    const { text, found } = maskSecrets(`found ${secret}`);
    expect(text).toBe(`found [${name} masked]`);
    expect(found).toEqual([name]);
  });

  it("is masked wherever it stands, and what stands around it stays", () => {
    for (const [, secret, name] of CREDENTIALS.filter(([what]) => !what.includes("without its end")))
      for (const [before, after] of [
        ["(", ")"],
        ["“", "”,"],
        ["token=", ";"],
        ["token: ", " was in a paste"],
        ["", " and mallory@example.com"],
      ])
        expect(maskSecrets(`${before}${secret}${after}`).text).toBe(`${before}[${name} masked]${after}`);
  });

  it.each([
    ["in a header", `Authorization: Bearer ${"q".repeat(20)}`, "Authorization: Bearer [bearer token masked]"],
    [
      "of a database",
      "postgres://zt:hunter2@db:5432/zt",
      "postgres://zt:[password in a URL masked]@db:5432/zt",
    ],
    ["of a service token", `client secret ${SHA256}`, "client secret [Cloudflare service token masked]"],
    ["of AWS", "secret wJalrXUtnF/K7MDENGbPxRfiCYkeyabcd+efghij", "secret [AWS secret masked]"],
  ])("is masked by what stands before it: %s", (_what, text, masked) => {
    expect(maskSecrets(text).text).toBe(masked);
  });

  it.each([
    "laptop stolen, see #sec-42 and https://tickets.example.com/browse/SEC-42?x=y",
    "mallory@example.com from 203.0.113.7, 2001:db8::1",
    "user f174e90a-fafe-4643-bbbc-4a0ed4fc8415 on 11ffb86f3f0c4306b4a2e62f872b166a",
    `the file ${SHA256} of commit da39a3ee5e6b4b0d3255bfef95601890afd80709`,
    "a secret was in commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "ray 8f2d1c0a9b7e6d5c-FRA, ZT-7K3M2QF",
    "an xoxb token leaked; the private key too",
    "the-quick-brown-fox-jumps-over-lazy-dogs",
    "C:/Users/Alice/AppData/Local/Temp/7zO4A1B2C3D/invoice.pdf.exe",
  ])("is nothing that an incident is told with: %s", (text) => {
    expect(maskSecrets(text)).toEqual({ text, found: [] });
  });

  it("is found in no time, however long and whatever the text, and once is enough", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            ...CREDENTIALS.map(([, secret]) => secret),
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----",
            "https://a:",
            "secret ",
            "A".repeat(500),
            "a1-".repeat(500),
            "eyJ.".repeat(300),
            "Bearer ",
            "\n",
          ),
          { maxLength: 20 },
        ),
        (parts) => {
          const started = performance.now();
          const { text } = maskSecrets(parts.join(" "));
          expect(performance.now() - started).toBeLessThan(500);
          for (const [, secret] of CREDENTIALS) expect(text).not.toContain(secret);
          expect(maskSecrets(text).text).toBe(text);
        },
      ),
      { numRuns: 200 },
    );
  });
});
