import { createApp, type ZtBot } from "./app.ts";
import { ConfigError, EX_CONFIG, listSecrets, readConfig } from "./config.ts";
import { createLogger } from "./log.ts";
import { openPolicy } from "./policy-file.ts";
import { StoreInUseError } from "./store/open.ts";

// The only place that reads the environment, listens to signals and ends the process.
const log = createLogger(process.env["LOG_LEVEL"] || "info", undefined, listSecrets(process.env));
try {
  const { config, policy } = readSettings();
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
  log.info({ url: bot.url, mode: config.slack.mode.kind, database: config.database.kind }, "ready");
} catch (error) {
  fail(error, error instanceof ConfigError || error instanceof StoreInUseError ? EX_CONFIG : 1);
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

function fail(error: unknown, code: number): void {
  if (code === EX_CONFIG && error instanceof Error) process.stderr.write(`${error.message}\n`);
  log.fatal({ err: error }, "zt-bot cannot go on");
  process.exit(code);
}
