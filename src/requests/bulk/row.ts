import { isCloudflareFailure } from "../../api/errors.ts";
import { BOT, type AuditEntry } from "../../audit/append.ts";
import type { PolicySource } from "../../policy-file.ts";
import { actionOf } from "../actions/index.ts";
import { NO_BASELINE } from "../actions/revoke.ts";
import type { Verification } from "../actions/define.ts";
import { recordedReceipt } from "../actions/receipt.ts";
import {
  checkTarget,
  judgeFailure,
  readVerification,
  recordedCall,
  type AttemptDeps,
  type CallOutcome,
} from "../attempt.ts";
import { readPause } from "../pause.ts";
import { planFor, type Target } from "../plan.ts";
import { isAnyListed } from "../protection.ts";
import type { Request } from "../request.ts";
import { claimTarget, releaseTarget } from "../target-locks.ts";
import { moveTarget, type TargetMove, type TargetRow } from "./targets.ts";

export interface RowDeps extends AttemptDeps {
  policy: Pick<PolicySource, "current" | "hash">;
  /** How long to look for what was done after the call was sent, milliseconds. */
  verifyMs: number;
}

const BUSY_MS = 2000;

/** After so many calls without an answer that settles it, a user is given up. */
const MAX_ATTEMPTS = 5;

/**
 * When one looks again for what was done, as parts of the whole time: the list of sessions may lag by about a
 * minute, and every look of hundreds costs as many calls.
 */
const LOOKS = [1 / 8, 1 / 2, 1];

/**
 * Brings one user of a request a step further. Every step is recorded before it is made and can be made again: a
 * user found as `sending` is looked at first, and only called for again when the old sessions are still there.
 */
export async function advanceRow(deps: RowDeps, request: Request, row: TargetRow): Promise<void> {
  const one: Request = { ...request, plan: planFor(request.plan, row.target) };
  switch (row.state) {
    case "waiting":
      return begin(deps, one, row);
    case "sending":
      return settle(deps, one, row);
    case "sent":
      return look(deps, one, row, row.sentAt ?? deps.now());
    case "done":
    case "failed":
    case "stopped":
      return;
  }
}

async function begin(deps: RowDeps, request: Request, row: TargetRow): Promise<void> {
  // Seen again before the call; seen here, nobody waits for looks at those who stay as they are.
  if ((await readPause(deps.db)) !== null) return;
  const holder = await claimTarget(deps.db, row.target, request.id, deps.now());
  if (holder !== request.id) {
    // Another request is at work on this one: they come later, and hold up nobody else of this one.
    await move(deps, request, row, {
      from: ["waiting"],
      to: "waiting",
      set: { due_at: deps.now() + BUSY_MS },
    });
    return;
  }
  const check = await checkTarget(deps, request);
  if (!check.ok) {
    await move(deps, request, row, {
      from: ["waiting"],
      to: "failed",
      set: { note: check.why },
      audit: auditOf(deps, request, row.target, "target.checked", { ...check }),
    });
    return;
  }
  if (isProtectedSince(deps, request, row)) {
    const data = { why: PROTECTED_NOTE, policy_hash: deps.policy.hash() };
    await move(deps, request, row, {
      from: ["waiting"],
      to: "failed",
      set: { note: PROTECTED_NOTE },
      audit: auditOf(deps, request, row.target, "target.protected", data),
    });
    return;
  }
  await send(deps, request, row);
}

const PROTECTED_NOTE = "protected by the policy since this was asked for: ask for them by themselves";

/**
 * By what stands in the policy itself, as it is now: addresses and domains. Who is in a Slack group is judged by the
 * gate alone: asked for each of hundreds, Slack would refuse to say, and containment does not wait for Slack.
 */
function isProtectedSince({ policy }: RowDeps, { isProtected }: Request, { target }: TargetRow): boolean {
  return !isProtected && isAnyListed(policy.current(), [target]);
}

/** Sent before, and nobody knows what came of it: what is already done is not done twice. */
async function settle(deps: RowDeps, request: Request, row: TargetRow): Promise<void> {
  const seen = await readVerification(deps, request, NO_BASELINE, row.sentAt ?? deps.now());
  if (seen.ok && !seen.verification.confirmed) return send(deps, request, row);
  if (seen.ok) {
    await move(deps, request, row, {
      from: ["sending"],
      to: "done",
      set: seenAs(seen.verification),
      audit: auditOf(deps, request, row.target, "call.reconciled", seenOf(seen.verification)),
    });
    return;
  }
  const attempts = row.attempts + 1;
  if (attempts < MAX_ATTEMPTS) {
    const set = { attempts, due_at: deps.now() + 1000 * 2 ** attempts };
    await move(deps, request, row, { from: ["sending"], to: "sending", set });
    return;
  }
  const note = `no clear answer, it may be done: ${seen.why}`;
  await move(deps, request, row, {
    from: ["sending"],
    to: "failed",
    set: { attempts, note },
    audit: auditUnverified(deps, request, row.target, note),
  });
}

