/** @module-tag slow */
import { describe, expect, it } from "vitest";

import type { AuditRow } from "../../src/audit/append.ts";
import { createCommands } from "../../src/commands/index.ts";
import { usageOf } from "../../src/commands/define.ts";
import { describeRequest } from "../../src/actions/describe.ts";
import { groupRiskEvents } from "../../src/lookup/facts.ts";
import type { UserSummary } from "../../src/lookup/summary.ts";
import { ACTION_NAMES, type ActionName, type Wish, type WishFor } from "../../src/requests/plan.ts";
import type { PostData } from "../../src/requests/posts.ts";
import { askedMessage, askedModal } from "../../src/views/request/asked.ts";
import { askModal } from "../../src/views/request/ask-modal.ts";
import { homeView, unreadHome } from "../../src/views/home.ts";
import { approverMessage } from "../../src/views/request/approver-message.ts";
import { approvalCard } from "../../src/views/card/card.ts";
import { codeModal } from "../../src/views/request/code-modal.ts";
import { denyModal } from "../../src/views/request/deny-modal.ts";
import { detailsModal } from "../../src/views/request/details-modal.ts";
import type { Material } from "../../src/views/forms/spec.ts";
import { commandHelp, helpMessage } from "../../src/views/help.ts";
import { loadingModal, noticeMessage, noticeModal } from "../../src/views/notice.ts";
import { sessionsMessage } from "../../src/views/look-ups/sessions.ts";
import { cancelledMessage } from "../../src/views/request/thread.ts";
import { cardLateMessage, cardThereMessage, type Behind } from "../../src/views/request/direct.ts";
import { requestsMessage, UNREVIEWED_SHOWN } from "../../src/views/request/requests.ts";
import { outcomeMessage, threadMessage } from "../../src/views/request/thread.ts";
import { userSummary } from "../../src/views/look-ups/user-summary.ts";
import {
  ACCOUNT,
  everyRequest,
  HOSTILE,
  messageProblems,
  NOW,
  REASONS,
  SUMMARIES,
  viewProblems,
} from "./support.ts";

/**
 * Everything the bot shows, with data of every sort, against Slack's limits as the local workspace enforces them,
 * and against markup that is not our own. One list of problems a test: it names what is wrong and with which data.
 */
const LINK = "https://example.slack.com/archives/C0APPROV1/p1773489909000100";
const APPROVERS = Array.from({ length: 40 }, (_, index) => `${index % 2 === 0 ? "U" : "S"}0APPROVER${index}`);

const BEHIND: Behind[] = [
  { kind: "gone" },
  ...["is_archived", "not_in_channel", "channel_not_found", "ratelimited", "token_revoked", HOSTILE].map(
    (code) => ({ kind: "trouble", code, since: NOW }) as const,
  ),
];

const THREAD_POSTS: PostData[] = [
  { kind: "evidence" },
  { kind: "reminder", at: NOW, expiresAt: NOW + 1, asked: APPROVERS, missing: 10 },
  {
    kind: "escalated",
    at: NOW,
    createdAt: 0,
    expiresAt: NOW * 2,
    also: APPROVERS,
    asked: APPROVERS,
    missing: 10,
  },
  { kind: "approvers", asked: APPROVERS },
  { kind: "decision", at: NOW },
  { kind: "call-started", at: NOW, call: `revoke_user for ${HOSTILE.repeat(20)}` },
  { kind: "call-accepted", at: NOW, call: "revoke_user", cfRay: "8f2d1c0a9b7e6d5c-FRA", reconciled: false },
  { kind: "call-accepted", at: NOW, call: "revoke_user", cfRay: HOSTILE.repeat(20), reconciled: false },
  { kind: "call-accepted", at: NOW, call: "revoke_user", cfRay: null, reconciled: true },
  { kind: "call-accepted", at: NOW, call: "revoke_user", cfRay: null, reconciled: false, isAgain: true },
  { kind: "call-accepted", at: NOW, call: "revoke_user", cfRay: null, reconciled: false, wasSo: true },
  { kind: "call-cut", at: NOW, call: HOSTILE.repeat(20) },
  {
    kind: "call-waiting",
    at: NOW,
    call: "revoke_user",
    why: HOSTILE.repeat(20),
    retryAt: NOW + 4000,
    isUnknown: false,
  },
  {
    kind: "call-waiting",
    at: NOW,
    call: "revoke_user",
    why: "no answer",
    retryAt: NOW + 4000,
    isUnknown: true,
  },
  {
    kind: "verification",
    verification: {
      confirmed: false,
      summary: HOSTILE.repeat(20),
      notes: [HOSTILE.repeat(20)],
      checkedAt: NOW,
    },
  },
  {
    kind: "verification",
    verification: { confirmed: true, summary: "Revoked 3 sessions", notes: [], checkedAt: NOW },
  },
  { kind: "summary" },
];

