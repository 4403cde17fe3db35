import type { Subject } from "../../lookup/who.ts";
import { auditPerson, type AuditRowProps, auditTarget, auditWords } from "./audit-words.ts";
import { actions, context, message, section, type Message } from "../blocks.ts";
import { type Cell, dateCell, personCell, requestCell, table, textCell } from "../cells.ts";
import { listMessage, pagingButtons, rangeText } from "../list.ts";
import { escape, mention, when } from "../text.ts";

export const AUDIT_PAGE_SIZE = 10;

interface AuditProps {
  /** Newest first; one more than a page when there is another. */
  rows: readonly AuditRowProps[];
  subject: Subject | undefined;
  /** Epoch milliseconds. */
  since: number | undefined;
  page: number;
  /** What leads here again, but for the page. */
  params: Readonly<Record<string, string | number>>;
  now: number;
}

/** `/zt audit`: a page of the record as a table. */
export function auditMessage({ rows, subject, since, page, params, now }: AuditProps): Message {
  const items = rows.slice(0, AUDIT_PAGE_SIZE);
  const about = `${aboutText(subject)}${since === undefined ? "" : ` since ${when(since)}`}`;
  const hasNext = rows.length > AUDIT_PAGE_SIZE;
  const paging = actions("paging", pagingButtons("audit", params, { page, hasNext }));
  if (items.length === 0) {
    const nothing = `${page > 1 ? "Nothing more" : "Nothing"} is recorded${about}`;
    const next = page > 1 ? "→ Go back a page." : nextStep(subject, since);
    return message(nothing, section(`*${nothing}* (${when(now, "time")})`), context(next), paging);
  }
  const first = (page - 1) * AUDIT_PAGE_SIZE + 1;
  const head = `Audit record${about} · ${rangeText(first, first + items.length - 1)}, newest first`;
  const titles = ["When", "Who", "What", "About"];
  return listMessage(
    { head, now, page: { items, page, hasNext, range: "" }, lineOf },
    [table(titles, items.map(cellsOf), { wrapped: 2 })],
    paging,
  );
}

function cellsOf(row: AuditRowProps): Cell[] {
  const person = auditPerson(row);
  return [
    dateCell(row.at),
    personCell(row.actor),
    textCell(auditWords(row), 200),
    person === null ? requestCell(row.requestId, auditTarget(row)) : personCell(person),
  ];
}

function lineOf(row: AuditRowProps): string {
  const [person, target] = [auditPerson(row), auditTarget(row)];
  const about = person === null ? escape(target ?? "", 100) : mention(person);
  return `${when(row.at)} ${mention(row.actor)} ${escape(auditWords(row), 150)}${about === "" ? "" : ` (${about})`}`;
}

function aboutText(subject: Subject | undefined): string {
  if (subject === undefined) return "";
  if (subject.kind === "mention") return ` of ${mention(subject.userId)}`;
  if (subject.kind === "email") return ` of ${escape(subject.email, 254)}`;
  return ` of ${subject.kind === "request" ? "request " : ""}${escape(subject.id, 40)}`;
}

function nextStep(subject: Subject | undefined, since: number | undefined): string {
  if (since !== undefined) return "→ Look further back: leave out `--since`, or give a longer time.";
  if (subject?.kind === "request")
    return "→ Compare the id with the request's card: it may be from another installation.";
  if (subject !== undefined) return "→ Look-ups are not recorded: only requests, decisions and changes are.";
  return "→ Requests, decisions, refusals and changes show up here.";
}
