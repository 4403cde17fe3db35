import { BOT, readRequestAudit } from "../audit/append.ts";
import { isSlackFailure, isSlackRateLimit, slackErrorCode } from "../slack/clients.ts";
import { actionOf } from "./actions/index.ts";
import { stopWaiting } from "./bulk/targets.ts";
import { voidAs } from "./decide.ts";
import { gatherFacts } from "./facts.ts";
import { hold, holdIfPaused, isOurs } from "./hold.ts";
import { targetsOf } from "./plan.ts";
import { isAnyListed } from "./protection.ts";
import { rulesFor } from "./rules.ts";
import { judgeExecution, judgeWithoutSlack, type ExecutionVerdict } from "./votes.ts";
import type { Request } from "./request.ts";
import { mustRead, type ExecutionDeps, type Step } from "./steps.ts";
import { unhold } from "./store.ts";
import { TargetBusyError } from "./target-locks.ts";
import { moveRequest } from "./transition.ts";

/** Another request works on the same user: looked at so often, before the sweep takes over. */
const BUSY_TRIES = 150;
const BUSY_WAIT_MS = 1000;
/** A queue that lasts is a look-up or a verification of minutes: then a slower pace will do. */
const LATE_TRY = 30;
const LATE_WAIT_MS = 5000;

/**
 * The gate before an approved request is carried out: is zt-bot paused, does the approval still hold as the policy,
 * Slack and Cloudflare are now, and is no other request at work on the same user?
 * @returns whether to go on; if not, it is over, or kept until somebody or the sweep starts it again.
 */
export async function passGate(deps: ExecutionDeps, id: string, step: Step): Promise<boolean> {
  for (let attempt = 1; attempt <= BUSY_TRIES; attempt += 1) {
    const way = await step.run({ name: `gate-${attempt}` }, () => tryGate(deps, id));
    if (way === "go") return true;
    if (way === "stay") return false;
    await step.sleep(`gate-wait-${attempt}`, `${attempt < LATE_TRY ? BUSY_WAIT_MS : LATE_WAIT_MS}ms`);
  }
  await step.run({ name: "gate-left" }, async () => {
    const request = await mustRead(deps, id);
    await hold(deps, request, { code: "target-busy", why: request.held?.why ?? BUSY });
  });
  return false;
}

const BUSY = "another request is at work on the same user";

/** What nobody could check for so long is not what was approved any more. */
const UNCHECKED_MS = 24 * 60 * 60_000;

async function tryGate(deps: ExecutionDeps, id: string): Promise<"go" | "stay" | "wait"> {
  const request = await mustRead(deps, id);
  if (!isOurs(deps, request)) return "stay";
  const isUnderWay = request.status === "executing" || request.status === "unknown";
  if (!isUnderWay && request.status !== "approved") return "stay";
  if (await holdIfPaused(deps, request)) return "stay";
  // What goes on without having been held was judged when it began, and is finished.
  if (isUnderWay && request.held === null) return "go";

  const { verdict, unchecked } = await judge(deps, request);
  if (verdict.kind === "hold") {
    if (deps.now() - (request.decidedAt ?? deps.now()) < UNCHECKED_MS) {
      await hold(deps, request, { code: "unchecked", why: verdict.why });
      return "stay";
    }
    return giveUp(deps, request, { why: `For a day ${verdict.why}`, next: "Ask again." });
  }
  if (verdict.kind === "void") return giveUp(deps, request, verdict);
  if (isUnderWay) {
    await deps.publish(await unhold(deps.db, request, deps.now()));
    return "go";
  }
  const data = {
    counting: verdict.counting.map(({ by }) => by),
    ...(unchecked === null ? {} : { unchecked }),
  };
  try {
    const moved = await moveRequest(deps.db, id, { to: "executing", actor: BOT, at: deps.now(), data });
    // Somebody withdrew it while it was looked at: nothing is sent.
    if (moved === null) return "stay";
    await deps.publish(moved);
    return "go";
  } catch (error) {
    if (!(error instanceof TargetBusyError)) throw error;
    const why = `${BUSY}${error.holder === "" ? "" : `: ${error.holder}`}`;
    await hold(deps, request, { code: "target-busy", why }, { isWaiting: true });
    return "wait";
  }
}

/**
 * The approval does not hold any more. What was sent already is not taken back by that: it is looked into to its end,
 * and of several users nobody else is begun.
 */
async function giveUp(
  deps: ExecutionDeps,
  request: Request,
  { why, next }: { why: string; next: string },
): Promise<"go" | "stay"> {
  const { db, now } = deps;
  const wasSent = (await readRequestAudit(db, request.id)).some((row) => row.event === "call.sent");
  if (!wasSent) {
    const moved = await moveRequest(db, request.id, {
      ...voidAs({ why, next }, now()),
      actor: BOT,
      data: { why },
    });
    if (moved !== null) await deps.publish(moved);
    return "stay";
  }
  await stopWaiting(db, request.id, `not begun: ${why}`);
  await deps.publish(await unhold(db, request, now()));
  return "go";
}

/**
 * Where Slack can't say who is who now, what takes access away is judged by the policy alone: nobody is to stay in
 * because Slack is down. What may give access back waits. `unchecked`: for the record, why Slack was not asked.
 */
async function judge(
  deps: ExecutionDeps,
  request: Request,
): Promise<{ verdict: ExecutionVerdict; unchecked: string | null }> {
  try {
    const facts = await gatherFacts(deps, request, null, { withHygiene: true });
    return { verdict: judgeExecution(facts), unchecked: null };
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    const unchecked = `Slack: ${slackErrorCode(error) ?? (isSlackRateLimit(error) ? "rate limited" : "no answer")}`;
    if (actionOf(request.plan).effect !== "contains") {
      return { verdict: { kind: "hold", why: "Slack can't say whether its approvers still are" }, unchecked };
    }
    const policy = deps.policy.current();
    const isListed = isAnyListed(policy, targetsOf(request.plan));
    return { verdict: judgeWithoutSlack(request, rulesFor(policy, request), isListed), unchecked };
  }
}
