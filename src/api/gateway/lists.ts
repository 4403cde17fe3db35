import { readCall, writeCall } from "../call.ts";
import type { CallOptions, Cloudflare } from "../cloudflare.ts";
import { readList, readResult, receiptOf } from "../envelope.ts";
import { count, row, text, textOrEmpty, time, type RowOf } from "../fields.ts";
import type { Http } from "../http.ts";
import { collect, iteratePages, readPageInfo } from "../paginate.ts";

const LIST = "/accounts/{account_id}/gateway/lists/{list_id}";

/** Cloudflare's document names no permission for them. There is no call that replaces a whole list: updates get lost. */
export const gatewayListCalls = {
  get: readCall("get list", LIST, null),
  items: readCall("list items of a list", `${LIST}/items`, null),
  change: writeCall("change list", `PATCH ${LIST}`, null),
};

/** A Zero Trust list: it blocks no one by itself, only the rules and policies that name it do. */
export const GatewayList = row(
  {
    id: textOrEmpty("id"),
    name: text("name"),
    /** "EMAIL", "DOMAIN", … */
    type: text("type"),
    count: count("count"),
  },
  "id",
);
export type GatewayList = RowOf<typeof GatewayList>;

export const ListItem = row(
  { value: textOrEmpty("value"), description: text("description"), createdAt: time("created_at") },
  "value",
);
export type ListItem = RowOf<typeof ListItem>;

export function createGatewayLists(http: Http): Cloudflare["gatewayLists"] {
  async function fetchItems(id: string, page: number, call?: CallOptions) {
    // The document names no parameters: the first page is asked for without any.
    const query = page === 1 ? {} : { page };
    const answer = await http.send(gatewayListCalls.items, { ids: { list_id: id }, query }, call);
    // Some versions of the document have the items in a list of lists.
    const list: unknown = Array.isArray(answer.result) ? answer.result.flat() : answer.result;
    const { rows, rowCount } = readList(ListItem, { answer, log: http.log, list });
    const { perPage, totalCount } = readPageInfo(answer.resultInfo);
    return { items: rows, rowCount, perPage: perPage ?? Infinity, totalCount };
  }

  return {
    get: async (id, call) =>
      readResult(GatewayList, await http.send(gatewayListCalls.get, { ids: { list_id: id } }, call)),
    items: (id, call) =>
      collect(
        iteratePages({
          call: gatewayListCalls.items.name,
          firstPage: 1,
          idOf: ({ value }: ListItem) => value,
          fetchPage: (page) => fetchItems(id, page, call),
        }),
      ),
    change: async (id, { append = [], remove = [] }, call) => {
      const values = [...append.map(({ value }) => value), ...remove];
      if (values.length === 0) throw new TypeError("nothing to append or to remove");
      if (values.some((value) => value.trim() === "")) throw new TypeError("an item must not be empty");
      const body = {
        ...(append.length === 0 ? {} : { append }),
        ...(remove.length === 0 ? {} : { remove }),
      };
      return receiptOf(await http.send(gatewayListCalls.change, { ids: { list_id: id }, body }, call));
    },
  };
}
