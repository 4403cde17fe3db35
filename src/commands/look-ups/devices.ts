import { readRegistrations } from "../../lookup/registrations.ts";
import { readWithUser } from "../../lookup/with-user.ts";
import { findUser } from "../../lookup/who.ts";
import { devicesMessage } from "../../views/look-ups/devices.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const devices = defineCommand({
  name: "devices",
  group: "Look up",
  summary: "someone's devices, active and revoked",
  details:
    "Name, state and last seen of each device; ids, client versions and tunnels are folded. Devices that several people use are marked.",
  examples: ["devices alice@example.com"],
  role: "viewer",
  calls: ["list users", "get user", "list registrations"],
  args: { who: WHO },
  async run({ deps }, { who }) {
    const user = await findUser(deps.cloudflare, deps.directory, who);
    const registrations = await readRegistrations(deps.cloudflare, user.id, "all");
    return devicesMessage(user, registrations, { now: deps.now() });
  },
  async screen(deps, { user: id = "", page = "1" }) {
    const [user, registrations] = await readWithUser(deps.cloudflare, id, (userId) =>
      readRegistrations(deps.cloudflare, userId, "all"),
    );
    return devicesMessage(user, registrations, { now: deps.now(), page: Number(page) });
  },
});
