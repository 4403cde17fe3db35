import { describe, expect, it } from "vitest";

import {
  AbortedError,
  AuthError,
  HttpError,
  NetworkError,
  NotEnabledError,
  NotFoundError,
  PermissionError,
  RateLimitedError,
  RejectedError,
  TimeoutError,
  UnexpectedAnswerError,
  UnexpectedShapeError,
  type CloudflareErrorKind,
  type CloudflareFailure,
} from "../src/api/errors.ts";
import { describeFailure, failedWords } from "../src/cloudflare-trouble.ts";
import { createReference, toUserMessage, unwrapError, UserError } from "../src/errors.ts";

const CALL = { call: "revoke user", applied: "maybe" } as const;
const SAID = { codes: [12130], messages: ["access.api.error.invalid_request"] };
const PERMISSION = "Access: Organizations, Identity Providers, and Groups Write";

/** Every kind of failure, and what a responder reads of it. A new kind does not compile without its sentence. */
const SENTENCES: Record<
  CloudflareErrorKind,
  [string, CloudflareFailure, { brief: string; why: string; next: string }][]
> = {
  permission: [
    [
      "a missing permission",
      new PermissionError({ ...CALL, status: 403, permission: PERMISSION, codes: [10000] }),
      {
        brief: `the API token lacks “${PERMISSION}”`,
        why: `The API token can't revoke user: it lacks the permission “${PERMISSION}”.`,
        next: `Add “${PERMISSION}” to the token in the Cloudflare dashboard (My Profile or Manage Account › API Tokens). No restart is needed.`,
      },
    ],
    [
      "a token that may be no longer good",
      new PermissionError({ ...CALL, status: 401, permission: PERMISSION, codes: [10000] }),
      {
        brief: `Cloudflare rejected the API token: it is expired or revoked, or lacks “${PERMISSION}”`,
        why: `Cloudflare rejected the API token (revoke user): it is expired or revoked, or lacks the permission “${PERMISSION}”.`,
        next: `Look at the token in the Cloudflare dashboard (My Profile or Manage Account › API Tokens): renew it there, or add “${PERMISSION}”. A new token goes into CLOUDFLARE_API_TOKEN, with a restart.`,
      },
    ],
  ],
  auth: [
    [
      "credentials that are none",
      new AuthError({ ...CALL, status: 400, codes: [6003, 6111] }),
      {
        brief: "Cloudflare rejected the API token",
        why: "Cloudflare rejected the API token: it is malformed, expired or revoked.",
        next: "The zt-bot administrator needs to set a valid CLOUDFLARE_API_TOKEN (or CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY) and restart it.",
      },
    ],
  ],
  "rate-limited": [
    [
      "the rate limit, and Cloudflare says until when",
      new RateLimitedError({ ...CALL, status: 429, retryAt: Date.UTC(2026, 2, 14, 14, 7, 31) }),
      {
        brief: "Cloudflare's rate limit is reached; calls resume within five minutes",
        why: "Cloudflare's rate limit (1,200 calls in 5 minutes, shared with the dashboard and other tokens of this user) is reached.",
        next: "Try again in a few minutes.",
      },
    ],
    [
      "the rate limit, and Cloudflare does not say until when",
      new RateLimitedError({ ...CALL, status: 429, retryAt: null }),
      {
        brief: "Cloudflare's rate limit is reached; calls resume within five minutes",
        why: "Cloudflare's rate limit (1,200 calls in 5 minutes, shared with the dashboard and other tokens of this user) is reached.",
        next: "Try again in a few minutes.",
      },
    ],
  ],
  timeout: [
    [
      "no answer in time",
      new TimeoutError({ ...CALL, timeoutMs: 10_000 }),
      {
        brief: "Cloudflare did not answer in time",
        why: "Cloudflare did not answer in time (revoke user).",
        next: "Try again. If it lasts, see www.cloudflarestatus.com.",
      },
    ],
  ],
  network: [
    [
      "no connection",
      new NetworkError({ ...CALL, code: "ECONNRESET" }),
      {
        brief: "Cloudflare can't be reached",
        why: "Cloudflare can't be reached (revoke user).",
        next: "Try again. If it lasts, see www.cloudflarestatus.com and check the bot's network.",
      },
    ],
  ],
  aborted: [
    [
      "a call given up",
      new AbortedError(CALL),
      {
        brief: "the call was cancelled",
        why: "The call was cancelled before Cloudflare answered.",
        next: "Try again.",
      },
    ],
  ],
  "not-found": [
    [
      "something that is not there",
      new NotFoundError({ ...CALL, status: 404, codes: [12135] }),
      {
        brief: "Cloudflare has no such user or item",
        why: "Cloudflare has no such user or item (revoke user).",
        next: "Look up the user again: it may have been removed.",
      },
    ],
  ],
  unexpected: [
    [
      "a firewall's page",
      new UnexpectedAnswerError({ ...CALL, status: 403 }),
      {
        brief: "something in front of Cloudflare's API answered instead of it (HTTP 403)",
        why: "Something in front of Cloudflare's API (a firewall rule, a proxy, a gateway) answered instead of it (revoke user, HTTP 403).",
        next: "Try again. If it lasts, check for a firewall or proxy between zt-bot and api.cloudflare.com.",
      },
    ],
  ],
  "not-enabled": [
    [
      "an account without Zero Trust",
      new NotEnabledError({ ...CALL, status: 400, codes: [9999] }),
      {
        brief: "not enabled on this Cloudflare account",
        why: "This Cloudflare account does not have the feature (revoke user).",
        next: "Set up Zero Trust for the account in the Cloudflare dashboard.",
      },
    ],
    [
      "an account whose plan has no risk scoring",
      new NotEnabledError({ call: "get risk score", applied: "no", status: 400, codes: [9999] }),
      {
        brief: "not enabled on this Cloudflare account",
        why: "This Cloudflare account does not have the feature (get risk score).",
        next: "Risk scoring needs a Zero Trust Enterprise plan.",
      },
    ],
  ],
  http: [
    [
      "a refusal, in Cloudflare's words",
      new HttpError({ ...CALL, ...SAID, status: 400 }),
      {
        brief: "Cloudflare refused (HTTP 400): access.api.error.invalid_request",
        why: "Cloudflare refused (revoke user, HTTP 400): access.api.error.invalid_request.",
        next: "Check the user in the dashboard before trying again.",
      },
    ],
    [
      "a route that is not there",
      new HttpError({ ...CALL, codes: [7003], messages: ["Could not route"], status: 404 }),
      {
        brief: "Cloudflare refused (HTTP 404): Could not route",
        why: "Cloudflare refused (revoke user, HTTP 404): Could not route.",
        next: "Check CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_BASE_URL: whether the user exists is unknown.",
      },
    ],
    [
      "Cloudflare's own trouble, without a word",
      new HttpError({ ...CALL, codes: [], messages: [], status: 502 }),
      {
        brief: "Cloudflare returned an error (502)",
        why: "Cloudflare returned an error (502).",
        next: "Try again. If it lasts, see www.cloudflarestatus.com.",
      },
    ],
    [
      "a refusal without a status",
      new HttpError({ ...CALL, codes: [], messages: [] }),
      {
        brief: "Cloudflare refused",
        why: "Cloudflare refused (revoke user).",
        next: "Check the user in the dashboard before trying again.",
      },
    ],
  ],
  rejected: [
    [
      "a 200 that was not done: the status would only confuse",
      new RejectedError({ ...CALL, codes: [1, 2], messages: ["one", "two"], status: 200 }),
      {
        brief: "Cloudflare refused: one; two",
        why: "Cloudflare refused (revoke user): one; two.",
        next: "Check the user in the dashboard before trying again.",
      },
    ],
  ],
  shape: [
    [
      "an answer that cannot be read",
      new UnexpectedShapeError({ ...CALL, status: 200, problem: "result: expected array" }),
      {
        brief: "Cloudflare's answer can't be read",
        why: "Cloudflare's answer can't be read (revoke user).",
        next: "Check the user in the dashboard, and report this: the API may have changed.",
      },
    ],
  ],
};
const ROWS = Object.values(SENTENCES).flat();

