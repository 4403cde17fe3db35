import type { RequestText } from "../../actions/describe.ts";
import type { Request } from "../../requests/request.ts";
import { describeSlackTrouble, isChannelTrouble } from "../../slack-trouble.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { capitalise, code, duration, escape, when } from "../text.ts";

/** What keeps the card and its thread from showing how a request stands. */
export type Behind =
  /** A code of Slack's, and since when (epoch milliseconds). */
  | { kind: "trouble"; code: string; since: number }
  /** Somebody deleted the card, and with it the thread. */
  | { kind: "gone" };

/**
 * One line: that the approvals channel does not show this, and why. Who asked may read the record; where others read
 * this as well, it says who may.
 */
export function behindText(
  request: Pick<Request, "id">,
  behind: Behind,
  readers: "who-asked" | "anybody" = "who-asked",
): string {
  if (behind.kind === "gone")
    return `⚠️ The card was deleted, and its thread with it: ${code(`/zt audit ${request.id}`)} has the story${readers === "anybody" ? ", for operators and approvers" : ""}.`;
  const { why, next } = describeSlackTrouble(behind.code);
  const since = `since ${when(behind.since, "time")}`;
  return isChannelTrouble(behind.code)
    ? `⚠️ The approvals channel can't be written to ${since}: ${escape(why)}. Card and thread follow when somebody mends that: ${escape(next ?? "")}.`
    : `⚠️ Card and thread are behind ${since}: ${escape(why)}. They follow by themselves.`;
}

/** To who asked, when nobody has seen the request for some time. */
export function cardLateMessage(request: Request, words: RequestText, behind: Behind): Message {
  const hints = `${code("/zt requests mine")} shows how it stands, ${code(`/zt cancel ${request.id}`)} takes it back`;
  return message(
    `${escape(words.headline)}: its card can't be posted, so nobody can approve it yet`,
    section(
      `🟡 *${escape(words.headline)}*`,
      behind.kind === "gone" ? behindText(request, behind) : lateLines(behind.code, behind.since),
    ),
    context(`${request.id} · expires ${when(request.expiresAt)} · ${hints}`),
  );
}

function lateLines(trouble: string, since: number): string[] {
  const { why, next } = describeSlackTrouble(trouble);
  const promise = "It is posted as soon as that works, and you get a link.";
  return [
    `Nobody can approve it yet: its card can't be posted. ${capitalise(why)} (since ${when(since, "time")}).`,
    `→ ${next === null ? "" : `${escape(capitalise(next))}. `}${promise}`,
  ];
}

/** To who was told that the card is late: here it is. */
export function cardThereMessage(
  { id, expiresAt, createdAt }: Request,
  { headline }: RequestText,
  { link, isAnew }: { link: string | null; isAnew: boolean },
): Message {
  const said = isAnew
    ? "Its card was gone, so it was posted anew"
    : "Its card is in the approvals channel now";
  return message(
    `${escape(headline)}: ${said.toLowerCase()}`,
    section(`🟡 *${escape(headline)}*`, `${said}${link === null ? "." : `: <${link}|open the card>`}`),
    context(`${id} · expires ${when(expiresAt)}, ${duration(expiresAt - createdAt)} after it was asked`),
  );
}
