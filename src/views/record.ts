import type { HeadNews } from "../audit/heads/signer.ts";
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

/** To the approvals channel: where the record ends, signed, so that it is also kept where the database's owner can't write. */
export function headNews(news: HeadNews): Message {
  if (news.kind === "head") {
    const text = `🔏 The record is signed up to row ${news.seq}: ${code(news.line, 500)}`;
    return message(text, section(text));
  }
  const text = `🚨 The record was rewritten: row ${news.seq} does not follow what zt-bot signed last. Nothing more is signed.`;
  return message(
    text,
    section(text),
    context(`→ The people who run zt-bot need to look into it at once: ${code("npm run audit -- verify")}`),
  );
}
