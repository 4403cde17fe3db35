import type { AuditEvent, CallOptions, Cloudflare } from "../api/cloudflare.ts";

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
  const items: AuditEvent[] = [];
  let complete = true;
  const all = cloudflare.auditLogs.iterate(
    { tokenId, since, before, limit: PAGE_SIZE, direction: "desc" },
    call,
  );
  for await (const event of all) {
    if (items.length === MAX_CHANGES) {
      complete = false;
      break;
    }
    items.push(event);
  }
  return { items: items.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0)), complete };
}
