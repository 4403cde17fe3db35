import { auditContextOf } from "../../approvals/audit-context.ts";
import { checkKillSwitch } from "../../approvals/kill-switch.ts";
import { UserError } from "../../errors.ts";
import { pause, readPause, resume } from "../../requests/pause.ts";
import { announce } from "../../slack/announce.ts";
import { pausedAnswer, pausedNews, resumedAnswer, resumedNews } from "../../views/request/pause.ts";
import { type CommandContext, defineCommand } from "../define.ts";

export const pauseCommand = defineCommand({
  name: "pause",
  group: "Respond",
  summary: "stop all changes until /zt resume",
  details:
    "Requests can still be approved and denied; approved ones wait. Calls in progress will finish. Every approver can pause unless they are at risk.",
  examples: ["pause --reason the bot's token may have leaked"],
  role: "approver",
  changes: true,
  calls: [],
  args: {
    reason: { kind: "text", required: true, summary: "why, for everyone else" },
  },
  async run({ deps, asker }, { reason }) {
    const noted = await checkKillSwitch(deps, "pause", asker);
    const by = switchedBy(deps, asker, reason);
    const isFirst = await pause(deps.db, { ...by, auditContext: { ...noted, ...by.auditContext } });
    deps.home.changed();
    const now = await readPause(deps.db);
    if (now === null)
      throw new UserError({ what: "It was resumed at the same moment.", next: "Pause it again." });
    const isTold = isFirst && (await announce(deps, pausedNews(now))) !== null;
    return pausedAnswer(now, { isFirst, isTold });
  },
});

export const resumeCommand = defineCommand({
  name: "resume",
  group: "Respond",
  summary: "end a /zt pause",
  details: "Approved requests are checked again and carried out. The target of an open request can't resume.",
  examples: ["resume", "resume --reason the token is replaced"],
  role: "approver",
  changes: true,
  calls: [],
  args: { reason: { kind: "text", summary: "why, for the record" } },
  async run({ deps, asker }, { reason }) {
    await checkKillSwitch(deps, "resume", asker);
    const ended = await resume(deps.db, switchedBy(deps, asker, reason));
    deps.home.changed();
    if (ended !== null) await deps.engine.sweep();
    const isTold =
      ended !== null && (await announce(deps, resumedNews(ended, asker.userId, deps.now()))) !== null;
    return resumedAnswer(ended, { isTold }, deps.now());
  },
});

function switchedBy(deps: CommandContext["deps"], asker: CommandContext["asker"], reason = "") {
  const { userId: by, teamId } = asker;
  return { by, teamId, reason: reason.trim(), at: deps.now(), auditContext: auditContextOf(deps, asker) };
}
