import type { AccessUser } from "../api/cloudflare.ts";
import type { Deps } from "../deps.ts";
import { gatherSummary } from "../lookup/summary.ts";
import { findUser, getUser } from "../lookup/who.ts";
import type { Message } from "../views/blocks.ts";
import { userSummary } from "../views/user-summary.ts";
import { defineCommand } from "./define.ts";

export const user = defineCommand({
  name: "user",
  aliases: ["whois", "who"],
  group: "Look up",
  summary: "who someone is and what they have open",
  details:
    "Identity, active sessions, failed log-ins of the last 24 hours, risk events and device registrations, with buttons for what to do next. Only you see it until you press Share.",
  examples: ["user alice@example.com", "user @alice", "user f174e90a-fafe-4643-bbbc-4a0ed4fc8415"],
  role: "viewer",
  calls: [
    "list users",
    "get user",
    "get last seen identity",
    "list active sessions",
    "list failed logins",
    "get risk score",
    "get risk summary",
    "list registrations",
  ],
  args: {
    who: { kind: "who", required: true, summary: "an e-mail address, an Access user's id or a @mention" },
  },
  async run({ deps, reply }, { who }) {
    await reply(await show(deps, await findUser(deps.cloudflare, deps.directory, who)));
  },
  screen: async (deps, { user: id = "" }) => show(deps, await getUser(deps.cloudflare, id)),
});

async function show(deps: Deps, found: AccessUser): Promise<Message> {
  const summary = await gatherSummary(deps.cloudflare, found, deps.now());
  return userSummary({ summary, accountId: deps.cloudflare.accountId, now: deps.now() });
}
