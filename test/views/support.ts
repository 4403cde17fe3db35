import fc from "fast-check";

import type {
  AccessUser,
  ActiveSession,
  FailedLogin,
  Identity,
  Registration,
} from "../../src/api/cloudflare.ts";
import { type Inline, parseMrkdwn } from "../../sandbox/web/page/text/mrkdwn.ts";
import { validateMessage, validateView, type MessageSurface } from "../../sandbox/slack/validate.ts";
import { RISK_JUDGEMENTS } from "../../src/actions/reset-risk/options.ts";
import { groupRiskEvents } from "../../src/lookup/facts.ts";
import type { UserSummary } from "../../src/lookup/summary.ts";
import { ACTION_NAMES, hashPlan, type ActionName, type Plan } from "../../src/requests/plan.ts";
import { STATUSES, type Request, type Result, type Status } from "../../src/requests/request.ts";
import type { Message } from "../../src/views/blocks.ts";

export const NOW = Date.UTC(2026, 2, 14, 14, 2, 31);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353";
export const USER_ID = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";

/**
 * Text that tries everything: broadcasts, mentions, a link that lies, an override, formatting, emoji, what nobody sees,
 * a quotation at its begin, the begin of an emoji at its end, half a character.
 */
export const HOSTILE =
  "> <!channel> <@U0ALICE01> <https://evil.example|https://bank.example> \u202Egpj.exe `*_~ &lt; 😀👩🏽‍🚒 مريم \uD83D *bold* _it_ ~no~ ＊b＊ `c` ✅ :white_check_mark: a\u200Bb https://evil.example ```x``` :tada";

/** Text as somebody hostile would choose it, besides any other. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  // Halves of characters too: whatever a JSON string can hold.
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc
    .array(
      fc.constantFrom(
        "<!channel>",
        "<!here>",
        "<@U012AB3CD>",
        "<!subteam^S012AB3CD>",
        "<https://evil.example|https://bank.example>",
        "&lt;!channel&gt;",
        "&",
        "<",
        ">",
        "`",
        "*",
        "_",
        "~",
        "＊",
        "＿",
        "｀",
        ":",
        "tada",
        ":white_check_mark:",
        "```",
        "https://evil.example",
        "✅",
        "\u200B",
        "\u200D",
        "\uFE0F",
        "\u0301",
        "👩🏽‍🚒",
        " ",
        "😀",
        "\u202E",
        "\u2066",
        "\n",
        "a",
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
);
export function makeUser(changes: Partial<AccessUser> = {}): AccessUser {
  return {
    id: USER_ID,
    uid: null,
    seatUid: null,
    email: "mallory@example.com",
    name: "Mallory Quill",
    accessSeat: true,
    gatewaySeat: true,
    activeDeviceCount: 2,
    createdAt: NOW - 400 * 24 * HOUR,
    updatedAt: NOW - HOUR,
    lastLoginAt: NOW - HOUR,
    ...changes,
  };
}

export function makeSession(changes: Partial<ActiveSession> = {}): ActiveSession {
  return {
    nonce: "X1aXj1lFVcqqyoXF",
    name: null,
    issuedAt: NOW - HOUR,
    expiresAt: NOW + 5 * HOUR,
    apps: [{ uid: "app-1", name: "Wiki", hostname: "wiki.example.com", type: "self_hosted" }],
    ...changes,
  };
}

export function makeFailure(changes: Partial<FailedLogin> = {}): FailedLogin {
  return {
    appName: "Payroll",
    aud: null,
    at: NOW - 10 * MINUTE,
    rayId: "6d76a8a42ead4133",
    email: "mallory@example.com",
    expiresAt: null,
    ...changes,
  };
}

export function makeRegistration(changes: Partial<Registration> = {}): Registration {
  return {
    id: "11ffb86f-3f0c-4306-b4a2-e62f872b166a",
    type: "warp",
    deviceId: "11ffb86f-3f0c-4306-b4a2-e62f872b166a",
    deviceName: "Mallory's MacBook",
    clientVersion: "2026.1.0",
    userId: USER_ID,
    userEmail: "mallory@example.com",
    userName: "Mallory Quill",
    keyType: null,
    tunnelType: null,
    createdAt: NOW - 100 * HOUR,
    updatedAt: NOW - HOUR,
    lastSeenAt: NOW - HOUR,
    revokedAt: null,
    deletedAt: null,
    multiUser: false,
    ...changes,
  };
}

export function makeIdentity(changes: Partial<Identity> = {}): Identity {
  return {
    id: "1164449231815010287495",
    name: "Mallory Quill",
    email: "mallory@example.com",
    groups: ["Engineering", "Payroll"],
    idp: { id: "idp-1", type: "azureAD" },
    country: "PT",
    ip: "203.0.113.7",
    userUuid: null,
    issuedAt: NOW - HOUR,
    authStatus: null,
    commonName: null,
    isWarp: true,
    isGateway: true,
    deviceId: "32aa0404-78f1-49a4-99e0-97f575081356",
    amr: ["pwd"],
    posture: [
      {
        id: "1",
        name: "Disk encrypted",
        type: "disk_encryption",
        success: true,
        error: null,
        checkedAt: NOW,
      },
      { id: "2", name: "Firewall on", type: "firewall", success: false, error: null, checkedAt: NOW },
    ],
    deviceSessions: [],
    mtls: null,
    serviceToken: null,
    ...changes,
  };
}

/** Mallory on an ordinary bad day. */
export function makeSummary(changes: Partial<UserSummary> = {}): UserSummary {
  return {
    user: makeUser(),
    identity: { ok: true, value: makeIdentity() },
    sessions: { ok: true, value: [makeSession(), makeSession({ nonce: "two", expiresAt: NOW + HOUR })] },
    failedLogins: { ok: true, value: [makeFailure(), makeFailure({ at: NOW - 30 * HOUR })] },
    risk: {
      ok: true,
      value: {
        userId: USER_ID,
        email: "mallory@example.com",
        name: "Mallory Quill",
        level: "high",
        rawLevel: "high",
        lastResetAt: null,
        events: [{ id: "e1", name: "Impossible travel", level: "high", at: NOW - HOUR, details: null }],
      },
    },
    registrations: { ok: true, value: [makeRegistration()] },
    gatheredAt: NOW,
    ...changes,
  };
}

