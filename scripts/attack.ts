import { door } from "./attack/door.ts";
import { recordAttacks } from "./attack/record.ts";
import { rowAttacks } from "./attack/rows.ts";
import { runAttacks } from "./attack/run.ts";
import { settingAttacks } from "./attack/settings.ts";
import { payloads } from "./attack/signed.ts";
import { stepUpAttacks } from "./attack/step-up.ts";
import { storageAttacks } from "./attack/storage.ts";
import { textAttacks } from "./attack/texts.ts";

/** `npm run attack`: everything that is known to have been tried against the bot, tried on this version. */
process.exitCode = await runAttacks(
  [
    ...door,
    ...payloads,
    ...recordAttacks,
    ...rowAttacks,
    ...storageAttacks,
    ...textAttacks,
    ...settingAttacks,
    ...stepUpAttacks,
  ],
  process.argv.slice(2),
  (line) => process.stdout.write(`${line}\n`),
);
