import { LogLevel, WebClient } from "@slack/web-api";

import { isTokenTrouble } from "../../src/slack-trouble.ts";
import { slackTroubleOf } from "../../src/slack/clients.ts";
import { SCOPES } from "../../src/slack/scopes.ts";
import { clean } from "../../src/views/text.ts";
import type { Checked } from "./ask.ts";
import type { Named } from "./files.ts";

/** A workspace that the token is for, as far as it can be set up. */
export interface SlackSetup {
  team: string;
  checkAppToken(token: string): Promise<Checked<null>>;
  /** By its name or id: one that the bot is in. */
  findChannel(name: string): Promise<Checked<Named>>;
  /** By email addresses, names, @handles of groups, or ids, with commas between them. */
  findPeople(names: string): Promise<Checked<Named[]>>;
  /** Why nobody could approve what one of these requests, as a sentence; null where somebody can. */
  findLonely(operators: readonly Named[], approvers: readonly Named[]): Promise<string | null>;
}

/** Workspaces have tens of thousands of people and channels; more are named by email address or id. */
const MAX_PAGES = 20;

/** Whether Slack takes a bot token, with all scopes that the bot needs. */
export async function connectSlack(token: string, apiUrl: string): Promise<Checked<SlackSetup>> {
  if (!token.startsWith("xoxb-"))
    return {
      ok: false,
      why: "That is not a bot token: it begins with xoxb-. Copy the Bot User OAuth Token.",
    };
  const client = createClient(token, apiUrl);
  try {
    const { team = "", response_metadata: metadata } = await client.auth.test();
    const missing = Object.keys(SCOPES).filter((scope) => metadata?.scopes?.includes(scope) === false);
    if (missing.length > 0)
      return {
        ok: false,
        why: `The Slack app lacks ${missing.join(", ")}. Paste the manifest into the app's settings again, install the app, and copy the new token.`,
      };
    return { ok: true, found: createSetup(client, apiUrl, clean(team, 80)) };
  } catch (error) {
    return { ok: false, why: describe(error, apiUrl, "Bot User OAuth Token (OAuth & Permissions)") };
  }
}

function createClient(token: string, slackApiUrl: string): WebClient {
  const options = { retryConfig: { retries: 1 }, rejectRateLimitedCalls: true, timeout: 15_000 };
  return new WebClient(token, { slackApiUrl, logLevel: LogLevel.ERROR, ...options });
}