function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Everything as long and as many as a mischievous directory can make it, with `text` for every free text. */
function makeHuge(text: string): UserSummary {
  const long = text.repeat(Math.ceil(300 / text.length)).slice(0, 300);
  const email = `${long.replaceAll(/[\s<>|]/g, "x").slice(0, 240)}@example.com`;
  const app = (index: number) => ({
    uid: `app-${index}`,
    name: `${long}${index}`,
    hostname: null,
    type: null,
  });
  return makeSummary({
    user: makeUser({ name: long, email }),
    identity: {
      ok: true,
      value: makeIdentity({
        groups: repeat(200, () => long),
        idp: { id: long, type: long },
        country: long,
        ip: long,
        deviceId: long,
        posture: repeat(100, (index) => ({
          id: String(index),
          name: long,
          type: long,
          success: index % 2 === 0,
          error: long,
          checkedAt: NOW,
        })),
      }),
    },
    sessions: {
      ok: true,
      value: repeat(500, (index) =>
        makeSession({ nonce: String(index), expiresAt: NOW + index * MINUTE, apps: repeat(8, app) }),
      ),
    },
    places: {
      ok: true,
      value: { seen: repeat(4, (index) => ({ country: `${long}${index}`, ip: long })), unread: 0 },
    },
    signIns: {
      ok: true,
      value: {
        allowed: 9,
        denied: 1000,
        allowedAfterDenials: { denied: 1000, allowed: 9, ip: long, apps: repeat(9, () => long), at: NOW },
      },
    },
    failedLogins: {
      ok: true,
      value: repeat(1000, (index) => makeFailure({ appName: long, rayId: long, at: NOW - index * 1000 })),
    },
    risk: {
      ok: true,
      value: {
        userId: USER_ID,
        email,
        name: long,
        level: null,
        rawLevel: long,
        lastResetAt: NOW - HOUR,
        events: repeat(200, (index) => ({
          id: String(index),
          name: long,
          level: "high" as const,
          at: NOW - index * MINUTE,
          details: long,
        })),
      },
    },
    registrations: {
      ok: true,
      value: repeat(300, (index) => makeRegistration({ id: String(index), deviceName: long })),
    },
  });
}

