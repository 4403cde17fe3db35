import { readCall } from "../call.ts";
import type { CallOptions, Cloudflare } from "../cloudflare.ts";
import { readList } from "../envelope.ts";
import { flag, row, text, textOrEmpty, time, type RowOf } from "../fields.ts";
import type { Http } from "../http.ts";
import { collect, iteratePages, readPageInfo } from "../paginate.ts";

/** Cloudflare's document names no permission for it. */
export const gatewayRuleCalls = {
  list: readCall("list gateway rules", "/accounts/{account_id}/gateway/rules", null),
};

/** A Gateway rule; lists stand in its expressions as `$<id>`, with or without the id's dashes. */
export const GatewayRule = row(
  {
    id: textOrEmpty("id"),
    name: text("name"),
    /** "block", "allow", "isolate", … */
    action: text("action"),
    enabled: flag("enabled"),
    traffic: text("traffic"),
    identity: text("identity"),
    devicePosture: text("device_posture"),
    deletedAt: time("deleted_at"),
  },
  "id",
);
export type GatewayRule = RowOf<typeof GatewayRule>;

export function createGatewayRules(http: Http): Cloudflare["gatewayRules"] {
  async function fetchPage(page: number, call?: CallOptions) {
    // The document names no parameters: the first page is asked for without any.
    const answer = await http.send(gatewayRuleCalls.list, { query: page === 1 ? {} : { page } }, call);
    const { rows, rowCount } = readList(GatewayRule, { answer, log: http.log, list: answer.result });
    const { perPage, totalCount } = readPageInfo(answer.resultInfo);
    return { items: rows, rowCount, perPage: perPage ?? Infinity, totalCount };
  }

  return {
    list: (call) =>
      collect(
        iteratePages({
          call: gatewayRuleCalls.list.name,
          firstPage: 1,
          idOf: ({ id }: GatewayRule) => id,
          fetchPage: (page) => fetchPage(page, call),
        }),
      ),
  };
}
