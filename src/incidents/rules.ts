import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure, NotFoundError } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { findListed, readListing, type BlockPolicy } from "../lookup/block-list.ts";
import { isKeptOut } from "../lookup/facts.ts";
import type { Policy } from "../policy-file.ts";
import type { BlockSeen, GapRules } from "./gaps.ts";

/** What the policy in force says of gaps. */
export function gapRulesOf({ incidents, block }: Pick<Policy, "incidents" | "block">): GapRules {
  return { required: incidents.required, hasBlockList: block !== null };
}

/**
 * Whom the block list keeps out, read once for several people. Being on a list that nothing enforces is no block.
 * @returns null where the policy names no list.
 */
export async function readBlocked(
  cloudflare: Cloudflare,
  policy: BlockPolicy | null,
): Promise<((email: string) => BlockSeen) | null> {
  if (policy === null) return null;
  try {
    const listing = await readListing(cloudflare, policy);
    return (email) => {
      const listed = findListed(listing, email);
      const value = isKeptOut(listed);
      if (value === null) return { unknown: "whether a Gateway rule uses the block list is unknown" };
      if (!value) return { value, ...(listed.isListed && { isUnenforced: true }) };
      return { value, ...(listed.since !== null && { since: listed.since }) };
    };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    const brief =
      error instanceof NotFoundError ? "the block list does not exist" : describeFailure(error).brief;
    return () => ({ unknown: brief });
  }
}
