import { list, plural } from "../pluralize.ts";
import type { BulkProgress, Request, Result } from "../requests/request.ts";
import type { PostData } from "../requests/posts.ts";
import { STOPPED_NOTE, type TargetRow, type TargetState } from "../requests/targets.ts";

/** The counts as people read them. */
export function toProgress(
  counts: Record<TargetState, number>,
  times: Pick<BulkProgress, "endsAt" | "waitsUntil"> = { endsAt: null, waitsUntil: null },
): BulkProgress {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { total, done: counts.done, failed: counts.failed, untouched: counts.stopped, ...times };
}

/** `482 of 500 done, 12 failed, 6 not touched` */
function countsText({ total, done, failed, untouched }: BulkProgress): string {
  return [
    `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} done`,
    ...(failed > 0 ? [`${failed.toLocaleString("en-US")} failed`] : []),
    ...(untouched > 0 ? [`${untouched.toLocaleString("en-US")} not touched`] : []),
  ].join(", ");
}

export interface End {
  to: "succeeded" | "failed";
  result: Result;
}

const UNEXPLAINED = { why: "The reason was not recorded.", next: "Check the user, then request it again." };

/** How a request ended: about one user as they did; about several, only when every one is done it has succeeded. */
export function judgeEnd(
  request: Request,
  rows: readonly TargetRow[],
  progress: BulkProgress,
  now: number,
): End {
  const [only] = rows;
  if (rows.length > 1 || only === undefined) return judgeSeveral(request, rows, progress, now);
  const { receipt, verification, failure } = only.outcome;
  const isDone = receipt !== undefined || only.state === "done";
  const seen = verification === undefined ? {} : { verification };
  if (isDone) return { to: "succeeded", result: { ...seen, ...(receipt === undefined ? {} : { receipt }) } };
  const stopped = {
    why: `It was ${only.note ?? "stopped"}.`,
    next: "Request it again if it is still needed.",
  };
  return {
    to: "failed",
    result: { ...seen, failure: failure ?? (only.state === "stopped" ? stopped : UNEXPLAINED) },
  };
}

function judgeSeveral(
  request: Request,
  rows: readonly TargetRow[],
  progress: BulkProgress,
  now: number,
): End {
  const returned = rows.filter((row) => row.state === "done" && row.note !== null).length;
  const summary = countsText(progress);
  const notes =
    returned === 0
      ? []
      : [`${plural(returned, "user has", "users have")} signed in again since: they can still get in`];
  const receipt = rows[0]?.outcome.receipt;
  const result: Result = { ...(receipt === undefined ? {} : { receipt }), bulk: progress };
  if (progress.done === progress.total) {
    return {
      to: "succeeded",
      result: { ...result, verification: { confirmed: true, summary, notes, checkedAt: now } },
    };
  }
  const verification = { confirmed: false, summary: countsText(progress), notes, checkedAt: now };
  return {
    to: "failed",
    result: {
      ...result,
      ...(progress.done > 0 ? { verification } : {}),
      failure: { why: `${countsText(progress)}${whyRest(rows)}`, next: nextStep(progress) },
    },
  };
}

/** Why some were left alone, where no one stopped it: because of the first one, or because the approval was lost. */
function whyRest(rows: readonly TargetRow[]): string {
  const first = rows[0];
  if (first?.state !== "failed" || rows.slice(1).some((row) => row.state !== "stopped")) {
    const lost = rows.find(({ state, note }) => state === "stopped" && note !== STOPPED_NOTE);
    return lost?.note == null ? "" : `; ${lost.note}`;
  }
  return `. The first user failed: ${first.note ?? "the reason was not recorded"}`;
}

function nextStep({ failed, untouched }: BulkProgress): string {
  const open = list([
    ...(failed > 0 ? ["those that failed"] : []),
    ...(untouched > 0 ? ["those that were not touched"] : []),
  ]);
  return `retry ${open}: the thread names them.`;
}

/** One thread message holds no more than about this many characters. */
const PAGE_CHARS = 8000;
const MAX_NOTE = 200;

/** Every failure with its reason, in as many messages as it takes. */
export function toFailurePages(rows: readonly TargetRow[]): Extract<PostData, { kind: "failures" }>[] {
  const failures = rows
    .filter((row) => row.state === "failed")
    .map((row) => ({
      email: row.target.email,
      why: (row.note ?? "the reason was not recorded").slice(0, MAX_NOTE),
    }));
  const pages: (typeof failures)[] = [];
  let room = 0;
  for (const failure of failures) {
    const size = sizeOf(failure);
    const page = pages.at(-1);
    if (page === undefined || size > room) {
      pages.push([failure]);
      room = PAGE_CHARS - size;
    } else {
      page.push(failure);
      room -= size;
    }
  }
  let before = 0;
  return pages.map((page, index) => {
    const from = before + 1;
    before += page.length;
    return {
      kind: "failures",
      page: index + 1,
      pages: pages.length,
      from,
      total: failures.length,
      failures: page,
    };
  });
}

/** Escaped, a `&` counts five times. */
function sizeOf({ email, why }: { email: string; why: string }): number {
  return email.length + why.length + 4 * (`${email}${why}`.match(/[&<>]/g)?.length ?? 0) + 10;
}
