import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const revoke = defineCommand({
  name: "revoke",
  group: "Respond",
  summary: "ask to end all of someone's sessions",
  details:
    "An approver has to agree before anything happens. It ends every Access session of the user; it is not a ban. Without <who> or a reason it opens a form.",
  examples: [
    "revoke mallory@example.com --reason laptop stolen",
    'revoke mallory@example.com --devices --reason "phished, see #sec-42"',
    "revoke",
  ],
  role: "operator",
  calls: ["list users", "get user", "revoke user", "list active sessions", "list registrations"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    devices: { kind: "switch", summary: "also revoke all of their device registrations" },
    warpReauth: {
      kind: "switch",
      summary: "also make WARP re-authenticate where Gateway policies enforce it",
    },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who = null, devices, warpReauth, reason }) =>
    askAction(context, { who, reason, wish: { action: "revoke", devices, warpReauth } }),
});
