import { ACCESS_AUDIT_LOGS_READ, defineCalls } from "./call.ts";
import type { Cloudflare } from "./cloudflare.ts";
import { readList } from "./envelope.ts";
import type { Http } from "./http.ts";
import { toIsoTime } from "./query.ts";
import { AccessRequest, sameEmail } from "./schema.ts";

export const accessLogCalls = defineCalls({
  requests: {
    name: "list access requests",
    method: "GET",
    path: "/accounts/{account_id}/access/logs/access_requests",
    permission: ACCESS_AUDIT_LOGS_READ,
    mode: "read",
  },
});

export function createAccessLogs(http: Http): Cloudflare["accessLogs"] {
  return {
    requests: async ({ since, until, limit, email, direction } = {}, call) => {
      const query = {
        limit,
        direction,
        since: toIsoTime(since),
        until: toIsoTime(until),
        // `email` alone means "contains"; these two make it "is".
        ...(email === undefined ? {} : { email, email_exact: true, emailOp: "eq" }),
      };
      const answer = await http.send(accessLogCalls.requests, { query }, call);
      const { rows } = readList(AccessRequest, { answer, log: http.log, list: answer.result });
      if (email === undefined) return rows;
      return rows.filter((row) => row.email !== null && sameEmail(row.email, email));
    },
  };
}
