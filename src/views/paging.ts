import type { ActionsBlock } from "@slack/types";

import { actions } from "./blocks.ts";
import { screenButton } from "./screen-button.ts";

/** A slice of a list, and where it stands in the whole. Pages count from 1. */
export interface PageOf<T> {
  items: readonly T[];
  page: number;
  pages: number;
  /** Of the first item shown, counted from 1; 0 when there is none. */
  from: number;
  to: number;
  total: number;
}

/** The page asked for, or the nearest there is: the list may have changed since the button was drawn. */
export function pageOf<T>(items: readonly T[], page: number, size: number): PageOf<T> {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const at = Math.min(Math.max(1, Math.floor(page) || 1), pages);
  const start = (at - 1) * size;
  const shown = items.slice(start, start + size);
  return {
    items: shown,
    page: at,
    pages,
    from: shown.length === 0 ? 0 : start + 1,
    to: start + shown.length,
    total: items.length,
  };
}

/** `1–10 of 214`, for the line above a table. */
export function rangeText({ from, to, total }: Pick<PageOf<unknown>, "from" | "to" | "total">): string {
  return `${from.toLocaleString("en-US")}–${to.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
}

/** Previous and Next, those that lead somewhere; nothing on a list of one page. They edit the message itself. */
export function pagingButtons(
  screen: string,
  params: Readonly<Record<string, string | number>>,
  { page, hasNext }: { page: number; hasNext: boolean },
): ActionsBlock[] {
  const buttons = [
    ...(page > 1
      ? [
          screenButton({
            text: "‹ Previous",
            screen,
            which: "previous",
            params: { ...params, page: page - 1 },
            label: "Previous page",
          }),
        ]
      : []),
    ...(hasNext
      ? [
          screenButton({
            text: "Next ›",
            screen,
            which: "next",
            params: { ...params, page: page + 1 },
            label: "Next page",
          }),
        ]
      : []),
  ];
  return buttons.length === 0 ? [] : [actions("paging", ...buttons)];
}
