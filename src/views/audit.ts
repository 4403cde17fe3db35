import type { Subject } from "../lookup/who.ts";
import { type AuditRowProps, auditTarget, auditWords } from "./audit-words.ts";
import { context, section, type Message } from "./blocks.ts";
import { type Cell, dateCell, personCell, requestCell, table, textCell } from "./cells.ts";
import { fitLines } from "./fit.ts";
import { pagingButtons } from "./paging.ts";
import { escape, mention, utc, when } from "./text.ts";

export const AUDIT_PAGE_SIZE = 10;

export interface AuditProps {
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
  const shown = rows.slice(0, AUDIT_PAGE_SIZE);
  const about = aboutText(subject);
  const from = since === undefined ? "" : ` since ${when(since)}`;
  const paging = pagingButtons("audit", params, { page, hasNext: rows.length > AUDIT_PAGE_SIZE });
  if (shown.length === 0) {
    const nothing = page > 1 ? `No more is recorded${about}${from}` : `Nothing is recorded${about}${from}`;
    return {
      text: nothing,
      blocks: [
        section(`*${nothing}* (${when(now, "time")})`),
        context(page > 1 ? "→ Go back a page." : nextStep(subject, since)),
        ...paging,
      ],
    };
  }
  const first = (page - 1) * AUDIT_PAGE_SIZE + 1;
  const range = `${first.toLocaleString("en-US")}–${(first + shown.length - 1).toLocaleString("en-US")}`;
  const title = `The record${about}${from} · ${range}, newest first`;
  return {
    text: fitLines([title, ...shown.map(lineOf)], 3000),
    blocks: [
      section(`*${title}* (${when(now, "time")})`),
      table(["When", "Who", "What", "About"], shown.map(cellsOf), { wrapped: 2 }),
      ...paging,
    ],
  };
}

function cellsOf(row: AuditRowProps): Cell[] {
  return [
    dateCell(row.at),
    personCell(row.actor),
    textCell(auditWords(row), 200),
    requestCell(row.requestId, auditTarget(row)),
  ];
}

function lineOf(row: AuditRowProps): string {
  const target = auditTarget(row);
  return `${utc(row.at)} ${mention(row.actor)} ${escape(auditWords(row), 150)}${target === null ? "" : ` (${escape(target, 100)})`}`;
}

function aboutText(subject: Subject | undefined): string {
  switch (subject?.kind) {
    case undefined:
      return "";
    case "request":
      return ` of request ${escape(subject.id, 40)}`;
    case "email":
      return ` of ${escape(subject.email, 254)}`;
    case "id":
      return ` of ${escape(subject.id, 40)}`;
    case "mention":
      return ` of ${mention(subject.userId)}`;
  }
}

function nextStep(subject: Subject | undefined, since: number | undefined): string {
  if (since !== undefined) return "→ Look further back: leave out `--since`, or give a longer time.";
  if (subject?.kind === "request")
    return "→ Compare the id with the request's card: it may be of another installation.";
  if (subject !== undefined) return "→ Look-ups are not recorded, only what was asked, decided and done.";
  return "→ Whatever is asked, decided, refused and done will be found here.";
}
