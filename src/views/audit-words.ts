import type { FoundRow } from "../audit/search.ts";

/** A row of the record, with its action's name for people. */
export interface AuditRowProps extends FoundRow {
  label: string | null;
}

type Data = Record<string, unknown>;

/**
 * What a row of the record tells, in plain words: plain text, for a cell. An event that is not known here (of
 * another version) is told by its own name.
 */
export function auditWords({ event, data, label }: AuditRowProps): string {
  const words = WORDS[event];
  return words === undefined ? event.replaceAll(/[._-]+/g, " ") : words(data, label ?? "a change");
}

const WORDS: Record<string, (data: Data, label: string) => string> = {
  "request.created": (data, label) => `asked: ${label}${because(data)}`,
  "request.refused": (data) => `asked in vain: ${text(data, "why") ?? "refused"}`,
  "request.approved": () => "approved it",
  "request.denied": (data) => `denied it${because(data)}`,
  "request.cancelled": () => "took it back",
  "request.expired": () => "it expired: nobody decided in time",
  "request.voided": (data) => `it was voided${because(data, "why")}`,
  "request.executing": () => "began to carry it out",
  "request.unknown": (data) => `no clear answer${because(data, "why")}`,
  "request.succeeded": (data) => `done: ${seen(data)}`,
  "request.failed": (data) =>
    `failed: ${text(part(data, "failure"), "why") ?? text(data, "why") ?? "see the card"}`,
  "target.checked": (data) =>
    data["ok"] === false
      ? `it is not the approved user any more${because(data, "why")}`
      : "looked: still the approved user",
  "call.sent": (data) => `sent to Cloudflare: ${text(data, "call") ?? "a call"}`,
  "call.answered": (data) => {
    const status = number(data, "status");
    const ray = text(data, "cf_ray");
    const answer =
      data["ok"] === true ? "accepted it" : `did not accept it: ${text(data, "error") ?? "no answer"}`;
    return `Cloudflare ${answer}${status === null ? "" : `, ${status}`}${ray === null ? "" : `, ray ${ray}`}`;
  },
  "call.reconciled": (data) =>
    `an earlier call had taken effect: ${text(data, "summary") ?? "seen in Cloudflare"}`,
  "click.refused": (data) =>
    `was refused “${text(data, "what") ?? "a click"}”: ${(text(data, "code") ?? "not allowed").replaceAll("-", " ")}`,
  "command.refused": (data) => `was refused /zt ${text(data, "command") ?? ""}`,
  "audit.checkpoint": () => "wrote a checkpoint into the record",
  "audit.archived": (data) => {
    const rows = part(data, "rows");
    return `took rows ${number(rows, "from") ?? "?"} to ${number(rows, "to") ?? "?"} out of the database, into ${text(data, "file") ?? "a file"}`;
  },
};

/** Whom a row is about: the request's target, or who was named in a request that was refused at once. */
export function auditTarget({ target, data }: AuditRowProps): string | null {
  return target ?? text(part(part(data, "plan"), "target"), "email") ?? text(data, "target");
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

function text(data: Data, name: string): string | null {
  const value = data[name];
  return typeof value === "string" ? value : null;
}

function number(data: Data, name: string): number | null {
  const value = data[name];
  return typeof value === "number" ? value : null;
}

function part(data: Data, name: string): Data {
  const value = data[name];
  return typeof value === "object" && value !== null ? (value as Data) : {};
}
