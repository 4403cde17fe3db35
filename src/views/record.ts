import { context, message, section, type Message } from "./blocks.ts";
import { code, escape } from "./text.ts";

/** To the approvals channel: what was forwarded contradicts the record. */
export function recordAlarm(why: string): Message {
  return message(
    `The record contradicts its forwarded copy: ${escape(why, 500)}`,
    section(
      "🚨 *The record contradicts its forwarded copy*: someone may have rewritten it",
      escape(why, 1500),
    ),
    context(
      `Forwarding has stopped. → Keep the copy as it is and run ${code("npm run audit -- verify --copy")} on the server; then follow the runbook.`,
    ),
  );
}
