import type { Cloudflare } from "../api/cloudflare.ts";
import { sameEmail } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { readBlockList, type BlockPolicy } from "../lookup/block-list.ts";
import type { Policy } from "../policy-file.ts";
import type { GapRules, Known } from "./gaps.ts";

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
): Promise<((email: string) => Known<boolean>) | null> {
  if (policy === null) return null;
  try {
    const [list, items] = await Promise.all([
      readBlockList(cloudflare, policy),
      cloudflare.gatewayLists.items(policy.emailList),
    ]);
    if (list === null) return () => ({ unknown: "the block list does not exist" });
    return (email) => {
      if (list.enforcedBy === "nothing") return { value: false };
      const isListed = items.some(({ value }) => email !== "" && sameEmail(value, email));
      return isListed && list.enforcedBy === "unknown"
        ? { unknown: "whether a Gateway rule uses the block list is unknown" }
        : { value: isListed };
    };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    const { brief } = describeFailure(error);
    return () => ({ unknown: brief });
  }
}
