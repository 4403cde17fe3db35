import type { UserSummary } from "../../../src/lookup/summary.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { userSummary } from "../../../src/views/look-ups/user-summary.ts";
import { ACCOUNT, makeUser } from "../../views/support.ts";
import { ALICE, CALM, HOUR, MINUTE, NOW, TAKEN_OVER } from "../story.ts";

const summary = (shown: UserSummary): Message =>
  userSummary({ summary: shown, accountId: ACCOUNT, now: NOW });

const SLOW = { ok: false, reason: "Cloudflare did not answer in time" } as const;
const NO_RIGHT = { ok: false, reason: "the API token lacks “Zero Trust: PII Read”" } as const;
const READING = { ok: false, reason: "still reading", isReading: true } as const;

const withRisk = (level: "high" | "medium", name: string): UserSummary["risk"] => ({
  ok: true,
  value: {
    userId: CALM.user.id,
    email: CALM.user.email,
    name: CALM.user.name,
    level,
    rawLevel: level,
    lastResetAt: NOW - 200 * HOUR,
    events: [{ id: "e9", name, level, at: NOW - 2 * HOUR, details: null }],
  },
});

const withBlock = (shown: UserSummary): Message =>
  userSummary({ summary: shown, accountId: ACCOUNT, now: NOW, canBlock: true });

/** `/zt user`, by what it says first. */
export const SUMMARIES = {
  "likely-takeover": summary(TAKEN_OVER),
  "likely-takeover-nothing-left-to-revoke": summary({
    ...TAKEN_OVER,
    sessions: { ok: true, value: [] },
    places: { ok: true, value: { seen: [], unread: 0 } },
    registrations: { ok: true, value: [] },
  }),
  "likely-takeover-with-a-block-list": withBlock(TAKEN_OVER),
  "nothing-left-to-revoke-with-a-block-list": withBlock({
    ...TAKEN_OVER,
    sessions: { ok: true, value: [] },
    places: { ok: true, value: { seen: [], unread: 0 } },
    registrations: { ok: true, value: [] },
  }),
  "not-known-to-the-idp": summary({
    ...CALM,
    idp: { ok: true, value: { active: null, provider: "Entra ID", isUnlisted: true } },
  }),
  "high-risk": summary({ ...CALM, risk: withRisk("high", "Malware detected on device") }),
  "possible-takeover": summary({
    ...CALM,
    places: {
      ok: true,
      value: {
        seen: [
          { country: "GB", ip: "192.0.2.44", nonce: "nonce-london" },
          { country: "BR", ip: "203.0.113.199", nonce: "nonce-admin" },
        ],
        unread: 0,
      },
    },
    sessions: TAKEN_OVER.sessions,
  }),
  "look-closer": summary({
    ...CALM,
    risk: withRisk("medium", "High number of DLP policies triggered"),
    identity: TAKEN_OVER.identity,
    registrations: TAKEN_OVER.registrations,
  }),
  "look-closer-many-denials": summary({
    ...CALM,
    signIns: { ok: true, value: { allowed: 1, denied: 23, allowedAfterDenials: null } },
    failedLogins: TAKEN_OVER.failedLogins,
  }),
  "nothing-unusual": summary(CALM),
  "nothing-unusual-in-what-was-read": summary({ ...CALM, signIns: SLOW, risk: NO_RIGHT }),
  "likely-takeover-partly-read": summary({ ...TAKEN_OVER, registrations: SLOW, identity: SLOW }),
  "nothing-unusual-so-far": summary({ ...CALM, signIns: READING, registrations: READING }),
  "still-reading": summary({
    ...CALM,
    sessions: READING,
    places: READING,
    signIns: READING,
    risk: READING,
    identity: READING,
    failedLogins: READING,
    registrations: READING,
  }),
  "nothing-could-be-read": summary({
    ...CALM,
    sessions: SLOW,
    places: SLOW,
    signIns: SLOW,
    risk: SLOW,
    identity: SLOW,
    failedLogins: SLOW,
    registrations: SLOW,
  }),
  "never-signed-in": summary({
    ...CALM,
    user: makeUser({ name: "", lastLoginAt: null, activeDeviceCount: 0, gatewaySeat: false }),
    identity: { ok: false, reason: "no sign-in on record", isNone: true },
    sessions: { ok: true, value: [] },
    places: { ok: true, value: { seen: [], unread: 0 } },
    signIns: { ok: true, value: { allowed: 0, denied: 0, allowedAfterDenials: null } },
    registrations: { ok: true, value: [] },
  }),
  shared: userSummary({ summary: TAKEN_OVER, accountId: ACCOUNT, now: NOW + MINUTE, sharedBy: ALICE }),
};
