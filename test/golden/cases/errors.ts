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
} from "../../../src/api/errors.ts";
import { createCommands } from "../../../src/commands/index.ts";
import { parseArgs, splitWords } from "../../../src/commands/parse.ts";
import { toUserMessage, UserError, type UserMessage } from "../../../src/errors.ts";
import { describeSlackTrouble, SHARED_OUTSIDE } from "../../../src/slack-trouble.ts";
import { maskedNotice } from "../../../src/views/masked.ts";
import { noticeMessage } from "../../../src/views/notice.ts";
import { capitalize } from "../../../src/pluralize.ts";
import { BOB, MINUTE, NOW } from "../story.ts";

const told = (error: unknown) => noticeMessage(toUserMessage(error, "9f3c21ab"));

const facts = { call: "list users", applied: "no", status: null, codes: [], messages: [] } as const;
const coded = { ...facts, codes: [], messages: [] };

const CLOUDFLARE = {
  "token-rejected": new PermissionError({ ...coded, status: 401, permission: "Access: Audit Logs Read" }),
  "permission-missing": new PermissionError({ ...coded, status: 403, permission: "Access: Audit Logs Read" }),
  "token-invalid": new AuthError({ ...coded, status: 400 }),
  "rate-limited": new RateLimitedError({ ...facts, status: 429, retryAt: NOW + 3 * MINUTE }),
  "rate-limited-without-a-time": new RateLimitedError({ ...facts, status: 429, retryAt: null }),
  timeout: new TimeoutError({ ...facts, timeoutMs: 10_000 }),
  network: new NetworkError({ ...facts, code: "ECONNRESET" }),
  aborted: new AbortedError(facts),
  proxy: new UnexpectedAnswerError({ ...facts, status: 403 }),
  "not-found": new NotFoundError({ ...coded, status: 404 }),
  "not-enabled": new NotEnabledError({ ...coded, status: 400 }),
  "risk-not-enabled": new NotEnabledError({ ...coded, call: "get risk score", status: 400 }),
  "error-502": new HttpError({ ...coded, status: 502 }),
  refused: new HttpError({ ...coded, status: 400, messages: ["invalid user id"] }),
  "refused-with-200": new RejectedError({ ...coded, status: 200, messages: ["user is not in the account"] }),
  unreadable: new UnexpectedShapeError({ ...facts, status: 200, problem: "no list" }),
};

const SLACK_CODES = [
  "invalid_auth",
  "ratelimited",
  "is_archived",
  "not_in_channel",
  "channel_not_found",
  "restricted_action",
  "restricted_action_thread_only_channel",
  "restricted_action_thread_locked",
  "cannot_reply_to_message",
  "ekm_access_denied",
  "message_limit_exceeded",
  "messages_tab_disabled",
  "user_not_visible",
  SHARED_OUTSIDE,
  "missing_scope",
  "something_else",
];

/** As the audit record and the App Home tell it, put into a notice. */
function slackTrouble(code: string): UserMessage {
  const { why, next } = describeSlackTrouble(code);
  return { what: `${capitalize(why)}.`, next: next === null ? undefined : `${capitalize(next)}.` };
}

const commands = createCommands();

/** What one reads for a command with a mistake in it. */
function typed(text: string) {
  try {
    const [name = "", ...words] = splitWords(text);
    const command = commands.find(name);
    if (command === undefined) throw new Error(`${name} is no subcommand`);
    void parseArgs({ ...command, run: () => Promise.resolve() }, words);
  } catch (error) {
    if (error instanceof UserError) return noticeMessage(error.detail);
    throw error;
  }
  throw new Error(`nothing is wrong with ${text}`);
}

/** What went wrong, for whoever reads it first: Cloudflare's failures, Slack's, and mistakes in what was typed. */
export const ERRORS = {
  ...Object.fromEntries(
    Object.entries(CLOUDFLARE).map(([name, error]) => [`cloudflare-${name}`, told(error)]),
  ),
  ...Object.fromEntries(
    SLACK_CODES.map((code) => [`slack-${code.replaceAll("_", "-")}`, noticeMessage(slackTrouble(code))]),
  ),
  "of-our-own": told(new TypeError("cannot read undefined")),
  "incident-closed": noticeMessage({
    what: "INC-7K3M2 was closed",
    by: BOB,
    why: "A closed incident takes notes and late results only.",
    next: "Reopen it: /zt incident reopen INC-7K3M2",
  }),
  "typed-a-credential": noticeMessage(maskedNotice(["a Slack token"])),
  "typed-two-credentials": noticeMessage(maskedNotice(["a Slack token", "a Cloudflare API token"])),
  "typed-too-much": typed(`user ${"a".repeat(3001)}`),
  "typed-control-characters": typed("user mallory\u0007@example.com"),
  "typed-no-one": typed("user"),
  "typed-an-unknown-flag": typed("revoke mallory@example.com --device"),
  "typed-a-strange-flag": typed("user mallory@example.com --force"),
  "typed-a-flag-twice": typed("audit --since 12h --since 7d"),
  "typed-a-flag-without-words": typed("revoke mallory@example.com --reason"),
  "typed-a-switch-with-a-value": typed("revoke mallory@example.com --devices=yes"),
  "typed-a-word-too-many": typed("revoke mallory@example.com stolen"),
  "typed-a-broken-address": typed("revoke ada@example.com,mallory@"),
  "typed-a-channel": typed("user <#C012AB3CD|general>"),
  "typed-one-letter": typed("user m"),
  "typed-a-name-beside-an-address": typed("user mallory ada@example.com"),
};
