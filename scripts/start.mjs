import { globSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * `npm start`: the bundle that `npm run build` made, where there is one that is not older than the code; else the code
 * itself. Both are the same bot; the bundle starts in a quarter of the time.
 */
const root = join(import.meta.dirname, "..");
const bundle = join(root, "dist", "main.js");
const built = statSync(bundle, { throwIfNoEntry: false })?.mtimeMs;
const changed = globSync("src/**/*.ts", { cwd: root })
  .map((file) => statSync(join(root, file)).mtimeMs)
  .reduce((newest, at) => Math.max(newest, at), 0);
if (built !== undefined && built < changed)
  process.stderr.write("dist/ is older than src/: starting from src/. `npm run build` makes it new.\n");
await import(built !== undefined && built >= changed ? bundle : join(root, "src", "main.ts"));
