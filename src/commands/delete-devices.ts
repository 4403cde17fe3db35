import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const deleteDevices = defineCommand({
  name: "delete-devices",
  group: "Respond",
  summary: "ask to delete someone's device registrations, for good",
  details:
    "Active and revoked registrations alike. It frees their virtual IP addresses and cannot be undone: to take access away for now, use revoke-devices. Without registration ids it opens a form with the user's devices to choose from. An approver has to agree.",
  examples: [
    "delete-devices mallory@example.com",
    "delete-devices mallory@example.com --all --reason laptop scrapped",
  ],
  role: "operator",
  calls: ["list users", "get user", "list registrations", "delete registrations"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    registration: { kind: "words", summary: "ids of registrations, as devices shows them" },
    all: { kind: "switch", summary: "all there are, active and revoked" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who = null, registration, all, reason }) =>
    askAction(context, {
      who,
      reason,
      wish: { action: "delete-devices", registrationIds: all ? "all" : registration },
      isIncomplete: !all && registration.length === 0,
    }),
});
