import { OF_ONE_USER, type AuditEvent } from "../../audit/events.ts";
import type { FoundRow } from "../../audit/search.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
import { list, plural } from "../../pluralize.ts";

/** A row of the record, with its action's name for people. */
export interface AuditRowProps extends FoundRow {
  label: string | null;
}

type Data = Record<string, unknown>;

/**
 * What a row of the record tells, in plain words: plain text, for a cell. An event that is not known here (of
 * another version) is told by its own name.
 */
export function auditWords({ event, data, label }: Pick<AuditRowProps, "event" | "data" | "label">): string {
  const words = (WORDS as Partial<Record<string, Words>>)[event];
  return words === undefined ? event.replaceAll(/[._-]+/g, " ") : words(data, label ?? "a change");
}

type Words = (data: Data, label: string) => string;

const WORDS: Record<AuditEvent, Words> = {
  "request.created": (data, label) => `requested: ${label}${because(data)}`,
  "request.refused": (data) => `requested, refused: ${text(data, "why") ?? "refused"}`,
  "request.approved": (data) =>
    data["break_glass"] === true
      ? `used break-glass${withCode(data)}${because(data)}`
      : `approved it${withCode(data)}`,
  "review.reminded": () => "reminded the reviewers",
  "request.reviewed": (data) =>
    `reviewed the break-glass, ${data["verdict"] === "justified" ? "justified" : "not justified"}${because(data, "note")}`,
  "request.unproven": (data) => `found that the database was changed: ${texts(data, "findings").join("; ")}`,
  "request.denied": (data) => `denied it${because(data)}`,
  "request.cancelled": () => "cancelled it",
  "request.expired": (data) => `expired: ${text(data, "reason") ?? "no one answered in time"}`,
  "request.reminded": (data) => `reminded the approvers${missing(data)}`,
  "request.escalated": (data) => `escalated it${missing(data)}`,
  "approvers.away": () => "saw no approver active in Slack",
  "approvers.back": () => "saw an approver active in Slack again",
  "request.voted": (data) =>
    `approved it${withCode(data)}, ${number(data, "counting") ?? "?"} of ${number(data, "quorum") ?? "?"}`,
  "block.timed": () => "set when the block ends by itself",
  "block.ended": (data) => `the block's time is over${because(data, "why")}`,
  "request.held": (data) => `held it${because(data, "why")}`,
  "request.unheld": () => "released it",
  "authenticator.asked": () => "set up an authenticator, not confirmed yet",
  "authenticator.effective": (data) =>
    text(data, "user") === text(data, "confirmed_by")
      ? "replaced their authenticator, with a code of the old one"
      : `confirmed an authenticator${text(data, "replaces") === null ? "" : ", replacing the old one"}`,
  "authenticator.declined": () => "declined an authenticator",
  "code.taken": (data) => `used an authenticator code (${codeUse(data)})`,
  "code.refused": (data) => `authenticator code rejected (${codeUse(data)}): ${text(data, "why") ?? "wrong"}`,
  "policy.loaded": (data) => `loaded a policy: ${(text(data, "policy_hash") ?? "").slice(0, 12)}`,
  "policy.refused": () => "rejected a broken policy.yml: the old one stays in force",
  "bot.paused": (data) => `paused zt-bot${because(data)}`,
  "bot.resumed": (data) => `resumed zt-bot${because(data)}`,
  "request.voided": (data) => `voided${because(data, "why")}`,
  "request.executing": () => "started it",
  "request.unknown": (data) => `no clear answer${because(data, "why")}`,
  "request.stopped": (data) => {
    const count = number(data, "untouched");
    return count === null ? "stopped it" : `stopped it: ${plural(count, "user")} not touched`;
  },
  "request.succeeded": (data) => `done: ${seen(data)}`,
  "request.failed": (data) =>
    `failed: ${text(part(data, "failure"), "why") ?? text(data, "why") ?? "see the card"}`,
  "target.checked": (data) =>
    data["ok"] === false
      ? `no longer the approved user${because(data, "why")}`
      : "checked: still the approved user",
  "target.protected": (data) => `skipped them${because(data, "why")}`,
  "call.sent": (data) => `sent to Cloudflare: ${text(data, "call") ?? "a call"}`,
  "call.answered": (data) => {
    const status = number(data, "status");
    if (data["was_so"] === true && status === null) return "already so: nothing was sent";
    const answer =
      data["was_so"] === true
        ? "answered that it was already so"
        : data["ok"] === true
          ? "accepted it"
          : `rejected it: ${text(data, "error") ?? "no answer"}`;
    return `Cloudflare ${answer}${status === null ? "" : `, ${status}`}${rayWords(data)}`;
  },
  "call.reconciled": (data) =>
    `an earlier call had taken effect: ${text(data, "summary") ?? "seen in Cloudflare"}`,
  "target.verified": (data) => {
    const what = text(data, "summary") ?? "nothing was read";
    return `${data["confirmed"] === true ? "verified" : "not verified"}: ${[what, ...texts(data, "notes")].join("; ")}`;
  },
  "click.refused": (data) =>
    `was refused “${text(data, "what") ?? "a click"}”: ${(text(data, "code") ?? "not allowed").replaceAll("-", " ")}`,
  "command.refused": (data) => `was refused /zt ${text(data, "command") ?? ""}`,
  "watch.started": () => "began to watch them",
  "watch.seen": (data) => `saw them: ${kinds(data["events"])}`,
  "watch.expected": (data) => `said it was expected: ${kinds([data["seen"]])}`,
  "watch.stopped": () => "stopped watching them",
  "messages.trouble": (data) => `can't post messages: ${deliveryFailureWords(data)}`,
  "messages.recovered": (data) => `posts messages again, after: ${deliveryFailureWords(data)}`,
  "card.replaced": (data) =>
    data["why"] === "deleted"
      ? "its card was deleted: posted it again"
      : `posted its card in another channel: ${deliveryFailureWords(data, "why")}`,
  "incident.opened": (data) => `opened incident ${incident(data)}: ${text(data, "title") ?? ""}`,
  "incident.assigned": (data) => `assigned incident ${incident(data)} to ${text(data, "owner") ?? "no one"}`,
  "incident.severity": (data) =>
    `set incident ${incident(data)} to severity ${number(data, "severity") ?? "?"}`,
  "incident.added": (data) => `added ${texts(data, "emails").join(", ")} to incident ${incident(data)}`,
  "incident.removed": (data) => `removed ${texts(data, "emails").join(", ")} from incident ${incident(data)}`,
  "incident.noted": (data) => `noted in incident ${incident(data)}: ${text(data, "note") ?? ""}`,
  "incident.idp-disabled": (data) =>
    `said that ${texts(data, "emails").join(", ")} is disabled at the IdP, in incident ${incident(data)}`,
  "incident.idp-not-disabled": (data) =>
    `said that ${texts(data, "emails").join(", ")} is not disabled at the IdP, in incident ${incident(data)}`,
  "incident.note-edited": (data) =>
    `saw a note of incident ${incident(data)} edited, from: ${text(data, "before") ?? ""} to: ${text(data, "after") ?? ""}`,
  "incident.note-deleted": (data) =>
    `saw the message of a note of incident ${incident(data)} deleted: ${text(data, "before") ?? ""}`,
  "incident.note-withdrawn": (data) =>
    `took a note of incident ${incident(data)} back: ${text(data, "before") ?? ""}`,
  "incident.note-restored": (data) =>
    `noted in incident ${incident(data)} again: ${text(data, "after") ?? ""}`,
  "incident.back": (data) =>
    `saw ${texts(data, "emails").join(", ")} signed in again after the revocation, in incident ${incident(data)}`,
  "incident.contained": (data) => `saw no required gap left in incident ${incident(data)}`,
  "incident.not-contained": (data) => `saw a required gap again in incident ${incident(data)}`,
  "incident.closed": (data) => `closed incident ${incident(data)}${gapWords(data)}`,
  "incident.summarized": (data) => `posted the summary of incident ${incident(data)}`,
  "incident.exported": (data) => `exported incident ${incident(data)}`,
  "incident.reopened": (data) => `reopened incident ${incident(data)}`,
  "audit.signed": () => "signed the record up to here",
  "audit.checkpoint": () => "wrote a checkpoint into the record",
  "audit.archived": (data) => {
    const rows = part(data, "rows");
    return `archived rows ${number(rows, "from") ?? "?"} to ${number(rows, "to") ?? "?"} out of the database, into ${text(data, "file") ?? "a file"}`;
  },
};

