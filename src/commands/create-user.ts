import { UserError } from "../errors.ts";
import { parseWho } from "../lookup/who.ts";
import { askAction } from "./ask-action.ts";
import { defineCommand } from "./define.ts";

export const createUser = defineCommand({
  name: "create-user",
  group: "Respond",
  summary: "ask to add somebody to Access before their first log-in",
  details:
    "An approver has to agree. It grants nothing by itself and takes no seat. Without an e-mail it opens a form.",
  examples: ["create-user new.person@example.com New Person --reason starts on Monday", "create-user"],
  role: "operator",
  calls: ["list users", "create user"],
  args: {
    email: { kind: "word", required: false, summary: "their e-mail address" },
    name: { kind: "rest", required: false, summary: "their name" },
    reason: { kind: "text", summary: "why, for the approvers and the record" },
  },
  async run(context, { email, name, reason }) {
    if (email !== undefined && parseWho(email)?.kind !== "email") {
      throw new UserError({
        what: `“${email}” is not a valid e-mail address.`,
        next: "Usage: /zt create-user <email> [<name>]",
      });
    }
    await askAction(context, {
      who: null,
      reason,
      wish: { action: "create-user", email: email ?? "", name: name ?? "" },
      isIncomplete: email === undefined,
    });
  },
});
