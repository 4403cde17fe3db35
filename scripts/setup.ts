import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { createAsk, SetupError } from "./setup/ask.ts";
import { readDotEnv } from "./setup/files.ts";
import { setUp } from "./setup/set-up.ts";

type Env = Record<string, string | undefined>;

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
  if (flags.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const ask = createAsk(!flags.yes && !flags.sandbox && process.stdin.isTTY);
  try {
    const dotEnv = readDotEnv(".env");
    const { env, names } = flags.sandbox ? await readSandbox(dotEnv) : { env: process.env, names: {} };
    await setUp({ ...names, ...flags, env, dotEnv, ask });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    ask.stop(error.message);
    return 2;
  }
  ask.say("What the doctor says:");
  const doctor = spawnSync(process.execPath, ["--env-file=.env", join(import.meta.dirname, "doctor.ts")], {
    stdio: "inherit",
  });
  ask.stop(
    doctor.status === 0
      ? "Ready. Start the bot with npm start, then type /zt help in Slack."
      : "Written. Fix what the doctor names, run npm run doctor again, then npm start.",
  );
  return doctor.status === 0 ? 0 : 1;
}

/** null: they can't be read. */
function readFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        yes: { type: "boolean", default: false },
        channel: { type: "string" },
        operators: { type: "string" },
        approvers: { type: "string" },
        account: { type: "string" },
        http: { type: "boolean", default: false },
        sandbox: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch {
    return null;
  }
}

/** The settings of the sandbox; its addresses are those in the environment, where there are some. */
async function readSandbox(dotEnv: Env): Promise<{ env: Env; names: Record<string, string> }> {
  // Only here: what is installed without the packages for development has no sandbox.
  const { describeSetup } = await import("../sandbox/workspace.ts");
  const { env, names } = describeSetup();
  const token = dotEnv["SLACK_BOT_TOKEN"];
  if (token !== undefined && token !== env["SLACK_BOT_TOKEN"])
    throw new SetupError(".env has the settings of a real workspace. Move it away, or use another folder.");
  for (const name of ["SLACK_API_URL", "CLOUDFLARE_BASE_URL"])
    env[name] = process.env[name] || (env[name] ?? "");
  await fetch(env["SLACK_API_URL"] ?? "").catch(() => {
    throw new SetupError(
      "The sandbox does not answer. Start it in another terminal: npm run sandbox:endpoints",
    );
  });
  return { env, names };
}
