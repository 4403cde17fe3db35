import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const restoreDevices = defineCommand({
  name: "restore-devices",
  aliases: ["unrevoke-devices"],
  group: "Respond",
  summary: "ask to take back the revocation of someone's devices",
  details:
    "The undo of revoke-devices: the registrations are active again, and nobody has to sign in anew. An approver has to agree. Without registration ids it opens a form with the revoked ones to choose from.",
  examples: [
    "restore-devices mallory@example.com",
    "restore-devices mallory@example.com --all --reason laptop found",
  ],
  role: "operator",
  calls: ["list users", "get user", "list registrations", "unrevoke registrations"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    registration: { kind: "words", summary: "ids of revoked registrations, as devices shows them" },
    all: { kind: "switch", summary: "all that are revoked" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who = null, registration, all, reason }) =>
    askAction(context, {
      who,
      reason,
      wish: { action: "restore-devices", registrationIds: all ? "all" : registration },
      isIncomplete: !all && registration.length === 0,
    }),
});
