import { ZERO_TRUST_PII_READ, ZERO_TRUST_WRITE, readCall, writeCall } from "./call.ts";
import type { Cloudflare } from "./cloudflare.ts";
import { readList, readResult, receiptOf } from "./envelope.ts";
import { UnexpectedShapeError } from "./errors.ts";
import { readRecord } from "./fields.ts";
import type { Http } from "./http.ts";
import { RiskScore, RiskSummaryUser } from "./schema.ts";

const RISK = "/accounts/{account_id}/zt_risk_scoring";

export const riskCalls = {
  summary: readCall("get risk summary", `${RISK}/summary`, ZERO_TRUST_PII_READ),
  get: readCall("get risk score", `${RISK}/{user_id}`, ZERO_TRUST_PII_READ),
  reset: writeCall("reset risk score", `POST ${RISK}/{user_id}/reset`, ZERO_TRUST_WRITE),
};

export function createRiskScoring(http: Http): Cloudflare["riskScoring"] {
  return {
    summary: async (call) => {
      const answer = await http.send(riskCalls.summary, {}, call);
      const list = readRecord(answer.result)?.["users"];
      return readList(RiskSummaryUser, { answer, log: http.log, list }).rows;
    },
    get: async (userId, call) => {
      const answer = await http.send(riskCalls.get, { ids: { user_id: userId } }, call);
      const score = readResult(RiskScore, answer);
      // A score whose events are not said must not look like one without events. Of {} nothing is claimed.
      if (score.rawLevel !== null && readRecord(answer.result)?.["events"] === undefined)
        throw new UnexpectedShapeError({ ...answer.facts, problem: "the events are missing" });
      return score;
    },
    // `result` is {}, null or absent: success alone says that it was done.
    reset: async (userId, call) =>
      receiptOf(await http.send(riskCalls.reset, { ids: { user_id: userId } }, call)),
  };
}
