import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { createCloudflare } from "../src/api/cloudflare.ts";
import { createCommands } from "../src/commands/index.ts";
import { listPermissionNeeds } from "../src/commands/permission-needs.ts";
import { compact } from "../src/compact.ts";
import { type Config, ConfigError, readConfig } from "../src/config.ts";
import { createLogger } from "../src/log/log.ts";
import { runDoctor } from "../src/ops/doctor/doctor.ts";
import { readDatabaseAt } from "../src/ops/doctor/read-database.ts";
import type { SettingsProblem } from "../src/ops/doctor/readings.ts";
import { exitCodeOf } from "../src/ops/doctor/results.ts";
import { toText } from "../src/ops/doctor/text.ts";
import { openPolicy } from "../src/policy-file.ts";

const USAGE = `npm run doctor [-- --json]

  Checks the settings, the Slack app, the Cloudflare token, the policy, the approvals channel, the clock and the
  database, beside the running bot or before its first start. Exit codes: 0 all well, 1 something is wrong, 2 something
  could not be asked.
`;

/** `npm run doctor`: what is wrong with an installation, each with its fix. */
process.umask(0o077);
process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  let isJson: boolean;
  try {
    isJson = parseArgs({ args, options: { json: { type: "boolean", default: false } } }).values.json;
  } catch {
    process.stderr.write(USAGE);
    return 2;
  }
  const report = await runDoctor(openSources());
  process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : toText(report));
  return exitCodeOf(report);
}

function openSources(): Parameters<typeof runDoctor>[0] {
  const problems: SettingsProblem[] = [];
  const attempt = <Value>(where: SettingsProblem["where"], read: () => Value): Value | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems.map((what) => ({ what, where })));
      return null;
    }
  };
  const config = attempt("environment", () => readConfig(process.env));
  const file = process.env["ZT_POLICY_FILE"]?.trim() || "./policy.yml";
  const hasStepUpKey = (process.env["STEP_UP_KEY"] ?? "").trim() !== "";
  const policy = attempt("policy", () => openPolicy(file, { hasStepUpKey }).current());
  return {
    problems,
    policy,
    ...openAll(config),
    needs: listPermissionNeeds(createCommands().all),
    files: compact(resolve(".env"), resolve(file), config?.auditSigning.file),
    now: Date.now,
  };
}

/** What the settings lead to; nothing where they are wrong. */
function openAll(config: Config | null) {
  if (config === null) return { slack: null, appToken: null, cloudflare: null, readDatabase: null };
  const { mode } = config.slack;
  return {
    slack: config.slack,
    appToken: mode.kind === "socket" ? mode.appToken : null,
    cloudflare: createCloudflare({ ...config.cloudflare, log: createLogger("silent"), retries: 1 }),
    readDatabase: () => readDatabaseAt(config.database),
  };
}
