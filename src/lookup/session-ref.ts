import { createHash } from "node:crypto";

import type { ActiveSession } from "../api/cloudflare.ts";

/**
 * A short name of a session, for menus whose values take 75 characters: a nonce has no documented length. The
 * session is found again by it in the user's list.
 */
export function digestOf(nonce: string): string {
  return createHash("sha256").update(nonce).digest("hex").slice(0, 16);
}

export function findByDigest(sessions: readonly ActiveSession[], digest: string): ActiveSession | undefined {
  return sessions.find((session) => session.nonce !== null && digestOf(session.nonce) === digest);
}
