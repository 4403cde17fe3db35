import { ACCOUNT_SETTINGS_READ, readCall, toIsoTime } from "./call.ts";
import type { AuditLogQuery, CallOptions, Cloudflare, CursorPage } from "./cloudflare.ts";
import { readList } from "./envelope.ts";
import { readText } from "./fields.ts";
import type { Http } from "./http.ts";
import { iterateCursors } from "./paginate.ts";
import { AuditEvent } from "./schema.ts";

export const auditLogCalls = {
  list: readCall("list audit log", "/accounts/{account_id}/logs/audit", ACCOUNT_SETTINGS_READ),
};

/** Cloudflare's limit for one page. */
const MAX_LIMIT = 1000;

export function createAuditLogs(http: Http): Cloudflare["auditLogs"] {
  async function fetchPage(query: AuditLogQuery, call?: CallOptions): Promise<CursorPage<AuditEvent>> {
    const { since, before, tokenId, direction, limit, cursor } = query;
    const wire = {
      since: toIsoTime(since),
      before: toIsoTime(before),
      actor_token_id: tokenId,
      direction,
      limit: limit === undefined ? undefined : Math.min(limit, MAX_LIMIT),
      cursor,
    };
    const answer = await http.send(auditLogCalls.list, { query: wire }, call);
    const { rows } = readList(AuditEvent, { answer, log: http.log, list: answer.result });
    return {
      // Somebody else's change must never stand in the bot's name, should the filter be ignored.
      items: rows.filter((row) => tokenId === undefined || row.tokenId === null || row.tokenId === tokenId),
      cursor: readText(answer.resultInfo["cursor"]),
      // `result_info.count` is the length of this page.
      totalCount: null,
    };
  }

  return {
    list: fetchPage,
    iterate: (query, call) =>
      iterateCursors({
        call: auditLogCalls.list.name,
        firstCursor: query.cursor,
        // An event without an id is still one that happened.
        idOf: (event: AuditEvent) => event.id ?? JSON.stringify(event),
        fetchPage: (cursor) => fetchPage({ ...query, cursor }, call),
      }),
  };
}
