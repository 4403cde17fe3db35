import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { iterateCursors, iteratePages } from "../../src/api/paginate.ts";
import type { FetchedCursorPage, FetchedPage } from "../../src/api/paginate.ts";
import { catchError } from "./support.ts";

type FetchPage = (page: number) => Promise<FetchedPage<string>>;
type FetchCursorPage = (cursor: string | undefined) => Promise<FetchedCursorPage<string>>;

const idOf = (item: string): string => item;

async function collect(items: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("numbered pages", () => {
  const iterate = (fetchPage: FetchPage) =>
    iteratePages<string>({ call: "list things", idOf, firstPage: 1, fetchPage });

  it("give up, in words, on a list that brings something new for ever", async () => {
    const fetchPage = vi.fn<FetchPage>(async (page) => ({
      items: [`item-${page}`],
      rowCount: 1,
      perPage: 1,
      totalCount: null,
    }));
    const error = await catchError(collect(iterate(fetchPage)));
    expect(error).toMatchObject({ kind: "shape", call: "list things", applied: "no" });
    expect(fetchPage).toHaveBeenCalledTimes(500);
  });

  it("give up on a list whose rows can never be read", async () => {
    const fetchPage = vi.fn<FetchPage>(async () => ({
      items: [],
      rowCount: 5,
      perPage: 5,
      totalCount: null,
    }));
    expect(await catchError(collect(iterate(fetchPage)))).toMatchObject({ kind: "shape" });
    expect(fetchPage).toHaveBeenCalledTimes(500);
  });

  it("give each item of a shifting list once", async () => {
    const pages = [["a", "b"], ["b", "c"], ["d"]];
    const fetchPage = async (page: number) => {
      const items = pages[page - 1] ?? [];
      return { items, rowCount: items.length, perPage: 2, totalCount: null };
    };
    expect(await collect(iterate(fetchPage))).toEqual(["a", "b", "c", "d"]);
  });

  it("ask for the next page only when it is wanted", async () => {
    const fetchPage = vi.fn<FetchPage>(async (page: number) => ({
      items: [`${page}a`, `${page}b`],
      rowCount: 2,
      perPage: 2,
      totalCount: null,
    }));
    const items = iterate(fetchPage)[Symbol.asyncIterator]();
    await items.next();
    await items.next();
    expect(fetchPage).toHaveBeenCalledTimes(1);
    await items.next();
    expect(fetchPage).toHaveBeenCalledTimes(2);
  });

  it.each([
    ["says of which size its pages are", 50, null],
    ["repeats the size that was asked for, with the total", 1000, 120],
    ["repeats the size that was asked for", 1000, null],
  ])("go on when a server that gives less than was asked for %s", async (_name, perPage, totalCount) => {
    const all = Array.from({ length: 120 }, (_, index) => `item-${index}`);
    const fetchPage = async (page: number) => {
      const items = all.slice((page - 1) * 50, page * 50);
      return { items, rowCount: items.length, perPage, totalCount };
    };
    expect(await collect(iterate(fetchPage))).toEqual(all);
  });

  it("give everything there is, in order, for any page size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (total, perPage) => {
          const all = Array.from({ length: total }, (_, index) => `item-${index}`);
          const fetchPage = async (page: number) => {
            const items = all.slice((page - 1) * perPage, page * perPage);
            return { items, rowCount: items.length, perPage, totalCount: null };
          };
          expect(await collect(iterate(fetchPage))).toEqual(all);
        },
      ),
    );
  });
});

describe("cursor pages", () => {
  const iterate = (fetchPage: FetchCursorPage) =>
    iterateCursors<string>({ call: "list things", idOf, firstCursor: undefined, fetchPage });

  it("give up, in words, on cursors that never end", async () => {
    let pages = 0;
    const fetchPage = vi.fn<FetchCursorPage>(async () => ({ items: [], cursor: `cursor-${(pages += 1)}` }));
    expect(await catchError(collect(iterate(fetchPage)))).toMatchObject({
      kind: "shape",
      call: "list things",
    });
    expect(fetchPage).toHaveBeenCalledTimes(500);
  });

  it("end on any cursor that comes back, after any number of pages", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }), async (cursors) => {
        let pages = 0;
        const fetchPage = async () => ({
          items: [`item-${pages}`],
          cursor: cursors[pages++ % cursors.length] ?? null,
        });
        await collect(iterate(fetchPage));
        expect(pages).toBeLessThanOrEqual(new Set(cursors).size + 1);
      }),
    );
  });
});
