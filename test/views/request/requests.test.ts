import { describe, expect, it } from "vitest";

import { describeRequest } from "../../../src/actions/describe.ts";
import type { Request, Result } from "../../../src/requests/request.ts";
import { requestsMessage, type RequestsProps } from "../../../src/views/request/requests.ts";
import { readWords } from "../../support/words.ts";
import { makeRequest, NOW } from "../support.ts";

function draw(requests: readonly Request[], changes: Partial<RequestsProps> = {}): string {
  const rows = requests.map((request) => ({
    request,
    words: describeRequest(request),
    link: null,
    quorum: 2,
  }));
  return readWords(
    requestsMessage({
      unreviewed: [],
      unreviewedTotal: 0,
      rows,
      shown: { kind: "open" },
      mayAsk: true,
      mayAudit: true,
      pause: null,
      page: 1,
      params: {},
      now: NOW,
      ...changes,
    }),
  );
}

const seen = (confirmed: boolean): Result => ({
  verification: { confirmed, summary: "Revoked 3 sessions", notes: [], checkedAt: NOW },
});
const held = { code: "paused", why: "zt-bot is paused", since: NOW } as const;
const bulk = { total: 3, done: 1, failed: 2, untouched: 0, endsAt: null, waitsUntil: null };

describe("the sign of a request in the list", () => {
  it.each<[string, Request, string]>([
    [
      "what was seen to be so",
      makeRequest({ status: "succeeded", result: seen(true) }),
      "✅ done and verified",
    ],
    [
      "what was looked at and not seen",
      makeRequest({ status: "succeeded", result: seen(false) }),
      "⚠️ accepted by Cloudflare, but not confirmed",
    ],
    [
      "what was never looked at",
      makeRequest({ status: "succeeded" }),
      "⚠️ accepted by Cloudflare, but not confirmed",
    ],
    [
      "what is approved and kept back",
      { ...makeRequest({ status: "approved" }), held },
      "⏸️ approved, waiting: zt-bot is paused",
    ],
    [
      "what began and is kept back",
      { ...makeRequest({ status: "executing" }), held },
      "⏸️ waiting: zt-bot is paused",
    ],
    ["what nobody knows", makeRequest({ status: "unknown" }), "❔ no clear answer from Cloudflare"],
    [
      "what is done for some of several users",
      makeRequest({ status: "failed", result: { bulk } }),
      "⚠️ not all done, 1 of 3 done",
    ],
    ["what failed", makeRequest({ status: "failed" }), "❌ failed"],
    ["what goes on", makeRequest({ status: "executing" }), "⏳ being carried out"],
    ["what waits", makeRequest({ status: "pending" }), "🟡 waiting for approval"],
    [
      "what lacks an approval",
      { ...makeRequest({ status: "pending" }), votes: [{ by: "U0BOB0001", at: NOW }] },
      "🟡 waiting for approval, 1 of 2 approvals",
    ],
  ])("tells %s", (_what, request, expected) => {
    expect(draw([request])).toContain(expected);
  });
});

describe("the next steps under the list", () => {
  const CANCEL = "/zt cancel";
  const AUDIT = "/zt audit";
  const mine = { kind: "mine", userId: "U0ALICE01" } as const;

  it.each<[string, Partial<RequestsProps>, string[]]>([
    ["an operator", {}, [CANCEL, AUDIT]],
    ["an approver", { mayAsk: false }, [AUDIT]],
    ["a viewer", { mayAsk: false, mayAudit: false }, []],
    ["who sees their own", { mayAsk: false, mayAudit: false, shown: mine }, [CANCEL]],
  ])("are for %s only what they may take", (_who, changes, expected) => {
    const words = draw([makeRequest({ status: "pending" })], changes);
    expect([CANCEL, AUDIT].filter((step) => words.includes(step))).toEqual(expected);
  });

  it.each([{ kind: "open" } as const, mine, { kind: "all" } as const])(
    "tell who may not ask no way to do so, where there is nothing: $kind",
    (shown) => {
      expect(draw([], { shown })).toMatch(/revoke|how to ask/);
      const words = draw([], { shown, mayAsk: false });
      expect(words).toContain("→");
      expect(words).not.toMatch(/revoke|how to ask/);
    },
  );
});
