import { INCIDENT_ACTIONS } from "../../../src/views/incident/actions.ts";
import { describe, expect, it } from "vitest";

import { judge } from "../../../src/lookup/verdict.ts";
import { appNames } from "../../../src/views/look-ups/sessions.ts";
import {
  dashboardUrl,
  statusLine,
  SUMMARY_ACTIONS,
  summaryText,
  userSummary,
} from "../../../src/views/look-ups/user-summary.ts";
import { verdictReason } from "../../../src/views/look-ups/verdict.ts";
import { readWords } from "../../support/words.ts";
import {
  ACCOUNT,
  HOUR,
  makeFailure,
  makeIdentity,
  makeRegistration,
  makeSession,
  makeSummary,
  makeUser,
  NOW,
  SUMMARIES,
  USER_ID,
} from "../support.ts";

const show = (summary = makeSummary(), sharedBy?: string) =>
  userSummary({ summary, accountId: ACCOUNT, now: NOW, ...(sharedBy === undefined ? {} : { sharedBy }) });

/** The buttons of a message; those of its folded parts come after. */
function buttonsOf({ blocks }: ReturnType<typeof show>) {
  const folded = blocks.flatMap((block) => (block.type === "container" ? block.child_blocks : []));
  return [...blocks, ...folded].flatMap((block) =>
    block.type === "actions"
      ? block.elements.flatMap((element) => (element.type === "button" ? [element] : []))
      : [],
  );
}

/** The options of the menu, `[text, value]`. */
function menuOf({ blocks }: ReturnType<typeof show>) {
  const elements = blocks.flatMap((block) => (block.type === "actions" ? block.elements : []));
  return elements.flatMap((element) =>
    element.type === "overflow" ? element.options.map(({ text, value }) => [text.text, value]) : [],
  );
}

/** What stands without opening anything. */
function unfolded({ blocks }: ReturnType<typeof show>): string {
  return readWords({ blocks: blocks.filter((block) => block.type !== "container") });
}

