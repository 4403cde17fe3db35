import { auditContextOf } from "../approvals/audit-context.ts";
import type { Asker, Deps } from "../deps.ts";
import { endWatch, type Watch } from "./watch.ts";

/** Ends watches because somebody says so, and has their threads tell it. @returns how many were still going on. */
export async function stopWatches(deps: Deps, asker: Asker, watches: readonly Watch[]): Promise<number> {
  let stopped = 0;
  for (const watch of watches) {
    const auditContext = auditContextOf(deps, asker);
    const end = {
      state: "stopped",
      at: deps.now(),
      by: asker.userId,
      memory: watch.memory,
      auditContext,
    } as const;
    if (!(await endWatch(deps.db, watch, end))) continue;
    stopped += 1;
    if (watch.requestId === null) deps.engine.publishThread(watch);
    else deps.engine.publish({ id: watch.requestId });
  }
  return stopped;
}
