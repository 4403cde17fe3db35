import { randomBytes } from "node:crypto";

import { isCloudflareFailure } from "./api/errors.ts";
import { describeFailure, failedWords } from "./cloudflare-trouble.ts";
import type { Log } from "./log/log.ts";
import { NewerRequestError } from "./requests/newer-request.ts";
import { isSlackRateLimit, slackTroubleOf } from "./slack/clients.ts";
import { isTokenTrouble } from "./slack-trouble.ts";
import { databaseTroubleOf } from "./store/trouble.ts";

/** What a person is told when something did not go as asked. `next` is the step that fixes it. */
export interface UserMessage {
  /** A sentence; without its full stop it goes on with who it was: "INC-7K3M2 was closed", by whom. */
  what: string;
  /** The Slack user id of the person it comes down to ("already approved", by whom). */
  by?: string | undefined;
  why?: string | undefined;
  /** Slack ids (people, user groups) of whom to ask. */
  ask?: readonly string[] | undefined;
  next?: string | undefined;
  /** To the card that it is about: Slack's own permalink. */
  link?: string | undefined;
}

/**
 * A mistake or refusal that a person can do something about. Thrown anywhere below a listener; the one error
 * boundary in app.ts turns it into a reply in the surface in use. Texts are plain: the view escapes them.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  /** Bolt wraps errors that have no `code` into its own UnknownError. */
  readonly code = "zt_user_error";
  readonly detail: UserMessage;

  constructor(detail: UserMessage) {
    super(detail.what);
    this.detail = detail;
  }
}

/** A short id that a person can read out and that is also in the log line of the error. */
export function createReference(): string {
  return randomBytes(4).toString("hex");
}

/** Bolt wraps uncoded errors; the one underneath is the one worth telling about. */
export function unwrapError(error: unknown): unknown {
  if (error instanceof Error && "original" in error && error.original instanceof Error) return error.original;
  return error;
}

/**
 * The words for any error. UserErrors speak for themselves, Cloudflare's say what could not be read, why, and what to
 * do; the rest get `reference`, under which the log has the whole story.
 */
export function toUserMessage(error: unknown, reference: string): UserMessage {
  if (error instanceof UserError) return error.detail;
  if (error instanceof NewerRequestError)
    return {
      what: `This can't be shown or done for a moment: ${error.requestId} needs a newer version of zt-bot.`,
      why: "zt-bot is being upgraded, and a part of it that is not upgraded yet answered.",
      next: "Try again in a minute.",
    };
  if (isCloudflareFailure(error)) {
    const { brief, next } = describeFailure(error);
    return { what: `${failedWords(error)}: ${brief}.`, next };
  }
  if (isSlackRateLimit(error)) return SLACK_BUSY;
  const database = databaseTroubleOf(error);
  if (database !== null)
    return {
      what: `zt-bot's database ${database.why}.`,
      why: `Whether anything was done is not known for certain. Its reference in the log: ${reference}`,
      next: "Look at the card before you try again, and tell those who run zt-bot. What can't wait: the Cloudflare dashboard.",
    };
  if (isTokenTrouble(slackTroubleOf(error) ?? "")) return TOKEN_REFUSED;
  return {
    what: "zt-bot ran into an error.",
    why: `Its reference in the log: ${reference}`,
    next: "Check the request's card, then try again. If it happens twice, give that reference to the zt-bot administrator.",
  };
}

/** The words for any error, which stands in the log under its reference, as `what`, unless it speaks for itself. */
export function explain(log: Log, error: unknown, what: string): UserMessage {
  const reference = createReference();
  if (!(error instanceof UserError)) log.error({ err: error, reference }, what);
  return toUserMessage(error, reference);
}

const SLACK_BUSY: UserMessage = {
  what: "Slack's rate limit: zt-bot could not check who you are.",
  why: "Nothing was changed.",
  next: "Try again in half a minute.",
};

const TOKEN_REFUSED: UserMessage = {
  what: "Slack no longer accepts zt-bot's token.",
  why: "zt-bot can't check anyone's role. Approved requests are still carried out.",
  next: "The zt-bot administrator needs to install the app again and set SLACK_BOT_TOKEN.",
};
