import { describe, expect, it } from "vitest";

import { describeRequest } from "../../../src/actions/describe.ts";
import { ACTION_NAMES, type ActionName } from "../../../src/requests/plan.ts";
import { STATUSES, type Request, type Status } from "../../../src/requests/request.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { approvalCard, compactCard } from "../../../src/views/card/card.ts";
import { readWords } from "../../support/words.ts";
import { HOSTILE, makeRequest, makeSummary, messageProblems, NOW, SUMMARIES } from "../support.ts";

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
  it("tells an approver everything that the decision needs, the danger first", () => {
    const words = readWords(draw({ status: "pending" }));
    const order = [
      "Revoke all sessions and devices of mallory@example.com",
      "High risk",
      "🟡 Needs 1 approval from @S0LEADS01 @U0BOB0001",
      "Requested by @U0ALICE01",
      "Reason laptop stolen",
      "What will happen",
      "• Ends 2 sessions on 1 app",
      "• Revokes 1 device registration",
      "⚠️",
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

  it("is not cut by Slack where it says why, and what will happen", () => {
    const shown = draw({ status: "pending" }).blocks.flatMap((block) =>
      block.type === "section" && block.expand === true ? [block.text?.text ?? ""] : [],
    );
    expect(shown).toEqual([
      expect.stringContaining("laptop stolen"),
      expect.stringContaining("*What will happen*"),
    ]);
  });

  it("says of a reset that it can restore access and can't be undone", () => {
    const words = readWords(draw({ status: "pending", action: "reset-risk" }));
    expect(words).toContain("Reset the risk score of mallory@example.com");
    expect(words).toContain("This can restore access");
    expect(words).toContain("Can't be undone");
    expect(words).toContain("Resets the risk level (high) with 1 event since the last reset");
    expect(words).toContain("Impossible travel: a false positive");
  });

  it("says in bold, right under its headline, what must not be overlooked, and nothing of it twice", () => {
    const grave = (action: ActionName, status: Status = "pending"): string[] => {
      const { blocks } = draw({ status, action });
      const second = blocks[1];
      const text = second?.type === "section" ? (second.text?.text ?? "") : "";
      return text.split("\n").filter((line) => /^[🔓⛔]/u.test(line));
    };
    expect(grave("delete-user")).toEqual([
      "⛔ *Can't be undone*: the user id and the device registrations are gone for good.",
    ]);
    expect(grave("delete-devices")).toEqual([expect.stringMatching(/^⛔ \*Can't be undone\*: /)]);
    expect(grave("restore-devices")).toEqual([
      "🔓 *This restores access*: the devices connect again without a new sign-in.",
    ]);
    expect(grave("reset-risk")).toEqual([
      expect.stringMatching(/^🔓 \*This can restore access\*: policies/),
      expect.stringMatching(/^⛔ \*Can't be undone\*: events/),
    ]);
    for (const action of ["revoke", "revoke-devices", "create-user", "rename-user"] as const)
      expect(grave(action)).toEqual([]);
    const words = readWords(draw({ status: "pending", action: "delete-user" }));
    expect(words.match(/can't be undone/gi)).toHaveLength(1);
    expect(words).toContain("⚠️ They become a user again if they sign in. To keep them out,");
  });

  it.each(ACTION_NAMES)("of %s begins its gravest sentences with what they come down to", (action) => {
    const { access, isIrreversible, caution, undo } = describeRequest(
      makeRequest({ status: "pending", action }),
    );
    if (access === "gives") expect(caution).toMatch(/^This (restores|can restore) access: /);
    if (isIrreversible) expect(undo).toMatch(/^Can't be undone: /);
    else expect(undo).not.toMatch(/^Can't be undone:/);
  });

  it.each([
    [1, 0, null],
    [2, 0, "Yours is approval 1 of 2."],
    [2, 1, null],
    [3, 1, "Yours is approval 2 of 3."],
    [10, 8, "Yours is approval 9 of 10."],
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
        if (note === null) expect(question).not.toContain("Yours is");
        else expect(question.endsWith(` ${note}`)).toBe(true);
      }
    },
  );

  it("counts the approvals against those that are needed, in its state and its text", () => {
    const votes = [{ by: "U0BOB0001", at: NOW }];
    const card = draw({ status: "pending" }, undefined, { votes }, 2);
    expect(readWords(card)).toContain(
      "🟡 Needs 1 more approval from @S0LEADS01 @U0BOB0001 · approved by @U0BOB0001 2026-03-14 14:02:31 UTC\n",
    );
    expect(card.text).toContain("waiting for approval, 1 of 2 approvals. Requested by");
    // Given again after it had aged, it is one approval all the same.
    const again = draw({ status: "pending" }, undefined, { votes: [...votes, ...votes] }, 2);
    expect(readWords(again)).toContain("Needs 1 more approval");
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
    expect(effects("revoke")).toContain("No registered device now: revokes any added before it runs");
    expect(effects("reset-risk")).toContain("• Resets the risk level (high)\n");
  });

  it("puts who, what, state and reason into its text, where notifications and screen readers look", () => {
    expect(draw({ status: "pending" }).text).toBe(
      "Revoke all sessions and devices of mallory@example.com: waiting for approval. Requested by <@U0ALICE01>. laptop stolen",
    );
  });

  it.each(STATUSES.filter((status) => status !== "pending"))(
    "has no button that decides when it is %s, and none of its words is there twice",
    (status) => {
      const card = draw({ status });
      const open = ["failed", "expired", "voided"].includes(status) ? ["form:revoke:retry"] : [];
      expect(buttonsOf(card).map(({ action_id: action }) => action)).toEqual(open);
      const words = readWords(card);
      expect(words).not.toContain("Needs");
      expect(words).not.toContain("expires");
      expect(words.match(/mallory@example\.com/g)).toHaveLength(1);
    },
  );

  const DECIDED = STATUSES.filter((status) => status !== "pending").flatMap((status) =>
    ACTION_NAMES.map((action): [Status, ActionName] => [status, action]),
  );
  it.each(DECIDED)(
    "of 60 words at most is all there is of a %s %s, what is folded included",
    (status, action) => {
      const verification = {
        confirmed: status === "succeeded",
        summary: "1 of 3 sessions still open",
        notes: ["1 new sign-in since"],
        checkedAt: NOW,
      };
      const why = "Cloudflare refused it: the API token lacks “Zero Trust Write”. ".repeat(5);
      const isApproved = !["denied", "cancelled", "expired"].includes(status);
      for (const breakGlass of [
        null,
        ...(isApproved ? [{ by: "U0BOB0001", at: NOW, reason: "no one else is awake now" }] : []),
      ]) {
        const reason = "laptop stolen from the train, the user called the desk, see #sec-42 ".repeat(10);
        const result = { verification, failure: { why, next: why } };
        const card = draw({ status, action, reason, result }, undefined, { breakGlass });
        const words = readWords(card)
          .split(/\s+/)
          .filter((word) => word !== "");
        expect(words.length, words.join(" ")).toBeLessThanOrEqual(60);
        expect(messageProblems(card, "chat.postMessage", "chat.update")).toEqual([]);
      }
    },
  );

  it("folds who requested it and why once it is decided, with the way to the details", () => {
    const folded = draw({ status: "succeeded" }).blocks.filter((block) => block.type === "container");
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({ is_collapsible: true, default_collapsed: true });
    const words = readWords({ blocks: folded });
    for (const part of ["Requested by @U0ALICE01", "Reason laptop stolen", "Details", "ZT-7K3M2QF"])
      expect(words).toContain(part);
  });

  it.each(ACTION_NAMES)("asks in red to approve %s only if it cannot be undone", (action) => {
    const [approve] = buttonsOf(draw({ status: "pending", action }));
    const { isIrreversible } = describeRequest(makeRequest({ status: "pending", action }));
    const style = isIrreversible ? "danger" : "primary";
    expect(approve).toMatchObject({ style, confirm: { style } });
  });

  it("asks before an approval counts, and carries only the request's id", () => {
    const buttons = buttonsOf(draw({ status: "pending", summary: SUMMARIES["hostile"] ?? makeSummary() }));
    expect(buttons.map(({ action_id: action, value }) => [action, value])).toEqual(
      Object.values(CARD_ACTIONS)
        .filter((action) => action !== CARD_ACTIONS.stop)
        .map((action) => [action, "ZT-7K3M2QF"]),
    );
    expect(buttons.slice(1).map(({ confirm }) => confirm)).toEqual([undefined, undefined, undefined]);
  });

  it("names 20 approvers and says how many more there are", () => {
    const approvers = Array.from({ length: 40 }, (_, index) => `U0APPROVER${index}`);
    const words = readWords(draw({ status: "pending" }, approvers));
    expect(words.match(/@U0APPROVER\d+/g)).toHaveLength(20);
    expect(words).toContain("and 20 more");
  });

  it("keeps a reason that breaks out of its line in its line, and pings no one with it", () => {
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
    ["in progress", { status: "executing" }, "⏳ In progress · approved by @U0BOB0001"],
    [
      "accepted by Cloudflare",
      { status: "executing", result: { receipt: { cfRay: null, at: NOW } } },
      "⏳ Accepted by Cloudflare, verifying · approved by @U0BOB0001",
    ],
    ["unknown", { status: "unknown" }, "⏳ No clear answer from Cloudflare, checking whether it is done"],
    [
      "denied",
      { status: "denied", reason: "not on a Sunday" },
      "⛔ Denied by @U0BOB0001 2026-03-14 14:01:31 UTC: not on a Sunday",
    ],
    ["cancelled", { status: "cancelled" }, "⚪ Cancelled by @U0BOB0001"],
    ["expired", { status: "expired" }, "⚪ Expired: no one decided in time, nothing was done"],
    [
      "done and verified",
      {
        status: "succeeded",
        result: {
          verification: {
            confirmed: true,
            summary: "Revoked 3 sessions",
            notes: ["1 new sign-in since"],
            checkedAt: NOW,
          },
        },
      },
      "✅ Revoked 3 sessions, verified at 2026-03-14 14:02:31 UTC · approved by @U0BOB0001\n⚠️ 1 new sign-in since",
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
      "⚠️ Accepted by Cloudflare, not confirmed: 3 of 3 sessions still open, checked at 2026-03-14 14:02:31 UTC",
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
      "failed, and no one knows why",
      { status: "failed" },
      "❌ Failed, nothing was done: the reason was not recorded",
    ],
  ])("that is %s says so in its second line", (_what, options, expected) => {
    expect(readWords(draw(options)).split("\n").slice(1).join("\n").indexOf(expected)).toBe(0);
  });

  it.each([
    [
      "sessions that are unknown",
      "Ends all their sessions (number unknown:",
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
    const words = "⚠️ No approver seems active in Slack. Call one of them.";
    expect(readWords(draw({ status: "pending" }, undefined, nobodyThere))).toContain(
      `🟡 Needs 1 approval from @S0LEADS01 @U0BOB0001\n${words}\n`,
    );
    expect(readWords(draw({ status: "pending" }))).not.toContain(words);
    for (const status of STATUSES.filter((status) => status !== "pending"))
      expect(readWords(draw({ status }, undefined, nobodyThere))).not.toContain(words);
  });

  it("says beside the deadline that more approvers were asked, and when", () => {
    const escalated = { escalatedAt: NOW };
    expect(readWords(draw({ status: "pending" }, undefined, escalated))).toContain(
      "expires 2026-03-14 14:57:31 UTC · 📣 more approvers added at 2026-03-14 14:02:31 UTC",
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
    expect(words(1, 2)).toContain("Needs 1 more approval from @S0LEADS01 · approved by @U0BOB0001");
    // One was removed since, or the quorum was two before: a card that is only drawn can't know.
    const click = "Needs one more click from @S0LEADS01 to go ahead · approved by @U0BOB0001";
    expect(words(1, 1)).toContain(click);
    expect(words(2, 2)).toContain(click);
  });

  it("that expired names those who approved, and how many were needed", () => {
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

describe("the compact card, in a direct message", () => {
  const compact = (options: Options, changes: Partial<Request> = {}) => {
    const request = { ...makeRequest(options), ...changes };
    return compactCard({
      request,
      words: describeRequest(request),
      rules: { approvers: ["S0LEADS01"], quorum: 2, alone: null, stepUp: { votes: false, alone: false } },
      now: NOW,
    });
  };

  it("is all that a decision needs: what, the danger, who and why, how many, and three buttons", () => {
    const card = compact({ status: "pending", action: "delete-user" });
    const order = [
      "Delete the Access user mallory@example.com",
      "⛔ Can't be undone",
      "High risk",
      "Requested by @U0ALICE01: laptop stolen",
      "🟡 Needs 2 approvals from @S0LEADS01",
      "Approve",
      "Deny",
      "Details",
    ];
    const places = order.map((part) => readWords(card).indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(buttonsOf(card).map(({ action_id: action, value }) => [action, value])).toEqual(
      [CARD_ACTIONS.approve, CARD_ACTIONS.deny, CARD_ACTIONS.details].map((action) => [action, "ZT-7K3M2QF"]),
    );
  });

  it("is two lines without a button once it is decided", () => {
    const card = compact({ status: "denied", reason: "not on a Sunday" });
    expect(buttonsOf(card)).toEqual([]);
    expect(readWords(card)).toBe(
      "Revoke all sessions and devices of mallory@example.com\n⛔ Denied by @U0BOB0001 2026-03-14 14:01:31 UTC: not on a Sunday",
    );
  });
});
