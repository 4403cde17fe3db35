import type { Request } from "../../requests/request.ts";
import { context, linked, message, section, type Message } from "../blocks.ts";
import { code, escape } from "../text.ts";

/** What the tables say of a request, and the audit record does not prove. */
export function unprovenText(findings: readonly string[]): string {
  return `🔴 *The database was changed from outside zt-bot.* Nothing is sent: ${escape(findings.join("; "), 1500)}.`;
}

export const UNPROVEN_NEXT = `The people who run zt-bot need to find out who can write to its database. ${code("npm run audit -- verify")} shows what else differs.`;

/** To the approvals channel: everyone needs to know at once. Whom the request is about stands on its card only. */
export function unprovenAlarm(
  request: Pick<Request, "id">,
  link: string | null,
  findings: readonly string[],
): Message {
  const text = unprovenText(findings);
  return message(
    `${request.id}: ${text}`,
    section(text),
    context(`→ ${UNPROVEN_NEXT} · ${linked(request, link)}`),
  );
}
