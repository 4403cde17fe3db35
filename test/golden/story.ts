import type { AccessUser, ActiveSession } from "../../src/api/cloudflare.ts";
import { describeRequest } from "../../src/actions/describe.ts";
import type { Rules } from "../../src/approvals/rules.ts";
import type { UserSummary } from "../../src/lookup/summary.ts";
import { hashPlan, type Plan } from "../../src/requests/plan.ts";
import type { Request, Status, Vote } from "../../src/requests/request.ts";
import {
  HOUR,
  makeFailure,
  makeIdentity,
  makeRegistration,
  makeRequest,
  makeSession,
  makeSummary,
  makeUser,
  MINUTE,
  NOW,
  type RequestOptions,
} from "../views/support.ts";

export { HOUR, MINUTE, NOW };

/**
 * One story, so that the golden files read as one: someone in Brazil got into Mallory's account. Alice requests,
 * Bob and Carol approve, Dave helps where more are needed.
 */
export const ALICE = "U0ALICE01";
export const BOB = "U0BOB0001";
export const CAROL = "U0CAROL01";
export const DAVE = "U0DAVE001";
export const LEADS = "S0LEADS01";
export const SECOPS = "S0SECOPS1";

/** What Slack shows in the place of ids. */
export const NAMES: Readonly<Record<string, string>> = {
  [ALICE]: "Alice",
  [BOB]: "Bob",
  [CAROL]: "Carol",
  [DAVE]: "Dave",
  [LEADS]: "leads",
  [SECOPS]: "secops",
};

export const LINK = "https://acme.slack.com/archives/C0APPROV1/p1773496651000100";
export const REASON = "17 denied sign-ins, then two from Brazil. She is in London.";

const session = (nonce: string, app: string, age: number): ActiveSession =>
  makeSession({
    nonce,
    issuedAt: NOW - age,
    expiresAt: NOW - age + 24 * HOUR,
    apps: [
      { uid: app, name: app, hostname: `${app.toLowerCase().replace(" ", "-")}.example.com`, type: null },
    ],
  });

const HEALTHY = ["Disk encrypted", "Firewall on"].map((name, index) => ({
  id: String(index),
  name,
  type: index === 0 ? "disk_encryption" : "firewall",
  success: true as boolean | null,
  error: null as string | null,
  checkedAt: NOW - HOUR,
}));

/** The block list keeps her out already, by a request that ends it in two hours. */
export const BLOCKED: Extract<UserSummary["blocked"], { ok: true }> = {
  ok: true,
  value: { isListed: true, since: NOW - 6 * HOUR, enforcedBy: "gateway", until: NOW + 2 * HOUR },
};

/** Nothing is wrong: an office, a laptop, low risk. */
export const CALM: UserSummary = makeSummary({
  identity: { ok: true, value: makeIdentity({ country: "GB", ip: "192.0.2.44", posture: HEALTHY }) },
  sessions: { ok: true, value: [session("nonce-london", "Wiki", 3 * HOUR)] },
  places: {
    ok: true,
    value: { seen: [{ country: "GB", ip: "192.0.2.44", nonce: "nonce-london" }], unread: 0 },
  },
  signIns: { ok: true, value: { allowed: 3, denied: 0, allowedAfterDenials: null } },
  failedLogins: { ok: true, value: [] },
  risk: {
    ok: true,
    value: {
      userId: makeUser().id,
      email: "mallory@example.com",
      name: "Mallory Quill",
      level: "low",
      rawLevel: "low",
      lastResetAt: null,
      events: [],
    },
  },
  registrations: { ok: true, value: [makeRegistration()] },
});

const TRAVEL = {
  id: "e1",
  name: "Impossible travel",
  level: "high" as const,
  at: NOW - 40 * MINUTE,
  details: JSON.stringify({
    from: { country: "GB", ip: "192.0.2.44" },
    to: { country: "BR", ip: "203.0.113.199" },
    minutes: 55,
  }),
};
const MALWARE = {
  id: "e2",
  name: "Malware detected on device",
  level: "medium" as const,
  at: NOW - 3 * HOUR,
  details: JSON.stringify({ device: "DESKTOP-7QK2M1" }),
};

