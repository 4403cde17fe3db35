import { describe, expect, it } from "vitest";

import { describeRequest } from "../../../src/actions/describe.ts";
import { judgeEnd, toFailurePages, toProgress } from "../../../src/execution/result.ts";
import type { TargetRow, TargetState } from "../../../src/requests/targets.ts";
import type { Target } from "../../../src/requests/plan.ts";
import { STATUSES, type BulkProgress, type Request } from "../../../src/requests/request.ts";
import { notFoundOf, UnknownUsersError } from "../../../src/asking/unknown-users.ts";
import { approvalCard } from "../../../src/views/card/card.ts";
import { detailsModal } from "../../../src/views/request/details-modal.ts";
import { outcomeMessage, threadMessage } from "../../../src/views/request/thread.ts";
import { unknownUsersMessage } from "../../../src/views/request/unknown-users.ts";
import { readWords } from "../../support/words.ts";
import { makeRequest, makeUser, messageProblems, MINUTE, NOW, viewProblems } from "../support.ts";

/** 300 characters with everything that grows when it is escaped. */
const LONG = `${"a&<>".repeat(72)}@example.com`;
const ordinary = (index: number) => `user-${index + 1}@example.com`;
const endless = (index: number) => `${index}${LONG}`.slice(0, 300);

interface Several {
  status: Request["status"];
  count?: number;
  name?: (index: number) => string;
  bulk?: Partial<BulkProgress>;
  stop?: Request["stop"];
}

function makeSeveral({ status, count = 12, name = ordinary, bulk, stop }: Several): Request {
  const request = makeRequest({ status });
  if (request.plan.action !== "revoke") throw new Error("not a revocation");
  const [target, ...others] = Array.from({ length: count }, (_, index): Target => ({
    id: `id-${index}`,
    email: name(index),
    name: "",
  }));
  const progress = {
    total: count,
    done: 0,
    failed: 0,
    untouched: 0,
    endsAt: null,
    waitsUntil: null,
    ...bulk,
  };
  return {
    ...request,
    plan: {
      ...request.plan,
      target: target ?? request.plan.target,
      options: { ...request.plan.options, others },
    },
    result: bulk === undefined ? {} : { bulk: progress },
    ...(stop === undefined ? {} : { stop }),
  };
}

function draw(options: Several) {
  const request = makeSeveral(options);
  return approvalCard({
    request,
    words: describeRequest(request),
    rules: { approvers: ["S0LEADS01"], quorum: 1, alone: null, stepUp: { votes: false, alone: false } },
    now: NOW,
  });
}

function rowsOf(states: readonly TargetState[], name = ordinary, note: string | null = null): TargetRow[] {
  return states.map((state, position) => ({
    position,
    target: { id: `id-${position}`, email: name(position), name: "" },
    state,
    attempts: 1,
    dueAt: 0,
    sentAt: NOW,
    answeredAt: NOW,
    baseline: null,
    outcome: {},
    looks: 0,
    note,
  }));
}

function count(rows: readonly TargetRow[]) {
  const counts = { waiting: 0, sending: 0, sent: 0, done: 0, failed: 0, stopped: 0 };
  for (const { state } of rows) counts[state] += 1;
  return toProgress(counts);
}

describe("the card of a request about several users", () => {
  it("names the first ten and counts the rest", () => {
    const words = readWords(draw({ status: "pending" }));
    expect(words).toContain("Revoke all sessions and devices of 12 users");
    expect(words).toContain("Who (12)\n1. user-1@example.com (first, alone)\n2. user-2@example.com");
    expect(words).toContain("10. user-10@example.com\nand 2 more: Details lists all of them");
    expect(words).not.toContain("user-11@example.com");
  });

  it.each<[string, Several, string[]]>([
    [
      "before the first is done, only that it runs and can be stopped",
      { status: "executing" },
      ["In progress", "Stop"],
    ],
    [
      "how far it is and how long it will take",
      { status: "executing", count: 500, bulk: { done: 225, failed: 3, endsAt: NOW + 4 * MINUTE } },
      ["█████████░", "45 %", "225 done · 272 left · 3 failed · about 4 min left", "⏳ In progress"],
    ],
    [
      "that it waits for the rate limit",
      { status: "executing", bulk: { done: 3, endsAt: NOW + MINUTE, waitsUntil: NOW + 30_000 } },
      ["⏸️ Cloudflare's rate limit: continues at 2026-03-14 14:03:01 UTC"],
    ],
    [
      "that nobody knows about the first is not all there is to say once the others run",
      { status: "unknown", bulk: { done: 3 } },
      ["⏳ In progress"],
    ],
    [
      "who stopped it, and no button for it",
      { status: "executing", bulk: { done: 3, untouched: 5 }, stop: { by: "U0BOB0001", at: NOW } },
      [
        "⏳ Stopping",
        "⏹️ Stopped by @U0BOB0001",
        "Calls in progress will finish; no one else will be revoked.",
      ],
    ],
    ["never full before it is", { status: "executing", count: 500, bulk: { done: 499 } }, ["░ 99 %"]],
  ])("shows %s", (_what, options, expected) => {
    const words = readWords(draw(options));
    for (const part of expected) expect(words).toContain(part);
    expect(/^Stop$/m.test(words)).toBe(options.stop === undefined);
  });

  it.each([
    [0, false],
    [2, true],
  ])(
    "tells of a stop when it is over only if somebody was spared by it (%i not touched)",
    (untouched, isTold) => {
      const stop = { by: "U0BOB0001", at: NOW };
      const words = readWords(draw({ status: "failed", bulk: { done: 12 - untouched, untouched }, stop }));
      expect(words.toLowerCase().includes("stopped by @u0bob0001")).toBe(isTold);
    },
  );

  it("puts how far it is into its text, where notifications and screen readers look", () => {
    expect(draw({ status: "executing", bulk: { done: 3 } }).text).toContain("in progress, 3 of 12 done");
  });

  it("carries the request's id in its buttons and nothing else", () => {
    for (const status of ["pending", "executing", "failed"] as const) {
      const values = [...JSON.stringify(draw({ status }).blocks).matchAll(/"value":"([^"]*)"/g)];
      expect(new Set(values.map((match) => match[1]))).toEqual(
        new Set(status === "failed" ? ["request=ZT-7K3M2QF", "ZT-7K3M2QF"] : ["ZT-7K3M2QF"]),
      );
    }
  });
});

