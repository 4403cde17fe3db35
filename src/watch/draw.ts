import { canBreakGlass } from "../approvals/rules.ts";
import type { PolicySource } from "../policy-file.ts";
import type { Db } from "../store/open.ts";
import type { ThreadDrawer } from "../threads/publish.ts";
import { watchHead, watchNewsMessage, type WatchRow } from "../views/watch.ts";
import type { WatchNews } from "./news.ts";
import { readEvents, readWatch, type Watch } from "./watch.ts";

/** Draws the threads of watches that are not in a request's. */
export function createWatchDrawer(db: Db, policy: Pick<PolicySource, "current">): ThreadDrawer {
  return {
    async head({ id }) {
      const watch = await readWatch(db, id);
      if (watch === null) throw new Error(`there is no watch ${id}`);
      return watchHead(await rowOf(db, watch));
    },
    reply: (_thread, data) =>
      Promise.resolve(
        watchNewsMessage(data as WatchNews, {
          isAgain: false,
          canRevokeNow: canBreakGlass(policy.current(), "revoke"),
        }),
      ),
  };
}

/** How a watch stands. */
export async function rowOf(db: Db, watch: Watch): Promise<WatchRow> {
  const { id, who, until, state, endedAt, requestId, askedBy, memory } = watch;
  const returns = (await readEvents(db, id)).filter((one) => one.isReturn && one.expected === null);
  const { blind, gaps } = memory;
  return {
    id,
    who,
    until,
    isActive: state === "active",
    endedAt,
    backSince: returns.length === 0 ? null : Math.min(...returns.map(({ event }) => event.at ?? until)),
    blindSince: blind?.isTold === true ? blind.since : null,
    hasGaps: gaps.length > 0 || (state !== "active" && blind !== null),
    requestId,
    askedBy,
  };
}
