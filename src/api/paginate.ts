import { UnexpectedShapeError } from "./errors.ts";
import { readCount } from "./fields.ts";

/** A page as an iterator needs it. `rowCount` counts the rows on the wire, readable or not. */
export interface FetchedPage<Item> {
  items: Item[];
  rowCount: number;
  /** The size a full page has: the server's word, else what was asked for. */
  perPage: number;
  /** Of the whole list, where the server says it. */
  totalCount: number | null;
}

/** What a list says of itself; null where it does not. */
export function readPageInfo(info: Record<string, unknown>) {
  return {
    page: readCount(info["page"]),
    perPage: readCount(info["per_page"]),
    totalCount: readCount(info["total_count"]),
    totalPages: readCount(info["total_pages"]),
  };
}

/** A server may give less than was asked for and not say so: a page of exactly such a size may be a full one. */
const USUAL_CAPS = new Set([20, 25, 50, 100, 200, 250, 500]);

/** Whether there may be another page. `seen` counts the rows up to and with this page. */
export function mayGoOn(
  { rowCount, perPage, totalCount }: Omit<FetchedPage<unknown>, "items">,
  seen = 0,
): boolean {
  if (rowCount === 0) return false;
  return rowCount >= perPage || (totalCount === null ? USUAL_CAPS.has(rowCount) : seen < totalCount);
}

export interface FetchedCursorPage<Item> {
  items: Item[];
  cursor: string | null;
}

interface Paging<Item> {
  /** The call's name, for the error. */
  call: string;
  idOf: (item: Item) => string;
}

/** After this many pages an iterator throws: a list that does not end must not look complete. */
const MAX_PAGES = 500;

/**
 * All items of a numbered list, each id once. Ends after an empty page, a page that cannot be full, or one that
 * brings nothing new (a server that ignores `page`). `total_pages` is not trusted either way.
 */
export async function* iteratePages<Item>(
  paging: Paging<Item> & { firstPage: number; fetchPage: (page: number) => Promise<FetchedPage<Item>> },
): AsyncGenerator<Item, void, undefined> {
  const seen = new Set<string>();
  let rowsSeen = 0;
  for (let page = paging.firstPage; page < paging.firstPage + MAX_PAGES; page += 1) {
    const fetched = await paging.fetchPage(page);
    if (rowsSeen === 0) rowsSeen = (page - 1) * fetched.perPage;
    rowsSeen += fetched.rowCount;
    const fresh = takeFresh(fetched.items, paging.idOf, seen);
    yield* fresh;
    const repeats = fetched.items.length > 0 && fresh.length === 0;
    if (repeats || !mayGoOn(fetched, rowsSeen)) return;
  }
  throw endlessList(paging.call);
}

/** All items of a cursor list, each id once. Ends on a missing, empty or repeated cursor. */
export async function* iterateCursors<Item>(
  paging: Paging<Item> & {
    firstCursor: string | undefined;
    fetchPage: (cursor: string | undefined) => Promise<FetchedCursorPage<Item>>;
  },
): AsyncGenerator<Item, void, undefined> {
  const seen = new Set<string>();
  let cursor = paging.firstCursor;
  const cursors = new Set(cursor === undefined ? [] : [cursor]);
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const fetched = await paging.fetchPage(cursor);
    yield* takeFresh(fetched.items, paging.idOf, seen);
    if (fetched.cursor === null || fetched.cursor === "" || cursors.has(fetched.cursor)) return;
    cursors.add(fetched.cursor);
    cursor = fetched.cursor;
  }
  throw endlessList(paging.call);
}

function takeFresh<Item>(items: Item[], idOf: (item: Item) => string, seen: Set<string>): Item[] {
  return items.filter((item) => {
    const id = idOf(item);
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

function endlessList(call: string): UnexpectedShapeError {
  return new UnexpectedShapeError({
    call,
    applied: "no",
    problem: `the list goes on after ${MAX_PAGES} pages`,
  });
}

/** All of them in memory. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
