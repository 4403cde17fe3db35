import { authorise } from "../commands/authorise.ts";
import { gatherSummary } from "../lookup/summary.ts";
import { getUser } from "../lookup/who.ts";
import { SUMMARY_ACTIONS, userSummary } from "../views/user-summary.ts";
import type { ClickHandler } from "./click.ts";

/** What a user's summary does by itself: its other buttons lead to forms and screens. A shared summary is seen by people who may not use it: all ask again. */
export const summaryClicks: Record<string, ClickHandler> = {
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
