import { existsSync } from "node:fs";

import { ConfigError, readConfig } from "../../src/config.ts";
import { type Ask, settle, SetupError } from "./ask.ts";
import { checkAccount, checkToken, type Account } from "./cloudflare.ts";
import { type Named, writeDotEnv, writePolicy } from "./files.ts";
import { connectSlack, type SlackSetup } from "./slack.ts";

type Env = Record<string, string | undefined>;

interface SetUpOptions {
  /** What is set where it was started: it goes before .env. */
  env: Env;
  dotEnv: Env;
  ask: Ask;
  http: boolean;
  channel?: string | undefined;
  operators?: string | undefined;
  approvers?: string | undefined;
  account?: string | undefined;
}

/** The settings that it may write; every other one stays as it is. */
const WRITTEN = [
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "SLACK_SIGNING_SECRET",
  "SLACK_API_URL",
  "CLOUDFLARE_API_TOKEN",
  "CLOUDFLARE_ACCOUNT_ID",
  "CLOUDFLARE_BASE_URL",
] as const;

/**
 * Asks for what is not there or does not work, and writes .env and policy.yml when all of it does.
 * @throws SetupError: nothing was written
 */
export async function setUp(options: SetUpOptions): Promise<void> {
  const { ask } = options;
  const known = (name: string): string | undefined =>
    options.env[name]?.trim() || options.dotEnv[name]?.trim();
  const settings: Partial<Record<(typeof WRITTEN)[number], string>> = {};

  const apiUrl = (known("SLACK_API_URL") ?? "https://slack.com/api/").replace(/\/*$/, "/");
  const bot = await settle(
    ask,
    known("SLACK_BOT_TOKEN"),
    () =>
      ask.secret({
        message: "Bot User OAuth Token (xoxb-…): api.slack.com/apps › your app › OAuth & Permissions",
        instead: "SLACK_BOT_TOKEN is missing: set it to the Bot User OAuth Token of the Slack app.",
      }),
    (token) => connectSlack(token, apiUrl),
  );
  settings.SLACK_BOT_TOKEN = bot.value;
  const slack = bot.found;
  ask.say(`Slack: ${slack.team}`);
  Object.assign(settings, await settleTransport(options, known, slack));

  const baseUrl = (known("CLOUDFLARE_BASE_URL") ?? "https://api.cloudflare.com/client/v4").replace(
    /\/+$/,
    "",
  );
  const wanted = options.account ?? known("CLOUDFLARE_ACCOUNT_ID");
  const cloudflare = await settle(
    ask,
    known("CLOUDFLARE_API_TOKEN"),
    () =>
      ask.secret({
        message: "Cloudflare API token: Manage Account › Account API Tokens",
        instead:
          "CLOUDFLARE_API_TOKEN is missing: set it to a token with the permissions that the README lists.",
      }),
    (token) => checkToken(token, { baseUrl, accountId: wanted?.toLowerCase() }),
  );
  settings.CLOUDFLARE_API_TOKEN = cloudflare.value;
  const account = await settle(
    ask,
    wanted ?? (cloudflare.found.length === 1 ? cloudflare.found[0]?.id : undefined),
    () => askAccount(ask, cloudflare.found),
    (name) => checkAccount(name, cloudflare.found, { token: cloudflare.value, baseUrl }),
  );
  settings.CLOUDFLARE_ACCOUNT_ID = account.found.id;
  ask.say(`Cloudflare: ${account.found.name}`);
  for (const name of ["SLACK_API_URL", "CLOUDFLARE_BASE_URL"] as const) {
    const value = known(name);
    if (value !== undefined) settings[name] = value;
  }

  const policyFile = known("ZT_POLICY_FILE") ?? "policy.yml";
  const policy = existsSync(policyFile) ? null : await settlePolicy(options, slack);
  verify({ ...options.dotEnv, ...settings });
  writeDotEnv(".env", settings);
  ask.say("Written: .env");
  if (policy === null) ask.say(`Kept: ${policyFile}`);
  else {
    writePolicy(policyFile, policy);
    ask.say(`Written: ${policyFile}`);
  }
}

/** Socket Mode or HTTP: the one whose secret is there, unless it is said; else it is asked. */
async function settleTransport(
  { ask, http }: SetUpOptions,
  known: (name: string) => string | undefined,
  slack: SlackSetup,
): Promise<{ SLACK_APP_TOKEN: string; SLACK_SIGNING_SECRET?: string }> {
  const hasSecret = known("SLACK_SIGNING_SECRET") !== undefined && known("SLACK_APP_TOKEN") === undefined;
  const isAsked = !http && !hasSecret && known("SLACK_APP_TOKEN") === undefined && ask.isInteractive;
  const mode = isAsked
    ? await ask.choose({ message: "How does Slack reach the bot?", instead: "" }, [
        { value: "socket", label: "Socket Mode: no public address needed" },
        { value: "http", label: "HTTP: a public address with TLS, and manifest.http.yml" },
      ])
    : http || hasSecret
      ? "http"
      : "socket";
  if (mode === "socket") {
    const { value } = await settle(
      ask,
      known("SLACK_APP_TOKEN"),
      () =>
        ask.secret({
          message: "App-level token (xapp-…) with connections:write: Basic Information › App-Level Tokens",
          instead:
            "SLACK_APP_TOKEN is missing: set it to an app-level token with connections:write, or use --http with SLACK_SIGNING_SECRET.",
        }),
      (token) => slack.checkAppToken(token),
    );
    return { SLACK_APP_TOKEN: value };
  }
  const { value } = await settle(
    ask,
    known("SLACK_SIGNING_SECRET"),
    () =>
      ask.secret({
        message: "Signing Secret: Basic Information › App Credentials",
        instead: "SLACK_SIGNING_SECRET is missing: copy it from Basic Information › App Credentials.",
      }),
    // No call tells whether it is the right one.
    (secret) =>
      Promise.resolve(
        /^\S{16,}$/.test(secret)
          ? { ok: true, found: null }
          : { ok: false, why: "That is not a signing secret: it is 32 characters long. Copy it again." },
      ),
  );
  return { SLACK_APP_TOKEN: "", SLACK_SIGNING_SECRET: value };
}

function askAccount(ask: Ask, accounts: readonly Account[]): Promise<string> {
  if (accounts.length === 0)
    return ask.text({
      message: "Cloudflare account id: 32 hexadecimal digits, on the right of the account's overview",
      instead: "CLOUDFLARE_ACCOUNT_ID is missing: the token does not say which accounts it is for.",
    });
  const options = accounts.map(({ id, name }) => ({ value: id, label: name }));
  const instead = `The token is for several accounts. Choose one with --account: ${accounts.map(({ name }) => name).join(", ")}.`;
  return ask.choose({ message: "Which Cloudflare account?", instead }, options);
}

async function settlePolicy(
  { ask, channel, operators, approvers }: SetUpOptions,
  slack: SlackSetup,
): Promise<{ channel: Named; operators: Named[]; approvers: Named[] }> {
  ask.say(
    "Type /invite @zt-bot in the approvals channel. Make it private: the cards say who is under investigation.",
  );
  const chosen = await settle(
    ask,
    channel,
    () =>
      ask.text({
        message: "Name of the approvals channel",
        instead: "Name the approvals channel: --channel NAME.",
      }),
    (name) => slack.findChannel(name),
  );
  const people = (what: string, flag: string, given: string | undefined) =>
    settle(
      ask,
      given,
      () =>
        ask.text({
          message: `${what} Email addresses, names or @groups, with commas between them`,
          instead: `Name them: --${flag} alice@example.com,@security.`,
        }),
      (names) => slack.findPeople(names),
    );
  const canRequest = await people("Who can look people up and request actions?", "operators", operators);
  for (let given = approvers; ; given = undefined) {
    const canApprove = await people(
      "Who can approve? Two people are needed: never the requester.",
      "approvers",
      given,
    );
    const problem = await slack.findLonely(canRequest.found, canApprove.found);
    if (problem === null)
      return { channel: chosen.found, operators: canRequest.found, approvers: canApprove.found };
    if (!ask.isInteractive) throw new SetupError(problem);
    ask.warn(problem);
  }
}

/** The bot would start with these. @throws SetupError */
function verify(env: Env): void {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new SetupError(`Nothing was written. Fix this in .env first:\n  ${error.problems.join("\n  ")}`);
  }
}
