import { readWithUser } from "../../lookup/with-user.ts";
import { findUser } from "../../lookup/who.ts";
import { failedLoginsMessage } from "../../views/look-ups/failed-logins.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const failedLogins = defineCommand({
  name: "failed-logins",
  aliases: ["failed"],
  group: "Look up",
  summary: "where someone was refused, newest first",
  details:
    "Every refused log-in that Cloudflare has on record, with the application and the ray id, counted by application and by hour of the last day.",
  examples: ["failed-logins alice@example.com"],
  role: "viewer",
  calls: ["list users", "get user", "list failed logins"],
  args: { who: WHO },
  async run({ deps }, { who }) {
    const user = await findUser(deps.cloudflare, deps.directory, who);
    const logins = await deps.cloudflare.accessUsers.failedLogins(user.id);
    return failedLoginsMessage(user, logins, { now: deps.now() });
  },
  async screen(deps, { user: id = "", page = "1" }) {
    const [user, logins] = await readWithUser(deps.cloudflare, id, deps.cloudflare.accessUsers.failedLogins);
    return failedLoginsMessage(user, logins, { now: deps.now(), page: Number(page) });
  },
});