const MISSING = { ok: false, reason: `the API token lacks “Zero Trust: PII Read” ${HOSTILE}` } as const;
const BLANK = "\u202E\u200F";

/** One summary of each sort: whatever is drawn has to stand with every one of them. */
export const SUMMARIES: Record<string, UserSummary> = {
  ordinary: makeSummary(),
  hostile: makeHuge(HOSTILE),
  "endless, in a script of three bytes a letter": makeHuge("王"),
  "endless emoji": makeHuge("👩🏽‍🚒"),
  "nothing but markup": makeHuge("<"),
  empty: makeSummary({
    user: makeUser({ name: "", email: "", accessSeat: null, gatewaySeat: null, lastLoginAt: null }),
    identity: {
      ok: true,
      value: makeIdentity({
        groups: [],
        idp: null,
        country: null,
        ip: null,
        issuedAt: null,
        isWarp: null,
        deviceId: null,
        posture: [],
      }),
    },
    sessions: { ok: true, value: [] },
    failedLogins: { ok: true, value: [] },
    risk: {
      ok: true,
      value: {
        userId: USER_ID,
        email: null,
        name: null,
        level: null,
        rawLevel: null,
        lastResetAt: null,
        events: [],
      },
    },
    registrations: { ok: true, value: [] },
  }),
  "full of nulls": makeSummary({
    sessions: {
      ok: true,
      value: [makeSession({ nonce: null, issuedAt: null, expiresAt: null, apps: [] })],
    },
    failedLogins: { ok: true, value: [makeFailure({ appName: null, rayId: null })] },
    risk: {
      ok: true,
      value: {
        userId: USER_ID,
        email: null,
        name: null,
        level: "medium",
        rawLevel: "medium",
        lastResetAt: null,
        events: [{ id: null, name: null, level: null, at: null, details: null }],
      },
    },
    registrations: { ok: true, value: [makeRegistration({ deviceName: null, lastSeenAt: null })] },
  }),
  "of names that cannot be seen": makeSummary({
    user: makeUser({ name: BLANK }),
    identity: {
      ok: true,
      value: makeIdentity({
        posture: [{ id: "1", name: BLANK, type: BLANK, success: false, error: null, checkedAt: null }],
      }),
    },
    sessions: {
      ok: true,
      value: [makeSession({ apps: [{ uid: null, name: BLANK, hostname: null, type: null }] })],
    },
    failedLogins: { ok: true, value: [makeFailure({ appName: BLANK, rayId: BLANK })] },
    registrations: { ok: true, value: [makeRegistration({ deviceName: BLANK })] },
  }),
  "that could not be read": makeSummary({
    identity: MISSING,
    sessions: MISSING,
    failedLogins: MISSING,
    risk: MISSING,
    registrations: MISSING,
  }),
};

/** What people write, or may, where a reason is asked for. */
export const REASONS: Record<string, string> = {
  "an ordinary reason": "laptop stolen, see #sec-42",
  "a reason of 1,000 <": "<".repeat(1000),
  "a reason of 1,000 letters of three bytes": "王".repeat(1000),
  "a hostile reason": HOSTILE.repeat(8).slice(0, 1000),
};

const RESULTS: Record<Status, Result[]> = {
  pending: [{}],
  approved: [{}],
  denied: [{}],
  cancelled: [{}],
  expired: [{}],
  voided: [{ failure: { why: HOSTILE.repeat(20), next: HOSTILE.repeat(20) } }],
  executing: [{}, { receipt: { cfRay: "8f2d1c0a9b7e6d5c-FRA", at: NOW } }],
  unknown: [{}],
  succeeded: [
    {},
    {
      receipt: { cfRay: null, at: NOW },
      verification: { confirmed: true, summary: "Revoked 3 sessions", notes: [], checkedAt: NOW },
    },
    {
      verification: {
        confirmed: false,
        summary: "3 of 3 sessions still open",
        notes: ["1 new sign-in since: the user can still get in", HOSTILE.repeat(10)],
        checkedAt: NOW,
      },
    },
  ],
  failed: [{}, { failure: { why: HOSTILE.repeat(20), next: HOSTILE.repeat(20) } }],
};

export interface RequestOptions {
  status: Status;
  summary?: UserSummary;
  reason?: string;
  result?: Result;
  action?: ActionName;
  isDevices?: boolean;
}

