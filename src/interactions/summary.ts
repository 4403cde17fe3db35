import { authorise } from "../commands/authorise.ts";
import { onApps } from "../lookup/facts.ts";
import { gatherSummary } from "../lookup/summary.ts";
import { getUser } from "../lookup/who.ts";
import type { ActionName } from "../requests/plan.ts";
import { askModal } from "../views/ask-modal.ts";
import { SUMMARY_ACTIONS, userSummary } from "../views/user-summary.ts";
import { plural } from "../words.ts";
import type { Click, ClickHandler } from "./click.ts";
import { openWithLoading } from "./modal.ts";

/** The buttons under a user's summary. A shared summary is seen by people who may not use it: all ask again. */
export const summaryClicks: Record<string, ClickHandler> = {
  [SUMMARY_ACTIONS.revoke]: (click) => openAskForm(click, "revoke", "Revoke sessions"),
  [SUMMARY_ACTIONS.resetRisk]: (click) => openAskForm(click, "reset-risk", "Reset risk score"),

  async [SUMMARY_ACTIONS.share]({ deps, asker, value, reply }) {
    await authorise({ deps, asker }, { name: "user", role: "viewer" });
    // Read anew: what goes to the channel is how it is now, not how it was when somebody first looked.
    const summary = await gatherSummary(deps.cloudflare, await getUser(deps.cloudflare, value), deps.now());
    const message = userSummary({
      summary,
      accountId: deps.cloudflare.accountId,
      now: deps.now(),
      sharedBy: asker.userId,
    });
    await reply(message, { inChannel: true });
  },

  // A link opens by itself; Slack reports the click all the same.
  [SUMMARY_ACTIONS.dashboard]: () => Promise.resolve(),
};

async function openAskForm(
  { deps, asker, value, triggerId, channelId }: Click,
  action: ActionName,
  title: string,
): Promise<void> {
  await openWithLoading(deps, triggerId, title, "Asking Cloudflare…", async () => {
    await authorise({ deps, asker }, { name: action, role: "operator" });
    const user = await getUser(deps.cloudflare, value);
    const { sessions, risk } = await gatherSummary(deps.cloudflare, user, deps.now());
    const facts = [
      ...(sessions.ok ? [`${plural(sessions.value.length, "active session")}${onApps(sessions.value)}`] : []),
      ...(risk.ok
        ? [
            `risk level ${risk.value.level ?? risk.value.rawLevel ?? "unknown"}, ${plural(risk.value.events.length, "event")} since the last reset`,
          ]
        : []),
    ];
    return askModal({
      action,
      subject: { kind: "chosen", userId: user.id, email: user.email, name: user.name, facts },
      options: {},
      reason: undefined,
      requireReason: deps.policy.current().action(action).requireReason,
      originChannel: channelId,
    });
  });
}
