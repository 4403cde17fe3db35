import type { AccessRequest, AuditEvent } from "../../../../src/api/cloudflare.ts";
import { changesMessage } from "../../../../src/views/look-ups/changes.ts";
import { devicesMessage } from "../../../../src/views/look-ups/devices.ts";
import { failedSignInsMessage } from "../../../../src/views/look-ups/failed-sign-ins.ts";
import { identityMessage } from "../../../../src/views/look-ups/identity.ts";
import { riskiestMessage, riskMessage } from "../../../../src/views/look-ups/risk.ts";
import { sessionMessage } from "../../../../src/views/look-ups/session.ts";
import { sessionsMessage } from "../../../../src/views/look-ups/sessions.ts";
import { signInPicture, signInsInWords } from "../../../../src/views/look-ups/sign-in-picture.ts";
import { signInsMessage } from "../../../../src/views/look-ups/sign-ins.ts";
import { makeIdentity, makeRegistration, makeSession, makeUser } from "../../../views/support.ts";
import { TIMELINES } from "./timeline.ts";
import { CALM, HOUR, MINUTE, NOW, TAKEN_OVER } from "../../story.ts";

const MALLORY = makeUser();
const at = { now: NOW };

function valueOf<T>(part: { ok: true; value: T } | { ok: false; reason: string }): T {
  if (!part.ok) throw new Error(part.reason);
  return part.value;
}
const sessions = valueOf(TAKEN_OVER.sessions);
const identity = valueOf(TAKEN_OVER.identity);
const risk = valueOf(TAKEN_OVER.risk);

const signIn = (
  minutes: number,
  allowed: boolean | null,
  changes: Partial<AccessRequest> = {},
): AccessRequest => ({
  action: "login",
  allowed,
  appDomain: "payroll.example.com",
  appUid: null,
  connection: "azureAD",
  at: NOW - minutes * MINUTE,
  ip: "203.0.113.199",
  rayId: `6d76a8a42ead${minutes.toString().padStart(4, "0")}`,
  email: "mallory@example.com",
  ...changes,
});
const SIGN_INS = [
  signIn(15, true, { appDomain: "admin-panel.example.com" }),
  signIn(20, true),
  signIn(25, false),
  signIn(27, false),
  signIn(29, null, { action: "logout" }),
  signIn(180, true, { appDomain: "wiki.example.com", ip: "192.0.2.44" }),
];

const change = (minutes: number, changes: Partial<AuditEvent> = {}): AuditEvent => ({
  id: `audit-${minutes}`,
  at: NOW - minutes * MINUTE,
  action: "update",
  description: "Revoke user",
  succeeded: true,
  tokenId: "token-1",
  rayId: "8f2d1c0a9b7e6d5c",
  method: "POST",
  status: 200,
  resource: { id: MALLORY.id, product: "access", type: "users" },
  ...changes,
});

const lanes = {
  from: NOW - 24 * HOUR,
  to: NOW,
  lanes: [
    {
      country: "BR",
      ip: "203.0.113.199",
      signIns: [
        { at: NOW - 55 * MINUTE, allowed: false },
        { at: NOW - 25 * MINUTE, allowed: false },
        { at: NOW - 20 * MINUTE, allowed: true },
      ],
    },
    { country: "GB", ip: "192.0.2.44", signIns: [{ at: NOW - 3 * HOUR, allowed: true }] },
  ],
  others: { places: 1, signIns: 2 },
  undated: 0,
  revokedAt: [NOW - 5 * MINUTE],
};

const revoked = makeRegistration({
  id: "9c1de0a7-0000-4000-8000-000000000001",
  deviceName: "Old phone",
  revokedAt: NOW - 50 * HOUR,
  lastSeenAt: NOW - 60 * HOUR,
});
const shared = makeRegistration({
  id: "9c1de0a7-0000-4000-8000-000000000002",
  deviceName: "Front desk",
  multiUser: true,
  clientVersion: null,
});

const compared = (changes: Partial<Parameters<typeof identityMessage>[0]["comparison"]>) =>
  identityMessage({
    user: MALLORY,
    identity,
    comparison: { total: 2, compared: [], unread: 0, reason: null, ...changes },
    now: NOW,
  });

const one = (isActive: boolean | null, isListed: boolean) =>
  sessionMessage({
    user: MALLORY,
    nonce: "nonce-payroll",
    identity: { ...identity, isActive },
    listed: isListed ? sessions[0] : undefined,
    now: NOW,
  });

const scored = (email: string, level: "high" | "medium" | null, eventCount: number | null) => ({
  userId: `risk-${email}`,
  email,
  name: null,
  level,
  eventCount,
  lastEventAt: NOW - HOUR,
});

