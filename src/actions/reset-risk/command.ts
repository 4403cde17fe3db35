import { OPTIONAL_WHO } from "../../commands/args.ts";
import { defineActionCommand, type Asked } from "../define.ts";
import type { ResetRiskWish } from "./options.ts";

export const command = defineActionCommand({
  aliases: ["reset"],
  summary: "ask to set someone's risk score back to low",
  details:
    "Opens a form with the risk events since the last reset: each has to be judged, because it stops counting. An approver has to agree. A reset can give access back: policies that block by risk score stop blocking.",
  examples: ["reset-risk alice@example.com", "reset-risk"],
  calls: ["list users", "get user", "get risk score", "get risk summary", "reset risk score"],
  args: { who: OPTIONAL_WHO },
  // The events are judged in the form: words in a command can't do that.
  read: ({ who = null }): Asked<ResetRiskWish> => ({
    who,
    wish: { action: "reset-risk", judged: {} },
    isIncomplete: true,
  }),
});
