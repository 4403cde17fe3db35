import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { Page } from "playwright-core";

export const SANDBOX_MAIN = join(import.meta.dirname, "..", "..", "sandbox", "main.ts");

/** `npm run sandbox` as a user starts it, on any free port. */
export async function startSandbox(
  ...args: string[]
): Promise<{ url: string; signal(name: NodeJS.Signals): void; stop(): Promise<number | null> }> {
  const child = spawn(process.execPath, [SANDBOX_MAIN, "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}: ${printed}`)));
  });
  return {
    url,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

/** Switches the page to a person and a channel. */
export async function beAt(page: Page, person: string, channel: string): Promise<void> {
  await page.getByRole("radio", { name: person }).check();
  await page.getByRole("navigation", { name: "Channels" }).getByRole("button", { name: channel }).click();
  await page.getByRole("heading", { name: `#${channel}`, exact: true }).waitFor();
}
