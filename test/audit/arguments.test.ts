import { describe, expect, it } from "vitest";

import { run } from "../../scripts/audit/run.ts";

describe("npm run audit, typed wrongly", () => {
  it.each([
    [["verfiy"], "There is no command verfiy."],
    [["toString"], "There is no command toString."],
    [[], "Say which command."],
    [["verify", "--anchor", "12"], "--anchor is SEQ:HASH, not 12"],
    [["export", "--format", "xml"], "--format is jsonl or csv, not xml"],
    [["export", "--since", "tuesday"], "--since is neither like 7d nor a date: tuesday"],
    [["archive"], "say where to: --file FILE"],
    [["checkpoint", "now"], "Unexpected argument 'now'"],
    [["reconcile"], "Say since when: --since 7d"],
    [["reconcile", "--since", "2026-02-01", "--until", "2026-01-01"], "--since has to be before --until"],
  ])("%j: says what is wrong and how it goes", async (args, problem) => {
    const { code, complaint } = await run(args);
    expect(code).toBe(2);
    expect(complaint).toContain(problem);
    expect(complaint).toContain("npm run audit -- <command>");
  });
});
