import { describe, expect, it } from "vitest";

import { describeRequest } from "../../../src/actions/describe.ts";
import type { Request, Result } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { requestsMessage, type RequestRow, type RequestsProps } from "../../../src/views/request/requests.ts";
import { readWords } from "../../support/words.ts";
import { makeRequest, NOW } from "../support.ts";

function makeMessage(rows: readonly RequestRow[], changes: Partial<RequestsProps> = {}): Message {
  return requestsMessage({
    unreviewed: [],
    unreviewedTotal: 0,
    rows,
    shown: { kind: "open" },
    mayAsk: true,
    mayAudit: true,
    pause: null,
    shortUntil: null,
    page: 1,
    params: {},
    now: NOW,
    ...changes,
  });
}

function draw(requests: readonly Request[], changes: Partial<RequestsProps> = {}): string {
  const rows = requests.map((request) => ({
    request,
    words: describeRequest(request),
    link: null,
    quorum: 2,
    offered: [],
  }));
  return readWords(makeMessage(rows, changes));
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
      "⏸️ approved, on hold: zt-bot is paused",
    ],
    [
      "what began and is kept back",
      { ...makeRequest({ status: "executing" }), held },
      "⏸️ on hold: zt-bot is paused",
    ],
    ["what nobody knows", makeRequest({ status: "unknown" }), "❔ no clear answer from Cloudflare"],
    [
      "what is done for some of several users",
      makeRequest({ status: "failed", result: { bulk } }),
      "⚠️ not all done, 1 of 3 done",
    ],
    ["what failed", makeRequest({ status: "failed" }), "❌ failed"],
    ["what goes on", makeRequest({ status: "executing" }), "⏳ in progress"],
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
  const mine = { kind: "mine", userId: "U0ALICE01" } as const;

  it.each<[string, Partial<RequestsProps>, boolean]>([
    ["who may read the record", {}, true],
    ["who may not", { mayAudit: false }, false],
  ])("are for %s only what they may take", (_who, changes, expected) => {
    expect(draw([makeRequest({ status: "pending" })], changes).includes("/zt audit")).toBe(expected);
  });

  it.each([{ kind: "open" } as const, mine, { kind: "all" } as const])(
    "tell who may not make requests no way to do so, where there is nothing: $kind",
    (shown) => {
      expect(draw([], { shown })).toContain("/zt revoke");
      const words = draw([], { shown, mayAsk: false });
      expect(words).toContain("→");
      expect(words).not.toContain("revoke");
    },
  );
});

describe("the buttons of a request in the list", () => {
  const buttonsOf = (changes: Partial<RequestsProps>, offered: RequestRow["offered"]) => {
    const request = makeRequest({ status: "pending" });
    const rows = [{ request, words: describeRequest(request), link: null, quorum: 2, offered }];
    return makeMessage(rows, changes)
      .blocks.filter((block) => block.type === "actions")
      .flatMap((block) => block.elements)
      .flatMap((element) => (element.type === "button" ? [[element.action_id, element.value]] : []));
  };
  const id = makeRequest({ status: "pending" }).id;
  const refresh = ["screen:requests:refresh", "page=1"];

  it("are those that the reader may press, and Details", () => {
    expect(buttonsOf({}, ["approve", "deny", "cancel", "stop"])).toEqual([
      [CARD_ACTIONS.approve, id],
      [CARD_ACTIONS.deny, id],
      [CARD_ACTIONS.cancel, id],
      [CARD_ACTIONS.stop, id],
      [CARD_ACTIONS.details, id],
      refresh,
    ]);
    expect(buttonsOf({}, [])).toEqual([[CARD_ACTIONS.details, id], refresh]);
  });

  it("are Cancel and Details where the question is what to cancel", () => {
    const shown = { kind: "cancellable", userId: "U0ALICE01" } as const;
    expect(buttonsOf({ shown }, ["approve", "deny", "cancel", "stop"])).toEqual([
      [CARD_ACTIONS.cancel, id],
      [CARD_ACTIONS.details, id],
      refresh,
    ]);
  });
});
