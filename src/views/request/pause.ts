import type { Pause } from "../../requests/pause.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { code, duration, escape, mention, when } from "../text.ts";

/** To the approvals channel: everybody has to know at once. */
export function pausedNews({ by, reason }: Pause): Message {
  return message(
    `zt-bot is paused by ${mention(by)}: ${escape(reason, 500)}`,
    section(`⏸️ *zt-bot is paused* by ${mention(by)}`, `*Reason* ${escape(reason, 1500)}`),
    context(
      `Nothing is carried out. Requests can still be made, approved and denied. ${code("/zt resume")} ends it.`,
    ),
  );
}

export function resumedNews(ended: Pause, by: string, now: number): Message {
  return message(
    `zt-bot resumed by ${mention(by)}`,
    section(`▶️ *zt-bot resumed* by ${mention(by)} after ${duration(now - ended.at)}`),
    context(`Paused by ${mention(ended.by)}: ${escape(ended.reason, 500)}`),
  );
}

/** Above what someone looks at while nothing is carried out. */
export function pausedLine({ by, reason, at }: Pause, now: number): string {
  return `⏸️ *zt-bot is paused* by ${mention(by)} ${duration(now - at)} ago: ${sentence(escape(reason, 300))} Nothing is carried out. → An approver can end it with ${code("/zt resume")}.`;
}

/** People end a reason with a period, or don't. */
function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** To who paused. */
export function pausedAnswer(
  { by, at, reason }: Pause,
  { isFirst, isTold }: { isFirst: boolean; isTold: boolean },
): Message {
  const head = isFirst
    ? "⏸️ *Paused.* Nothing is carried out."
    : `⏸️ *Already paused* by ${mention(by)} ${when(at)}: ${escape(reason, 500)}`;
  return message(
    head.replaceAll("*", ""),
    section(head),
    isFirst && !isTold && section(NOT_TOLD),
    context(`Calls in progress will finish. → ${code("/zt resume")} ends the pause.`),
  );
}

/** To who resumed. `ended`: null when it was not paused. */
export function resumedAnswer(ended: Pause | null, { isTold }: { isTold: boolean }, now: number): Message {
  if (ended === null) return message("Not paused.", section("▶️ Not paused."));
  const head = `▶️ *Resumed* after ${duration(now - ended.at)}. Approved requests are checked again and carried out.`;
  return message(head.replaceAll("*", ""), section(head), !isTold && section(NOT_TOLD));
}

const NOT_TOLD = "⚠️ Can't post in the approvals channel: tell the others.";
