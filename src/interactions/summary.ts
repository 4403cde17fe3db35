import { authorise } from "../commands/authorise.ts";
import { showUser } from "../commands/look-ups/user.ts";
import { getUser } from "../lookup/who.ts";
import { SUMMARY_ACTIONS } from "../views/look-ups/user-summary.ts";
import type { ClickHandler } from "./click.ts";

/** What a summary's own controls do; the others lead to forms and screens. Each asks for the role again: people who lack it see a shared summary. */
export const summaryClicks: Record<string, ClickHandler> = {
  async [SUMMARY_ACTIONS.share]({ deps, asker, value, reply }) {
    await authorise({ deps, asker }, { name: "user", role: "viewer" });
    // Read again: the channel gets what is so now.
    const user = await getUser(deps.cloudflare, value);
    await reply(await showUser(deps, user, asker.userId), { inChannel: true });
  },

  // A link opens by itself; Slack reports the click all the same.
  [SUMMARY_ACTIONS.dashboard]: () => Promise.resolve(),
};
