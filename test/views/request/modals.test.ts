import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { AuditRow } from "../../../src/audit/append.ts";
import { describeRequest } from "../../../src/actions/describe.ts";
import { askModal, parseAskForm, type AskModalProps } from "../../../src/views/request/ask-modal.ts";
import { denyModal, parseDenyForm } from "../../../src/views/request/deny-modal.ts";
import { detailsModal } from "../../../src/views/request/details-modal.ts";
import { noticeMessage, noticeModal } from "../../../src/views/notice.ts";
import { readWords } from "../../support/words.ts";
import { makeRequest, NOW, USER_ID, viewProblems } from "../support.ts";

const OPEN: AskModalProps = {
  action: "revoke",
  chosen: null,
  facts: [],
  material: { kind: "none" },
  prefill: {},
  reason: "",
  requireReason: true,
  originChannel: "C0SECURE1",
};
const MALLORY = { userId: USER_ID, email: "mallory@example.com", name: "Mallory" };

/** The form as Slack sends it back. */
function submit(props: AskModalProps, values: Record<string, unknown>) {
  return parseAskForm({ private_metadata: askModal(props).private_metadata ?? "", state: { values } });
}

const picked = { who: { who: { selected_option: { value: USER_ID, text: { text: "Mallory Archer" } } } } };

describe("the form to ask", () => {
  it("asks for who, options and reason, and says what a revocation is not", () => {
    const words = readWords(askModal(OPEN));
    for (const part of [
      "Revoke sessions",
      "Who",
      "Also revoke their devices",
      "Also make WARP re-authenticate",
      "Reason",
      "⚠️ They can sign in again in about a minute. To keep them out, disable the account in your IdP.",
      "Request approval",
    ])
      expect(words).toContain(part);
  });

  it("of a reset warns that it can restore access, and has no options", () => {
    const words = readWords(askModal({ ...OPEN, action: "reset-risk" }));
    expect(words).toContain("This can restore access");
    expect(words).not.toContain("devices");
  });

  it("shows who was chosen instead of asking, with the facts", () => {
    const view = askModal({ ...OPEN, chosen: MALLORY, facts: ["2 active sessions"] });
    expect(readWords(view)).toContain("mallory@example.com\n• 2 active sessions");
    expect(view.blocks.flatMap((block) => block.block_id ?? [])).toEqual(["options", "reason"]);
  });

  it("keeps what was filled in when it comes back with a problem above it", () => {
    const view = askModal({
      ...OPEN,
      chosen: MALLORY,
      prefill: { devices: true },
      reason: "laptop stolen",
      problem: { what: "Nobody could approve this.", next: "Add an approver." },
    });
    const words = readWords(view);
    expect(words).toMatch(/⚠️ Nobody could approve this\.\n→ Add an approver\./);
    expect(words).toContain("mallory@example.com");
    expect(words).toContain("laptop stolen");
    expect(JSON.stringify(view.blocks)).toMatch(/"initial_options":\[\{"value":"devices"/);
  });

  const chooses = (text: string | null, typed = "") => ({
    "reason-choice": {
      "reason-choice": { selected_option: text === null ? null : { value: text, text: { text } } },
    },
    reason: { reason: { value: typed } },
  });
  const CANNED = { ...OPEN, chosen: MALLORY, reasons: ["Phishing", "Lost device"] };

  it("offers the policy's reasons: one of them will do, with or without more words", () => {
    const view = askModal(CANNED);
    expect(viewProblems(view)).toEqual([]);
    expect(JSON.stringify(view.blocks)).toContain('"text":"Phishing"');
    expect(submit(CANNED, chooses("Phishing"))).toMatchObject({ reason: "Phishing", errors: {} });
    expect(submit(CANNED, chooses("Phishing", "a link in an invoice"))).toMatchObject({
      reason: "Phishing: a link in an invoice",
      errors: {},
    });
    expect(submit(CANNED, chooses(null, "laptop stolen"))).toMatchObject({
      reason: "laptop stolen",
      errors: {},
    });
  });

  it("says so beside the field where a reason is needed and neither was given", () => {
    const needed = { reason: "Choose a reason or write one." };
    expect(submit(CANNED, chooses(null, "  "))).toMatchObject({ errors: needed });
    expect(submit({ ...CANNED, requireReason: false }, chooses(null))).toMatchObject({ errors: {} });
  });

  it("comes back with the reason that was chosen, and the words beside it", () => {
    const view = askModal({ ...CANNED, reason: "Lost device: in a taxi" });
    const json = JSON.stringify(view.blocks);
    expect(json).toContain('"initial_option":{"value":"Lost device"');
    expect(json).toContain('"initial_value":"in a taxi"');
    const [own] = [askModal({ ...CANNED, reason: "something else" })].map((one) =>
      JSON.stringify(one.blocks),
    );
    expect(own).toContain('"initial_value":"something else"');
    expect(own).not.toContain("initial_option");
  });

  it("wants a reason only where the policy does", () => {
    const optional = (requireReason: boolean) =>
      askModal({ ...OPEN, requireReason }).blocks.find((block) => block.block_id === "reason");
    expect(optional(true)).toMatchObject({ optional: false });
    expect(optional(false)).toMatchObject({ optional: true });
  });

  it("is read back as it was filled in, without the spaces around", () => {
    expect(
      submit(OPEN, {
        ...picked,
        options: { options: { selected_options: [{ value: "warpReauth" }] } },
        reason: { reason: { value: "\nlaptop stolen " } },
      }),
    ).toMatchObject({
      action: "revoke",
      originChannel: "C0SECURE1",
      chosen: { userId: USER_ID, name: "Mallory Archer" },
      userId: USER_ID,
      wish: { action: "revoke", devices: false, warpReauth: true },
      reason: "laptop stolen",
      errors: {},
    });
  });

  it("is read back where Slack sends nulls for what was left empty", () => {
    expect(
      submit(OPEN, {
        who: { who: { selected_option: null } },
        options: { options: { selected_options: [] } },
        reason: { reason: { value: null } },
      }),
    ).toMatchObject({
      userId: null,
      wish: { action: "revoke", devices: false, warpReauth: false },
      reason: "",
      errors: { who: "Pick a user from the list, or paste addresses below." },
    });
  });

  it("knows the chosen user by id, whatever their name is, within what Slack carries", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
        const chosen = { ...MALLORY, name };
        const view = askModal({ ...OPEN, chosen });
        expect(viewProblems(view)).toEqual([]);
        const form = submit({ ...OPEN, chosen }, { reason: { reason: { value: "x" } } });
        expect(form.chosen?.userId).toBe(USER_ID);
        expect(form.userId).toBe(USER_ID);
      }),
    );
  });

  it.each([
    "",
    "{}",
    "null",
    '{"action":"format-disk","originChannel":"C1"}',
    '{"action":"delete-user","originChannel":"C1"}',
  ])("is refused when it carries what is not ours: %s", (metadata) => {
    expect(() => parseAskForm({ private_metadata: metadata, state: { values: {} } })).toThrow(Error);
  });
});

