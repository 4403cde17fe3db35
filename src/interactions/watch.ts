import { auditContextOf } from "../approvals/audit-context.ts";
import { authorise, checkNotAboutSelf } from "../commands/authorise.ts";
import { UserError } from "../errors.ts";
import { expectedMessage, unwatchedMessage, WATCH_ACTIONS } from "../views/watch.ts";
import { stopWatches } from "../watch/stop.ts";
import { expectEvent, readEvent, readWatch } from "../watch/watch.ts";
import type { ClickHandler } from "./click.ts";

/** Buttons of what is told of someone who is watched. */
export const watchDecisions: Record<string, ClickHandler> = {
  async [WATCH_ACTIONS.expected]({ deps, asker, value, reply }) {
    await authorise({ deps, asker }, { name: "watch", role: "auditor" });
    const told = await readEvent(deps.db, value);
    const watch = told === null ? null : await readWatch(deps.db, told.watchId);
    if (told === null || watch === null) throw new UserError({ what: "That is no longer there." });
    await checkNotAboutSelf({ deps, asker }, watch.who.email, "your own sign-ins");
    const { event } = told;
    const by = { by: asker.userId, at: deps.now() };
    const now = await expectEvent(deps.db, told, watch, { ...by, auditContext: auditContextOf(deps, asker) });
    if (watch.requestId === null) deps.engine.publishThread(watch);
    else if (now !== null) deps.engine.publish({ id: watch.requestId });
    else {
      const expected = (await readEvent(deps.db, value))?.expected ?? by;
      await reply(expectedMessage({ who: watch.who, event }, expected, true), { replaceOriginal: true });
    }
  },

  async [WATCH_ACTIONS.stop]({ deps, asker, value, reply }) {
    await authorise({ deps, asker }, { name: "unwatch", role: "operator" });
    const watch = await readWatch(deps.db, value);
    if (watch === null) throw new UserError({ what: "That is no longer there." });
    await reply(unwatchedMessage(watch.who, await stopWatches(deps, asker, [watch])));
  },
};
