import type { AccessRequests, AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { MAX_DAYS, readSignIns } from "../../lookup/sign-ins/sign-ins.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import { readSignInLanes, sendSignInPicture } from "../../pictures/send.ts";
import type { Message } from "../../views/blocks.ts";
import { signInsMessage } from "../../views/look-ups/sign-ins.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const signIns = defineCommand({
  name: "sign-ins",
  aliases: ["signins", "log-ins", "logins"],
  group: "Look up",
  summary: "where someone signed in, allowed and denied",
  details: `Every Access request of the last 24 hours, newest first, with application, IP and ray id, counted by application. --days goes back up to ${MAX_DAYS} days.`,
  examples: ["sign-ins alice@example.com", "sign-ins alice@example.com --days 7"],
  role: "viewer",
  calls: ["list users", "get user", "list access requests", "list active sessions", "get active session"],
  args: {
    who: WHO,
    days: { kind: "text", takes: "N", summary: `how many days back, 1 to ${MAX_DAYS}; 1 without it` },
  },
  async run({ deps, reply }, { who, days = "1" }) {
    const back = parseDays(days);
    if (back === null) {
      throw new UserError({
        what: `Can't read "${days}" as a number of days.`,
        next: `Try --days 1 to --days ${MAX_DAYS}.`,
      });
    }
    const found = await findUser(deps.cloudflare, deps.directory, who);
    const requests = read(deps, found, back);
    const [lanes] = await Promise.all([
      readSignInLanes(
        deps,
        found,
        requests.then(({ items }) => items),
      ),
      requests.then((all) => reply(signInsMessage(found, { ...all, days: back, now: deps.now(), page: 1 }))),
    ]);
    // After the words: it takes Slack some seconds.
    await sendSignInPicture(deps, lanes, reply);
  },
  screen: async (deps, { user = "", days = "1", page = "1" }) =>
    show(deps, await getUser(deps.cloudflare, user), parseDays(days) ?? 1, Number(page)),
});

/** `3` and `3d`; null for anything else. */
function parseDays(typed: string): number | null {
  const days = Number(/^(\d{1,2})d?$/i.exec(typed)?.[1]);
  return days >= 1 && days <= MAX_DAYS ? days : null;
}

async function show(deps: Deps, found: AccessUser, days: number, page: number): Promise<Message> {
  return signInsMessage(found, { ...(await read(deps, found, days)), days, now: deps.now(), page });
}

function read(deps: Deps, user: AccessUser, days: number): Promise<AccessRequests> {
  // Without an address in it, the search would be for all users.
  if (user.email === "") {
    throw new UserError({
      what: `The Access user ${user.id} has no email address.`,
      why: "Cloudflare's log of sign-ins can only be searched by address.",
      next: `Try /zt failed-sign-ins ${user.id} and /zt sessions ${user.id}.`,
    });
  }
  return readSignIns(deps.cloudflare, user.email, { now: deps.now(), days });
}
