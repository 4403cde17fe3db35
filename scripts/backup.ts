import { makeBackup, restoreBackup } from "./backup/run.ts";

const USAGE = `npm run backup -- FILE
npm run restore -- FILE

  Backs up the database of DATABASE_URL into a new file, beside the running bot, and restores it into an empty place while the
  bot is stopped. Either way the record is verified: of SQLite in the file as well. PostgreSQL takes pg_dump and
  pg_restore, and the role of MIGRATION_DATABASE_URL. Not in it: .env, policy.yml and the signing key.

  Exit codes: 0 well, 1 the record is broken, 2 it could not be done, 78 the settings are wrong.
`;

process.umask(0o077);
const [what, file, ...more] = process.argv.slice(2);
const work = { make: makeBackup, restore: restoreBackup }[what ?? ""];
if (work === undefined || file === undefined || file.startsWith("-") || more.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  process.exitCode = await work(file);
}
