import { describe, expect, it } from "vitest";

import { digestOf } from "../../../src/lookup/session-ref.ts";
import type { RiskSummaryUser } from "../../../src/api/cloudflare.ts";
import type { Difference } from "../../../src/lookup/identity-diff.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { devicesMessage } from "../../../src/views/look-ups/devices.ts";
import { failedSignInsMessage } from "../../../src/views/look-ups/failed-sign-ins.ts";
import { identityMessage } from "../../../src/views/look-ups/identity.ts";
import { riskiestMessage, riskMessage } from "../../../src/views/look-ups/risk.ts";
import { unpackParams } from "../../../src/views/screen-button.ts";
import { sessionMessage } from "../../../src/views/look-ups/session.ts";
import { sessionsMessage } from "../../../src/views/look-ups/sessions.ts";
import { usersMessage } from "../../../src/views/look-ups/users.ts";
import { readWords } from "../../support/words.ts";
import {
  HOSTILE,
  makeIdentity,
  makeRegistration,
  makeSession,
  makeUser,
  messageProblems,
  NOW,
  SUMMARIES,
  USER_ID,
} from "../../views/support.ts";

/** With data of every sort, against Slack's limits and markup that is not ours: see test/views/limits.test.ts. */
const PAGES = [1, 2, 25, 67, 1_000_000, 0, -1, Number.NaN];
const LONG = HOSTILE.repeat(4).slice(0, 300);

const onPages = (draw: (page: number) => Message): string[] =>
  PAGES.flatMap((page) => messageProblems(draw(page)));

describe.each(Object.entries(SUMMARIES))("of a user whose data is %s, Slack takes", (_sort, summary) => {
  const { user } = summary;

  it("every page of the failed sign-ins", () => {
    const all = summary.failedLogins.ok ? summary.failedLogins.value : [];
    expect(onPages((page) => failedSignInsMessage(user, all, { now: NOW, page }))).toEqual([]);
  });

  it("every page of the devices, in multi-user mode, revoked and incomplete", () => {
    const all = (summary.registrations.ok ? summary.registrations.value : []).flatMap((one, index) => [
      one,
      { ...one, id: LONG, multiUser: true, clientVersion: LONG, tunnelType: LONG, keyType: LONG },
      { ...one, revokedAt: NOW - index },
      { ...one, deletedAt: NOW - index },
    ]);
    for (const isComplete of [true, false])
      expect(onPages((page) => devicesMessage(user, { items: all, isComplete }, { now: NOW, page }))).toEqual(
        [],
      );
  });

  it("the identity, with as many differences as there can be", () => {
    const names = Array.from({ length: 200 }, (_, index) => `${LONG} ${index}`);
    const differences: Difference[] = [
      { kind: "value", what: "country", seen: LONG, inSession: LONG },
      { kind: "value", what: "device", seen: LONG, inSession: "" },
      { kind: "groups", added: names, removed: names },
      ...names.map((rule) => ({
        kind: "posture" as const,
        rule,
        seen: "passed" as const,
        inSession: "failed" as const,
      })),
    ];
    const compared = Array.from({ length: 8 }, (_, index) => ({
      issuedAt: index === 0 ? null : NOW - index,
      differences: differences.slice(index),
    }));
    const identity = summary.identity.ok ? summary.identity.value : null;
    for (const comparison of [
      { total: 500, compared, unread: 3, reason: LONG },
      { total: 1, compared: [], unread: 1, reason: LONG },
      { total: 0, compared: [], unread: 0, reason: LONG },
      { total: 0, compared: [], unread: 0, reason: null },
    ])
      expect(messageProblems(identityMessage({ user, identity, comparison, now: NOW }))).toEqual([]);
  });

  it("one session in full", () => {
    const identity = {
      ...(summary.identity.ok ? summary.identity.value : makeIdentity()),
      deviceSessions: Array.from({ length: 50 }, () => ({ deviceId: LONG, lastAuthenticatedAt: NOW })),
      amr: [LONG],
      commonName: LONG,
      mtls: { presented: true, status: LONG, issuer: LONG, serial: LONG },
      serviceToken: { id: LONG, status: false },
    };
    const listed = summary.sessions.ok ? summary.sessions.value[0] : undefined;
    for (const isActive of [true, false, null])
      expect(
        messageProblems(
          sessionMessage({ user, nonce: LONG, identity: { ...identity, isActive }, listed, now: NOW }),
        ),
      ).toEqual([]);
  });

  it("every page of the risk events", () => {
    const risk = summary.risk.ok ? summary.risk.value : null;
    for (const shownUser of [user, null])
      expect(
        onPages((page) => riskMessage({ user: shownUser, riskUserId: LONG, risk, now: NOW, page })),
      ).toEqual([]);
  });

  it("every page of the account's users and riskiest users who are all like this", () => {
    const items = Array.from({ length: 10 }, (_, index) => ({ ...user, id: `${user.id}${index}` }));
    for (const [page, search] of [
      [1, ""],
      [2, LONG],
    ] as const) {
      const found = { items, page, perPage: 10, totalCount: 100_000, totalPages: 10_000 };
      expect(messageProblems(usersMessage({ found, search, now: NOW }))).toEqual([]);
    }
    const risky = items.map((one, index): RiskSummaryUser => ({
      userId: one.id,
      email: one.email,
      name: one.name,
      level: index % 2 === 0 ? "high" : null,
      eventCount: index % 3 === 0 ? null : index,
      lastEventAt: index % 4 === 0 ? null : NOW,
    }));
    expect(onPages((page) => riskiestMessage(risky, { now: NOW, page }))).toEqual([]);
  });
});

