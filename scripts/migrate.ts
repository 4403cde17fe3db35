import { ConfigError, EX_CONFIG, readOwnerConfig } from "../src/config.ts";
import { migrateStore, StoreInUseError, StoreNotReadyError } from "../src/store/open.ts";

/** `npm run migrate`: brings the database up to date and grants zt-bot's role its rights. Exit codes as for audit. */
process.umask(0o077);
process.exitCode = await run();

async function run(): Promise<number> {
  try {
    const { database, grantTo } = readOwnerConfig(process.env);
    const { grantedTo, warnings } = await migrateStore(database, grantTo);
    process.stdout.write("The database is up to date.\n");
    if (grantedTo !== null) process.stdout.write(`The role ${grantedTo} has the rights that zt-bot needs.\n`);
    for (const warning of warnings) process.stderr.write(`Warning: ${warning}.\n`);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.problems.join("\n")}\n`);
      return EX_CONFIG;
    }
    const isExpected = error instanceof StoreInUseError || error instanceof StoreNotReadyError;
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    const why = error instanceof Error ? `${error.message || error.name}${cause}` : String(error);
    process.stderr.write(isExpected ? `${why}.\n` : `It could not be done: ${why}.\n`);
    return 2;
  }
}
