import { resolve } from "node:path";

import { createApp, type ZtBot } from "./app.ts";
import { compact } from "./compact.ts";
import { ConfigError, EX_CONFIG, listSecrets, readConfig } from "./config.ts";
import { describeExposed } from "./store/file-modes.ts";
import { createLogger } from "./log/log.ts";
import { openPolicy } from "./policy-file.ts";
import { StartError } from "./ops/start-error.ts";
import { StoreInUseError, StoreNotReadyError } from "./store/open.ts";

// The only place that reads the environment, listens to signals and ends the process.
// What it writes is for its own user alone.
process.umask(0o077);
const log = createLogger(process.env["LOG_LEVEL"] || "info", undefined, listSecrets(process.env));
// What nobody caught leaves the process in a state that nobody knows: it ends, and what starts it again goes on from
// the database. Node would print the error, with whatever it holds, as plain text.
process.on("uncaughtException", (error) => fail(error, 1));
process.on("unhandledRejection", (error) => fail(error, 1));
try {
  const { config, policy } = readSettings();
  for (const warning of findExposed(config.policyFile)) log.warn(warning);
  let bot: ZtBot | undefined;
  let isChanged = false;
  const reload = (): void => {
    // One that comes while the bot is starting is not lost.
    if (bot === undefined) isChanged = true;
    else bot.reloadPolicy().catch((error: unknown) => log.error({ err: error }, "policy not recorded"));
  };
  process.on("SIGHUP", reload);
  bot = await createApp({ config, policy, log });
  if (isChanged) reload();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "stopping");
      bot.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error, 1),
      );
    });
  }
  const { url, metricsUrl } = bot;
  log.info(
    {
      url,
      mode: config.slack.mode.kind,
      database: config.database.kind,
      ...(metricsUrl !== null && { metrics: metricsUrl }),
    },
    "ready",
  );
  // In the background: commands are taken whatever it finds.
  bot.checkUp().catch((error: unknown) => log.error({ err: error }, "the check at start failed"));
} catch (error) {
  const isSetUpWrongly = [ConfigError, StoreInUseError, StoreNotReadyError].some(
    (kind) => error instanceof kind,
  );
  fail(error, isSetUpWrongly ? EX_CONFIG : 1);
}

/** Every problem at once: those of the environment and those of policy.yml. */
function readSettings() {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const config = attempt(() => readConfig(process.env));
  // Whether the key is a good one is said with the other settings.
  const hasStepUpKey = (process.env["STEP_UP_KEY"] ?? "").trim() !== "";
  const policy = attempt(() => openPolicy(process.env["ZT_POLICY_FILE"] || "./policy.yml", { hasStepUpKey }));
  if (config === undefined || policy === undefined) throw new ConfigError(problems);
  return { config, policy };
}

/** What others on this machine can read or change, and what should not be here at all. */
function findExposed(policyFile: string): string[] {
  return compact(
    ...[".env", policyFile].map((file) => describeExposed(resolve(file))),
    process.env["MIGRATION_DATABASE_URL"] &&
      "MIGRATION_DATABASE_URL is set where zt-bot runs: a leak there could change the record. Set it for npm run migrate only",
  );
}

function fail(error: unknown, code: number): void {
  if (error instanceof StartError || (code === EX_CONFIG && error instanceof Error))
    process.stderr.write(`${error.message}\n`);
  log.fatal({ err: error }, "zt-bot cannot go on");
  process.exit(code);
}
