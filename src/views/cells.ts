import type { RawTextElement, RichTextBlock, RichTextElement, TableBlock } from "@slack/types";

import { clean } from "./text.ts";

/** What a table is made of. Cells show text as it is: no markup of anybody's can come out of one. */
export type Cell = RawTextElement | RichTextBlock;

/** A table with its titles above; the column of long names is `wrapped`. Messages may hold one, modals none. */
export function table(
  titles: readonly string[],
  rows: readonly Cell[][],
  { wrapped = 0 }: { wrapped?: number } = {},
): TableBlock {
  return {
    type: "table",
    column_settings: titles.map((_title, column) => (column === wrapped ? { is_wrapped: true } : {})),
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
  if (at === null) return textCell(`${before}not said${after}`);
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

function words(text: string): RichTextElement[] {
  return text === "" ? [] : [{ type: "text", text }];
}

/** Runs of text, moments and people in one cell. */
export function richCell(...elements: RichTextElement[]): RichTextBlock {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements }] };
}

/** Somebody in Slack as a mention; whoever acts under another name (the bot, an operator at the server) by that. */
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
