import { ACCESS_AUDIT_LOGS_READ, readCall, toIsoTime } from "./call.ts";
import type { Cloudflare } from "./cloudflare.ts";
import { readList } from "./envelope.ts";
import type { Http } from "./http.ts";
import { mayGoOn, readPageInfo } from "./paginate.ts";
import { AccessRequest, sameEmail } from "./schema.ts";

export const accessLogCalls = {
  requests: readCall(
    "list access requests",
    "/accounts/{account_id}/access/logs/access_requests",
    ACCESS_AUDIT_LOGS_READ,
  ),
};

/** The rows asked for at once. A server that gives fewer is asked for the next page. */
const PAGE_SIZE = 1000;
/** Somebody waits, and the rate limit is shared: of a server that gives few at a time, the newest must do. */
const MAX_PAGES = 10;

export function createAccessLogs(http: Http): Cloudflare["accessLogs"] {
  return {
    requests: async ({ since, until, email, max = PAGE_SIZE } = {}, call) => {
      const items: AccessRequest[] = [];
      const seen = new Set<string>();
      for (let page = 1; ; page += 1) {
        const query = {
          // Of these two, which one a server heeds is not documented.
          limit: PAGE_SIZE,
          per_page: PAGE_SIZE,
          page,
          direction: "desc",
          since: toIsoTime(since),
          until: toIsoTime(until),
          // `email` alone means "contains"; these two make it "is".
          ...(email === undefined ? {} : { email, email_exact: true, emailOp: "eq" }),
        };
        const answer = await http.send(accessLogCalls.requests, { query }, call);
        const { rows, rowCount } = readList(AccessRequest, { answer, log: http.log, list: answer.result });
        // Rows may move to the next page meanwhile; within one page, two that are the same are two.
        const fresh = rows.filter((row) => !seen.has(JSON.stringify(row)));
        for (const row of fresh) seen.add(JSON.stringify(row));
        const isOf = (row: AccessRequest) =>
          email === undefined || (row.email !== null && sameEmail(row.email, email));
        items.push(...fresh.filter(isOf));
        // A total may count what no filter let through: it is not looked at.
        const perPage = readPageInfo(answer.resultInfo).perPage ?? PAGE_SIZE;
        const hasMore = mayGoOn({ rowCount, perPage, totalCount: null });
        if (!hasMore && items.length <= max) return { items, complete: true };
        // A page that repeats the last one is that of a server that has no second page to give.
        if (items.length >= max || fresh.length === 0 || page === MAX_PAGES)
          return { items: items.slice(0, max), complete: false };
      }
    },
  };
}