function createSetup(client: WebClient, apiUrl: string, team: string): SlackSetup {
  /** Each is read once: Slack allows few of these calls. */
  const groups = once(() => listGroups(client));
  const people = once(() => listPeople(client));

  async function findOne(name: string): Promise<Named | string> {
    if (/^[UWS][A-Z0-9]{6,}$/.test(name)) return { id: name, name };
    if (/^[^@\s]+@[^@\s]+$/.test(name)) return findByEmail(client, name);
    const handle = name.replace(/^@/, "").toLowerCase();
    const group = (await groups()).find((one) => one.name.toLowerCase() === handle);
    if (group !== undefined) return { id: group.id, name: `@${group.name}` };
    const found = (await people()).filter(({ names }) => names.includes(handle));
    const [person] = found;
    if (person === undefined)
      return `No one in Slack and no user group is called "${clean(name, 60)}". Use an email address. User groups need a paid plan.`;
    if (found.length > 1)
      return `${found.length} people are called "${clean(name, 60)}". Use an email address.`;
    return { id: person.id, name: person.name };
  }

  return {
    team,
    async checkAppToken(token) {
      if (!token.startsWith("xapp-"))
        return { ok: false, why: "That is not an app-level token: it begins with xapp-." };
      try {
        await createClient(token, apiUrl).apps.connections.open({});
        return { ok: true, found: null };
      } catch (error) {
        const where = "app-level token (Basic Information › App-Level Tokens, with connections:write)";
        return { ok: false, why: describe(error, apiUrl, where) };
      }
    },
    async findChannel(typed) {
      const name = typed.replace(/^#/, "").toLowerCase();
      try {
        const channel = await findConversation(client, name);
        if (channel === null)
          return {
            ok: false,
            why: `zt-bot sees no channel "${clean(name, 80)}". If it is private, type /invite @zt-bot there first.`,
          };
        if (!channel.isMember)
          return {
            ok: false,
            why: `zt-bot is not in #${channel.name}. Type /invite @zt-bot there, then try again.`,
          };
        return { ok: true, found: channel };
      } catch (error) {
        return { ok: false, why: describe(error, apiUrl, "token") };
      }
    },
    async findPeople(names) {
      const found: Named[] = [];
      try {
        for (const name of names.split(",").flatMap((one) => one.trim() || [])) {
          const one = await findOne(name);
          if (typeof one === "string") return { ok: false, why: one };
          found.push(one);
        }
      } catch (error) {
        return { ok: false, why: describe(error, apiUrl, "token") };
      }
      return found.length === 0 ? { ok: false, why: "Name at least one." } : { ok: true, found };
    },
    async findLonely(operators, approvers) {
      const [canRequest, canApprove] = await Promise.all([
        membersOf(client, operators),
        membersOf(client, approvers),
      ]);
      const hasApprover = (id: string): boolean => [...canApprove].some((approver) => approver !== id);
      return [...canRequest].some(hasApprover)
        ? null
        : "Two people are needed: the only approver is also the only one who can request. Name a second person.";
    },
  };
}

async function findConversation(
  client: WebClient,
  name: string,
): Promise<(Named & { isMember: boolean }) | null> {
  const pages = client.paginate("conversations.list", {
    types: "public_channel,private_channel",
    exclude_archived: true,
    limit: 1000,
  });
  let count = 0;
  for await (const page of pages) {
    const { channels = [] } = page as Awaited<ReturnType<WebClient["conversations"]["list"]>>;
    const channel = channels.find(
      (one) => one.name?.toLowerCase() === name || one.id?.toLowerCase() === name,
    );
    if (channel?.id !== undefined)
      return { id: channel.id, name: channel.name ?? channel.id, isMember: channel.is_member === true };
    count += 1;
    if (count >= MAX_PAGES) break;
  }
  return null;
}

async function findByEmail(client: WebClient, email: string): Promise<Named | string> {
  try {
    const { user } = await client.users.lookupByEmail({ email });
    if (user?.id !== undefined) return { id: user.id, name: user.real_name ?? user.name ?? email };
  } catch (error) {
    if (slackTroubleOf(error) !== "users_not_found") throw error;
  }
  return `No one in this workspace has the address ${clean(email, 80)}.`;
}

async function listGroups(client: WebClient): Promise<Named[]> {
  try {
    const { usergroups = [] } = await client.usergroups.list();
    return usergroups.flatMap(({ id, handle }) =>
      id === undefined || handle === undefined ? [] : [{ id, name: handle }],
    );
  } catch (error) {
    // A free plan has none.
    if (["paid_teams_only", "plan_upgrade_required"].includes(slackTroubleOf(error) ?? "")) return [];
    throw error;
  }
}

interface KnownPerson extends Named {
  /** All that they go by, in lower case. */
  names: string[];
}

async function listPeople(client: WebClient): Promise<KnownPerson[]> {
  const found: KnownPerson[] = [];
  let count = 0;
  for await (const page of client.paginate("users.list", { limit: 1000 })) {
    const { members = [] } = page as Awaited<ReturnType<WebClient["users"]["list"]>>;
    for (const { id, name, real_name: realName, profile, deleted, is_bot: isBot } of members) {
      if (id === undefined || deleted === true || isBot === true) continue;
      const names = [name, realName, profile?.display_name, profile?.real_name].flatMap((one) => one || []);
      found.push({ id, name: realName ?? name ?? id, names: names.map((one) => one.toLowerCase()) });
    }
    count += 1;
    if (count >= MAX_PAGES) break;
  }
  return found;
}

/** The people among these, and in the groups among them. A group that can't be read is left to the doctor. */
async function membersOf(client: WebClient, principals: readonly Named[]): Promise<Set<string>> {
  const ids = await Promise.all(
    principals.map(async ({ id }) => {
      if (!id.startsWith("S")) return [id];
      const { users = [] } = await client.usergroups.users
        .list({ usergroup: id })
        .catch(() => ({ users: [id] }));
      return users;
    }),
  );
  return new Set(ids.flat());
}

function describe(error: unknown, apiUrl: string, what: string): string {
  const code = slackTroubleOf(error) ?? "unknown";
  if (isTokenTrouble(code) || code === "not_allowed_token_type")
    return `Slack does not accept this token. Copy the ${what} again.`;
  if (code === "missing_scope")
    return "The Slack app lacks a scope. Paste the manifest into the app's settings again, install the app, and copy the new token.";
  if (code === "unreachable")
    return `Slack can't be reached at ${apiUrl}. Check the network, a proxy and SLACK_API_URL.`;
  return `Slack returned an error (${code}). Try again.`;
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