async function send(deps: RowDeps, request: Request, row: TargetRow): Promise<void> {
  const action = actionOf(request.plan);
  const attempt = row.attempts + 1;
  const sentAt = row.sentAt ?? deps.now();
  const isOurs = await move(deps, request, row, {
    from: ["waiting", "sending"],
    to: "sending",
    set: { attempts: attempt, sent_at: sentAt },
    audit: auditOf(deps, request, row.target, "call.sent", { attempt, ...recordedCall(request) }),
    unlessPaused: true,
  });
  if (!isOurs) {
    // Stopped or paused meanwhile: somebody else may work on who was not touched. Whoever may be is kept.
    if (row.state === "waiting") await releaseTarget(deps.db, row.target, request.id);
    return;
  }
  try {
    const receipt = await action.execute(deps.cloudflare, request.plan);
    await move(deps, request, row, {
      from: ["sending"],
      to: "sent",
      set: { cf_ray: receipt.cfRay, due_at: nextLook(deps, sentAt) },
      audit: auditOf(deps, request, row.target, "call.answered", { attempt, ...recordedReceipt(receipt) }),
    });
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    const { kind, status, cfRay, applied } = error;
    await move(deps, request, row, {
      from: ["sending"],
      ...afterFailure(judgeFailure(error, attempt, deps.now()), attempt),
      audit: auditOf(deps, request, row.target, "call.answered", {
        attempt,
        ok: false,
        error: kind,
        status,
        cf_ray: cfRay,
        applied,
      }),
    });
    return;
  }
  await look(deps, request, row, sentAt);
}

function afterFailure(outcome: CallOutcome, attempt: number): Pick<TargetMove, "to" | "set"> {
  if (outcome.kind === "refused") return { to: "failed", set: { note: outcome.why } };
  if (outcome.kind === "accepted") return { to: "sent" };
  if (attempt >= MAX_ATTEMPTS) {
    const doubt = outcome.unknown ? "no clear answer, it may be done" : `after ${attempt} attempts`;
    return { to: "failed", set: { note: `${doubt}: ${outcome.why}` } };
  }
  const due = { due_at: outcome.at + outcome.afterMs };
  // What certainly had no effect is as if it had not been sent: a stop still reaches it.
  return outcome.unknown ? { to: "sending", set: due } : { to: "waiting", set: { ...due, sent_at: null } };
}

/** Looks once whether the old sessions are gone. */
async function look(deps: RowDeps, request: Request, row: TargetRow, sentAt: number): Promise<void> {
  const lookedAt = deps.now();
  const seen = await readVerification(deps, request, NO_BASELINE, sentAt);
  if (seen.ok && seen.verification.confirmed) {
    await move(deps, request, row, {
      from: ["sent"],
      to: "done",
      set: seenAs(seen.verification),
      audit: auditVerified(deps, request, row.target, seen.verification),
    });
    return;
  }
  const what = seen.ok ? seen.verification.summary : `could not be read: ${seen.why}`;
  if (lookedAt - sentAt < deps.verifyMs) {
    const set = { checked: what, due_at: nextLook(deps, sentAt) };
    await move(deps, request, row, { from: ["sent"], to: "sent", set });
    return;
  }
  await move(deps, request, row, {
    from: ["sent"],
    to: "failed",
    set: { checked: what, note: `accepted by Cloudflare, not confirmed: ${what}` },
    audit: seen.ok
      ? auditVerified(deps, request, row.target, seen.verification)
      : auditUnverified(deps, request, row.target, what),
  });
}

/** The next moment to look, epoch milliseconds; after the last one, now. */
function nextLook({ now, verifyMs }: RowDeps, sentAt: number): number {
  const at = now();
  return LOOKS.map((part) => Math.ceil(sentAt + part * verifyMs)).find((moment) => moment > at) ?? at;
}

function seenAs({ summary, notes }: Verification): NonNullable<TargetMove["set"]> {
  return { checked: summary, note: notes.length === 0 ? null : notes.join("; ") };
}

async function move({ db }: RowDeps, request: Request, row: TargetRow, to: TargetMove): Promise<boolean> {
  const isMoved = await moveTarget(db, request.id, row.position, to);
  // Not under way any more, or not yet again: another request may work on them.
  if (to.to !== "sending" && to.to !== "sent") await releaseTarget(db, row.target, request.id);
  return isMoved;
}

type Clock = Pick<RowDeps, "now">;

/** What was seen of one user after their call, for the record. */
export function auditVerified(
  clock: Clock,
  request: Request,
  target: Target,
  verification: Verification,
): AuditEntry {
  return auditOf(clock, request, target, "target.verified", seenOf(verification));
}

/** The same where nothing was seen that would settle it, with the reason. */
export function auditUnverified(clock: Clock, request: Request, target: Target, why: string): AuditEntry {
  return auditOf(clock, request, target, "target.verified", { confirmed: false, summary: why });
}

/** The moment of the look is the row's own. */
function seenOf({ confirmed, summary, notes }: Verification): Record<string, unknown> {
  return { confirmed, summary, ...(notes.length === 0 ? {} : { notes }) };
}

function auditOf(
  { now }: Clock,
  request: Request,
  target: Target,
  event: string,
  data: Record<string, unknown>,
): AuditEntry {
  return {
    at: now(),
    teamId: request.teamId,
    requestId: request.id,
    actor: BOT,
    event,
    data: { target: target.email, target_id: target.id, ...data },
  };
}
