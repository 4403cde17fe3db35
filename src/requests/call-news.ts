import { BOT } from "../audit/append.ts";
import { actionOf } from "./actions/index.ts";
import type { Accepted, Again } from "./attempt.ts";
import type { NewPost } from "./posts.ts";
import type { Request } from "./request.ts";
import { mustRead, tell, type ExecutionDeps } from "./steps.ts";
import { reportProgress } from "./store.ts";
import { moveRequest } from "./transition.ts";

/** The process ended between the call and its answer: nobody knows, and everybody is told so. */
export async function tellCut(deps: ExecutionDeps, request: Request): Promise<void> {
  const at = deps.now();
  const call = actionOf(request.plan).callText(request.plan);
  const moved = await moveRequest(deps.db, request.id, {
    to: "unknown",
    actor: BOT,
    at,
    data: { why: "zt-bot was stopped before the answer came" },
    posts: [{ key: "call-cut", surface: "thread", data: { kind: "call-cut", at, call } }],
  });
  if (moved !== null) await deps.publish(moved);
}

/** Cloudflare took it, or it was so already. */
export async function tellAccepted(
  deps: ExecutionDeps,
  id: string,
  { at, cfRay, reconciled, isAgain, wasSo }: Accepted,
): Promise<void> {
  const request = await mustRead(deps, id);
  const data = {
    kind: "call-accepted",
    at,
    call: actionOf(request.plan).callText(request.plan),
    cfRay,
    reconciled,
    ...(isAgain === undefined ? {} : { isAgain }),
    ...(wasSo === undefined ? {} : { wasSo }),
  } as const;
  await tell(deps, id, data, { ...request.result, receipt: { cfRay, at } });
}

/** No clear answer, or none yet: when it is tried or looked at again. */
export async function tellWaiting(
  deps: ExecutionDeps,
  id: string,
  attempt: number,
  outcome: Again,
): Promise<void> {
  const request = await mustRead(deps, id);
  const call = actionOf(request.plan).callText(request.plan);
  const { at, why, afterMs, unknown } = outcome;
  // Only what a reader would ask about is told: a thread full of back-off is no story.
  const posts: NewPost[] =
    attempt === 1 || unknown || afterMs > 20_000
      ? [
          {
            key: `call-waiting-${attempt}`,
            surface: "thread",
            data: { kind: "call-waiting", at, call, why, retryAt: at + afterMs, isUnknown: unknown },
          },
        ]
      : [];
  const moved = unknown
    ? await moveRequest(deps.db, id, { to: "unknown", actor: BOT, at: deps.now(), data: { why }, posts })
    : null;
  if (moved === null) await reportProgress(deps.db, id, deps.now(), { posts });
  await deps.publish(moved ?? (await mustRead(deps, id)));
}
