import type { Db } from "../store/open.ts";
import type { Request } from "./request.ts";
import { abandonPublishing, claimPublishing, extendPublishing } from "./publishing.ts";

/**
 * How long a dead replica's right to post a request's messages outlives it. A living one renews it all the while, so
 * that a message may take a slow Slack as long as it takes.
 */
export const CLAIM_MS = 30_000;

/** Two renewals may fail before the right runs out. */
const RENEW_MS = CLAIM_MS / 3;

/** The right to post a request's messages, of one replica at a time. */
export interface Claim {
  /** The request as it was when the right was taken. */
  request: Request;
  /** Renews it. @throws ClaimLostError when it ran out and somebody else may be posting. */
  keep(): Promise<void>;
  /** Ends with what gives it back. @throws ClaimLostError, as keep; then nothing is written. */
  finish<T>(giveBack: () => Promise<T>): Promise<T>;
  /** Gives it back with the work undone. */
  abandon(): Promise<void>;
}

/** The right ran out under its holder: a pause of the whole process, or a database that did not answer. */
export class ClaimLostError extends Error {
  override readonly name = "ClaimLostError";
  constructor(requestId: string) {
    super(`the right to post the messages of ${requestId} ran out`);
  }
}

/** Takes the right, or null when somebody else has it. `now` is the process's clock, epoch milliseconds. */
export async function takeClaim(db: Db, id: string, now: () => number): Promise<Claim | null> {
  const claimed = await claimPublishing(db, id, now(), CLAIM_MS);
  if (claimed === null) return null;
  const { request } = claimed;
  let { until } = claimed;

  // One after another: what the row says now is what proves the right.
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }
  const keep = (): Promise<void> =>
    inTurn(async () => {
      const later = await extendPublishing(db, id, until, now(), CLAIM_MS);
      if (later === null) throw new ClaimLostError(id);
      until = later;
    });
  // Whoever holds it hears of a failure when it is needed next.
  const renewing = setInterval(() => void keep().catch(() => {}), RENEW_MS);

  return {
    request,
    keep,
    async finish(giveBack) {
      clearInterval(renewing);
      await keep();
      return inTurn(giveBack);
    },
    abandon() {
      clearInterval(renewing);
      return inTurn(() => abandonPublishing(db, id, until));
    },
  };
}
