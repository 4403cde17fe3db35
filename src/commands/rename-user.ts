import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const renameUser = defineCommand({
  name: "rename-user",
  group: "Respond",
  summary: "ask to change the name Access shows for someone",
  details:
    "The e-mail is sent along as a confirmation and does not change. An approver has to agree. Without <who> or a name it opens a form.",
  examples: ["rename-user alice@example.com Alice Moreau --reason married", "rename-user"],
  role: "operator",
  calls: ["list users", "get user", "update user"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    name: { kind: "rest", required: false, summary: "the new name" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who = null, name, reason }) =>
    askAction(context, {
      who,
      reason,
      wish: { action: "rename-user", newName: name ?? "" },
      isIncomplete: name === undefined,
    }),
});
