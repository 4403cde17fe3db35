import type { ActionsBlock, Button, KnownBlock } from "@slack/types";

import { compact } from "../../compact.ts";
import { number } from "../../pluralize.ts";
import { othersOf, targetsOf } from "../../requests/plan.ts";
import type { BulkProgress, Request } from "../../requests/request.ts";
import { actions, button, expanded, section } from "../blocks.ts";
import { formButton } from "../forms/button.ts";
import { leftOutBlocks } from "../request/unknown-users.ts";
import { rangeText } from "../list.ts";
import { firstLines } from "../fit.ts";
import { code, duration, mention, when } from "../text.ts";

/** The parts of cards and threads that only requests about several users have. */

export const STOP_ACTION = "request_stop";

/** Users named on a card; Details names all. */
const MAX_NAMED = 10;
const BAR_WIDTH = 20;

/** Whom it is about: the first ones, and how many more. Nothing where it is about one. */
export function whoBlocks({ plan }: Request): KnownBlock[] {
  if (othersOf(plan).length === 0) return leftOutBlocks(plan);
  const targets = targetsOf(plan);
  const lines = firstLines(
    targets,
    MAX_NAMED,
    ({ email }, index) => `${index + 1}. ${code(email, 254)}${index === 0 ? " (first, alone)" : ""}`,
    (left) => `and ${number(left)} more: Details lists all of them`,
  );
  return [expanded(`*Who* (${number(targets.length)})`, lines), ...leftOutBlocks(plan)];
}

/** How far it is, with a bar, and the button that stops it while that can be done. */
export function progressBlocks(request: Request, now: number): KnownBlock[] {
  if (othersOf(request.plan).length === 0) return [];
  const { bulk } = request.result;
  const { stop } = request;
  const isRunning = request.status === "executing" || request.status === "unknown";
  return compact<KnownBlock>(
    bulk !== undefined && section(progressText(bulk, isRunning ? now : null)),
    // A stop that came when no one was left to be spared is no news beside "10 of 10 done".
    stop !== undefined && (isRunning || bulk?.untouched !== 0) && section(stopText(stop, isRunning)),
    isRunning && stop === undefined && actions("stop", stopButton(request)),
  );
}

/** `now`: null when it is over, and no time is left to tell. */
function progressText(bulk: BulkProgress, now: number | null): string {
  const { total, done, failed, untouched, endsAt, waitsUntil } = bulk;
  const over = done + failed + untouched;
  const part = total === 0 ? 1 : over / total;
  // Neither full before it is, nor empty once it has begun.
  const filled = over === total ? BAR_WIDTH : Math.min(BAR_WIDTH - 1, Math.ceil(part * BAR_WIDTH));
  const percent = over === total ? 100 : Math.min(99, Math.floor(part * 100));
  const isLeftKnown = now !== null && endsAt !== null && over < total;
  const counts = compact(
    `${number(done)} done`,
    over < total && `${number(total - over)} left`,
    failed > 0 && `${number(failed)} failed`,
    untouched > 0 && `${number(untouched)} not touched`,
    isLeftKnown && `about ${duration(Math.max(endsAt - now, 1000))} left`,
  );
  const waits =
    now === null || waitsUntil === null
      ? ""
      : `\n⏸️ Cloudflare's rate limit: continues at ${when(waitsUntil, "time")}`;
  return `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${percent} %\n${counts.join(" · ")}${waits}`;
}

function stopText({ by, at }: { by: string; at: number }, isRunning: boolean): string {
  const rest = isRunning ? ". Calls in progress will finish; no one else will be revoked." : "";
  return `⏹️ *Stopped* by ${mention(by)} ${when(at)}${rest}`;
}

/** Stops a request about several users while it runs. */
export function stopButton({ id }: Request): Button {
  const confirm = {
    title: "Stop the revocation?",
    text: "Calls in progress will finish; no one else will be revoked. You can't resume it: request the others again.",
    confirm: "Stop",
    deny: "Let it run",
  };
  const label = `Stop ${id}: no one else will be revoked`;
  return button("Stop", STOP_ACTION, id, label, { style: "danger", confirm });
}

/** How it stands, as the words after a sign; null where there is nothing to say of several users. */
export function bulkStateWords(request: Request): string | null {
  const { bulk } = request.result;
  if (bulk === undefined) return null;
  const { total, done } = bulk;
  const counts = `${number(done)} of ${number(total)} done`;
  if (request.held !== null) return null;
  if (request.status === "executing" || request.status === "unknown")
    return request.stop === undefined ? `in progress, ${counts}` : `stopping, ${counts}`;
  if (request.status === "failed") return done === 0 ? "failed" : `not all done, ${counts}`;
  return request.status === "succeeded" ? `done and verified, ${counts}` : null;
}

/** A page of failures in the thread, each with its reason. */
export function failuresText(
  page: { page: number; pages: number; from: number; total: number },
  lines: readonly string[],
): string[] {
  const { from, total } = page;
  const to = from + lines.length - 1;
  const which = page.pages === 1 ? "" : ` (${rangeText(from, to)}, message ${page.page} of ${page.pages})`;
  return [`❌ *${number(total)} failed*${which}`, ...lines];
}

/** What a list of users still needs: a new request for just those. */
export function againButtons({ id, status, result: { bulk } }: Request): ActionsBlock[] {
  if (status !== "failed" || bulk === undefined) return [];
  const failed = `Retry the ${number(bulk.failed)} that failed`;
  const untouched = `Request the ${number(bulk.untouched)}`;
  const again = (text: string, which: string, label: string) =>
    formButton(text, "revoke", which, { request: id }, label);
  return actions(
    "again",
    bulk.failed > 0 && again(`${failed}…`, "failed", failed),
    bulk.untouched > 0 &&
      again(`${untouched} not touched…`, "untouched", `${untouched} that were not touched`),
  );
}

/** `✅ a@example.com`: a line for each user, with how they stand. */
export function targetLine(email: string, state: string): string {
  const signs: Record<string, string> = {
    done: "✅",
    failed: "❌",
    stopped: "⚪",
    sent: "☑️",
    sending: "⏳",
  };
  return `${signs[state] ?? "•"} ${code(email, 254)}`;
}