describe("the summary of a user", () => {
  it("says who, how risky, what is open and what happened, in that order", () => {
    const words = readWords(show());
    const order = [
      "Mallory Quill",
      "Likely account takeover",
      "2 active sessions on 1 app, the first ends in 60 min",
      "Risk\nhigh, 1 risk event",
      "never reset",
      "• Impossible travel (high, 2026-03-14 13:02:31 UTC)",
      "Sign-ins\n1 failed sign-in in 24 h",
      "latest: Payroll, 2026-03-14 13:52:31 UTC, ray 6d76a8a42ead4133",
      "Identity\n1 of 2 posture checks failed",
      "Access and Gateway seats · last sign-in 2026-03-14 13:02:31 UTC",
      "azureAD · 2 groups · 203.0.113.7 · 🇵🇹 PT · WARP on · device 32aa0404-78f1-49a4-99e0-97f575081356",
      "❌ Firewall: failed\n1 check passed",
      "Devices\n1 registered device",
      "• Mallory's MacBook, seen 2026-03-14 13:02:31 UTC",
      "mallory@example.com",
      USER_ID,
    ];
    const places = order.map((part) => words.replaceAll(/[*`]/g, "").indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it("has the whole of it in one sentence for notifications and screen readers", () => {
    expect(summaryText(makeSummary(), NOW)).toBe(
      "Likely account takeover: Mallory Quill (mallory@example.com), risk high, 2 active sessions, 1 failed sign-in in 24 hours, 1 registered device",
    );
    expect(summaryText(makeSummary({ user: makeUser({ name: "" }) }), NOW)).toMatch(
      /^Likely account takeover: mallory@example\.com, risk/,
    );
  });

  it("begins with what the facts say and the step that they recommend, and fills that in", () => {
    const app = { uid: "app-1", name: "Payroll", hostname: null, type: null };
    const summary = makeSummary({
      sessions: { ok: true, value: [makeSession({ apps: [app] })] },
      signIns: {
        ok: true,
        value: {
          allowed: 2,
          denied: 17,
          allowedAfterDenials: {
            denied: 17,
            allowed: 2,
            ip: "203.0.113.199",
            apps: ["app-1", "<!channel>"],
            at: NOW,
          },
        },
      },
      places: { ok: true, value: { seen: [{ country: "BR", ip: "203.0.113.199" }], unread: 0 } },
    });
    const { blocks } = show(summary);
    expect(readWords({ text: "", blocks: blocks.slice(1, 2) }).trim()).toBe(
      "🔴 Likely account takeover. Impossible travel. 17 denied sign-ins, then 2 allowed from 203.0.113.199 → Payroll, <!channel>. High risk. 1 session open from BR.\nRecommended: revoke sessions and devices, then disable the account in your IdP.",
    );
    expect(buttonsOf(show(summary))[0]).toMatchObject({
      text: { text: "Revoke all…" },
      style: "danger",
      value: `user=${USER_ID}&advice=yes`,
    });
    expect(verdictReason(judge(summary, NOW), summary)).toBe(
      "Impossible travel; 17 denied sign-ins, then 2 allowed from 203.0.113.199 → Payroll, <!channel>; High risk",
    );
  });

  it("names applications whose sessions are gone by their domains, and none by its id", () => {
    const [known, gone, other] = ["1", "2", "3"].map((n) => `cc2a8145-0128-4429-87f3-872c4d380c4${n}`);
    const found = { denied: 17, allowed: 3, ip: "203.0.113.199", at: NOW };
    const summary = makeSummary({
      sessions: { ok: true, value: [] },
      signIns: {
        ok: true,
        value: {
          allowed: 3,
          denied: 17,
          allowedAfterDenials: {
            ...found,
            apps: [known ?? "", gone ?? "", other ?? ""],
            domains: { [known ?? ""]: "payroll.example.com" },
          },
        },
      },
    });
    expect(verdictReason(judge(summary, NOW), summary)).toContain(
      "→ payroll.example.com, an app that is no longer listed;",
    );
  });

  it("with nothing wrong shows nothing red and recommends nothing", () => {
    const identity = { ok: true as const, value: makeIdentity({ posture: [] }) };
    const summary = makeSummary({
      identity,
      risk: (SUMMARIES["empty"] ?? makeSummary()).risk,
      places: { ok: true, value: { seen: [], unread: 0 } },
      signIns: { ok: true, value: { allowed: 0, denied: 0, allowedAfterDenials: null } },
    });
    expect(readWords(show(summary))).toContain("🟢 Nothing unusual. 2 sessions open.");
    expect(readWords(show(summary))).not.toContain("Recommended");
    expect(buttonsOf(show(summary)).filter(({ style }) => style !== undefined)).toEqual([]);
  });

  it("lists the newest sessions first, and says how many are not shown", () => {
    const sessions = Array.from({ length: 500 }, (_, index) =>
      makeSession({
        nonce: String(index),
        issuedAt: NOW - (500 - index) * 1000,
        expiresAt: NOW + (500 - index) * HOUR,
        apps: [{ uid: `a${index}`, name: `App ${index}`, hostname: null, type: null }],
      }),
    );
    const words = readWords(show(makeSummary({ sessions: { ok: true, value: sessions } })));
    expect(words).toContain("500 active sessions on 500 apps, the first ends in 60 min");
    expect(words.match(/App \d+/g)).toEqual(["App 499", "App 498", "App 497"]);
    expect(words).toContain("and 497 more: see All sessions");
  });

  it("counts 1,000 failed sign-ins, 200 risk events and 300 devices, and says how many are not shown", () => {
    const words = readWords(show(SUMMARIES["hostile"]));
    expect(words).toContain("1,000 failed sign-ins in 24 h");
    expect(words).toContain("200 risk events");
    expect(words).toContain("and 197 more");
    expect(words).toContain("300 registered devices");
    expect(words).toContain("and 296 more");
    expect(words).toContain("50 of 100 posture checks failed");
  });

  it("says with the verdict what could not be read, by the reason, and keeps the rest", () => {
    const missing = { ok: false, reason: "Cloudflare did not answer in time" } as const;
    const words = readWords(show(makeSummary({ sessions: missing, risk: missing })));
    expect(words).toContain("⚠️ Unknown: sessions and risk score (Cloudflare did not answer in time)");
    expect(words).not.toContain("active session");
    expect(words).not.toContain("All risk events");
    expect(words).toContain("1 registered device");
  });

  it("says of a user with nothing that there is nothing, instead of leaving it out", () => {
    const words = readWords(show(SUMMARIES["empty"]));
    for (const part of [
      "No active session",
      "no failed sign-in in 24 h",
      "no level, no events",
      "never reset",
      "none registered",
      "no posture checks",
    ])
      expect(words).toContain(part);
  });

  it("names what has no name that could be seen", () => {
    const words = readWords(show(SUMMARIES["of names that cannot be seen"]));
    for (const part of ["unnamed app", "unnamed device", "Unnamed check: failed", "an unnamed app"])
      expect(words).toContain(part);
    expect(words.split("\n")[0]).toBe("mallory@example.com");
  });

  it("does not take what is unknown for none", () => {
    const identity = { ok: true as const, value: makeIdentity({ groups: null, posture: null }) };
    const sessions = { ok: true as const, value: [makeSession({ apps: null })] };
    const words = readWords(show(makeSummary({ identity, sessions })));
    expect(words).toContain("groups unknown");
    expect(words).toContain("posture unknown");
    expect(words).toContain("apps unknown");
    expect(words).not.toContain("no app yet");
  });

  it("says that it counts no more than the devices it read", () => {
    const value = Array.from({ length: 500 }, (_, index) => makeRegistration({ id: String(index) }));
    const message = show(makeSummary({ registrations: { ok: true, value, isComplete: false } }));
    expect(readWords(message)).toContain("more than 500 registered devices");
    expect(readWords(message)).toContain("and at least 496 more");
    expect(message.text).toContain("more than 500 registered devices");
  });

  it.each([
    [NOW - 24 * HOUR, "1 failed sign-in in 24 h"],
    [NOW - 24 * HOUR - 1, "no failed sign-in in 24 h"],
    [null, "no dated failed sign-in in 24 h, 1 without a time"],
  ])("counts a failed sign-in at %s as: %s", (at, expected) => {
    const failedLogins = { ok: true, value: [makeFailure({ at })] } as const;
    expect(
      readWords(show(makeSummary({ failedLogins: { ...failedLogins, value: [...failedLogins.value] } }))),
    ).toContain(expected);
  });

  it.each([
    [true, true, "Access and Gateway seats"],
    [true, false, "Access seat"],
    [null, true, "Gateway seat"],
    [false, false, "no seat"],
    [null, null, "seats unknown"],
  ])("with seats %s and %s says: %s", (accessSeat, gatewaySeat, expected) => {
    const line = statusLine(makeSummary({ user: makeUser({ accessSeat, gatewaySeat }) }), NOW);
    expect(line.split(" · ")[1]).toBe(expected);
  });

  it("does not say WARP is off where Cloudflare does not say", () => {
    const words = readWords(
      show(makeSummary({ identity: { ok: true, value: makeIdentity({ isWarp: null }) } })),
    );
    expect(words).not.toContain("WARP");
  });

  it("shows verdict, sessions and buttons, and folds the rest under the fact that matters", () => {
    const words = unfolded(show());
    for (const part of ["Likely account takeover", "Recommended", "2 active sessions", "Wiki", "Refresh"])
      expect(words).toContain(part);
    for (const part of ["Impossible travel (high", "MacBook", "ray", "azureAD", "Firewall on"])
      expect(words).not.toContain(part);
  });

  it("says where each session is before what it is open on", () => {
    const sessions = {
      ok: true as const,
      value: [
        makeSession({ nonce: "a" }),
        makeSession({ nonce: "b", issuedAt: NOW }),
        makeSession({ nonce: "c" }),
        makeSession({ nonce: null, issuedAt: null }),
      ],
    };
    const seen = [
      { nonce: "a", country: "GB", ip: "192.0.2.44" },
      { nonce: "b", country: "BR", ip: null },
    ];
    const words = readWords(
      show(makeSummary({ sessions, places: { ok: true, value: { seen, unread: 1 } } })),
    );
    expect(words.match(/^.* · Wiki$/gm)).toEqual([
      "🇧🇷 BR · Wiki",
      "🇬🇧 GB 192.0.2.44 · Wiki",
      "place unknown · Wiki",
    ]);
  });

  it("is one sentence with Refresh where nothing at all could be read", () => {
    const missing = { ok: false, reason: "Cloudflare returned an error (502)" } as const;
    const lost = { places: missing, signIns: missing, identity: missing, sessions: missing, risk: missing };
    const all = show(makeSummary({ ...lost, failedLogins: missing, registrations: missing }));
    expect(unfolded(all)).toContain(
      "⚪ Nothing could be read: Cloudflare returned an error (502).\nRefresh\n",
    );
    expect(readWords(all).match(/502/g)).toHaveLength(1);
    expect(buttonsOf(all).map(({ text }) => text.text)).toEqual(["Refresh", "Revoke…"]);
    expect(all.text).toBe(
      "Nothing could be read of Mallory Quill (mallory@example.com): Cloudflare returned an error (502)",
    );
    const but = show(makeSummary({ ...lost, failedLogins: missing }));
    expect(readWords(but)).not.toContain("Nothing could be read");
  });

  it("names the parts that are still being read, and claims nothing of them", () => {
    const reading = { ok: false, reason: "still reading", isReading: true } as const;
    const some = readWords(
      show(makeSummary({ signIns: reading, risk: reading, places: reading, identity: reading })),
    );
    expect(some).toContain(
      "⏳ Nothing unusual so far. 2 sessions open.\n⏳ Still reading: where the sessions are, sign-ins, risk score and identity",
    );
    expect(some).toContain("reading… · Wiki");
    expect(some).not.toContain("Unknown");
    const none = show(
      makeSummary({
        signIns: reading,
        risk: reading,
        places: reading,
        identity: reading,
        sessions: reading,
        failedLogins: reading,
        registrations: reading,
      }),
    );
    expect(readWords(none)).toContain(
      "⏳ Still reading sessions, sign-ins, risk score, identity, failed sign-ins and devices",
    );
    expect(readWords(none)).not.toMatch(/Nothing|unusual|No active/);
  });

  it("says of a session that has ended meanwhile that it ends now", () => {
    const sessions = { ok: true as const, value: [makeSession({ expiresAt: NOW - 1 })] };
    expect(readWords(show(makeSummary({ sessions })))).toContain("the first ends now");
  });

  it("carries ids in its buttons, and nothing else", () => {
    const user = `user=${USER_ID}`;
    expect(buttonsOf(show()).map(({ text, action_id: action, value }) => [text.text, action, value])).toEqual(
      [
        ["Revoke all…", SUMMARY_ACTIONS.revoke, `${user}&advice=yes`],
        ["Refresh", SUMMARY_ACTIONS.refresh, user],
        ["All risk events", "screen:risk:open", user],
        ["All failed sign-ins", "screen:failed-sign-ins:open", user],
        ["Identity in full", "screen:identity:open", user],
        ["All devices", "screen:devices:open", user],
      ],
    );
    expect(menuOf(show())).toEqual([
      ["All sessions", `${SUMMARY_ACTIONS.sessions}?${user}`],
      ["Sign-ins", `screen:sign-ins:open?${user}`],
      ["Open incident…", `${INCIDENT_ACTIONS.open}?${user}`],
      ["Share in the channel", `${SUMMARY_ACTIONS.share}?${USER_ID}`],
      ["Open in the dashboard", `${SUMMARY_ACTIONS.dashboard}?`],
    ]);
    expect(JSON.stringify(show().blocks)).toContain(`"url":"${dashboardUrl(ACCOUNT, USER_ID)}"`);
  });

  it("offers an incident about everyone, and to reset a risk score beside its events, not during a takeover", () => {
    const calm = show(SUMMARIES["empty"]);
    expect(menuOf(calm).map(([text]) => text)).toContain("Open incident…");
    expect(buttonsOf(calm).map(({ action_id: action }) => action)).toContain(SUMMARY_ACTIONS.resetRisk);
    expect(buttonsOf(show()).map(({ action_id: action }) => action)).not.toContain(SUMMARY_ACTIONS.resetRisk);
  });

  it("keeps out of its menu what an id of another kind makes too long for Slack", () => {
    const user = makeUser({ id: "x".repeat(60) });
    expect(menuOf(show(makeSummary({ user }))).map(([text]) => text)).toEqual([
      "Share in the channel",
      "Open in the dashboard",
    ]);
  });

  it("says who shared it, and cannot be shared again", () => {
    const shared = show(makeSummary(), "U0ALICE01");
    expect(readWords(shared)).toContain("shared by @U0ALICE01");
    expect(menuOf(shared).map(([text]) => text)).not.toContain("Share in the channel");
  });
});

describe("the applications of a session", () => {
  const app = (name: string | null, hostname: string | null = null) => ({
    uid: null,
    name,
    hostname,
    type: null,
  });

  it.each([
    [[], "no app yet"],
    [[app("Wiki")], "Wiki"],
    [[app(null, "wiki.example.com")], "wiki.example.com"],
    [[app(null)], "unnamed app"],
    [[app("\u200B\u3164"), app(" ", "wiki.example.com")], "unnamed app, wiki.example.com"],
    [["a", "b", "c"].map((name) => app(name)), "a, b, c"],
    [["a", "b", "c", "d", "e"].map((name) => app(name)), "a, b, c +2"],
    [[app("x".repeat(50))], `${"x".repeat(39)}…`],
  ])("%j read: %s", (apps, expected) => {
    expect(appNames(makeSession({ apps }))).toBe(expected);
  });
});

describe("the devices of a user", () => {
  it("are those seen last: the ones in use are worth the four lines", () => {
    const value = Array.from({ length: 6 }, (_, index) =>
      makeRegistration({
        id: String(index),
        deviceName: `Device ${index}`,
        lastSeenAt: NOW - (6 - index) * HOUR,
      }),
    );
    const words = readWords(show(makeSummary({ registrations: { ok: true, value } })));
    expect(words.match(/Device \d/g)).toEqual(["Device 5", "Device 4", "Device 3", "Device 2"]);
    expect(words).toContain("and 2 more");
  });
});
