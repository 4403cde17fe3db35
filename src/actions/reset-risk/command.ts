import { OPTIONAL_WHO } from "../../commands/args.ts";
import { defineActionCommand, type Asked } from "../define.ts";
import type { ResetRiskWish } from "./options.ts";

export const command = defineActionCommand({
  aliases: ["reset"],
  summary: "reset someone's risk score to low",
  details:
    "Opens a form to classify each risk event since the last reset. Needs approval. A reset can restore access: policies that block by risk score stop blocking.",
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
