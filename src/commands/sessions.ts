import type { Deps } from "../deps.ts";
import { findUser, getUser } from "../lookup/who.ts";
import type { Message } from "../views/blocks.ts";
import { sessionsMessage } from "../views/sessions.ts";
import { defineCommand, type ScreenParams } from "./define.ts";

export const sessions = defineCommand({
  name: "sessions",
  group: "Look up",
  summary: "every active session of someone",
  examples: ["sessions alice@example.com"],
  role: "viewer",
  calls: ["list users", "get user", "list active sessions"],
  args: {
    who: { kind: "who", required: true, summary: "an e-mail address, an Access user's id or a @mention" },
  },
  async run({ deps, reply }, { who }) {
    const user = await findUser(deps.cloudflare, deps.directory, who);
    await reply(await show(deps, { user: user.id }));
  },
  screen: show,
});

async function show(deps: Deps, { user: id = "", page = "1" }: ScreenParams): Promise<Message> {
  const [user, active] = await Promise.all([
    getUser(deps.cloudflare, id),
    deps.cloudflare.accessUsers.activeSessions(id),
  ]);
  return sessionsMessage(user, active, { now: deps.now(), page: Number(page) });
}
