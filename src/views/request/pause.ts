import type { Pause } from "../../requests/pause.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { code, duration, escape, mention, when } from "../text.ts";

/** To the approvals channel: everybody has to know at once. */
export function pausedNews({ by, reason }: Pause): Message {
  return message(
    `zt-bot is paused by ${mention(by)}: ${escape(reason, 500)}`,
    section(`⏸️ *zt-bot is paused* by ${mention(by)}`, `*Reason* ${escape(reason, 1500)}`),
    context(
      `Nothing is carried out. Requests can be asked for and decided, and wait. ${code("/zt resume")} ends it.`,
    ),
  );
}

export function resumedNews(ended: Pause, by: string, now: number): Message {
  return message(
    `zt-bot goes on: resumed by ${mention(by)}`,
    section(`▶️ *zt-bot goes on*, resumed by ${mention(by)} after ${duration(now - ended.at)}`),
    context(`Paused by ${mention(ended.by)}: ${escape(ended.reason, 500)}`),
  );
}

/** Above what somebody looks at while nothing is carried out. */
export function pausedLine({ by, reason, at }: Pause, now: number): string {
  return `⏸️ *zt-bot is paused* by ${mention(by)} ${duration(now - at)} ago: ${escape(reason, 300)}. Nothing is carried out. → an approver ends it with ${code("/zt resume")}`;
}

/** To who paused. */
export function pausedAnswer(
  { by, at, reason }: Pause,
  { isFirst, isTold }: { isFirst: boolean; isTold: boolean },
): Message {
  const head = isFirst
    ? "⏸️ *Paused.* Nothing is carried out from now on."
    : `⏸️ *It is paused already*, by ${mention(by)} ${when(at)}: ${escape(reason, 500)}`;
  return message(
    head.replaceAll("*", ""),
    section(head),
    isFirst && !isTold && section(NOT_TOLD),
    context(
      `A call that Cloudflare accepted is checked to its end. → ${code("/zt resume")} lets everything go on.`,
    ),
  );
}

/** To who resumed. `ended`: null when it was not paused. */
export function resumedAnswer(ended: Pause | null, { isTold }: { isTold: boolean }, now: number): Message {
  if (ended === null)
    return message("It is not paused.", section("▶️ It is not paused: everything goes on as usual."));
  const head = `▶️ *Resumed* after ${duration(now - ended.at)}. What is approved goes on, after another look at it.`;
  return message(head.replaceAll("*", ""), section(head), !isTold && section(NOT_TOLD));
}

const NOT_TOLD = "⚠️ The approvals channel could not be told: tell the others.";
