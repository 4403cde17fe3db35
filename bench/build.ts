import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "..");

/** Builds the bot as `npm run build` does. @returns the file that starts it. */
export async function buildBot(folder: string): Promise<string> {
  const dist = join(folder, "dist");
  await promisify(execFile)("npm", ["run", "--silent", "build", "--", "--dir", dist], { cwd: ROOT });
  return join(dist, "main.js");
}

/** A peer of `bench/peers`, bundled in the same way. @returns the file that starts it. */
export async function buildPeer(name: string, folder: string): Promise<string> {
  const file = join(folder, "peers", `${name}.js`);
  const bundle = await rolldown({
    input: join(import.meta.dirname, "peers", `${name}.ts`),
    platform: "node",
    logLevel: "silent",
  });
  await bundle.write({ file, format: "esm", sourcemap: true, codeSplitting: false });
  await bundle.close();
  return file;
}