describe("what is typed into a form", () => {
  const anyReason = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', "\\", "\n", "\u001F", "\uD83D", "😀", "a"),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    minLength: 500,
    maxLength: 1200,
  });

  it("never makes a form that Slack refuses, while somebody is picked and when it comes back", () => {
    const nobody = { userId: USER_ID, email: `${'"'.repeat(300)}@example.com`, name: '"'.repeat(300) };
    fc.assert(
      fc.property(anyReason, fc.constantFrom(null, nobody), (reason, chosen) => {
        for (const action of ["reset-risk", "revoke"] as const) {
          const props = { ...OPEN, action, chosen, reason };
          expect(viewProblems(askModal(props))).toEqual([]);
          expect(submit(props, {}).reason.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("travels whole while somebody is picked, unless nothing could carry it", () => {
    const props = { ...OPEN, action: "reset-risk" } as const;
    const quotes = '"'.repeat(1000);
    expect(submit({ ...props, reason: quotes }, picked).reason).toBe(quotes);
    const controls = submit({ ...props, reason: "\u001F".repeat(1000) }, picked).reason;
    expect(controls.length).toBeGreaterThan(400);
  });
});

describe("the form to deny", () => {
  it("repeats what is denied, and carries the request's id only", () => {
    const request = makeRequest({ status: "pending" });
    const view = denyModal(request, describeRequest(request).headline);
    expect(readWords(view)).toContain("Requested by @U0ALICE01: laptop stolen");
    expect(view.private_metadata).toBe("ZT-7K3M2QF");
    expect(
      parseDenyForm({
        private_metadata: view.private_metadata ?? "",
        state: { values: { reason: { reason: { value: " not now " } } } },
      }),
    ).toEqual({ requestId: "ZT-7K3M2QF", reason: "not now", errors: {} });
  });
});

describe("the details of a request", () => {
  const row = (seq: number): AuditRow => ({
    seq,
    at: NOW + seq * 1000,
    actor: "zt-bot",
    event: "call.sent",
    data: { call: `call ${seq}.` },
  });

  it("show the frozen plan with its hash, and what was recorded", () => {
    const request = makeRequest({ status: "approved" });
    const words = readWords(detailsModal(request, describeRequest(request), [row(1), row(2)]));
    for (const part of [
      "Target Mallory Quill mallory@example.com",
      USER_ID,
      request.plan.accountId,
      "devices: true, warpReauth: true",
      request.planHash,
      "Record",
      "zt-bot: sent to Cloudflare: call 1.",
      "zt-bot: sent to Cloudflare: call 2.",
    ])
      expect(words).toContain(part);
    expect(words).not.toContain("call.sent");
  });

  it("of a long record show the end of it, whole lines, and say how many there are", () => {
    const request = makeRequest({ status: "approved" });
    const words = readWords(
      detailsModal(
        request,
        describeRequest(request),
        Array.from({ length: 200 }, (_, seq) => row(seq)),
      ),
    );
    expect(words).toContain("Record (the last 30 of 200)");
    expect(words.match(/call \d+\./g)).toHaveLength(30);
    expect(words).toContain("call 199.");
    expect(words).not.toContain("call 169.");
  });
});

describe("a notice", () => {
  const DETAIL = {
    what: "No.",
    by: "U0BOB0001",
    why: "Because.",
    ask: ["S0SECOPS1", "U0ALICE01"],
    next: "Ask.",
  };

  it("says what, by whom, why, whom to ask and what next", () => {
    const words = "No. (by @U0BOB0001)\nBecause.\nAsk @S0SECOPS1 @U0ALICE01\n→ Ask.";
    expect(readWords(noticeMessage(DETAIL))).toBe(`⚠️ ${words}`);
    expect(readWords(noticeModal("Not done", DETAIL))).toBe(`Not done\n⚠️ ${words}\nClose`);
    expect(readWords(noticeModal("Done", DETAIL, "☑️"))).toBe(`Done\n☑️ ${words}\nClose`);
  });

  it("leaves out what there is not", () => {
    expect(readWords(noticeMessage({ what: "No.", ask: [] }))).toBe("⚠️ No.");
  });

  it("names ten to ask at most, however many the policy has", () => {
    const ask = Array.from({ length: 40 }, (_, index) => `U0ALICE${index}`);
    expect(readWords(noticeMessage({ what: "No.", ask })).match(/@U0ALICE/g)).toHaveLength(10);
  });
});