describe("what is left out", () => {
  it("of a page that holds more users than were asked for is counted", () => {
    const items = Array.from({ length: 1000 }, (_, index) => makeUser({ id: String(index) }));
    const found = { items, page: 1, perPage: 1000, totalCount: 1000, totalPages: 1 };
    const message = usersMessage({ found, search: "", now: NOW });
    expect(messageProblems(message)).toEqual([]);
    expect(JSON.stringify(message)).toContain("and 990 users more on this page");
  });

  it("of a list of devices that Cloudflare goes on with is said", () => {
    const items = Array.from({ length: 500 }, (_, index) => makeRegistration({ id: String(index) }));
    const message = devicesMessage(makeUser(), { items, isComplete: false }, { now: NOW });
    expect(JSON.stringify(message)).toContain("These are the first 500; the dashboard shows the rest.");
  });
});

describe("of an identity", () => {
  const posture = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: String(index),
      name: `Rule ${index} ${"x".repeat(70)}`,
      type: "file",
      success: index !== count - 1,
      error: null,
      checkedAt: NOW,
    }));
  const comparison = { total: 0, compared: [], unread: 0, reason: null };
  const wordsOf = (changes: Parameters<typeof makeIdentity>[0]): string =>
    readWords(identityMessage({ user: makeUser(), identity: makeIdentity(changes), comparison, now: NOW }));

  it("every failed posture check is shown or counted", () => {
    const failed = posture(100).map((check, index) => ({ ...check, success: index === 0 }));
    const words = wordsOf({ posture: failed });
    const shown = words.match(/^❌ Rule/gm) ?? [];
    expect(words).toContain("99 of 100 posture checks failed\n❌ Rule 1 ");
    expect(words).toContain(`and ${99 - shown.length} checks more`);
  });

  it("every group is shown or counted", () => {
    const groups = Array.from({ length: 500 }, (_, index) => `Group ${index}`);
    const words = wordsOf({ groups });
    const shown = words.match(/Group \d+/g) ?? [];
    expect(words).toContain(`500 groups: Group 0, Group 1`);
    expect(words).toContain(` +${500 - shown.length}`);
  });

  it("every difference is shown or counted, and the last line still says what was compared", () => {
    const differences = Array.from({ length: 120 }, (_, index): Difference => ({
      kind: "posture",
      rule: `Rule ${index}`,
      seen: "passed",
      inSession: "failed",
    }));
    const words = readWords(
      identityMessage({
        user: makeUser(),
        identity: makeIdentity(),
        comparison: { total: 9, compared: [{ issuedAt: NOW, differences }], unread: 8, reason: "busy" },
        now: NOW,
      }),
    );
    const shown = words.match(/^⚠️ posture/gm) ?? [];
    expect(words).toContain(`and ${120 - shown.length} differences more`);
    expect(words).toContain("1 of 9 open sessions compared, the newest; 8 unknown: busy");
  });
});

describe("the menu of sessions", () => {
  const optionsOf = (message: Message): { value?: string }[] =>
    message.blocks.flatMap((block) =>
      block.type === "actions"
        ? block.elements.flatMap((one) => (one.type === "static_select" ? (one.options ?? []) : []))
        : [],
    );

  it("names a session by its nonce where that fits, by a digest where it does not, and leaves out who has none", () => {
    const long = "n".repeat(200);
    const message = sessionsMessage(
      makeUser(),
      [makeSession({ nonce: "short-1" }), makeSession({ nonce: long }), makeSession({ nonce: null })],
      { now: NOW },
    );
    expect(optionsOf(message).map(({ value }) => unpackParams(value ?? ""))).toEqual([
      { user: USER_ID, nonce: "short-1" },
      { user: USER_ID, session: digestOf(long) },
    ]);
    expect(messageProblems(message)).toEqual([]);
  });

  it("is not there where no session can be asked for", () => {
    expect(optionsOf(sessionsMessage(makeUser(), [makeSession({ nonce: null })], { now: NOW }))).toEqual([]);
  });
});
