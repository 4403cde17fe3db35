import { circumstancesOf } from "../requests/circumstances.ts";
import { resume } from "../requests/pause.ts";
import { checkSwitch } from "../requests/switch.ts";
import { announce } from "../slack/announce.ts";
import { resumedAnswer, resumedNews } from "../views/pause.ts";
import { defineCommand } from "./define.ts";

export const resumeCommand = defineCommand({
  name: "resume",
  group: "Respond",
  summary: "end a /zt pause: what is approved goes on",
  details:
    "Each approved request is looked at once more before it is carried out: whether its approvers still are, and whether it is still about the same user.",
  examples: ["resume", "resume --reason the token is replaced"],
  role: "approver",
  calls: [],
  args: { reason: { kind: "text", summary: "what was found, for the record" } },
  async run({ deps, asker, reply }, { reason }) {
    await checkSwitch(deps, "resume", asker);
    const ended = await resume(deps.db, {
      by: asker.userId,
      teamId: asker.teamId,
      reason: reason?.trim() ?? "",
      at: deps.now(),
      circumstances: circumstancesOf(deps, asker),
    });
    if (ended !== null) await deps.engine.sweep();
    const isTold = ended !== null && (await announce(deps, resumedNews(ended, asker.userId, deps.now())));
    await reply(resumedAnswer(ended, { isTold }, deps.now()));
  },
});