/** What a form may show of Cloudflare's state, as far as this summary has any. */
function materialsOf({ registrations, risk }: UserSummary): Material[] {
  return [
    { kind: "none" },
    ...(registrations.ok
      ? (["active", "all"] as const).map((state) => ({
          kind: "registrations" as const,
          state,
          registrations: registrations.value,
          now: NOW,
        }))
      : []),
    ...(risk.ok
      ? [{ kind: "risk-events" as const, groups: groupRiskEvents(risk.value.events), now: NOW }]
      : []),
  ];
}

/** Everything filled in that there is. */
function prefillOf(action: ActionName, text: string): Partial<Wish> {
  const all: { [Name in ActionName]: WishFor<Name> } = {
    revoke: { action: "revoke", devices: true, warpReauth: true },
    "revoke-devices": { action: "revoke-devices", registrationIds: ["0", "1", "299", text] },
    "restore-devices": { action: "restore-devices", registrationIds: "all" },
    "delete-devices": { action: "delete-devices", registrationIds: ["0", "299", text] },
    "reset-risk": { action: "reset-risk", judged: { [text]: "handled" } },
    "create-user": { action: "create-user", email: text, name: text },
    "rename-user": { action: "rename-user", newName: text },
    "delete-user": { action: "delete-user", typedEmail: text },
    block: { action: "block", duration: text },
    unblock: { action: "unblock" },
  };
  return all[action];
}