/**
 * Whom a row is about: the one user it names, or the request's target and how many more, or who was named in a
 * request that was refused at once.
 */
export function auditTarget({ event, target, users, data }: AuditRowProps): string | null {
  if (OF_ONE_USER.some((one) => one === event)) return text(data, "target") ?? target;
  if (target !== null && users > 1) return `${target} and ${(users - 1).toLocaleString("en-US")} more`;
  return target ?? text(part(part(data, "plan"), "target"), "email") ?? text(data, "target");
}

/** Whose authenticator someone else confirmed or declined, by their Slack id; null where a row is not about that. */
export function auditPerson({ event, actor, data }: AuditRowProps): string | null {
  const user = event.startsWith("authenticator.") ? text(data, "user") : null;
  return user === actor ? null : user;
}

/** Past this they would fill the cell; an export has them all. */
const MAX_RAYS = 3;

function rayWords(data: Data): string {
  const rays = Array.isArray(data["cf_rays"]) ? data["cf_rays"].filter((ray) => typeof ray === "string") : [];
  if (rays.length > 1) {
    const left = rays.length - MAX_RAYS;
    return `, rays ${list([...rays.slice(0, MAX_RAYS), ...(left > 0 ? [`${left} more`] : [])])}`;
  }
  const ray = text(data, "cf_ray");
  return ray === null ? "" : `, ray ${ray}`;
}

