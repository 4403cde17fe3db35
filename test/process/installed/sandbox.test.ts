import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished, vi } from "vitest";

import { SANDBOX_MAIN, startSandbox } from "../../support/sandbox.ts";

vi.setConfig({ testTimeout: 180_000 });

it("a port that is taken is told in one sentence, and leaves nothing behind", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const temporary = mkdtempSync(join(tmpdir(), "zt-start-"));
  onTestFinished(() => rmSync(temporary, { recursive: true }));
  const child = spawn(process.execPath, [SANDBOX_MAIN, "--port", String(port)], {
    env: { ...process.env, TMPDIR: temporary },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(said).toBe(`Port ${port} is taken. Choose another: npm run sandbox -- --port 8788\n`);
  expect(code).toBe(1);
  expect(readdirSync(temporary).filter((name) => name.startsWith("zt-sandbox"))).toEqual([]);
});

it("a scenario that does not exist is told in one sentence with those that do", async () => {
  const child = spawn(process.execPath, [SANDBOX_MAIN, "--play", "nonsense"]);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(said).toBe(
    'There is no scenario "nonsense". Choose one of phished-user, false-alarm, credential-stuffing.\n',
  );
  expect(code).toBe(1);
});

it("SIGHUP reads policy.yml again and ends nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "zt-start-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sandbox = await startSandbox("--data", folder);
  appendFileSync(join(folder, "policy.yml"), "nonsense: true\n");
  sandbox.signal("SIGHUP");
  await vi.waitFor(() => expect(readFileSync(join(folder, "zt-bot.log"), "utf8")).toContain("nonsense"), {
    timeout: 60_000,
  });
  expect((await fetch(sandbox.url)).status).toBe(200);
  expect(await sandbox.stop()).toBe(0);
});
