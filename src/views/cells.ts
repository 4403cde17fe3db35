import type { RawTextElement, RichTextBlock, RichTextElement, TableBlock } from "@slack/types";

import { compact, type Maybe } from "../compact.ts";
import { clean, cut } from "./text.ts";

/** What a table is made of. Cells show text as it is: no untrusted markup can come out of one. */
export type Cell = RawTextElement | RichTextBlock;

/**
 * What all cells of a message's tables may hold together, in characters; past it Slack answers `invalid_blocks`:
 * https://docs.slack.dev/reference/block-kit/blocks/table-block
 */
const MAX_CHARACTERS = 10_000;

/**
 * A table with its titles above; columns of long texts are `wrapped`. Messages may hold one, modals none. A phone shows
 * two wrapped columns without scrolling: put more than that into one cell with `stack`, what decides first. Where the
 * cells hold more than Slack takes, the longest are cut, and no row is left out.
 */
export function table(
  titles: readonly string[],
  rows: readonly Cell[][],
  { wrapped = 0 }: { wrapped?: number | readonly number[] } = {},
): TableBlock {
  return {
    type: "table",
    column_settings: titles.map((_title, column) =>
      [wrapped].flat().includes(column) ? { is_wrapped: true } : {},
    ),
    rows: fitCells([titles.map((title) => textCell(title)), ...rows]),
  };
}

function fitCells(rows: Cell[][]): Cell[][] {
  const cells = rows.flat().map(textsOf);
  const sizeAt = (max: number) =>
    cells.reduce((sum, texts) => sum + texts.reduce((size, text) => size + Math.min(text.length, max), 0), 0);
  if (sizeAt(Infinity) <= MAX_CHARACTERS) return rows;
  let max = 500;
  while (max > 1 && sizeAt(max) > MAX_CHARACTERS) max = Math.floor(max * 0.9);
  return rows.map((row) => row.map((cell) => cutCell(cell, max)));
}

/** Of a cell, everything that counts. */
function textsOf(cell: Cell): string[] {
  if (cell.type === "raw_text") return [cell.text];
  return partsOf(cell).map((part) =>
    "text" in part && part.text !== undefined ? part.text : JSON.stringify(part),
  );
}

function cutCell(cell: Cell, max: number): Cell {
  if (cell.type === "raw_text") return { ...cell, text: cut(cell.text, max) };
  return richCell(
    ...partsOf(cell).map((part) => (part.type === "text" ? { ...part, text: cut(part.text, max) } : part)),
  );
}

/** Cells are made by richCell: one section each. */
function partsOf({ elements }: RichTextBlock): RichTextElement[] {
  return elements.flatMap((element) => (element.type === "rich_text_section" ? element.elements : []));
}

export function textCell(text: string | null, max = 60): RawTextElement {
  return { type: "raw_text", text: clean(text ?? "", max) || "–" };
}

/** Something to be copied: an id, a ray. */
export function codeCell(text: string | null, max = 64): Cell {
  const shown = clean(text ?? "", max);
  if (shown === "") return textCell(null);
  return richCell({ type: "text", text: shown, style: { code: true } });
}

const DATE_FORMATS = { full: "{date_short_pretty} {time}", day: "{date_short_pretty}", time: "{time}" };
const DAY_MS = 86_400_000;

interface DateLooks {
  /** Words around it. */
  before?: string;
  after?: string;
  format?: keyof typeof DATE_FORMATS;
}

/** A moment for a column that has to be narrow: of the last day by its time, before that by its day. */
export function shortDateCell(at: number | null, now: number): Cell {
  if (at === null) return textCell("unknown");
  return dateCell(at, { format: Math.abs(now - at) < DAY_MS ? "time" : "day" });
}

/** A moment in the reader's own zone, with words around it; raw text cannot hold one. */
export function dateCell(
  at: number | null,
  { before = "", after = "", format = "full" }: DateLooks = {},
): Cell {
  if (at === null) return textCell(`${before}unknown${after}`);
  return richCell(
    ...words(before),
    {
      type: "date",
      timestamp: Math.floor(at / 1000),
      format: DATE_FORMATS[format],
      fallback: `${new Date(at).toISOString().slice(5, 16).replace("T", " ")} UTC`,
    },
    ...words(after),
  );
}

/** The cells that are there above one another, as one. */
export function stack(...cells: readonly Maybe<Cell>[]): Cell {
  return richCell(
    ...compact(...cells).flatMap((cell, index) => [...words(index === 0 ? "" : "\n"), ...elementsOf(cell)]),
  );
}

function elementsOf(cell: Cell): RichTextElement[] {
  return cell.type === "raw_text" ? words(cell.text) : partsOf(cell);
}

function words(text: string): RichTextElement[] {
  return text === "" ? [] : [{ type: "text", text }];
}

/** Runs of text, moments and people in one cell. */
export function richCell(...elements: RichTextElement[]): RichTextBlock {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements }] };
}

/** A Slack user as a mention; an actor with another name (the bot, an operator at the server) by that name. */
export function personCell(id: string): Cell {
  return /^[UW][A-Z0-9]{2,}$/.test(id) ? richCell({ type: "user", user_id: id }) : textCell(id);
}

/** A request's id, to be copied, and whom it is about. */
export function requestCell(id: string | null, target: string | null): Cell {
  if (id === null) return textCell(target, 100);
  const about = clean(target ?? "", 100);
  return richCell(
    { type: "text", text: clean(id, 40) || "–", style: { code: true } },
    ...words(about === "" ? "" : ` ${about}`),
  );
}