/** The plan of an action for this user, with as many devices and risk events as the evidence has. */
export function makePlan(action: ActionName, evidence: UserSummary = makeSummary(), isDevices = true): Plan {
  const { id, email, name } = evidence.user;
  const base = { accountId: ACCOUNT, target: { id, email, name } };
  const devices = evidence.registrations.ok ? evidence.registrations.value : [];
  const registrations = devices.map((one) => ({
    id: one.id,
    deviceName: one.deviceName ?? "unnamed device",
  }));
  const events = evidence.risk.ok ? evidence.risk.value.events : [];
  switch (action) {
    case "revoke":
      return { ...base, action, options: { devices: isDevices, warpReauth: isDevices } };
    case "revoke-devices":
      return { ...base, action, options: { registrations, legacy: isDevices } };
    case "restore-devices":
      return { ...base, action, options: { registrations } };
    case "delete-devices":
      return { ...base, action, options: { registrations, active: isDevices ? registrations.length : 0 } };
    case "reset-risk": {
      const judged = groupRiskEvents(events).map((group, index) => ({
        name: group.name,
        count: group.count,
        judgement: RISK_JUDGEMENTS[index % RISK_JUDGEMENTS.length] ?? "handled",
      }));
      return { ...base, action, options: { riskUserId: id, judged } };
    }
    case "rename-user":
      return { ...base, action, options: { newName: `${name} ${name}`.trim() } };
    case "block":
    case "unblock": {
      const list = { id: "5f2c4c7e-9a41-4c1b-8f0e-3d6a2b7c9e10", name: "Blocked people" };
      if (action === "unblock") return { ...base, action, options: { list } };
      const frozen = { ...list, enforcedBy: "gateway" as const, rules: ["Block listed people"] };
      return { ...base, action, options: { list: frozen } };
    }
    case "create-user":
    case "delete-user":
      return { ...base, action, options: {} };
  }
}

export function makeRequest(options: RequestOptions): Request {
  const { status, action = "revoke", isDevices = true } = options;
  const evidence = options.summary ?? makeSummary();
  const plan = makePlan(action, evidence, isDevices);
  const isDecided = status !== "pending" && status !== "expired";
  const isDone = status === "succeeded" || status === "failed";
  return {
    id: "ZT-7K3M2QF",
    teamId: "T0HOME",
    plan,
    planHash: hashPlan(plan),
    evidence: action === "create-user" ? null : evidence,
    requesterId: "U0ALICE01",
    originChannel: "C0SECURE1",
    reason: options.reason ?? "laptop stolen",
    status,
    result: options.result ?? {},
    createdAt: NOW - 5 * MINUTE,
    expiresAt: NOW + 55 * MINUTE,
    decidedAt: isDecided ? NOW - MINUTE : null,
    decidedBy: isDecided ? "U0BOB0001" : null,
    decisionReason: status === "denied" ? (options.reason ?? "not on a Sunday") : null,
    startedAt: isDone ? NOW - MINUTE : null,
    finishedAt: isDone ? NOW : null,
    version: 1,
    cardVersion: 0,
    card: { channel: "C0APPROV1", ts: null, attemptedAt: null },
    votes: [],
    isProtected: false,
    held: null,
    fences: { execution: 0, publishing: 0 },
    failures: 0,
    reminders: 0,
    nudgeAt: null,
    escalatedAt: null,
    nobodyThereAt: null,
    breakGlass: null,
    review: null,
    reviewDue: null,
    back: null,
  };
}

/**
 * A request of every state, action and summary there is, and of the reasons one each: any three of state, action, summary
 * and reason meet somewhere; all four together would take a minute.
 */
export function* everyRequest(): Generator<{ what: string; request: Request }> {
  const reasons = Object.entries(REASONS);
  for (const [one, status] of STATUSES.entries())
    for (const [index, result] of RESULTS[status].entries())
      for (const [two, action] of ACTION_NAMES.entries())
        for (const [three, [sort, summary]] of Object.entries(SUMMARIES).entries()) {
          const [words, reason] = reasons[(one + index + two + three) % reasons.length] ?? ["none", ""];
          yield {
            what: `${status}/${index}, ${action}, ${sort}, ${words}`,
            request: makeRequest({ status, result, action, summary, reason, isDevices: index % 2 === 0 }),
          };
        }
}

