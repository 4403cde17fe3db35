import type { RequestText } from "../requests/describe.ts";
import type { Request } from "../requests/request.ts";
import { describeSlackTrouble, isChannelTrouble } from "../slack-trouble.ts";
import { context, section, type Message } from "./blocks.ts";
import { code, duration, escape, when } from "./text.ts";

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
  const lines =
    behind.kind === "gone"
      ? [behindText(request, behind)]
      : [
          `Nobody can approve it yet: its card can't be posted. ${capital(describeSlackTrouble(behind.code).why)} (since ${when(behind.since, "time")}).`,
          nextText(behind.code),
        ];
  return {
    text: `${escape(words.headline)}: its card can't be posted, so nobody can approve it yet`,
    blocks: [
      section([`🟡 *${escape(words.headline)}*`, ...lines].join("\n")),
      context(
        `${request.id} · expires ${when(request.expiresAt)} · ${code("/zt requests mine")} shows how it stands, ${code(`/zt cancel ${request.id}`)} takes it back`,
      ),
    ],
  };
}

function nextText(trouble: string): string {
  const { next } = describeSlackTrouble(trouble);
  const promise = "It is posted as soon as that works, and you get a link.";
  return next === null ? `→ ${promise}` : `→ ${escape(capital(next))}. ${promise}`;
}

/** To who was told that the card is late: here it is. */
export function cardThereMessage(
  request: Request,
  words: RequestText,
  { link, isAnew }: { link: string | null; isAnew: boolean },
): Message {
  const said = isAnew
    ? "Its card was gone, so it was posted anew"
    : "Its card is in the approvals channel now";
  return {
    text: `${escape(words.headline)}: ${said.toLowerCase()}`,
    blocks: [
      section(`🟡 *${escape(words.headline)}*\n${said}${link === null ? "." : `: <${link}|open the card>`}`),
      context(
        `${request.id} · expires ${when(request.expiresAt)}, ${duration(request.expiresAt - request.createdAt)} after it was asked`,
      ),
    ],
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
