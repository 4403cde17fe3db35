import { readRegistrations } from "../lookup/registrations.ts";
import { readWithUser } from "../lookup/with-user.ts";
import { findUser } from "../lookup/who.ts";
import { devicesMessage } from "../views/devices.ts";
import { defineCommand } from "./define.ts";

export const devices = defineCommand({
  name: "devices",
  group: "Look up",
  summary: "the devices someone registered, active and revoked",
  details:
    "Name, state, last seen, client version, tunnel and key type of each registration, and its id. Devices that several people use are marked.",
  examples: ["devices alice@example.com"],
  role: "viewer",
  calls: ["list users", "get user", "list registrations"],
  args: {
    who: { kind: "who", required: true, summary: "an e-mail address, an Access user's id or a @mention" },
  },
  async run({ deps, reply }, { who }) {
    const user = await findUser(deps.cloudflare, deps.directory, who);
    const registrations = await readRegistrations(deps.cloudflare, user.id);
    await reply(devicesMessage(user, registrations, { now: deps.now() }));
  },
  async screen(deps, { user: id = "", page = "1" }) {
    const [user, registrations] = await readWithUser(deps.cloudflare, id, (userId) =>
      readRegistrations(deps.cloudflare, userId),
    );
    return devicesMessage(user, registrations, { now: deps.now(), page: Number(page) });
  },
});