/** What Slack would refuse about a message, and what of our own markup is broken. Empty when all is well. */
export function messageProblems(message: Message, ...surfaces: MessageSurface[]): string[] {
  return [
    ...(surfaces.length === 0 ? (["chat.postMessage"] as const) : surfaces).flatMap((surface) =>
      validateMessage({ ...message }, surface).map(
        (problem) => `${surface}: ${problem.error} ${problem.pointer} ${problem.message}`,
      ),
    ),
    // Notifications cut a long text; Slack advises no more than this.
    ...(message.text.length > 4000 ? ["text is longer than advised"] : []),
    ...markupProblems({ type: "mrkdwn", text: message.text, verbatim: true }),
    ...markupProblems(message.blocks),
  ];
}

export function viewProblems(view: { blocks: readonly object[] }): string[] {
  return [
    ...validateView(view).map((problem) => `${problem.error} ${problem.pointer} ${problem.message}`),
    ...markupProblems(view.blocks),
  ];
}

/** Texts without a problem: thousands of views say much of the same. */
const fine = new Set<string>();

/** What messages say of ours: a moment, a mention of an id, a link to Slack, bold words and code. */
const OURS: ReadonlySet<Inline["kind"]> = new Set([
  "channel",
  "text",
  "bold",
  "code",
  "user",
  "group",
  "date",
  "link",
]);

/**
 * What Slack would make of texts beyond our own markup: anything else it formats, links, mentions or draws as an
 * emoji came from outside. Read by the sandbox's parser, which reads as Slack does.
 */
function markupProblems(node: unknown): string[] {
  if (typeof node === "string") return node.isWellFormed() ? [] : [`half a character in: ${node}`];
  if (Array.isArray(node)) return node.flatMap(markupProblems);
  if (typeof node !== "object" || node === null) return [];
  const { type, text } = node as { type?: unknown; text?: unknown };
  if (type === "plain_text" && (node as { emoji?: unknown }).emoji !== false) return ["emoji in plain_text"];
  if (type !== "mrkdwn" || typeof text !== "string") return Object.values(node).flatMap(markupProblems);
  const { verbatim } = node as { verbatim?: unknown };
  if (verbatim === true && fine.has(text)) return [];
  const broken = /[<>]|&(?!amp;|lt;|gt;)/.exec(text.replaceAll(/<[^<>]+>/g, ""));
  const found = [
    ...(verbatim === true ? [] : ["not verbatim"]),
    ...(text.isWellFormed() ? [] : ["half a character"]),
    ...(broken === null ? [] : ["a piece of markup"]),
    ...parseMrkdwn(text, { verbatim: true }).flatMap(({ kind, children }) => [
      // The bars of a chart are ours.
      ...(kind === "paragraph" || (kind === "preformatted" && /[▁-█]/.test(text)) ? [] : [kind]),
      ...children.flatMap(foreignMarkup),
    ]),
  ];
  if (found.length === 0) fine.add(text);
  return [...new Set(found)].map((problem) => `${problem} in: ${text.slice(0, 300)}`);
}

function foreignMarkup(inline: Inline): string[] {
  // A moment in digits holds what would be the name of an emoji that no workspace has.
  if (inline.kind === "emoji") return /^\d\d$/.test(inline.name) ? [] : [`the emoji :${inline.name}:`];
  if (!OURS.has(inline.kind)) return [inline.kind];
  if (inline.kind === "link")
    return /^https:\/\/[a-z-]+\.slack\.com\//.test(inline.url) ? [] : [`a link to ${inline.url}`];
  if (inline.kind === "text") {
    // A mark of ours that formats nothing has met one from outside; nobody's eye sees some characters.
    return [
      ...(/[*`~]/.test(inline.text) ? ["a mark that formats nothing"] : []),
      ...(UNSEEN.test(inline.text) ? ["a character that cannot be seen"] : []),
    ];
  }
  return "children" in inline && inline.kind !== "code" ? inline.children.flatMap(foreignMarkup) : [];
}

const UNSEEN = /(?![\p{Join_Control}\p{Variation_Selector}])[\p{Default_Ignorable_Code_Point}\u2800]/u;
