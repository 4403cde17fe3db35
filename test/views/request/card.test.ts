import { describe, expect, it } from "vitest";

import { describeRequest } from "../../../src/actions/describe.ts";
import { ACTION_NAMES, type ActionName } from "../../../src/requests/plan.ts";
import { STATUSES, type Request, type Status } from "../../../src/requests/request.ts";
import { approvalCard, CARD_ACTIONS } from "../../../src/views/request/card.ts";
import { readWords } from "../../support/words.ts";
import { HOSTILE, makeRequest, makeSummary, NOW, SUMMARIES } from "../support.ts";

type Options = Parameters<typeof makeRequest>[0];

function draw(
  options: Options,
  approvers: readonly string[] = ["S0LEADS01", "U0BOB0001"],
  changes: Partial<Request> = {},
  quorum = 1,
) {
  const request = { ...makeRequest(options), ...changes };
  return approvalCard({
    request,
    words: describeRequest(request),
    rules: { approvers, quorum, alone: null, stepUp: { votes: false, alone: false } },
    now: NOW,
  });
}

function buttonsOf(card: ReturnType<typeof draw>) {
  return card.blocks.flatMap((block) =>
    block.type === "actions"
      ? block.elements.flatMap((element) => (element.type === "button" ? [element] : []))
      : [],
  );
}

