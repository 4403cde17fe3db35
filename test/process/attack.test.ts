import { execFile } from "node:child_process";
import { join } from "node:path";

import { expect, it, vi } from "vitest";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

const SCRIPT = join(import.meta.dirname, "..", "..", "scripts", "attack.ts");

/** `npm run attack -- …` as somebody runs it. */
function runAttack(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

it("npm run attack starts a bot, attacks it, and says what held", async () => {
  const { code, stdout, stderr } = await runAttack("--only", "bad-signatures");
  expect(stderr).toBe("");
  expect(stdout).toMatch(/bad-signatures +held +14 kinds were 401/);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("1 held, 0 fell, 0 not tried");
  expect(code).toBe(0);
});
