import { milliseconds } from "date-fns/milliseconds";

import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import type { Log } from "../log/log.ts";

/** Long enough for the bot's operators to get a new one approved and put in place. */
const WARN_BEFORE_MS = milliseconds({ days: 14 });

/**
 * Says in the log what the Cloudflare token is good for: kind, status and when it expires, as a warning where it
 * ends soon or is not active. It also opens the connection that the first command uses. Never rejects: the bot is
 * of use without it, and each command says by itself what Cloudflare answers.
 */
export async function checkToken(
  { cloudflare, log, now }: { cloudflare: Cloudflare; log: Log; now(): number },
  signal: AbortSignal,
): Promise<void> {
  if (cloudflare.authKind === "key") {
    log.info({ kind: "key" }, "cloudflare token");
    return;
  }
  try {
    const { kind, status, expiresAt } = await cloudflare.tokens.verify({ signal });
    const expires = expiresAt === null ? null : new Date(expiresAt).toISOString();
    const isActive = status === null || status === "active";
    const endsSoon = expiresAt !== null && expiresAt - now() <= WARN_BEFORE_MS;
    if (isActive && !endsSoon) log.info({ kind, status, expires }, "cloudflare token");
    else {
      const next = "make a new token, set CLOUDFLARE_API_TOKEN and restart";
      log.warn({ kind, status, expires, next }, "cloudflare token");
    }
  } catch (error) {
    // The process is stopping.
    if (signal.aborted) return;
    const why = isCloudflareFailure(error) ? describeFailure(error).why : String(error);
    log.warn({ why }, "cloudflare token could not be verified");
  }
}