describe("the approval card", () => {
  it("tells an approver everything that the decision needs", () => {
    const words = readWords(draw({ status: "pending" }));
    const order = [
      "Revoke all sessions and devices of mallory@example.com",
      "🟡 Waiting for approval",
      "High risk",
      "Asked by @U0ALICE01",
      "Reason laptop stolen",
      "What will happen",
      "• Ends 2 sessions on 1 app",
      "• Revokes 1 device registration",
      "This is not a ban",
      "Ended sessions cannot be brought back",
      "May approve @S0LEADS01 @U0BOB0001 (one is enough; not who asked, not who it is about)",
      "Approve",
      "Deny",
      "Cancel",
      "Details",
      "ZT-7K3M2QF · expires 2026-03-14 14:57:31 UTC",
    ];
    const places = order.map((part) => words.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it("says of a reset that it can give access back and cannot be undone", () => {
    const words = readWords(draw({ status: "pending", action: "reset-risk" }));
    expect(words).toContain("Reset the risk score of mallory@example.com");
    expect(words).toContain("This can give access back");
    expect(words).toContain("Cannot be undone");
    expect(words).toContain("Resets the risk level (high) with 1 event since the last reset");
    expect(words).toContain("Impossible travel: judged a false positive");
  });

  it("says in bold, right under its state, what must not be overlooked, and nothing of it twice", () => {
    const grave = (action: ActionName, status: Status = "pending"): string[] => {
      const { blocks } = draw({ status, action });
      const third = blocks[2];
      const text = third?.type === "section" ? (third.text?.text ?? "") : "";
      return text.split("\n").filter((line) => /^[🔓⛔]/u.test(line));
    };
    expect(grave("delete-user")).toEqual([
      "⛔ *Cannot be undone*: deleted registrations cannot be restored, and the id is gone for good.",
    ]);
    expect(grave("delete-devices")).toEqual([
      expect.stringMatching(/^⛔ \*Cannot be undone\*: a deleted registration/),
    ]);
    expect(grave("restore-devices")).toEqual([
      "🔓 *This gives access back*: the devices can connect again without a new registration.",
    ]);
    expect(grave("reset-risk")).toEqual([
      expect.stringMatching(/^🔓 \*This can give access back\*: policies/),
      expect.stringMatching(/^⛔ \*Cannot be undone\*: the events/),
    ]);
    for (const action of ["revoke", "revoke-devices", "create-user", "rename-user"] as const)
      expect(grave(action)).toEqual([]);
    const words = readWords(draw({ status: "pending", action: "delete-user" }));
    expect(words.match(/cannot be undone/gi)).toHaveLength(1);
    expect(words).toContain("⚠️ This is not a ban");
  });

  it.each(ACTION_NAMES)("of %s begins its gravest sentences with what they come down to", (action) => {
    const { access, isIrreversible, caution, undo } = describeRequest(
      makeRequest({ status: "pending", action }),
    );
    if (access === "gives") expect(caution).toMatch(/^This (gives|can give) access back: /);
    if (isIrreversible) expect(undo).toMatch(/^Cannot be undone: /);
    else expect(undo).not.toMatch(/^Cannot be undone:/);
  });

  it("speaks as softly of what was not done as of anything", () => {
    const words = readWords(draw({ status: "denied", action: "restore-devices" }));
    expect(words).toContain("⚠️ This gives access back");
    expect(words).not.toContain("🔓");
  });

  it.each([
    [1, 0, null],
    [2, 0, "Yours would be the first of 2 approvals: nothing happens before the second."],
    [2, 1, null],
    [3, 1, "Yours would be the second of 3 approvals: nothing happens before the third."],
    [10, 8, "Yours would be the ninth of 10 approvals: nothing happens before the tenth."],
  ])(
    "where %i have to agree and %i did, the question says so while more are needed",
    (quorum, given, note) => {
      const votes = Array.from({ length: given }, (_, index) => ({ by: `U0BOB000${index}`, at: NOW }));
      const email = `${"m".repeat(230)}@example.com`;
      const long = makeSummary({ user: { ...makeSummary().user, email } });
      for (const summary of [makeSummary(), long]) {
        const card = draw(
          { status: "pending", action: "delete-user", summary },
          undefined,
          { votes },
          quorum,
        );
        const question = buttonsOf(card)[0]?.confirm?.text?.text ?? "";
        expect(question.length).toBeLessThanOrEqual(300);
        if (note === null) expect(question).not.toContain("Yours would");
        else expect(question.endsWith(` ${note}`)).toBe(true);
      }
    },
  );

  it("counts the approvals against those that are needed, in its state and its text", () => {
    const votes = [{ by: "U0BOB0001", at: NOW }];
    const card = draw({ status: "pending" }, undefined, { votes }, 2);
    expect(readWords(card)).toContain("🟡 Waiting for approval: 1 of 2 approvals");
    expect(card.text).toContain("waiting for approval, 1 of 2 approvals. Asked by");
    // Given again after it had aged, it is one approval all the same.
    const again = draw({ status: "pending" }, undefined, { votes: [...votes, ...votes] }, 2);
    expect(readWords(again)).toContain("1 of 2 approvals");
    // One of them no longer counts: there are enough, and it waits all the same.
    const stale = draw(
      { status: "pending" },
      undefined,
      { votes: [...votes, { by: "U0CAROL01", at: NOW }] },
      2,
    );
    expect(readWords(stale)).toContain("🟡 Waiting for approval: 2 approvals so far");
  });

  it("says in its first line whether the devices go as well", () => {
    const headline = (isDevices: boolean) => readWords(draw({ status: "pending", isDevices })).split("\n")[0];
    expect(headline(true)).toBe("Revoke all sessions and devices of mallory@example.com");
    expect(headline(false)).toBe("Revoke all sessions of mallory@example.com");
  });

  it("leaves out what says nothing", () => {
    const { risk } = makeSummary();
    if (!risk.ok) throw new Error("no risk to leave events out of");
    const none = makeSummary({
      registrations: { ok: true, value: [] },
      risk: { ok: true, value: { ...risk.value, events: [] } },
    });
    const effects = (action: ActionName) => readWords(draw({ status: "pending", action, summary: none }));
    expect(effects("delete-user")).not.toContain("device registration");
    expect(effects("revoke")).toContain("They have no device registration now");
    expect(effects("reset-risk")).toContain("• Resets the risk level (high)\n");
  });

  it("puts who, what, state and reason into its text, where notifications and screen readers look", () => {
    expect(draw({ status: "pending" }).text).toBe(
      "Revoke all sessions and devices of mallory@example.com: waiting for approval. Asked by <@U0ALICE01>. laptop stolen",
    );
  });

  it.each(STATUSES.filter((status) => status !== "pending"))("has no buttons when it is %s", (status) => {
    const card = draw({ status });
    expect(buttonsOf(card)).toEqual([]);
    expect(readWords(card)).not.toContain("May approve");
    expect(readWords(card)).not.toContain("expires");
  });

  it("asks before an approval counts, and carries only the request's id", () => {
    const buttons = buttonsOf(draw({ status: "pending", summary: SUMMARIES["hostile"] ?? makeSummary() }));
    expect(buttons.map(({ action_id: action, value }) => [action, value])).toEqual(
      Object.values(CARD_ACTIONS)
        .filter((action) => action !== CARD_ACTIONS.stop)
        .map((action) => [action, "ZT-7K3M2QF"]),
    );
    expect(buttons[0]).toMatchObject({ style: "danger", confirm: { style: "danger" } });
    expect(buttons.slice(1).map(({ confirm }) => confirm)).toEqual([undefined, undefined, undefined]);
  });

  it("names 20 approvers and says how many more there are", () => {
    const approvers = Array.from({ length: 40 }, (_, index) => `U0APPROVER${index}`);
    const words = readWords(draw({ status: "pending" }, approvers));
    expect(words.match(/@U0APPROVER\d+/g)).toHaveLength(20);
    expect(words).toContain("and 20 more");
  });

  it("keeps a reason that breaks out of its line in its line, and pings nobody with it", () => {
    const card = draw({ status: "pending", reason: `${HOSTILE}\n*Approved by* <@U0BOB0001>` });
    const reason = card.blocks.flatMap((block) =>
      block.type === "section" && block.text?.text.includes("*Reason*") === true ? [block.text.text] : [],
    );
    expect(reason).toHaveLength(1);
    expect(reason[0]?.split("\n")).toHaveLength(2);
    expect(reason[0]?.match(/<[!@][^>]*>/g)).toEqual(["<@U0ALICE01>", expect.stringMatching(/^<!date/)]);
  });

  it.each<[string, Options, string]>([
    ["approved", { status: "approved" }, "🔵 Approved by @U0BOB0001"],
    ["being carried out", { status: "executing" }, "⏳ Being carried out · approved by @U0BOB0001"],
    [
      "accepted by Cloudflare",
      { status: "executing", result: { receipt: { cfRay: null, at: NOW } } },
      "⏳ Accepted by Cloudflare, checking · approved by @U0BOB0001",
    ],
    ["unknown", { status: "unknown" }, "❔ No clear answer: finding out whether it is done"],
    [
      "denied",
      { status: "denied", reason: "not on a Sunday" },
      "⛔ Denied by @U0BOB0001 2026-03-14 14:01:31 UTC: not on a Sunday",
    ],
    ["cancelled", { status: "cancelled" }, "⚪ Cancelled by @U0BOB0001"],
    ["expired", { status: "expired" }, "⚪ Expired: no one answered in time, nothing was done"],
    [
      "done and verified",
      {
        status: "succeeded",
        result: {
          verification: {
            confirmed: true,
            summary: "Revoked 3 sessions",
            notes: ["1 new log-in since"],
            checkedAt: NOW,
          },
        },
      },
      "✅ Done and verified: Revoked 3 sessions, checked 14:02:31 UTC · approved by @U0BOB0001 2026-03-14 14:01:31 UTC\n⚠️ 1 new log-in since",
    ],
    [
      "done and not confirmed",
      {
        status: "succeeded",
        result: {
          verification: {
            confirmed: false,
            summary: "3 of 3 sessions still open",
            notes: [],
            checkedAt: NOW,
          },
        },
      },
      "⚠️ Accepted by Cloudflare, not confirmed: 3 of 3 sessions still open, checked 14:02:31 UTC",
    ],
    [
      "done and never looked at",
      { status: "succeeded" },
      "⚠️ Accepted by Cloudflare, not confirmed · approved by @U0BOB0001",
    ],
    [
      "failed",
      { status: "failed", result: { failure: { why: "The API token may not revoke user.", next: "x" } } },
      "❌ Failed, nothing was done: The API token may not revoke user. · approved by @U0BOB0001",
    ],
    [
      "failed, nobody knows why",
      { status: "failed" },
      "❌ Failed, nothing was done: the reason was not recorded",
    ],
  ])("that is %s says so in its second line", (_what, options, expected) => {
    expect(readWords(draw(options))).toContain(expected);
  });

  it.each([
    [
      "sessions that could not be read",
      "Ends all their sessions (how many could not be read:",
      SUMMARIES["that could not be read"],
    ],
    ["no session", "No active session now: ends any opened before it runs", SUMMARIES["empty"]],
  ])("says plainly what happens with %s", (_what, expected, summary) => {
    expect(readWords(draw({ status: "pending", summary: summary ?? makeSummary() }))).toContain(expected);
  });

  it("says that devices stay registered where they do", () => {
    expect(readWords(draw({ status: "pending", isDevices: false }))).toContain("• 1 device stays registered");
  });

  it("says right under its state that no approver is active, and only while it waits", () => {
    const nobodyThere = { nobodyThereAt: NOW };
    const words = "⚠️ No approver seems active in Slack now: call one of them";
    expect(readWords(draw({ status: "pending" }, undefined, nobodyThere))).toContain(
      `🟡 Waiting for approval\n${words}\n`,
    );
    expect(readWords(draw({ status: "pending" }))).not.toContain(words);
    for (const status of STATUSES.filter((status) => status !== "pending"))
      expect(readWords(draw({ status }, undefined, nobodyThere))).not.toContain(words);
  });

  it("says beside the deadline that more people were asked, and when", () => {
    const escalated = { escalatedAt: NOW };
    expect(readWords(draw({ status: "pending" }, undefined, escalated))).toContain(
      "expires 2026-03-14 14:57:31 UTC · 📣 more people asked 2026-03-14 14:02:31 UTC",
    );
    expect(readWords(draw({ status: "succeeded" }, undefined, escalated))).not.toContain("📣");
  });

  it("counts the votes against how many are needed, and claims no more than it knows where there are enough", () => {
    const words = (count: number, quorum: number) => {
      const request = makeRequest({ status: "pending" });
      const votes = [
        { by: "U0BOB0001", at: NOW },
        { by: "U0CAROL01", at: NOW },
      ].slice(0, count);
      return readWords(
        approvalCard({
          request: { ...request, votes },
          words: describeRequest(request),
          rules: { approvers: ["S0LEADS01"], quorum, alone: null, stepUp: { votes: false, alone: false } },
          now: NOW,
        }),
      );
    };
    expect(words(1, 2)).toContain("Approved by @U0BOB0001 2026-03-14 14:02:31 UTC · 1 of 2\n");
    // One was removed since, or the quorum was two before: who only draws can't know.
    expect(words(1, 1)).toContain(
      "Approved by @U0BOB0001 2026-03-14 14:02:31 UTC · 1 needed: one more click of an approver counts them anew",
    );
    expect(words(2, 2)).toContain("2 needed: one more click of an approver counts them anew");
  });

  it("that expired names those who approved in vain, and how many were needed", () => {
    const votes = [{ by: "U0BOB0001", at: NOW }];
    expect(
      readWords(draw({ status: "expired" }, undefined, { votes, decisionReason: "1 of 2 approved" })),
    ).toContain("⚪ Expired: 1 of 2 approved in time (@U0BOB0001), nothing was done");
    // Of one that expired before that was recorded.
    expect(readWords(draw({ status: "expired" }, undefined, { votes }))).toContain(
      "⚪ Expired: only 1 approver in time (@U0BOB0001), nothing was done",
    );
  });
});
