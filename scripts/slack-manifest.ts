import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

/** For the Slack CLI (.slack/hooks.json), which reads a manifest as JSON. */
const file = join(import.meta.dirname, "..", "manifest.yml");
process.stdout.write(`${JSON.stringify(parse(readFileSync(file, "utf8")))}\n`);
