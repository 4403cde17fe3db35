import type { PostData } from "../../requests/posts.ts";
import { newestVotes, type Request } from "../../requests/request.ts";
import { plural } from "../../pluralize.ts";
import { duration, escape, mention, principals, when } from "../text.ts";

/** What is said of a request while no one decides it, and when no one has. */

type Reminder = Extract<PostData, { kind: "reminder" }>;
type ReviewReminder = Extract<PostData, { kind: "review-reminder" }>;
type Escalation = Extract<PostData, { kind: "escalated" }>;

/** Past this no one reads the names. */
const MAX_MENTIONED = 20;

export function reminderText(data: Reminder): string {
  const who =
    data.asked.length === 0
      ? ", but no one can give it. Change policy.yml, or cancel this request"
      : ` from ${principals(data.asked, MAX_MENTIONED)}`;
  return `⏰ Still needs ${plural(data.missing, "approval")}${who} · ${deadline(data)}`;
}

export function escalatedText(data: Escalation): string {
  const needs = `needs ${plural(data.missing, "approval")}`;
  const also =
    data.also.length === 0
      ? `${needs}, and no one else can approve`
      : `${principals(data.also, MAX_MENTIONED)} can now approve too, ${needs}`;
  const asked =
    data.asked.length === 0 ? "" : ` · still waiting for ${principals(data.asked, MAX_MENTIONED)}`;
  return `📣 No decision for ${duration(data.at - data.createdAt)}: ${also}${asked} · ${deadline(data)}`;
}

/** In the thread: a break-glass action is not reviewed yet. */
export function reviewReminderText({ at, since, asked }: ReviewReminder): string {
  const who =
    asked.length === 0
      ? ", but no one can review it. Change policy.yml"
      : ` by ${principals(asked, MAX_MENTIONED)}`;
  return `⏰ Break-glass ${duration(at - since)} ago still needs review${who}`;
}

function deadline({ at, expiresAt }: Pick<Reminder, "at" | "expiresAt">): string {
  return `expires in ${duration(expiresAt - at)}`;
}

/** A line until an approver is active, or it is decided. `seems`: a phone often shows as away. */
export function nobodyThere({ status, nobodyThereAt }: Pick<Request, "status" | "nobodyThereAt">): string[] {
  if (status !== "pending" || nobodyThereAt === null) return [];
  return ["⚠️ *No approver seems active in Slack.* Call one of them."];
}

/** Behind the deadline: further people were asked, and when. */
export function escalatedNote({ escalatedAt }: Pick<Request, "escalatedAt">): string {
  return escalatedAt === null ? "" : ` · 📣 more approvers added at ${when(escalatedAt, "minute")}`;
}

/** How far a request came that expired, with who approved it. */
export function howFar({ decisionReason, votes: all }: Pick<Request, "decisionReason" | "votes">): string {
  const votes = newestVotes(all);
  if (votes.length === 0) return "no one decided in time";
  const few = decisionReason ?? `only ${plural(votes.length, "approver")}`;
  return `${escape(few, 200)} in time (${votes.map(({ by }) => mention(by)).join(", ")})`;
}