describe("500 users with addresses of 300 characters, all of it escaped", () => {
  const states: TargetState[] = Array.from({ length: 500 }, (_, index) =>
    index % 3 === 0 ? "failed" : index % 3 === 1 ? "done" : "stopped",
  );
  const rows = rowsOf(states, endless, "&".repeat(400));
  const bulk = { ...count(rows), endsAt: NOW + MINUTE, waitsUntil: NOW + MINUTE };

  it.each(STATUSES)("fit the card, the thread and the message to who asked when it is %s", (status) => {
    for (const stop of [undefined, { by: "U0BOB0001", at: NOW }]) {
      const several = { status, count: 500, name: endless, bulk, ...(stop === undefined ? {} : { stop }) };
      const request = makeSeveral(several);
      const words = describeRequest(request);
      expect(messageProblems(draw(several), "chat.postMessage", "chat.update")).toEqual([]);
      expect(messageProblems(outcomeMessage(request, words, null))).toEqual([]);
      expect(messageProblems(threadMessage(request, words, { kind: "summary" }))).toEqual([]);
    }
  });

  it("fit the details, which say how many they leave out", () => {
    const request = makeSeveral({ status: "failed", count: 500, name: endless, bulk });
    const view = detailsModal(request, describeRequest(request), [], rows);
    expect(viewProblems(view)).toEqual([]);
    const ordinaryRequest = makeSeveral({ status: "failed", count: 500, bulk });
    const words = readWords(
      detailsModal(ordinaryRequest, describeRequest(ordinaryRequest), [], rowsOf(states)),
    );
    expect(words).toContain("All 500 users");
    expect(words).toContain("❌ user-1@example.com");
    expect(words).toContain("✅ user-500@example.com");
    expect(words).not.toContain("do not fit");
  });

  it("are all named when they fail, in as many messages as it takes", () => {
    const request = makeSeveral({ status: "failed", count: 500, name: endless, bulk });
    const all = rowsOf(
      states.map(() => "failed"),
      endless,
      "&".repeat(400),
    );
    const pages = toFailurePages(all);
    const messages = pages.map((page) => threadMessage(request, describeRequest(request), page));
    for (const message of messages) expect(messageProblems(message)).toEqual([]);
    expect(pages.flatMap((page) => page.failures.map(({ email }) => email))).toEqual(
      all.map((row) => row.target.email),
    );
    const words = messages.map(readWords);
    expect(words[0]).toMatch(/^❌ 500 failed \(1–\d+, message 1 of \d+\)/);
    expect(words.join("\n").match(/• /g)).toHaveLength(500);
  });

  it("fit the answer that some were not found", () => {
    const users = Array.from({ length: 50 }, (_, index) =>
      makeUser({ id: `${index}`, email: endless(index) }),
    );
    const unknown = Array.from({ length: 450 }, (_, index) => endless(index));
    const found = { users, unknown, ambiguous: [] };
    const error = new UnknownUsersError(notFoundOf(["<@<@<@"], found), found);
    const message = unknownUsersMessage(error, "0123456789abcdef");
    expect(messageProblems(message)).toEqual([]);
    expect(readWords(message)).toContain("451 of 501 names were not found");
    expect(readWords(message)).toMatch(/and \d+ more$/m);
  });
});

describe("how a request about several users ended", () => {
  const end = (states: readonly TargetState[], note: string | null = null) => {
    const rows = rowsOf(states, ordinary, note);
    const request = makeSeveral({ status: "executing", count: states.length });
    return judgeEnd(request, rows, count(rows), NOW);
  };

  it("is a success only when every one is done", () => {
    expect(end(["done", "done", "done"])).toMatchObject({
      to: "succeeded",
      result: { verification: { confirmed: true, summary: "3 of 3 done", notes: [] } },
    });
  });

  it("says how many have signed in again", () => {
    expect(end(["done", "done"], "1 new log-in since").result.verification?.notes).toEqual([
      "2 users have signed in again since: they can still get in",
    ]);
  });

  it("counts what is done, failed and not touched", () => {
    expect(end(["done", "done", "failed", "stopped"])).toMatchObject({
      to: "failed",
      result: { failure: { why: "2 of 4 done, 1 failed, 1 not touched" } },
    });
  });

  it("says so when the others were left alone because of the first", () => {
    expect(end(["failed", "stopped", "stopped"], "Cloudflare refused").result.failure?.why).toBe(
      "0 of 3 done, 1 failed, 2 not touched. The first user failed: Cloudflare refused",
    );
  });
});