describe("what a responder is told", () => {
  it.each(ROWS)("of %s: what, why and what next", (_what, error, trouble) => {
    expect(describeFailure(error)).toEqual(trouble);
    expect(toUserMessage(error, "1f2e3d4c")).toEqual({
      what: `${failedWords(error)}: ${trouble.brief}.`,
      next: trouble.next,
    });
  });

  it.each([
    ["list failed logins", "Can't read failed sign-ins"],
    ["get last seen identity", "Can't read the identity"],
    ["list registrations", "Can't read devices"],
    ["revoke user", "Can't revoke user"],
  ])("of %s names what could not be read, or done", (call, words) => {
    expect(failedWords({ call })).toBe(words);
  });

  it.each(ROWS)("of %s fits where it is shown: a brief in a line, sentences in a notice", (_what, error) => {
    const { brief, why, next } = describeFailure(error);
    expect(brief).not.toMatch(/[.\n]$/);
    for (const sentence of [why, next]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it("of a mistake of their own is exactly what was thrown for them", () => {
    const detail = { what: "No.", why: "Because.", next: "Ask.", by: "U0BOB0001" };
    expect(toUserMessage(new UserError(detail), "1f2e3d4c")).toBe(detail);
  });

  it.each([
    new Error("SQLITE_BUSY: token xoxb-1"),
    new TypeError("x is undefined"),
    "thrown text",
    undefined,
    null,
  ])(
    "of anything else (%s) is a reference for the log, no detail of it, and no claim about what was done",
    (error) => {
      const message = toUserMessage(error, "1f2e3d4c");
      expect(message).toEqual({
        what: "zt-bot ran into an error.",
        why: "Its reference in the log: 1f2e3d4c",
        next: "Check the request's card, then try again. If it happens twice, give that reference to the zt-bot administrator.",
      });
    },
  );
});

describe("an error wrapped by Bolt", () => {
  it("is the one underneath", () => {
    const inner = new UserError({ what: "No." });
    expect(
      unwrapError(Object.assign(new Error("wrapped"), { code: "slack_bolt_unknown_error", original: inner })),
    ).toBe(inner);
  });

  it.each([new Error("plain"), Object.assign(new Error("x"), { original: "text" }), "text", undefined])(
    "is itself where there is none: %s",
    (error) => {
      expect(unwrapError(error)).toBe(error);
    },
  );

  it("is not needed for one of ours, which has a code", () => {
    expect(new UserError({ what: "No." })).toMatchObject({
      code: "zt_user_error",
      message: "No.",
      name: "UserError",
    });
  });
});

describe("a reference", () => {
  it("is short enough to be read out, and another each time", () => {
    const references = Array.from({ length: 1000 }, createReference);
    for (const reference of references) expect(reference).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(references).size).toBe(1000);
  });
});
