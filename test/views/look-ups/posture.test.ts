import { describe, expect, it } from "vitest";

import { failedCheckText, failedCheckTexts, postureCount } from "../../../src/views/look-ups/posture.ts";
import { NOW } from "../support.ts";

describe("a posture check that failed", () => {
  it.each([
    ["disk_encryption", "Disk encryption on", "Disk encryption: off"],
    ["firewall", "FW", "Firewall: failed"],
    ["os_version", "Windows 11", "OS version: not allowed"],
    ["serial_number", "Ours", "Serial number: not on the list"],
    ["Domain_Joined", "AD", "Domain: not joined"],
    ["crowdstrike_s2s", "CS", "CrowdStrike: failed"],
    ["application", "Antivirus running", "Antivirus running: failed"],
    ["file", null, "file: failed"],
    ["constructor", "Odd", "Odd: failed"],
    [null, "Own rule", "Own rule: failed"],
    [null, null, "Unnamed check: failed"],
  ])("of type %s and name %s reads: %s", (type, name, words) => {
    expect(failedCheckText({ type, name })).toBe(words);
  });

  it("is told once where several rules of its type fail", () => {
    const check = (name: string) => ({ type: "firewall", name });
    expect(failedCheckTexts([check("Windows"), check("macOS")])).toEqual(["Firewall: failed"]);
  });
});

describe("posture in a few words", () => {
  const checks = (...results: (boolean | null)[]) =>
    results.map((success, index) => ({
      id: String(index),
      name: null,
      type: null,
      success,
      error: null,
      checkedAt: NOW,
    }));

  it.each([
    [null, "posture unknown"],
    [[], "no posture checks"],
    [checks(true), "1 posture check passed"],
    [checks(true, false, false), "2 of 3 posture checks failed"],
    [checks(true, null), "1 of 2 posture checks passed, the others unknown"],
  ])("%j reads: %s", (posture, words) => {
    expect(postureCount(posture)).toBe(words);
  });
});
