import { setTimeout as sleep } from "node:timers/promises";

import type { AllMiddlewareArgs, AnyMiddlewareArgs, Context } from "@slack/bolt";

import { UserError, type UserMessage } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import { createDeliveries } from "../../store/deliveries.ts";
import type { Db } from "../../store/open.ts";
import { databaseTroubleOf } from "../../store/trouble.ts";
import { createLoopRounds } from "./loop-rounds.ts";

/** Where the signature of an HTTP request travels through Bolt: see http.ts. */
export const SIGNATURE = "requestSignature";

/** What a request is about to do: show something to the requester, or have an effect that lasts. */
export type Purpose = "look-up" | "change";

/**
 * Whether this is the first time that a request has come; of a repetition nothing is to be done. Asked after the
 * acknowledgement, and before the work.
 * @throws UserError for a change where no one can tell.
 */
export type IsFirst = (purpose: Purpose) => Promise<boolean>;

/** How long a look-up waits for a database that does not answer; Slack's triggers last three seconds. */
const PATIENCE_MS = 500;
/** A signature is good for five minutes from its time, which may be one minute ahead. */
const KEPT_MS = 10 * 60_000;

/** For Bolt's global middleware. */
type PassOnce = (args: AnyMiddlewareArgs & AllMiddlewareArgs) => Promise<void>;

/**
 * Lets each request have its effect once: someone who overheard a signed one could otherwise send it again within five minutes.
 * Slack's own retries are signed again, and those of an event keep its id. Clicks and commands in Socket Mode have
 * neither, and come from Slack alone.
 *
 * This process remembers what it has seen, and refuses a repetition at once. For other replicas, and for itself after
 * a restart, there is a row. It is written after the acknowledgement, for which Slack waits only three seconds, and
 * before a change: a change without it could be had twice. Where the process dies between the two nothing was done,
 * and a person who sees that clicks again. A look-up waits a moment for the row and then goes on without: seen
 * twice it does no harm, and it is needed most when the database can't be written.
 */
export function createPassOnce(db: Db, log: Log, now: () => number): PassOnce {
  const seen = new Map<string, number>();
  const take = createDeliveries(db, now);
  const nextRound = createLoopRounds();

  function isSeen(id: string): boolean {
    for (const [old, at] of seen) {
      if (now() - at < KEPT_MS) break;
      seen.delete(old);
    }
    if (seen.has(id)) return true;
    seen.set(id, now());
    return false;
  }

  return async (args) => {
    const id = idOf(args);
    const repeated = (): false => {
      log.warn({ delivery: id?.slice(0, 12) }, "request repeated: it has no second effect");
      return false;
    };
    if (id !== null && isSeen(id)) {
      repeated();
      if ("ack" in args && typeof args.ack === "function") await args.ack();
      return;
    }
    let row: Promise<boolean> | undefined;
    const isFirst: IsFirst = async (purpose) => {
      if (id === null) {
        await nextRound();
        return true;
      }
      row ??= take(id);
      try {
        const patience = purpose === "change" ? [] : [sleep(PATIENCE_MS, true, { ref: false })];
        const isNew = await Promise.race([row, ...patience]);
        await nextRound();
        return isNew || repeated();
      } catch (error) {
        log.warn({ err: error }, "request not written down");
        if (purpose === "look-up") return true;
        throw new UserError(notWritten(error));
      }
    };
    args.context[IS_FIRST] = isFirst;
    await args.next();
  };
}

const IS_FIRST = "isFirst";

/** Of the request that a listener is called with. */
export function isFirstOf(context: Context): IsFirst {
  return context[IS_FIRST] as IsFirst;
}

/** What tells a request from every other one; null where there is nothing. */
function idOf({ body, context }: AnyMiddlewareArgs & AllMiddlewareArgs): string | null {
  if ("event_id" in body) return String(body.event_id);
  const signature: unknown = context[SIGNATURE];
  return typeof signature === "string" ? signature : null;
}

function notWritten(error: unknown): UserMessage {
  const why = databaseTroubleOf(error)?.why ?? "takes no writes";
  return {
    what: "Nothing was done: zt-bot can't write anything down now.",
    why: `Its database ${why}, and nothing is changed that is not recorded.`,
    next: "Look-ups go on. Tell those who run zt-bot, and try again when it is fixed. What can't wait: the Cloudflare dashboard.",
  };
}
