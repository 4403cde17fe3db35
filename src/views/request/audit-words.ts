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
  "request.created": (data, label) => `asked: ${label}${because(data)}`,
  "request.refused": (data) => `asked, and was refused: ${text(data, "why") ?? "refused"}`,
  "request.approved": (data) =>
    data["break_glass"] === true
      ? `did it alone, without approval${withCode(data)}${because(data)}`
      : `approved it${withCode(data)}`,
  "review.reminded": () => "reminded whoever could review what was done alone",
  "request.reviewed": (data) =>
    `reviewed what was done alone, ${data["verdict"] === "justified" ? "justified" : "not justified"}${because(data, "note")}`,
  "request.unproven": (data) => `found that the database was changed: ${texts(data, "findings").join("; ")}`,
  "request.denied": (data) => `denied it${because(data)}`,
  "request.cancelled": () => "took it back",
  "request.expired": (data) => `it expired: ${text(data, "reason") ?? "nobody decided in time"}`,
  "request.reminded": (data) => `reminded whoever has not answered${missing(data)}`,
  "request.escalated": (data) => `asked further people to approve${missing(data)}`,
  "approvers.away": () => "saw no approver active in Slack",
  "approvers.back": () => "saw an approver active in Slack again",
  "request.voted": (data) =>
    `approved it${withCode(data)}, ${number(data, "counting") ?? "?"} of ${number(data, "quorum") ?? "?"}`,
  "request.held": (data) => `kept it back${because(data, "why")}`,
  "request.unheld": () => "let it go on",
  "authenticator.asked": () => "set up an authenticator, which has to be confirmed",
  "authenticator.effective": (data) =>
    text(data, "user") === text(data, "confirmed_by")
      ? "set up another authenticator, with a code of the one before"
      : `confirmed an authenticator${text(data, "replaces") === null ? "" : ", in the place of the one before"}`,
  "authenticator.declined": () => "declined an authenticator",
  "code.taken": (data) => `gave a code from their authenticator (${codeUse(data)})`,
  "code.refused": (data) =>
    `gave a code that was not taken (${codeUse(data)}): ${text(data, "why") ?? "wrong"}`,
  "policy.loaded": (data) => `put a policy in force: ${(text(data, "policy_hash") ?? "").slice(0, 12)}`,
  "policy.refused": () => "did not take a broken policy.yml: the old one stays in force",
  "bot.paused": (data) => `paused zt-bot${because(data)}`,
  "bot.resumed": (data) => `resumed zt-bot${because(data)}`,
  "request.voided": (data) => `it was voided${because(data, "why")}`,
  "request.executing": () => "began to carry it out",
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
      ? `it is not the approved user any more${because(data, "why")}`
      : "looked: still the approved user",
  "target.protected": (data) => `did not touch them${because(data, "why")}`,
  "call.sent": (data) => `sent to Cloudflare: ${text(data, "call") ?? "a call"}`,
  "call.answered": (data) => {
    const status = number(data, "status");
    if (data["was_so"] === true && status === null) return "it was so already: nothing was sent";
    const answer =
      data["was_so"] === true
        ? "answered that it was so already"
        : data["ok"] === true
          ? "accepted it"
          : `did not accept it: ${text(data, "error") ?? "no answer"}`;
    return `Cloudflare ${answer}${status === null ? "" : `, ${status}`}${rayWords(data)}`;
  },
  "call.reconciled": (data) =>
    `an earlier call had taken effect: ${text(data, "summary") ?? "seen in Cloudflare"}`,
  "target.verified": (data) => {
    const what = text(data, "summary") ?? "nothing was seen";
    return `${data["confirmed"] === true ? "verified" : "not verified"}: ${[what, ...texts(data, "notes")].join("; ")}`;
  },
  "click.refused": (data) =>
    `was refused “${text(data, "what") ?? "a click"}”: ${(text(data, "code") ?? "not allowed").replaceAll("-", " ")}`,
  "command.refused": (data) => `was refused /zt ${text(data, "command") ?? ""}`,
  "messages.trouble": (data) => `messages wait: ${deliveryFailureWords(data)}`,
  "messages.recovered": (data) => `messages are posted again, after: ${deliveryFailureWords(data)}`,
  "card.replaced": (data) =>
    data["why"] === "deleted"
      ? "its card was deleted while it was pending: posted it anew"
      : `posted its card in another channel: ${deliveryFailureWords(data, "why")}`,
  "audit.signed": () => "signed the record up to here",
  "audit.checkpoint": () => "wrote a checkpoint into the record",
  "audit.archived": (data) => {
    const rows = part(data, "rows");
    return `took rows ${number(rows, "from") ?? "?"} to ${number(rows, "to") ?? "?"} out of the database, into ${text(data, "file") ?? "a file"}`;
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

/** Whose authenticator somebody else confirmed or declined, by their Slack id; null where a row is not about that. */
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
  return `${describeSlackTrouble(code).why} (${code})`;
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
