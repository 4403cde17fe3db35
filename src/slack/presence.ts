import type { WebClient } from "@slack/web-api";

import type { Log } from "../log/log.ts";
import { memoize } from "../memoize.ts";
import { isSlackFailure } from "./clients.ts";

/** Whether Slack shows a person as active; null: it doesn't say. */
export type ReadPresence = (userId: string) => Promise<boolean | null>;

const FRESH_MS = 30_000;

/**
 * Whether Slack shows a person as active, remembered for half a minute: some 50 calls a minute are allowed. A failure
 * means unknown, never that they are away.
 */
export function createPresence(client: WebClient, { now, log }: { now(): number; log: Log }): ReadPresence {
  const read = memoize(now, FRESH_MS, async (user: string) => {
    const { presence } = await client.users.getPresence({ user });
    return presence === undefined ? null : presence === "active";
  });
  return async (userId) => {
    try {
      return await read(userId);
    } catch (error) {
      if (!isSlackFailure(error)) throw error;
      log.warn({ err: error, userId }, "Slack does not say who is active");
      return null;
    }
  };
}
