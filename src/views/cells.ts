import type { RawTextElement, RichTextBlock, RichTextElement, TableBlock } from "@slack/types";

import { compact, type Maybe } from "../compact.ts";
import { clean } from "./text.ts";

/** What a table is made of. Cells show text as it is: no untrusted markup can come out of one. */
export type Cell = RawTextElement | RichTextBlock;

/**
 * A table with its titles above; columns of long texts are `wrapped`. Messages may hold one, modals none. A phone shows
 * two wrapped columns without scrolling: put more than that into one cell with `stack`, what decides first.
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
    rows: [titles.map((title) => textCell(title)), ...rows],
  };
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

/** A moment in the reader's own zone, with words around it; raw text cannot hold one. */
export function dateCell(at: number | null, { before = "", after = "" } = {}): Cell {
  if (at === null) return textCell(`${before}unknown${after}`);
  return richCell(
    ...words(before),
    {
      type: "date",
      timestamp: Math.floor(at / 1000),
      format: "{date_short_pretty} {time}",
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
  if (cell.type === "raw_text") return words(cell.text);
  return cell.elements.flatMap((part) => (part.type === "rich_text_section" ? part.elements : []));
}

function words(text: string): RichTextElement[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function richCell(...elements: RichTextElement[]): RichTextBlock {
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
