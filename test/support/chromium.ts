import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { describe } from "vitest";

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is installed, or null. If `CHROMIUM_PATH` is set, it is there or nowhere. */
function chromiumPath(): string | null {
  const set = process.env["CHROMIUM_PATH"];
  return (set ? [set] : usual).find((path) => existsSync(path)) ?? null;
}

/** A headless Chromium that asks nothing of the network on its own account. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error("Chromium is not installed: apt-get install -y chromium");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** `describe` for tests that need a browser: skipped, with one line that says so, where there is none. */
export const describeInBrowser: typeof describe.skip = chromiumPath() === null ? skipAloud() : describe;

function skipAloud(): typeof describe.skip {
  process.stderr.write(
    "Chromium is not installed: browser tests are skipped (apt-get install -y chromium)\n",
  );
  return describe.skip;
}
