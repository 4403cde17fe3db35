import type { Deps } from "../deps.ts";
import { findListed, readListing } from "../lookup/block-list.ts";
import { readPart, type Blocked, type Part } from "../lookup/summary.ts";
import { findBlockEnd } from "../requests/queries.ts";

/** Someone waits for a form, or for the card: what takes longer is unknown. */
const TIMEOUT_MS = 2500;

/**
 * How someone stands on the block list, and when that ends by itself; undefined where the policy names no list. Never
 * rejects for Cloudflare's reasons.
 */
export async function readBlocked(
  { cloudflare, db, policy }: Pick<Deps, "cloudflare" | "db" | "policy">,
  email: string,
): Promise<Part<Blocked> | undefined> {
  const { block } = policy.current();
  if (block === null) return undefined;
  const call = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const [listing, until] = await Promise.all([
    readPart(readListing(cloudflare, block, call)),
    findBlockEnd(db, { listId: block.emailList, email }),
  ]);
  if (!listing.ok) return listing;
  const listed = findListed(listing.value, email);
  // An end whose address is off the list ends nothing.
  return { ok: true, value: { ...listed, until: listed.isListed ? until : null } };
}
