import { defineCalls, ZERO_TRUST_PII_READ, ZERO_TRUST_WRITE } from "./call.ts";
import type { Cloudflare } from "./cloudflare.ts";
import { readList, readResult } from "./envelope.ts";
import { readRecord } from "./fields.ts";
import type { Http } from "./http.ts";
import { RiskScore, RiskSummaryUser } from "./schema.ts";

const RISK = "/accounts/{account_id}/zt_risk_scoring";

export const riskCalls = defineCalls({
  summary: {
    name: "get risk summary",
    method: "GET",
    path: `${RISK}/summary`,
    permission: ZERO_TRUST_PII_READ,
    mode: "read",
  },
  get: {
    name: "get risk score",
    method: "GET",
    path: `${RISK}/{user_id}`,
    permission: ZERO_TRUST_PII_READ,
    mode: "read",
  },
  reset: {
    name: "reset risk score",
    method: "POST",
    path: `${RISK}/{user_id}/reset`,
    permission: ZERO_TRUST_WRITE,
    mode: "write",
  },
});

export function createRiskScoring(http: Http): Cloudflare["riskScoring"] {
  return {
    summary: async (call) => {
      const answer = await http.send(riskCalls.summary, {}, call);
      const list = readRecord(answer.result)?.["users"];
      return readList(RiskSummaryUser, { answer, log: http.log, list }).rows;
    },
    get: async (userId, call) =>
      readResult(RiskScore, await http.send(riskCalls.get, { ids: { user_id: userId } }, call)),
    reset: async (userId, call) => {
      // `result` is {}, null or absent: success alone says that it was done.
      const { facts } = await http.send(riskCalls.reset, { ids: { user_id: userId } }, call);
      return { cfRay: facts.cfRay, status: facts.status };
    },
  };
}
