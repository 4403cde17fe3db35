import { UnexpectedShapeError } from "./errors.ts";

/** A page as an iterator needs it. `rowCount` counts the rows on the wire, readable or not. */
export interface FetchedPage<Item> {
  items: Item[];
  rowCount: number;
  /** The size a full page has. */
  perPage: number;
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
 * All items of a numbered list, each id once. Ends after an empty page, a page that is not full, or one that
 * brings nothing new (a server that ignores `page`). `total_pages` is not trusted either way.
 */
export async function* iteratePages<Item>(
  paging: Paging<Item> & { firstPage: number; fetchPage: (page: number) => Promise<FetchedPage<Item>> },
): AsyncGenerator<Item, void, undefined> {
  const seen = new Set<string>();
  for (let page = paging.firstPage; page < paging.firstPage + MAX_PAGES; page += 1) {
    const { items, rowCount, perPage } = await paging.fetchPage(page);
    const fresh = takeFresh(items, paging.idOf, seen);
    yield* fresh;
    const repeats = items.length > 0 && fresh.length === 0;
    if (rowCount === 0 || rowCount < perPage || repeats) return;
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
