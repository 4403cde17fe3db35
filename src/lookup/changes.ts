import type { AuditEvent, CallOptions, Cloudflare } from "../api/cloudflare.ts";
import { takeUpTo } from "./take.ts";

/** A token with more is shown the newest ones, and told so. */
export const MAX_CHANGES = 1000;

const PAGE_SIZE = 500;

export interface Changes {
  /** Newest first; those without a time come last. */
  items: AuditEvent[];
  /** False: Cloudflare has more than MAX_CHANGES. */
  complete: boolean;
}

/** What Cloudflare's audit log has of one API token between two times (epoch milliseconds). */
export async function readChanges(
  cloudflare: Cloudflare,
  { tokenId, since, before }: { tokenId: string; since: number; before: number },
  call?: CallOptions,
): Promise<Changes> {
  const query = { tokenId, since, before, limit: PAGE_SIZE, direction: "desc" } as const;
  const { items, isComplete } = await takeUpTo(MAX_CHANGES, cloudflare.auditLogs.iterate(query, call));
  return { items: items.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0)), complete: isComplete };
}
