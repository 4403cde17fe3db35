import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const revokeDevices = defineCommand({
  name: "revoke-devices",
  group: "Respond",
  summary: "ask to revoke someone's device registrations",
  details:
    "Without registration ids it opens a form with the user's devices to choose from. An approver has to agree. It can be undone with restore-devices.",
  examples: [
    "revoke-devices mallory@example.com",
    "revoke-devices mallory@example.com --all --reason laptop stolen",
  ],
  role: "operator",
  calls: ["list users", "get user", "list registrations", "revoke registrations", "revoke devices"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    registration: { kind: "words", summary: "ids of registrations, as devices shows them" },
    all: { kind: "switch", summary: "all that are registered" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who = null, registration, all, reason }) =>
    askAction(context, {
      who,
      reason,
      wish: { action: "revoke-devices", registrationIds: all ? "all" : registration },
      isIncomplete: !all && registration.length === 0,
    }),
});
