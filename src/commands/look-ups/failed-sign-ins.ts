import { readWithUser } from "../../lookup/with-user.ts";
import { findUser } from "../../lookup/who.ts";
import { failedSignInsMessage } from "../../views/look-ups/failed-sign-ins.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const failedSignIns = defineCommand({
  name: "failed-sign-ins",
  aliases: ["failed", "failed-logins", "failed-log-ins", "failed-signins"],
  group: "Look up",
  summary: "where someone was denied access, newest first",
  details:
    "Every failed sign-in that Cloudflare has on record, with application and ray id, counted by application and by hour of the last day.",
  examples: ["failed-sign-ins alice@example.com"],
  role: "viewer",
  calls: ["list users", "get user", "list failed logins"],
  args: { who: WHO },
  async run({ deps }, { who }) {
    const user = await findUser(deps.cloudflare, deps.directory, who);
    const signIns = await deps.cloudflare.accessUsers.failedLogins(user.id);
    return failedSignInsMessage(user, signIns, { now: deps.now() });
  },
  async screen(deps, { user: id = "", page = "1" }) {
    const [user, signIns] = await readWithUser(deps.cloudflare, id, deps.cloudflare.accessUsers.failedLogins);
    return failedSignInsMessage(user, signIns, { now: deps.now(), page: Number(page) });
  },
});
