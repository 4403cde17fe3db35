import { defineActionCommand, type Asked } from "../define.ts";
import { parseFor } from "../block/options.ts";
import type { RevokeWish } from "./options.ts";

export const command = defineActionCommand({
  summary: "end all sessions of one or more people",
  details:
    "Ends every Access session once approved; they can sign in again in about a minute. Takes up to 500 people in one request. Without <who> or a reason it opens a form.",
  examples: [
    "revoke mallory@example.com --reason laptop stolen",
    "revoke mallory@example.com --devices --block --for 8h --reason phished",
    'revoke mallory@example.com --devices --reason "phished, see #sec-42"',
    "revoke a@example.com b@example.com c@example.com --reason credential stuffing",
    "revoke",
  ],
  calls: [
    "list users",
    "get user",
    "revoke user",
    "list active sessions",
    "list registrations",
    "change list",
  ],
  args: {
    who: { kind: "whos", summary: "an email address, a name, an Access user id or a @mention" },
    devices: { kind: "switch", summary: "also revoke all their device registrations" },
    block: {
      kind: "switch",
      summary: "also put them on the block list, which keeps them out: one person only",
    },
    for: { kind: "text", takes: "time", summary: "how long to block: 30m, 8h, 2d; with --block only" },
    warpReauth: {
      kind: "switch",
      summary: "also make WARP re-authenticate where Gateway policies enforce it",
    },
  },
  read({ who: whos, devices, warpReauth, block, for: duration }): Asked<RevokeWish> {
    const [who = null] = whos;
    // What can't be read is told before a form is filled in.
    if (duration !== undefined) parseFor(duration);
    const wish = {
      action: "revoke",
      devices,
      warpReauth,
      ...(block ? { block } : {}),
      ...(duration === undefined ? {} : { duration }),
    } as const;
    return whos.length > 1 ? { wish: { ...wish, several: whos } } : { who, wish };
  },
});
