import { defineActionCommand, type Asked } from "../define.ts";
import type { RevokeWish } from "./options.ts";

export const command = defineActionCommand({
  summary: "ask to end all sessions of someone, or of several people at once",
  details:
    "An approver has to agree before anything happens. It ends every Access session of the user; it is not a ban. Several people make one request: one is revoked and verified alone, then the others; up to 500 can be pasted into the form. Without <who> or a reason it opens a form.",
  examples: [
    "revoke mallory@example.com --reason laptop stolen",
    'revoke mallory@example.com --devices --reason "phished, see #sec-42"',
    "revoke a@example.com b@example.com c@example.com --reason credential stuffing",
    "revoke",
  ],
  calls: ["list users", "get user", "revoke user", "list active sessions", "list registrations"],
  args: {
    who: { kind: "whos", summary: "an email address, a name, an Access user's id or a @mention" },
    devices: { kind: "switch", summary: "also revoke all of their device registrations" },
    warpReauth: {
      kind: "switch",
      summary: "also make WARP re-authenticate where Gateway policies enforce it",
    },
  },
  read({ who: whos, devices, warpReauth }): Asked<RevokeWish> {
    const [who = null] = whos;
    const wish = { action: "revoke", devices, warpReauth } as const;
    return whos.length > 1 ? { wish: { ...wish, several: whos } } : { who, wish };
  },
});
