import { list, plural } from "../../words.ts";
import type { BulkProgress, Request, Result } from "../request.ts";
import { othersOf } from "../plan.ts";
import type { PostData } from "../posts.ts";
import type { TargetRow, TargetState } from "./targets.ts";

/** The counts as people read them. */
export function toProgress(
  counts: Record<TargetState, number>,
  times: Pick<BulkProgress, "endsAt" | "waitsUntil"> = { endsAt: null, waitsUntil: null },
): BulkProgress {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { total, done: counts.done, failed: counts.failed, untouched: counts.stopped, ...times };
}

/** `482 of 500 done, 12 failed, 6 not touched` */
export function countsText({ total, done, failed, untouched }: BulkProgress): string {
  return [
    `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} done`,
    ...(failed > 0 ? [`${failed.toLocaleString("en-US")} failed`] : []),
    ...(untouched > 0 ? [`${untouched.toLocaleString("en-US")} not touched`] : []),
  ].join(", ");
}

export interface BulkEnd {
  to: "succeeded" | "failed";
  result: Result;
}

/** How a request about several users ended. Only when every one of them is done it has succeeded. */
export function judgeEnd(
  request: Request,
  rows: readonly TargetRow[],
  progress: BulkProgress,
  now: number,
): BulkEnd {
  const returned = rows.filter((row) => row.state === "done" && row.note !== null).length;
  const summary = `${countsText(progress)}, every one verified`;
  const notes =
    returned === 0
      ? []
      : [`${plural(returned, "user has", "users have")} logged in again since: they can still get in`];
  const isAll = progress.done === progress.total;
  const result: Result = {
    ...(request.result.receipt === undefined ? {} : { receipt: request.result.receipt }),
    bulk: progress,
  };
  if (isAll) {
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
      failure: { why: `${countsText(progress)}${whyRest(request, rows)}`, next: nextStep(progress) },
    },
  };
}

/** Why the others were left alone, when it was because of the first. */
function whyRest(request: Request, rows: readonly TargetRow[]): string {
  const first = rows[0];
  const others = othersOf(request.plan).length;
  if (first?.state !== "failed" || rows.slice(1).some((row) => row.state !== "stopped")) return "";
  return `. The first user, ${first.target.email}, comes alone, and that did not go well (${first.note ?? "no reason was recorded"}); so the other ${others === 1 ? "one was" : `${others} were`} left alone`;
}

function nextStep({ failed, untouched }: BulkProgress): string {
  const open = list([
    ...(failed > 0 ? ["those that failed"] : []),
    ...(untouched > 0 ? ["those that were not touched"] : []),
  ]);
  return `the thread names them; a button below asks again for just ${open}`;
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