/** The other look-ups about one user, full, empty and partly read; and what zt-bot changed. */
export const LOOK_UPS = {
  sessions: sessionsMessage(MALLORY, sessions, at),
  "sessions-none": sessionsMessage(MALLORY, [], at),
  "sessions-second-page": sessionsMessage(
    MALLORY,
    Array.from({ length: 23 }, (_, index) => makeSession({ nonce: `nonce-${index}` })),
    { now: NOW, page: 2 },
  ),
  "sessions-half-unknown": sessionsMessage(
    MALLORY,
    [makeSession({ nonce: null, issuedAt: null, expiresAt: null, apps: null }), makeSession({ apps: [] })],
    at,
  ),
  "session-active": one(true, true),
  "session-over": one(false, false),
  "session-unknown": one(null, true),
  devices: devicesMessage(
    MALLORY,
    { items: [...valueOf(TAKEN_OVER.registrations), shared, revoked], isComplete: true },
    at,
  ),
  "devices-none": devicesMessage(MALLORY, { items: [], isComplete: true }, at),
  "devices-cut": devicesMessage(MALLORY, { items: valueOf(CALM.registrations), isComplete: false }, at),
  identity: compared({ compared: [{ issuedAt: NOW - HOUR, differences: [] }], total: 1 }),
  "identity-differs": compared({
    compared: [
      {
        issuedAt: NOW - 3 * HOUR,
        differences: [
          { kind: "value", what: "country", seen: "BR", inSession: "GB" },
          { kind: "value", what: "IP", seen: "203.0.113.199", inSession: "192.0.2.44" },
          { kind: "groups", added: ["Finance"], removed: ["Engineering"] },
          { kind: "posture", rule: "Disk encrypted", seen: "failed", inSession: "passed" },
        ],
      },
    ],
    unread: 1,
    reason: "Cloudflare did not answer in time",
  }),
  "identity-no-open-session": compared({ total: 0 }),
  "identity-sessions-unread": compared({
    total: 0,
    unread: 2,
    reason: "Cloudflare did not answer in time",
  }),
  "identity-none": identityMessage({
    user: MALLORY,
    identity: null,
    comparison: { total: 0, compared: [], unread: 0, reason: null },
    now: NOW,
  }),
  "identity-mostly-unknown": identityMessage({
    user: MALLORY,
    identity: makeIdentity({
      name: null,
      email: null,
      groups: null,
      idp: null,
      country: null,
      ip: null,
      issuedAt: null,
      deviceId: null,
      posture: null,
      isWarp: null,
      isGateway: null,
      amr: null,
    }),
    comparison: { total: 0, compared: [], unread: 0, reason: null },
    now: NOW,
  }),
  "failed-sign-ins": failedSignInsMessage(MALLORY, valueOf(TAKEN_OVER.failedLogins), at),
  "failed-sign-ins-none": failedSignInsMessage(MALLORY, [], at),
  "sign-ins": signInsMessage(MALLORY, { items: SIGN_INS, complete: true, days: 1, now: NOW }),
  "sign-ins-cut": signInsMessage(MALLORY, {
    items: [...SIGN_INS, signIn(200, true, { email: "Mallory@example.com" })],
    complete: false,
    days: 7,
    now: NOW,
  }),
  "sign-ins-none": signInsMessage(MALLORY, { items: [], complete: true, days: 1, now: NOW }),
  "sign-ins-none-for-long": signInsMessage(MALLORY, { items: [], complete: true, days: 30, now: NOW }),
  "sign-in-picture": signInPicture("F0PICTURE1", lanes),
  "sign-in-picture-in-words": signInsInWords(lanes),
  risk: riskMessage({ user: MALLORY, riskUserId: MALLORY.id, risk, now: NOW }),
  "risk-after-a-reset": riskMessage({
    user: MALLORY,
    riskUserId: "risk-mallory",
    risk: { ...risk, level: "low", lastResetAt: NOW - 2 * HOUR },
    now: NOW,
  }),
  "risk-no-events": riskMessage({
    user: MALLORY,
    riskUserId: MALLORY.id,
    risk: valueOf(CALM.risk),
    now: NOW,
  }),
  "risk-none": riskMessage({ user: MALLORY, riskUserId: MALLORY.id, risk: null, now: NOW }),
  "risk-of-someone-removed": riskMessage({ user: null, riskUserId: MALLORY.id, risk, now: NOW }),
  riskiest: riskiestMessage(
    [
      scored("mallory@example.com", "high", 2),
      scored("ada@example.com", "medium", 1),
      scored("ben@example.com", null, null),
    ],
    at,
  ),
  "riskiest-none": riskiestMessage([], at),
  changes: changesMessage({
    items: [
      change(1),
      change(3, { action: "delete", description: "Remove user", succeeded: false, status: 500 }),
      change(9, { succeeded: null, status: null, rayId: null }),
    ],
    complete: true,
    tokenId: "token-1",
    now: NOW,
  }),
  "changes-cut": changesMessage({ items: [change(1)], complete: false, tokenId: "token-1", now: NOW }),
  "changes-none": changesMessage({ items: [], complete: true, tokenId: "token-1", now: NOW }),
  ...TIMELINES,
};
