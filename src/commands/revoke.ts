import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const revoke = defineCommand({
  name: "revoke",
  group: "Respond",
  summary: "ask to end all sessions of someone, or of several people at once",
  details:
    "An approver has to agree before anything happens. It ends every Access session of the user; it is not a ban. Several people make one request: the first one is revoked and verified alone, then the others; up to 500 can be pasted into the form. Without <who> or a reason it opens a form.",
  examples: [
    "revoke mallory@example.com --reason laptop stolen",
    'revoke mallory@example.com --devices --reason "phished, see #sec-42"',
    "revoke a@example.com b@example.com c@example.com --reason credential stuffing",
    "revoke",
  ],
  role: "operator",
  calls: ["list users", "get user", "revoke user", "list active sessions", "list registrations"],
  args: {
    who: { kind: "whos", summary: "an e-mail address, an Access user's id or a @mention" },
    devices: { kind: "switch", summary: "also revoke all of their device registrations" },
    warpReauth: {
      kind: "switch",
      summary: "also make WARP re-authenticate where Gateway policies enforce it",
    },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who: whos, devices, warpReauth, reason }) => {
    const [first = null, ...others] = whos;
    const wish = { action: "revoke", devices, warpReauth } as const;
    return others.length === 0
      ? askAction(context, { who: first, reason, wish })
      : askAction(context, { who: null, reason, wish: { ...wish, several: whos } });
  },
});
