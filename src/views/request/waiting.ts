import type { PostData } from "../../requests/posts.ts";
import { newestVotes, type Request } from "../../requests/request.ts";
import { plural } from "../../pluralize.ts";
import { duration, escape, mention, principals, when } from "../text.ts";

/** What is said of a request while nobody decides it, and when nobody has. */

type Reminder = Extract<PostData, { kind: "reminder" }>;
type ReviewReminder = Extract<PostData, { kind: "review-reminder" }>;
type Escalation = Extract<PostData, { kind: "escalated" }>;

/** Past this nobody reads the names. */
const MAX_MENTIONED = 20;

export function reminderText(data: Reminder): string {
  const who =
    data.asked.length === 0
      ? ", and nobody is left who could decide: somebody has to change policy.yml, or cancel this"
      : ` for ${principals(data.asked, MAX_MENTIONED)}`;
  return `⏰ Still waiting${who} · ${deadline(data)}`;
}

export function escalatedText(data: Escalation): string {
  const also =
    data.also.length === 0
      ? "nobody else could decide"
      : `${principals(data.also, MAX_MENTIONED)} may approve now as well`;
  const asked = data.asked.length === 0 ? "" : ` · still asked: ${principals(data.asked, MAX_MENTIONED)}`;
  return `📣 No decision for ${duration(data.at - data.createdAt)}: ${also}${asked} · ${deadline(data)}`;
}

/** In the thread: nobody has reviewed what was done alone. */
export function reviewReminderText({ at, since, asked }: ReviewReminder): string {
  const who =
    asked.length === 0
      ? "and nobody is left who could: somebody has to change policy.yml"
      : `by ${principals(asked, MAX_MENTIONED)}`;
  return `⏰ Done alone ${duration(at - since)} ago, and still to be reviewed ${who}`;
}

function deadline({ missing, at, expiresAt }: Pick<Reminder, "missing" | "at" | "expiresAt">): string {
  return `${plural(missing, "approval")} missing · expires in ${duration(expiresAt - at)}`;
}

/** A line until somebody who could decide is active, or it is decided. `seems`: a phone often shows as away. */
export function nobodyThere({ status, nobodyThereAt }: Pick<Request, "status" | "nobodyThereAt">): string[] {
  if (status !== "pending" || nobodyThereAt === null) return [];
  return ["⚠️ *No approver seems active in Slack now: call one of them*"];
}

/** Behind the deadline: further people were asked, and when. */
export function escalatedNote({ escalatedAt }: Pick<Request, "escalatedAt">): string {
  return escalatedAt === null ? "" : ` · 📣 more people asked ${when(escalatedAt, "time")}`;
}

/** How far a request came that expired; who agreed to it learns here that it was in vain. */
export function inVain({ decisionReason, votes: all }: Pick<Request, "decisionReason" | "votes">): string {
  const votes = newestVotes(all);
  if (votes.length === 0) return "nobody decided in time";
  const few = decisionReason ?? `only ${plural(votes.length, "approver")}`;
  return `${escape(few, 200)} in time (${votes.map(({ by }) => mention(by)).join(", ")})`;
}
