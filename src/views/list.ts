import type { Button, KnownBlock } from "@slack/types";

import type { Maybe } from "../compact.ts";
import { number } from "../pluralize.ts";
import { context, message, section, type Message } from "./blocks.ts";
import { fitLines } from "./fit.ts";
import { screenButton, type Params } from "./screen-button.ts";
import { when } from "./text.ts";

/**
 * Of lists that are read from the database page by page: far past what anybody turns to. A forged page number must not have it
 * go through all there is, which with SQLite everyone would wait for.
 */
export const MAX_PAGE = 1000;

/** A slice of a list, and where it stands in the whole. Pages count from 1. */
interface PageOf<T> {
  items: readonly T[];
  page: number;
  hasNext: boolean;
  /** `1–10 of 214` behind the title; empty on a list of one page. */
  range: string;
}

/** The page asked for, or the nearest there is: the list may have changed since the button was drawn. */
export function pageOf<T>(items: readonly T[], page: number, size: number): PageOf<T> & { pages: number } {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const at = Math.min(Math.max(1, Math.floor(page) || 1), pages);
  const start = (at - 1) * size;
  const shown = items.slice(start, start + size);
  const range = `${rangeText(start + 1, start + shown.length)} of ${number(items.length)}`;
  return { items: shown, page: at, pages, hasNext: at < pages, range: pages > 1 ? range : "" };
}

/** `1–10`, or `31` */
export function rangeText(from: number, to: number): string {
  if (from === to) return number(from);
  return `${number(from)}–${number(to)}`;
}

/** Previous and Next, those that lead somewhere. They edit the message itself. */
export function pagingButtons(
  screen: string,
  params: Params,
  { page, hasNext }: { page: number; hasNext: boolean },
): Button[] {
  const turn = (text: string, to: number, label: string, which: string) =>
    screenButton(text, screen, { ...params, page: to }, label, which);
  return [
    ...(page > 1 ? [turn("‹ Previous", page - 1, "Previous page", "previous")] : []),
    ...(hasNext ? [turn("Next ›", page + 1, "Next page", "next")] : []),
  ];
}

interface ListProps<T> {
  /** Whom or what it is about, in bold, and what was found. */
  head: string;
  title?: string;
  now: number;
  page: PageOf<T>;
  /** For the notification and for screen readers. */
  lineOf: (item: T) => string;
  /** Below the rows. */
  notes?: readonly string[];
  /** Above the lines of the text: the notes, where it is nothing else. */
  said?: readonly string[];
}

/** A page of what was found: a title, the rows, the notes, and what `after` adds. */
export function listMessage<T>(
  { head, title, now, page, lineOf, notes = [], said = notes }: ListProps<T>,
  rows: readonly Maybe<KnownBlock>[],
  ...after: readonly Maybe<KnownBlock>[]
): Message {
  const range = page.range === "" ? "" : ` · ${page.range}`;
  const rest = title === undefined ? range : `: ${title}${range}`;
  // Read out, a comma is a pause.
  const first = title === undefined ? range : `: ${title.replaceAll(" · ", ", ")}${range}`;
  return message(
    fitLines([`${head}${first}`, ...said, ...page.items.map(lineOf)], 3000),
    section(`*${head}*${rest} (${when(now, "time")})`),
    ...rows,
    notes.map((note) => context(note)),
    ...after,
  );
}

/** That nothing was found, and what to do next. `head` is in bold. */
export function emptyMessage(
  head: string,
  rest: string,
  now: number,
  ...after: readonly Maybe<KnownBlock>[]
): Message {
  return message(`${head}${rest}`, section(`*${head}*${rest} (${when(now, "time")}).`), ...after);
}
