import type { AccessRequests, AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { MAX_DAYS, readLogIns } from "../../lookup/log-ins.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import { readSignInLanes, sendSignInPicture } from "../../pictures/send.ts";
import type { Message } from "../../views/blocks.ts";
import { logInsMessage } from "../../views/look-ups/log-ins.ts";
import { WHO } from "../args.ts";
import { defineCommand } from "../define.ts";

export const logIns = defineCommand({
  name: "log-ins",
  aliases: ["logins"],
  group: "Look up",
  summary: "where someone asked for access, and whether they got in",
  details: `Every Access request of the last 24 hours, newest first, allowed and denied, with application, IP and ray id, counted by application. With --days it goes back up to ${MAX_DAYS} days. Cloudflare's log knows addresses only: somebody without one can't be looked up here.`,
  examples: ["log-ins alice@example.com", "log-ins alice@example.com --days 7"],
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
        what: `“${days}” is not a number of days.`,
        why: `The log can be looked through for 1 to ${MAX_DAYS} days back.`,
        next: "Usage: /zt log-ins <who> [--days N]",
      });
    }
    const found = await findUser(deps.cloudflare, deps.directory, who);
    const requests = await read(deps, found, back);
    await reply(logInsMessage(found, { ...requests, days: back, now: deps.now(), page: 1 }));
    // After the words: it takes Slack some seconds.
    await sendSignInPicture(deps, await readSignInLanes(deps, found, requests.items), reply);
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
  return logInsMessage(found, { ...(await read(deps, found, days)), days, now: deps.now(), page });
}

function read(deps: Deps, user: AccessUser, days: number): Promise<AccessRequests> {
  // Without an address in it, the question would be for everybody's.
  if (user.email === "") {
    throw new UserError({
      what: `The Access user ${user.id} has no email address.`,
      why: "Cloudflare's log of Access requests can only be searched by address.",
      next: `/zt failed-logins ${user.id} shows where they were refused, /zt sessions ${user.id} where they got in.`,
    });
  }
  return readLogIns(deps.cloudflare, user.email, { now: deps.now(), days });
}
