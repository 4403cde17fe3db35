import type { AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import { gatherSummary } from "../../lookup/summary.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import type { Message } from "../../views/blocks.ts";
import { userSummary } from "../../views/look-ups/user-summary.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const user = defineCommand({
  name: "user",
  aliases: ["whois", "who"],
  group: "Look up",
  summary: "who someone is and what they have open",
  details:
    "What the facts say together and the step they recommend; then sessions, identity, failed sign-ins of the last 24 hours, risk events and device registrations. Only you see it until you press Share.",
  examples: ["user alice@example.com", "user @alice", "user f174e90a-fafe-4643-bbbc-4a0ed4fc8415"],
  role: "viewer",
  calls: [
    "list users",
    "get user",
    "get last seen identity",
    "list active sessions",
    "get active session",
    "list access requests",
    "list failed logins",
    "get risk score",
    "get risk summary",
    "list registrations",
  ],
  args: { who: WHO },
  run: async ({ deps }, { who }) => showUser(deps, await findUser(deps.cloudflare, deps.directory, who)),
  screen: async (deps, { user: id = "" }) => showUser(deps, await getUser(deps.cloudflare, id)),
});

/** How somebody stands now; `sharedBy`: who puts that in the channel. */
export async function showUser(deps: Deps, found: AccessUser, sharedBy?: string): Promise<Message> {
  const { cloudflare } = deps;
  const summary = await gatherSummary(cloudflare, found, deps.now());
  const shared = sharedBy === undefined ? {} : { sharedBy };
  return userSummary({ summary, accountId: cloudflare.accountId, now: deps.now(), ...shared });
}
