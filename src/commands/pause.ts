import { UserError } from "../errors.ts";
import { circumstancesOf } from "../requests/circumstances.ts";
import { pause, readPause } from "../requests/pause.ts";
import { checkSwitch } from "../requests/switch.ts";
import { announce } from "../slack/announce.ts";
import { pausedAnswer, pausedNews } from "../views/pause.ts";
import { defineCommand } from "./define.ts";

export const pauseCommand = defineCommand({
  name: "pause",
  group: "Respond",
  summary: "the kill switch: nothing is carried out until /zt resume",
  details:
    "Pending requests can still be decided, and approved ones wait. A call that Cloudflare accepted is checked to its end; one without a clear answer is looked into after the resume; of a request about several users nobody else is begun. Every approver may pause unless they are at risk or an open request is about them, and the approvals channel is told.",
  examples: ["pause --reason the bot's token may have leaked"],
  role: "approver",
  calls: [],
  args: {
    reason: { kind: "text", required: true, summary: "why, for everybody who wonders what is going on" },
  },
  async run({ deps, asker, reply }, { reason }) {
    await checkSwitch(deps, "pause", asker);
    const isFirst = await pause(deps.db, {
      by: asker.userId,
      teamId: asker.teamId,
      reason: reason.trim(),
      at: deps.now(),
      circumstances: circumstancesOf(deps, asker),
    });
    const now = await readPause(deps.db);
    if (now === null)
      throw new UserError({ what: "It was resumed in the same moment.", next: "Pause it again." });
    const isTold = isFirst && (await announce(deps, pausedNews(now)));
    await reply(pausedAnswer(now, { isFirst, isTold }));
  },
});
