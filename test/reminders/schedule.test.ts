import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  nextNudgeAt,
  nextReviewNudgeAt,
  nudgeDue,
  type NudgeRules,
  type Waiting,
} from "../../src/reminders/schedule.ts";
import { STATUSES } from "../../src/requests/request.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ASKED = Date.UTC(2027, 0, 15, 12);

const durations = fc.integer({ min: SECOND, max: 2 * 24 * 60 * MINUTE });
const rulesSets = fc.record({
  remindAfterMs: fc.option(durations),
  escalate: fc.option(durations.map((afterMs) => ({ afterMs, to: ["U0ERIN001"] }))),
});

function asked(ttlMs: number, rules: NudgeRules): Waiting {
  const request = {
    status: "pending",
    createdAt: ASKED,
    expiresAt: ASKED + ttlMs,
    reminders: 0,
    escalatedAt: null,
  } as const;
  return { ...request, nudgeAt: nextNudgeAt(request, rules, ASKED) };
}

/** What nudges.ts does with a request, in memory. */
function nudgeAt(request: Waiting, rules: NudgeRules, now: number) {
  const due = nudgeDue(request, rules, now);
  const after = {
    ...request,
    reminders: request.reminders + (due === "reminder" ? 1 : 0),
    escalatedAt: due === "escalation" ? now : request.escalatedAt,
  };
  return {
    due,
    after: { ...after, nudgeAt: nextNudgeAt(after, rules, due === null ? request.createdAt : now) },
  };
}

/** All that becomes of a request that nobody decides; each nudge comes so late as `lateness` says. */
function live(ttlMs: number, rules: NudgeRules, lateness: (nth: number) => number = () => 0) {
  const reminders: number[] = [];
  const escalations: number[] = [];
  let request = asked(ttlMs, rules);
  let looks = 0;
  while (request.nudgeAt !== null) {
    looks += 1;
    if (looks > 200) throw new Error("it is looked at without an end");
    const now = request.nudgeAt + lateness(looks);
    const { due, after } = nudgeAt(request, rules, now);
    if (now < request.expiresAt) expect(due).not.toBeNull();
    else break;
    if (due === "reminder") reminders.push(now);
    if (due === "escalation") escalations.push(now);
    expect(after.nudgeAt ?? Infinity).toBeGreaterThan(now);
    request = after;
  }
  return { reminders, escalations, expiresAt: request.expiresAt };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] ?? 0));
}

describe("the reminders of a request that nobody decides", () => {
  it("come after 10, 30 and 70 minutes where the policy says 10", () => {
    const { reminders } = live(2 * 60 * MINUTE, { remindAfterMs: 10 * MINUTE, escalate: null });
    expect(reminders.map((at) => (at - ASKED) / MINUTE)).toEqual([10, 30, 70]);
  });

  it("begin anew when further people were asked, who have just been told", () => {
    const rules = { remindAfterMs: 10 * MINUTE, escalate: { afterMs: 15 * MINUTE, to: [] } };
    const { reminders, escalations } = live(2 * 60 * MINUTE, rules);
    expect(escalations.map((at) => (at - ASKED) / MINUTE)).toEqual([15]);
    expect(reminders.map((at) => (at - ASKED) / MINUTE)).toEqual([10, 35, 75]);
  });

  it("come one at a time after a standstill, not all those that were missed", () => {
    const rules = { remindAfterMs: MINUTE, escalate: null };
    const { reminders } = live(2 * 60 * MINUTE, rules, (nth) => (nth === 1 ? 30 * MINUTE : 0));
    expect(reminders.map((at) => (at - ASKED) / MINUTE)).toEqual([31, 33, 37, 45, 61, 93]);
  });

  it("come never at or after the deadline, and ever less often", () => {
    fc.assert(
      fc.property(durations, rulesSets, (ttlMs, rules) => {
        const { reminders, escalations, expiresAt } = live(ttlMs, rules);
        for (const at of [...reminders, ...escalations]) expect(at).toBeLessThan(expiresAt);
        const between = gaps([ASKED, ...reminders]);
        expect(between).toEqual(between.toSorted((a, b) => a - b));
        for (const gap of between) expect(gap).toBeGreaterThanOrEqual(rules.remindAfterMs ?? Infinity);
        expect(escalations).toEqual(
          rules.escalate !== null && rules.escalate.afterMs < ttlMs ? [ASKED + rules.escalate.afterMs] : [],
        );
      }),
    );
  });

  it("come never closer together than the policy says, however late the process is", () => {
    fc.assert(
      fc.property(durations, rulesSets, fc.array(durations, { maxLength: 9 }), (ttlMs, rules, late) => {
        const { reminders } = live(ttlMs, rules, (nth) => late[nth - 1] ?? 0);
        for (const [index, gap] of gaps([ASKED, ...reminders]).entries())
          expect(gap).toBeGreaterThanOrEqual((rules.remindAfterMs ?? Infinity) * 2 ** index);
      }),
    );
  });

  it("are not due when it is decided, over, or too early, under any policy", () => {
    const counts = fc.nat(20);
    fc.assert(
      fc.property(
        fc.constantFrom(...STATUSES),
        durations,
        rulesSets,
        fc.option(durations),
        counts,
        durations,
        (status, ttlMs, rules, nudgeMs, reminders, nowMs) => {
          const now = ASKED + nowMs;
          const nudgeAt = nudgeMs === null ? null : ASKED + nudgeMs;
          const request = { ...asked(ttlMs, rules), status, reminders, nudgeAt };
          if (nudgeDue(request, rules, now) === null) return;
          expect(status).toBe("pending");
          expect(now).toBeLessThan(request.expiresAt);
          expect(now).toBeGreaterThanOrEqual(nudgeAt ?? Infinity);
          expect(now - ASKED).toBeGreaterThanOrEqual(
            Math.min(rules.remindAfterMs ?? Infinity, rules.escalate?.afterMs ?? Infinity),
          );
        },
      ),
    );
  });

  it("go on under a policy that was changed meanwhile: nothing twice, nothing too early, never without an end", () => {
    fc.assert(
      fc.property(durations, rulesSets, fc.array(rulesSets, { maxLength: 5 }), (ttlMs, first, policies) => {
        let rules = first;
        let request = asked(ttlMs, rules);
        for (let looks = 0; request.nudgeAt !== null; looks += 1) {
          if (looks > 200) throw new Error("it is looked at without an end");
          rules = policies[looks] ?? rules;
          const now = request.nudgeAt;
          const { due, after } = nudgeAt(request, rules, now);
          if (due === "reminder") expect(now - ASKED).toBeGreaterThanOrEqual(rules.remindAfterMs ?? Infinity);
          if (due === "escalation") expect(request.escalatedAt).toBeNull();
          expect(after.nudgeAt ?? Infinity).toBeGreaterThan(now);
          expect(after.nudgeAt ?? 0).toBeLessThan(request.expiresAt);
          request = after;
        }
      }),
    );
  });

  it("never come where the policy wants none", () => {
    const rules = { remindAfterMs: null, escalate: null };
    expect(asked(60 * MINUTE, rules).nudgeAt).toBeNull();
  });
});

describe("a review of what was done alone", () => {
  it("is called to mind after an hour, then twice as late each time, at most a day", () => {
    const HOUR = 3_600_000;
    expect([0, 1, 2, 3, 4, 5, 60, 2000].map((reminders) => nextReviewNudgeAt(reminders, 7) - 7)).toEqual(
      [1, 2, 4, 8, 16, 24, 24, 24].map((hours) => hours * HOUR),
    );
  });
});
