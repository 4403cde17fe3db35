import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { CHANNELS, describeWorkspace, PEOPLE, USER_GROUP } from "../sandbox/workspace.ts";
import { SANDBOX_ENV } from "../sandbox/endpoints/env.ts";
import { createAsk, SetupError } from "./setup/ask.ts";
import { readDotEnv } from "./setup/files.ts";
import { setUp } from "./setup/set-up.ts";

const USAGE = `npm run setup [-- --yes] [--channel NAME] [--operators LIST] [--approvers LIST] [--account NAME] [--http] [--sandbox]

  Asks for the tokens, finds the Cloudflare account, the approvals channel, people and groups by name, writes .env and
  policy.yml (mode 0600) and runs the doctor. What stands there and works is kept.

  --yes        ask nothing: tokens come from the environment or .env, the rest from these options
  --channel    name or id of the approvals channel, which @zt-bot is in
  --operators  who can look up and request: email addresses, names, @groups or ids, with commas between them
  --approvers  who can approve, the same way
  --account    name or id of the Cloudflare account, if the token sees several
  --http       Slack reaches the bot over HTTP (a signing secret) instead of Socket Mode (an app-level token)
  --sandbox    everything for the endpoints of npm run sandbox:endpoints; asks nothing

  Exit codes: 0 all well, 1 the doctor found something, 2 not set up.
`;

/** `npm run setup`: from nothing to a bot that starts. */
process.umask(0o077);
process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  const flags = readFlags(args);
  if (flags === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  const ask = createAsk(!flags.yes && process.stdin.isTTY);
  try {
    await setUp({ ...flags, env: { ...process.env, ...flags.env }, dotEnv: readDotEnv(".env"), ask });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    ask.stop(error.message);
    return 2;
  }
  ask.say("This is what the doctor says:");
  const doctor = spawnSync(
    process.execPath,
    ["--env-file=.env", join(import.meta.dirname, "doctor.ts")],
    { stdio: "inherit" },
  );
  ask.stop(
    doctor.status === 0
      ? "Done. Start the bot: npm run build && npm start. Then type /zt help in Slack."
      : "Written. Fix what the doctor names, run npm run doctor again, then npm run build && npm start.",
  );
  return doctor.status === 0 ? 0 : 1;
}

function readFlags(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        yes: { type: "boolean", default: false },
        channel: { type: "string" },
        operators: { type: "string" },
        approvers: { type: "string" },
        account: { type: "string" },
        http: { type: "boolean", default: false },
        sandbox: { type: "boolean", default: false },
      },
    });
    const { sandbox, yes, ...rest } = values;
    if (!sandbox) return { ...rest, yes, env: {} };
    const { people, channels } = describeWorkspace({ mode: "socket" });
    const emails = people.filter(({ id }) => Object.values<string>(PEOPLE).includes(id)).map((one) => one.email);
    const channel = channels.find(({ id }) => id === CHANNELS.approvals)?.name ?? "";
    const names = { channel, operators: emails.join(","), approvers: USER_GROUP };
    return { ...names, ...rest, http: false, yes: true, env: SANDBOX_ENV };
  } catch {
    return null;
  }
}
