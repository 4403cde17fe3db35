import { ATTACKS } from "./attack/all.ts";
import { runAttacks } from "./attack/run.ts";

/** `npm run attack`: everything that is known to have been tried against the bot, tried on this version. */
process.exitCode = await runAttacks(ATTACKS, process.argv.slice(2), (line) =>
  process.stdout.write(`${line}\n`),
);
