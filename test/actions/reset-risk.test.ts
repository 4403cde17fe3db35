import { describe, expect, it } from "vitest";

import { resetRisk } from "../../src/actions/reset-risk/index.ts";
import type { ResetRiskPlan } from "../../src/actions/reset-risk/options.ts";
import type { RiskBaseline } from "../../src/actions/reset-risk/verification.ts";
import type { RiskScore } from "../../src/api/cloudflare.ts";
import { fakeCloudflare, NOW, SECOND, SENT, TARGET } from "./support.ts";

const PLAN_RESET: ResetRiskPlan = {
  action: "reset-risk",
  accountId: "a",
  target: TARGET,
  options: { riskUserId: "risk-1", judged: [{ name: "Impossible travel", count: 2, judgement: "handled" }] },
};

const RESET_BEFORE = SENT - 1000 * SECOND;

describe("after a reset of the risk score", () => {
  const risk = (
    level: RiskScore["level"],
    lastResetAt: number | null,
    eventIds: (string | null)[],
  ): RiskScore => ({
    email: TARGET.email,
    name: null,
    level,
    rawLevel: level,
    lastResetAt,
    events: eventIds.map((id) => ({ id, name: "x", level: "high", at: SENT, details: null })),
  });
  const before: RiskBaseline = { level: "high", lastResetAt: RESET_BEFORE, eventIds: ["e1", "e2"] };

  it.each<[string, RiskBaseline | null, RiskScore, { confirmed: boolean; summary: string; notes: string[] }]>(
    [
      [
        "the reset's time has moved and nothing counts any more",
        before,
        risk("low", SENT, []),
        { confirmed: true, summary: "Reset the risk score, now low", notes: [] },
      ],
      [
        "it was never reset before",
        { ...before, lastResetAt: null },
        risk("low", SENT, []),
        { confirmed: true, summary: "Reset the risk score, now low", notes: [] },
      ],
      [
        "nothing has changed",
        before,
        risk("high", RESET_BEFORE, ["e1", "e2"]),
        { confirmed: false, summary: "Risk level high, 2 earlier events still count", notes: [] },
      ],
      [
        "Cloudflare shows no time, and the score has come down",
        { ...before, lastResetAt: null },
        risk("low", null, []),
        { confirmed: true, summary: "Reset the risk score, now low", notes: [] },
      ],
      [
        "Cloudflare shows no time, and an earlier event still counts",
        { ...before, lastResetAt: null },
        risk("low", null, ["e2"]),
        { confirmed: false, summary: "Risk level low, 1 earlier event still counts", notes: [] },
      ],
      [
        "Cloudflare shows no time, and the score has not come down",
        { ...before, lastResetAt: null },
        risk("medium", null, []),
        { confirmed: false, summary: "Risk level medium", notes: [] },
      ],
      [
        "it was low before",
        { level: "low", lastResetAt: null, eventIds: [] },
        risk("low", null, []),
        {
          confirmed: false,
          summary: "Risk level low",
          notes: ["nothing shows the reset: it was low before"],
        },
      ],
      [
        "it was low before with events that count no longer",
        { level: "low", lastResetAt: null, eventIds: ["e1"] },
        risk("low", null, []),
        { confirmed: true, summary: "Reset the risk score, now low", notes: [] },
      ],
      [
        "nothing could be read before, and the time of the reset is that of the call",
        null,
        risk("low", SENT, []),
        { confirmed: true, summary: "Reset the risk score, now low", notes: [] },
      ],
      [
        "nothing could be read before, and the last reset is an earlier one",
        null,
        risk("low", RESET_BEFORE, []),
        {
          confirmed: false,
          summary: "Risk level low",
          notes: ["nothing shows the reset: the score before is unknown"],
        },
      ],
      [
        "something new has happened since",
        before,
        risk("high", SENT, ["e3"]),
        {
          confirmed: true,
          summary: "Reset the risk score, now high",
          notes: ["1 new risk event since"],
        },
      ],
      [
        "events have no ids: they cannot be told from earlier ones",
        { ...before, eventIds: [""] },
        risk("high", RESET_BEFORE, [null]),
        { confirmed: false, summary: "Risk level high, 1 earlier event still counts", notes: [] },
      ],
      [
        "Cloudflare shows no level at all",
        before,
        risk(null, RESET_BEFORE, []),
        { confirmed: false, summary: "Risk level none", notes: [] },
      ],
    ],
  )("where %s", async (_what, baseline, now, expected) => {
    const seen = await resetRisk.verify(fakeCloudflare({ risk: now }), PLAN_RESET, baseline, SENT, NOW);
    expect(seen).toEqual({ ...expected, checkedAt: NOW, provesCall: expected.confirmed });
  });

  it("the baseline holds what stood before", async () => {
    const cloudflare = fakeCloudflare({ risk: risk("high", RESET_BEFORE, ["e1", null]) });
    expect(await resetRisk.readBaseline(cloudflare, PLAN_RESET, null)).toEqual({
      level: "high",
      lastResetAt: RESET_BEFORE,
      eventIds: ["e1", ""],
    });
  });

  it("the call names the user as risk scoring knows them", async () => {
    const sent: unknown[] = [];
    await resetRisk.execute(fakeCloudflare({ sent }), PLAN_RESET);
    expect(sent).toEqual(["risk-1"]);
  });

  it("the baseline is unknown when it could not be read", async () => {
    expect(await resetRisk.readBaseline(fakeCloudflare({}), PLAN_RESET, null)).toBeNull();
  });
});