/** Which authenticator it was stands in an export. */
function withCode(data: Data): string {
  return text(data, "step_up") === null ? "" : ", with a code";
}

function codeUse(data: Data): string {
  return (text(data, "what") ?? "for something").replaceAll("-", " ");
}

function missing(data: Data): string {
  const count = number(data, "missing");
  return count === null ? "" : `: ${plural(count, "approval")} missing`;
}

function because(data: Data, name = "reason"): string {
  const reason = text(data, name);
  return reason === null || reason === "none given" ? "" : `: ${reason}`;
}

function seen(data: Data): string {
  const verification = part(data, "verification");
  const summary = text(verification, "summary");
  if (summary === null) return "accepted by Cloudflare";
  return verification["confirmed"] === true ? summary : `not confirmed, ${summary}`;
}

function deliveryFailureWords(data: Data, name = "code"): string {
  const code = text(data, name) ?? "unknown";
  const id = text(data, "incident");
  return `${describeSlackTrouble(code, id === null ? undefined : `the channel of ${id}`).why} (${code})`;
}

function incident(data: Data): string {
  return text(data, "incident") ?? "?";
}

function gapWords(data: Data): string {
  const left = texts(data, "gaps");
  return left.length === 0 ? "" : `, with gaps left: ${left.join("; ")}`;
}

/** What was seen of someone who is watched, in a word each. */
const SEEN: Readonly<Record<string, string>> = {
  "signed-in": "signed in",
  session: "a new session",
  denials: "many denials",
  registration: "a new device",
  risk: "a higher risk",
};

function kinds(events: unknown): string {
  const seen = Array.isArray(events) ? events : [];
  const words = seen.flatMap((event: unknown) => {
    const kind = typeof event === "object" && event !== null ? (event as Data)["kind"] : null;
    return typeof kind === "string" ? (SEEN[kind] ?? kind) : [];
  });
  return words.length === 0 ? "something new" : list([...new Set(words)]);
}

function text(data: Data, name: string): string | null {
  const value = data[name];
  return typeof value === "string" ? value : null;
}

function texts(data: Data, name: string): string[] {
  const values = data[name];
  return Array.isArray(values) ? values.filter((one) => typeof one === "string") : [];
}

function number(data: Data, name: string): number | null {
  const value = data[name];
  return typeof value === "number" ? value : null;
}

function part(data: Data, name: string): Data {
  const value = data[name];
  return typeof value === "object" && value !== null ? (value as Data) : {};
}
