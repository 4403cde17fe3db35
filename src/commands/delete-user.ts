import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const deleteUser = defineCommand({
  name: "delete-user",
  group: "Respond",
  summary: "ask to delete someone from Access, for good",
  details:
    "Seats, tokens, sessions and device registrations go with the user, and it cannot be undone. The e-mail has to be typed a second time: in the form, or after --confirm. An approver has to agree.",
  examples: [
    "delete-user mallory@example.com",
    "delete-user mallory@example.com --confirm mallory@example.com --reason left the company",
  ],
  role: "operator",
  calls: ["list users", "get user", "delete user"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    confirm: { kind: "text", summary: "their e-mail address once more" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who = null, confirm, reason }) =>
    askAction(context, {
      who,
      reason,
      wish: { action: "delete-user", typedEmail: confirm ?? "" },
      isIncomplete: confirm === undefined,
    }),
});
