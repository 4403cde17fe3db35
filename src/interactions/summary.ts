import { authorise } from "../commands/authorise.ts";
import { showUser } from "../commands/look-ups/user.ts";
import { getUser } from "../lookup/who.ts";
import { SUMMARY_ACTIONS } from "../views/look-ups/user-summary.ts";
import type { ClickHandler } from "./click.ts";

/** What a user's summary does by itself: its other buttons lead to forms and screens. A shared summary is seen by people who may not use it: all ask again. */
export const summaryClicks: Record<string, ClickHandler> = {
  async [SUMMARY_ACTIONS.share]({ deps, asker, value, reply }) {
    await authorise({ deps, asker }, { name: "user", role: "viewer" });
    // Read anew: what goes to the channel is how it is now, not how it was when somebody first looked.
    const user = await getUser(deps.cloudflare, value);
    await reply(await showUser(deps, user, asker.userId), { inChannel: true });
  },

  // A link opens by itself; Slack reports the click all the same.
  [SUMMARY_ACTIONS.dashboard]: () => Promise.resolve(),
};