// Thousands of views each: a minute where other tests have the machine to themselves too.
describe("with data of every sort, Slack takes", { timeout: 120_000 }, () => {
  it.each(Object.entries(SUMMARIES))(
    "the summary of a user (%s), also when it is shared",
    (_sort, summary) => {
      const props = { summary, accountId: ACCOUNT, now: NOW };
      expect([
        ...messageProblems(userSummary(props)),
        ...messageProblems(userSummary({ ...props, sharedBy: "U0ALICE01" })),
      ]).toEqual([]);
    },
  );

  it.each(Object.entries(SUMMARIES))(
    "every page of the sessions of a user (%s)",
    (_sort, { user, sessions }) => {
      const all = sessions.ok ? sessions.value : [];
      const pages = [1, 2, 24, 25, 26, 1_000_000, 0, -1, Number.NaN, Number.POSITIVE_INFINITY];
      expect(
        pages.flatMap((page) => messageProblems(sessionsMessage(user, all, { now: NOW, page }))),
      ).toEqual([]);
    },
  );

  it("the approval card in every state, as a new message and as an update", () => {
    const problems: string[] = [];
    for (const { what, request } of everyRequest()) {
      const card = approvalCard({
        request,
        words: describeRequest(request),
        rules: { approvers: APPROVERS, quorum: 2, alone: APPROVERS, stepUp: { votes: true, alone: true } },
        now: NOW,
      });
      problems.push(
        ...messageProblems(card, "chat.postMessage", "chat.update").map((problem) => `${what}: ${problem}`),
      );
    }
    expect(problems).toEqual([]);
  });

  it("every message of the thread, and the one to the requester", () => {
    const problems: string[] = [];
    for (const { what, request } of everyRequest()) {
      const words = describeRequest(request);
      for (const data of THREAD_POSTS)
        problems.push(
          ...messageProblems(threadMessage(request, words, data)).map(
            (problem) => `${what}, ${data.kind}: ${problem}`,
          ),
        );
      for (const link of [LINK, null])
        problems.push(
          ...messageProblems(outcomeMessage(request, words, link)).map(
            (problem) => `${what}, outcome: ${problem}`,
          ),
          ...messageProblems(cancelledMessage(request, words, link)).map(
            (problem) => `${what}, cancelled: ${problem}`,
          ),
          ...messageProblems(cardThereMessage(request, words, { link, isAgain: true })).map(
            (problem) => `${what}, card: ${problem}`,
          ),
        );
      for (const behind of BEHIND)
        problems.push(
          ...messageProblems(outcomeMessage(request, words, LINK, behind)).map(
            (problem) => `${what}, outcome: ${problem}`,
          ),
          ...messageProblems(cardLateMessage(request, words, behind)).map(
            (problem) => `${what}, late: ${problem}`,
          ),
        );
    }
    expect(problems).toEqual([]);
  });

  it("every list of requests, with what keeps their messages", () => {
    const all = Array.from(everyRequest(), ({ request }) => ({
      request,
      words: describeRequest(request),
      link: LINK,
      quorum: 10,
    }));
    const problems: string[] = [];
    for (let from = 0; from < all.length; from += 11)
      for (const code of ["is_archived", HOSTILE]) {
        const rows = all.slice(from, from + 11).map((row, index) => ({
          ...row,
          offered: ["approve", "deny", "cancel", "stop"] as const,
          request: { ...row.request, id: `ZT-${1_000_000 + index}`, deliveryFailure: { code, since: NOW } },
        }));
        const shown = { kind: "mine", userId: "U0ALICE01" } as const;
        const unreviewed = rows.slice(0, UNREVIEWED_SHOWN).map((row) => ({
          ...row,
          request: { ...row.request, breakGlass: { by: "U0BOB0001", at: NOW, reason: "x" } },
        }));
        const message = requestsMessage({
          rows,
          unreviewed,
          unreviewedTotal: 40,
          shown,
          mayAsk: true,
          mayAudit: true,
          pause: { by: "U0ALICE01", at: NOW, reason: HOSTILE.repeat(20) },
          shortUntil: NOW,
          page: 1,
          params: { show: "mine" },
          now: NOW,
        });
        problems.push(...messageProblems(message).map((problem) => `from ${from}: ${problem}`));
      }
    expect(problems).toEqual([]);
  });

  it("every direct message to an approver, and every App Home", () => {
    const all = Array.from(everyRequest(), ({ what, request }, index) => ({
      what,
      request: { ...request, id: `ZT-${index}` },
      words: describeRequest(request),
      link: LINK,
      rules: { approvers: APPROVERS, quorum: 10, alone: null, stepUp: { votes: true, alone: true } },
    }));
    const problems: string[] = [];
    for (const { what, request, words, rules } of all)
      for (const [link, to] of [
        [LINK, "U0BOB0001"],
        [null, "U0NOBODY1"],
      ] as const)
        problems.push(
          ...messageProblems(approverMessage({ request, words, rules, now: NOW, link, to })).map(
            (problem) => `${what}: ${problem}`,
          ),
        );
    for (let from = 0; from < all.length; from += 10) {
      const rows = all.slice(from, from + 10);
      const view = homeView({
        kind: "member",
        toDecide: rows,
        toReview: rows.map((row) => ({
          ...row,
          request: { ...row.request, breakGlass: { by: "U0BOB0001", at: NOW, reason: HOSTILE.repeat(20) } },
        })),
        mine: rows,
        left: { toDecide: 40, toReview: 40, mine: true },
        isCut: true,
        mayAsk: true,
        pause: { by: "U0ALICE01", at: NOW, reason: HOSTILE.repeat(20) },
        trouble: {
          slack: { code: HOSTILE, since: NOW },
          held: { count: 3, why: HOSTILE.repeat(20) },
          unclear: 2,
          record: [HOSTILE.repeat(20)],
        },
        now: NOW,
      });
      problems.push(...viewProblems(view).map((problem) => `Home from ${from}: ${problem}`));
    }
    problems.push(
      ...viewProblems(homeView({ kind: "stranger" })),
      ...viewProblems(homeView({ kind: "no-role", ask: APPROVERS })),
      ...viewProblems(unreadHome()),
    );
    expect(problems).toEqual([]);
  });

  it("the answer to who asked, as a message and as a modal", () => {
    const problems: string[] = [];
    for (const { what, request } of everyRequest())
      for (const link of [LINK, null])
        for (const trouble of [null, HOSTILE.repeat(20)]) {
          const asked = {
            request,
            headline: describeRequest(request).headline,
            link,
            trouble,
            quorum: 10,
            mayUseBreakGlass: true,
            pause: { by: "U0ALICE01", at: NOW, reason: HOSTILE.repeat(20) },
          };
          problems.push(
            ...[...messageProblems(askedMessage(asked)), ...viewProblems(askedModal(asked))].map(
              (problem) => `${what}: ${problem}`,
            ),
          );
        }
    expect(problems).toEqual([]);
  });

  it("the forms to ask, to deny, and the details with a record of any length", () => {
    const row = (seq: number): AuditRow => ({
      seq,
      at: NOW + seq,
      actor: seq % 2 === 0 ? "U0ALICE01" : HOSTILE.repeat(20),
      event: seq % 3 === 0 ? "call.sent" : HOSTILE.repeat(20),
      data: { attempt: seq },
    });
    const trail = Array.from({ length: 1000 }, (_, seq) => row(seq));
    const problems: string[] = [];
    for (const { what, request } of everyRequest()) {
      const words = describeRequest(request);
      for (const view of [
        denyModal(request, words.headline),
        codeModal({ request, words }),
        detailsModal(request, words, []),
        detailsModal(request, words, trail),
      ])
        problems.push(...viewProblems(view).map((problem) => `${what}: ${problem}`));
    }
    expect(problems).toEqual([]);
  });

  it.each(ACTION_NAMES)("the form to ask for %s, whoever it is about and whatever is filled in", (action) => {
    const problems: string[] = [];
    for (const [words, reason] of [
      ...Object.entries(REASONS),
      ["none", ""] as const,
      ["too long", "x".repeat(3000)] as const,
    ])
      for (const [sort, summary] of Object.entries(SUMMARIES)) {
        const { id, email, name } = summary.user;
        for (const chosen of [null, { userId: id, email, name }])
          for (const facts of [[], [HOSTILE.repeat(9), "2 sessions"]])
            for (const material of materialsOf(summary))
              for (const problem of [
                undefined,
                { what: HOSTILE.repeat(40), why: HOSTILE.repeat(40), next: HOSTILE.repeat(40) },
              ]) {
                const view = askModal({
                  action,
                  chosen,
                  facts,
                  material,
                  prefill: prefillOf(action, name),
                  reason,
                  requireReason: reason === "",
                  originChannel: "C0SECURE1",
                  ...(problem === undefined ? {} : { problem }),
                });
                problems.push(
                  ...viewProblems(view).map((one) => `${words}, ${sort}, ${material.kind}: ${one}`),
                );
              }
      }
    expect(problems).toEqual([]);
  });

  it("notices of any length, in a message and in a modal", () => {
    const long = HOSTILE.repeat(100);
    const details = [
      { what: "No." },
      { what: long, by: "U0BOB0001", why: long, next: long, ask: APPROVERS },
      { what: "<".repeat(5000), by: long, why: "<".repeat(5000), next: "<".repeat(5000), ask: [long] },
      { what: "*", why: "", next: "" },
    ];
    expect(
      details.flatMap((detail) => [
        ...messageProblems(noticeMessage(detail)),
        ...viewProblems(noticeModal(long, detail)),
        ...viewProblems(loadingModal(long, long)),
      ]),
    ).toEqual([]);
  });

  it("help, and the help of every subcommand", () => {
    const entries = createCommands().all.map((command) => ({ ...command, usage: usageOf(command) }));
    const long = HOSTILE.repeat(100);
    const findings = Array.from({ length: 30 }, () => ({ rule: "x", places: [], danger: long, fix: long }));
    expect(
      [
        helpMessage(entries, { names: [], ask: [] }, []),
        helpMessage([], { names: entries.map((entry) => entry.name), ask: APPROVERS }, findings),
        ...entries.map(commandHelp),
      ].flatMap((message) => messageProblems(message)),
    ).toEqual([]);
  });
});
