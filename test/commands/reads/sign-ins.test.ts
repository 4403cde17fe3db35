import { describe, expect, it } from "vitest";

import type { AccessRequest, AuditEvent } from "../../../src/api/cloudflare.ts";
import { countByDomain, countResults } from "../../../src/lookup/sign-ins/sign-ins.ts";
import { changesMessage } from "../../../src/views/look-ups/changes.ts";
import { signInsMessage } from "../../../src/views/look-ups/sign-ins.ts";
import { readWords } from "../../support/words.ts";
import { HOSTILE, HOUR, makeUser, messageProblems, NOW, SUMMARIES } from "../../views/support.ts";

const PAGES = [1, 2, 50, 67, 1_000_000, 0, -1, Number.NaN];
const LONG = HOSTILE.repeat(4).slice(0, 300);

function makeRequest(changes: Partial<AccessRequest> = {}): AccessRequest {
  return {
    action: "login",
    allowed: true,
    appDomain: "wiki.example.com/docs",
    appUid: "df7e2w5f-02b7-4d9d-af26-8d1988fca630",
    connection: "azureAD",
    at: NOW - HOUR,
    ip: "203.0.113.199",
    rayId: "187d944c61940c77",
    email: "mallory@example.com",
    ...changes,
  };
}

const BLANK_REQUEST: AccessRequest = {
  action: null,
  allowed: null,
  appDomain: null,
  appUid: null,
  connection: null,
  at: null,
  ip: null,
  rayId: null,
  email: null,
};

function makeEvent(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: "f174be9719b140d6954d70cd5fbd52db",
    at: NOW - HOUR,
    action: "delete",
    description: "Delete User",
    succeeded: true,
    tokenId: "token-1",
    rayId: "8e9b1c60ef9e1c9a",
    method: "DELETE",
    status: 202,
    resource: { id: "f174e90a", product: "access", type: "users" },
    ...changes,
  };
}

const BLANK_EVENT: AuditEvent = {
  id: null,
  at: null,
  action: null,
  description: null,
  succeeded: null,
  tokenId: null,
  rayId: null,
  method: null,
  status: null,
  resource: { id: null, product: null, type: null },
};

/** Many of every sort. */
const REQUESTS = Array.from({ length: 1000 }, (_, index) =>
  index % 10 === 0
    ? BLANK_REQUEST
    : makeRequest({
        appDomain: index % 2 === 0 ? `${index}${LONG}` : "\u202E",
        allowed: index % 3 === 0,
        action: LONG,
        ip: LONG,
        rayId: LONG,
        email: LONG,
      }),
);
const EVENTS = Array.from({ length: 1000 }, (_, index) =>
  index % 10 === 0
    ? BLANK_EVENT
    : makeEvent({
        action: LONG,
        description: LONG,
        succeeded: index % 3 === 0,
        rayId: LONG,
        resource: { id: LONG, product: LONG, type: LONG },
      }),
);

describe("with data of every sort, Slack takes", () => {
  it.each(Object.entries(SUMMARIES))("every page of the sign-ins of a user (%s)", (_sort, { user }) => {
    for (const items of [[], [BLANK_REQUEST], REQUESTS])
      for (const complete of [true, false])
        for (const days of [1, 7])
          expect(
            PAGES.flatMap((page) =>
              messageProblems(signInsMessage(user, { items, complete, days, now: NOW, page })),
            ),
          ).toEqual([]);
  });

  it("every page of the bot's changes", () => {
    for (const items of [[], [BLANK_EVENT], EVENTS])
      for (const complete of [true, false])
        expect(
          PAGES.flatMap((page) =>
            messageProblems(changesMessage({ items, complete, tokenId: LONG, now: NOW, page })),
          ),
        ).toEqual([]);
  });
});

const showSignIns = (items: AccessRequest[], days = 1, complete = true): string =>
  readWords(signInsMessage(makeUser(), { items, complete, days, now: NOW }));

