import type { RequestText } from "../../actions/describe.ts";
import type { Request } from "../../requests/request.ts";
import { describeSlackTrouble, isChannelTrouble } from "../../slack-trouble.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { capitalize } from "../../pluralize.ts";
import { code, escape, when } from "../text.ts";

/** What keeps the card and its thread from showing how a request stands. */
export type Behind =
  /** A code of Slack's, and since when (epoch milliseconds). */
  | { kind: "trouble"; code: string; since: number }
  /** The card was deleted, and the thread with it. */
  | { kind: "gone" };

/**
 * One line: that the approvals channel does not show this, and why. The requester may read the record; where others
 * read this as well, it says who may.
 */
export function behindText(
  request: Pick<Request, "id">,
  behind: Behind,
  readers: "requester" | "anyone" = "requester",
): string {
  if (behind.kind === "gone")
    return `⚠️ The card and its thread were deleted. ${code(`/zt audit ${request.id}`)} has the story${readers === "anyone" ? ", for operators and approvers" : ""}.`;
  const { why, next } = describeSlackTrouble(behind.code);
  const since = `since ${when(behind.since, "time")}`;
  return isChannelTrouble(behind.code)
    ? `⚠️ The card is out of date ${since}: ${escape(why)}. To fix it: ${escape(next ?? "")}.`
    : `⚠️ The card and its thread have been out of date ${since}: ${escape(why)}.`;
}

/** To the requester, when no one could see the request for some time. */
export function cardLateMessage(request: Request, words: RequestText, behind: Behind): Message {
  const hints = `${code("/zt requests mine")} shows it, ${code(`/zt cancel ${request.id}`)} cancels it`;
  return message(
    `${escape(words.headline)}: its card can't be posted, so no one can approve it yet`,
    section(
      `🟡 *${escape(words.headline)}*`,
      behind.kind === "gone" ? behindText(request, behind) : lateLines(behind.code, behind.since),
    ),
    context(`${request.id} · expires ${when(request.expiresAt)} · ${hints}`),
  );
}

function lateLines(trouble: string, since: number): string[] {
  const { why, next } = describeSlackTrouble(trouble);
  const promise = "You get a link when the card is posted.";
  return [
    `No one can approve it yet: its card can't be posted. ${capitalize(why)} (since ${when(since, "time")}).`,
    `Next: ${next === null ? "" : `${capitalize(escape(next))}. `}${promise}`,
  ];
}

/** To the requester who was told that the card is late: here it is. */
export function cardThereMessage(
  { id, expiresAt }: Request,
  { headline }: RequestText,
  { link, isAgain }: { link: string | null; isAgain: boolean },
): Message {
  const said = isAgain
    ? "Its card was deleted and is posted again"
    : "Its card is in the approvals channel now";
  return message(
    `${escape(headline)}: ${said.toLowerCase()}`,
    section(`🟡 *${escape(headline)}*`, `${said}${link === null ? "." : `: <${link}|open the card>`}`),
    context(`${id} · expires ${when(expiresAt)}`),
  );
}