/** Mallory, taken over from Brazil. */
export const TAKEN_OVER: UserSummary = {
  ...CALM,
  identity: {
    ok: true,
    value: makeIdentity({
      country: "BR",
      ip: "203.0.113.199",
      posture: HEALTHY.map((check, index) =>
        index === 0 ? { ...check, success: false, error: "the disk is not encrypted" } : check,
      ),
    }),
  },
  sessions: {
    ok: true,
    value: [
      session("nonce-payroll", "Payroll", 20 * MINUTE),
      session("nonce-admin", "Admin panel", 15 * MINUTE),
      session("nonce-london", "Wiki", 3 * HOUR),
    ],
  },
  places: {
    ok: true,
    value: {
      seen: [
        { country: "BR", ip: "203.0.113.199", nonce: "nonce-payroll" },
        { country: "BR", ip: "203.0.113.199", nonce: "nonce-admin" },
        { country: "GB", ip: "192.0.2.44", nonce: "nonce-london" },
      ],
      unread: 0,
    },
  },
  signIns: {
    ok: true,
    value: {
      allowed: 2,
      denied: 17,
      allowedAfterDenials: {
        denied: 17,
        allowed: 2,
        ip: "203.0.113.199",
        apps: ["payroll.example.com", "admin-panel.example.com"],
        at: NOW - 20 * MINUTE,
      },
    },
  },
  failedLogins: {
    ok: true,
    value: Array.from({ length: 17 }, (_, index) =>
      makeFailure({ at: NOW - (25 + 2 * index) * MINUTE, rayId: `6d76a8a42ead41${20 + index}` }),
    ),
  },
  risk: {
    ok: true,
    value: {
      userId: makeUser().id,
      email: "mallory@example.com",
      name: "Mallory Quill",
      level: "high",
      rawLevel: "high",
      lastResetAt: null,
      events: [TRAVEL, MALWARE],
    },
  },
  registrations: {
    ok: true,
    value: [
      makeRegistration({ deviceName: "Mallory's MacBook", lastSeenAt: NOW - 3 * HOUR }),
      makeRegistration({
        id: "7be1a9c4-2d6f-4f0e-9c61-0a8d5b3e2f11",
        deviceName: "DESKTOP-7QK2M1",
        createdAt: NOW - 30 * MINUTE,
        lastSeenAt: NOW - 5 * MINUTE,
      }),
    ],
  },
};

/** A user without a name, device or sign-in of note. */
export function person(name: string, changes: Partial<AccessUser> = {}): AccessUser {
  const first = name.split(" ")[0]?.toLowerCase() ?? "";
  return makeUser({
    id: `${first.padEnd(8, "0").slice(0, 8)}-0000-4000-8000-000000000000`,
    name,
    email: `${first}@example.com`,
    ...changes,
  });
}

export const RULES: Rules = {
  approvers: [LEADS],
  quorum: 1,
  alone: null,
  stepUp: { votes: false, alone: false },
};

export function vote(by: string, changes: Partial<Vote> = {}): Vote {
  return { by, at: NOW - 2 * MINUTE, via: LEADS, ...changes };
}

/** A request about Mallory, taken over, in a state. */
export function request(
  status: Status,
  changes: Partial<Request> = {},
  options: Partial<RequestOptions> = {},
): Request {
  const made = makeRequest({ status, summary: TAKEN_OVER, isDevices: true, reason: REASON, ...options });
  const isDecided =
    status !== "pending" && status !== "expired" && status !== "denied" && status !== "cancelled";
  return { ...made, votes: isDecided ? [vote(BOB)] : [], decisionReason: null, ...changes };
}

/** Ten people at once, of whom Mallory comes first; one of the names that were typed is no one's. */
export function bulkRequest(status: Status, changes: Partial<Request> = {}): Request {
  const one = request(status, changes);
  const others = [
    "Ada Ng",
    "Ben Ito",
    "Cleo Rao",
    "Dan Fox",
    "Eve Lim",
    "Finn Roe",
    "Gus Day",
    "Hal Orr",
    "Ivy Kim",
  ];
  const plan: Plan = {
    ...one.plan,
    action: "revoke",
    options: {
      devices: true,
      warpReauth: true,
      others: others.map((name) => {
        const { id, email } = person(name);
        return { id, email, name };
      }),
      leftOut: [{ name: "malory@example.com", why: "not an Access user" }],
    },
  };
  return { ...one, plan, planHash: hashPlan(plan) };
}

/** A request with its words: what most views take. */
export function told(one: Request) {
  return { request: one, words: describeRequest(one) };
}

export const VERIFIED = {
  confirmed: true,
  summary: "revoked 3 sessions and 2 devices",
  notes: [],
  checkedAt: NOW,
};
export const NOT_CONFIRMED = {
  confirmed: false,
  summary: "1 of 3 sessions still open",
  notes: ["1 new sign-in since then"],
  checkedAt: NOW,
};
export const RECEIPT = { cfRay: "8f2d1c0a9b7e6d5c-LHR", at: NOW - MINUTE };
