import { context, message, section, type Message } from "./blocks.ts";
import { code, escape } from "./text.ts";

/** To the approvals channel: what was forwarded contradicts the record. */
export function recordAlarm(why: string): Message {
  return message(
    `The record does not fit its forwarded copy: ${escape(why, 500)}`,
    section(
      "🚨 *The record does not fit its forwarded copy*: somebody may have rewritten it",
      escape(why, 1500),
    ),
    context(
      `Nothing more is forwarded until it fits. → The people who run zt-bot keep the copy as it is and run ${code("npm run audit -- verify --copy")}; the runbook says what to do then.`,
    ),
  );
}