describe("the sign-ins of a user", () => {
  it("are counted by result and by application, each row with result, application, IP and ray", () => {
    const denied = makeRequest({ allowed: false, appDomain: "vault.example.com", ip: "2001:db8::1" });
    const words = showSignIns([makeRequest(), denied, makeRequest(), denied, denied]);
    expect(words).toContain("5 sign-ins in the last 24 h: 3 denied and 2 allowed");
    expect(words).toContain("• 3 × vault.example.com, 3 denied\n• 2 × wiki.example.com/docs\n");
    expect(words).toContain("⛔ denied\nvault.example.com\n2001:db8::1\n03-14 13:02 UTC\n187d944c61940c77");
    expect(words).toContain("allowed\nwiki.example.com/docs\n203.0.113.199");
  });

  it("say what is not a sign-in, and what is unknown", () => {
    const words = showSignIns([
      makeRequest({ action: "logout" }),
      makeRequest({ allowed: null, appDomain: null, ip: null, rayId: null, at: null }),
      { ...BLANK_REQUEST },
    ]);
    expect(words).toContain("0 denied, 1 allowed and 2 with an unknown result");
    expect(words).toContain("allowed (logout)");
    expect(words).toContain("df7e2w5f-02b7-4d9d-af26-8d1988fca630");
    expect(words).toContain("unnamed application");
  });

  it("are marked where the address is in other capitals: it may be another user's", () => {
    expect(showSignIns([makeRequest({ email: "Mallory@example.com" }), makeRequest()])).toContain(
      "⚠️ 1 sign-in with the address in other capitals",
    );
    expect(showSignIns([makeRequest(), makeRequest({ email: null })])).not.toContain("other capitals");
  });

  it("are not said to be all where there may be more", () => {
    expect(showSignIns([makeRequest()], 1, false)).toContain("There may be more: these are the newest 1,");
    expect(showSignIns([makeRequest()], 1, false)).toContain("at least 1 sign-in");
    expect(showSignIns([makeRequest()])).not.toContain("There may be more");
  });

  it("lead further back until that is as far as it goes", () => {
    expect(showSignIns([], 1)).toContain("→ /zt sign-ins mallory@example.com --days 7 looks further back");
    expect(showSignIns([], 1)).toContain("Last 7 days");
    expect(showSignIns([makeRequest()], 3)).toContain("Last 7 days");
    expect(showSignIns([], 7)).toContain("→ A session from before may still be open: /zt sessions");
    expect(showSignIns([], 7)).not.toContain("Last 7 days");
    expect(showSignIns([], 7)).toContain("has no sign-in in the last 7 days");
  });

  it("count every request once", () => {
    const counts = countResults(REQUESTS);
    expect(counts.allowed + counts.denied + counts.unknown).toBe(REQUESTS.length);
    const apps = countByDomain(REQUESTS);
    expect(apps.reduce((sum, { count }) => sum + count, 0)).toBe(REQUESTS.length);
    expect(apps.reduce((sum, { denied }) => sum + denied, 0)).toBe(counts.denied);
    expect(apps.map(({ count }) => count)).toEqual(apps.map(({ count }) => count).toSorted((a, b) => b - a));
  });
});

const showChanges = (items: AuditEvent[], complete = true): string =>
  readWords(changesMessage({ items, complete, tokenId: "token-1", now: NOW }));

describe("the bot's changes", () => {
  it("say what was done to what, with the result and the ray, and how many failed", () => {
    const words = showChanges([
      makeEvent(),
      makeEvent({ action: "create", description: null, succeeded: false, status: 403 }),
    ]);
    expect(words).toContain("By zt-bot: 2 changes in the last 24 h, 1 failed");
    expect(words).toContain(
      "succeeded\ndelete · Delete User · access users f174e90a\n03-14 13:02 UTC\n8e9b1c60ef9e1c9a",
    );
    expect(words).toContain("❌ failed (HTTP 403)\ncreate · access users f174e90a");
    expect(words).toContain("for zt-bot's API token token-1");
  });

  it("do without what is unknown, and say nothing twice", () => {
    const resource = { id: null, product: null, type: "Delete User" };
    expect(showChanges([makeEvent({ resource })])).toContain("succeeded\ndelete · Delete User\n");
    const nothing = showChanges([BLANK_EVENT]);
    expect(nothing).toContain("result unknown\nchange\nunknown\n");
    expect(nothing).toContain("1 change in the last 24 h, 1 with an unknown result");
  });

  it("are not said to be all where there are more", () => {
    expect(showChanges([makeEvent()], false)).toContain(
      "These are the newest 1,000. The Cloudflare dashboard shows the rest.",
    );
  });

  it("may be none, and then where to look is said", () => {
    expect(showChanges([])).toContain("Cloudflare recorded no change by zt-bot in the last 24 h");
    expect(showChanges([])).toContain("/zt requests all shows what was requested");
  });
});
