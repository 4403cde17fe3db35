import { complain } from "./audit/command.ts";
import { run } from "./audit/run.ts";

/** `npm run audit`: the record checked, read out and archived, beside the running bot. */
process.umask(0o077);
const { code, complaint } = await run(process.argv.slice(2));
if (complaint !== null) complain(complaint);
process.exitCode = code;
