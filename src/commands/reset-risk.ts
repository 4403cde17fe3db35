import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const resetRisk = defineCommand({
  name: "reset-risk",
  aliases: ["reset"],
  group: "Respond",
  summary: "ask to set someone's risk score back to low",
  details:
    "Opens a form with the risk events since the last reset: each has to be judged, because it stops counting. An approver has to agree. A reset can give access back: policies that block by risk score stop blocking.",
  examples: ["reset-risk alice@example.com", "reset-risk"],
  role: "operator",
  calls: ["list users", "get user", "get risk score", "get risk summary", "reset risk score"],
  args: {
    who: { kind: "who", required: false, summary: "an e-mail address, an Access user's id or a @mention" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  // The events are judged in the form: words in a command can't do that.
  run: (context, { who = null, reason }) =>
    askAction(context, { who, reason, wish: { action: "reset-risk", judged: {} }, isIncomplete: true }),
});
