import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const resetRisk = defineCommand({
  name: "reset-risk",
  aliases: ["reset"],
  group: "Respond",
  summary: "ask to set someone's risk score back to low",
  details:
    "An approver has to agree. A reset can give access back: policies that block by risk score stop blocking. Without <who> or a reason it opens a form.",
  examples: ['reset-risk alice@example.com --reason "travel confirmed by phone"', "reset-risk"],
  role: "operator",
  calls: ["list users", "get user", "get risk score", "get risk summary", "reset risk score"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  run: (context, { who, reason }) => askAction(context, { action: "reset-risk", who, reason, options: {} }),
});
