import { readPause } from "./pause.ts";
import type { Held, Request } from "./request.ts";
import type { ExecutionDeps } from "./steps.ts";
import { holdRequest } from "./store.ts";

/** @returns whether it is paused, and the request kept. Asked before every call that changes something. */
export async function holdIfPaused(deps: ExecutionDeps, request: Request): Promise<boolean> {
  const pause = await readPause(deps.db);
  if (pause === null) return false;
  await hold(deps, request, { code: "paused", why: `zt-bot is paused: ${pause.reason}` });
  return true;
}

/** Whether it is this run's to go on with: a hold that ends a run leaves the request to another one. */
export function isOurs({ run }: Pick<ExecutionDeps, "run">, request: Request): boolean {
  return run === null || run === request.runs;
}

/** Keeps a request with its reason; told once, however often it is tried. */
export async function hold(
  deps: ExecutionDeps,
  request: Request,
  reason: Pick<Held, "code" | "why">,
  { isWaiting = false } = {},
): Promise<void> {
  const held = await holdRequest(
    deps.db,
    request,
    { ...reason, since: deps.now() },
    { run: deps.run, endsRun: !isWaiting },
  );
  if (held !== null) await deps.publish(held);
}
