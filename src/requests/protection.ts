import { sameEmail } from "../api/cloudflare.ts";
import type { Policy } from "../policy-file.ts";
import type { Directory } from "../slack/directory.ts";
import type { Target } from "./plan.ts";

/**
 * Whether one of these users is protected as the policy and Slack stand now: by address, by domain (with what is
 * under it), or as a member of a Slack user group. While Slack does not know one of those groups, nobody can say whom
 * it protects, and everybody counts as protected: that takes more approvals, and keeps nobody from containing anything.
 * @throws what Slack answered when it can't say who is in a group.
 */
export async function isAnyProtected(
  policy: Policy,
  directory: Directory,
  targets: readonly Pick<Target, "email">[],
): Promise<boolean> {
  const { protected: shielded } = policy;
  if (shielded === null) return false;
  if (isAnyListed(policy, targets)) return true;
  if (shielded.groups.length === 0) return false;
  if ((await directory.unknownGroups(shielded.groups)).length > 0) return true;
  const members = await directory.members(shielded.groups);
  // Whichever asks Slack for less: who the targets are, or which addresses the members have.
  if (targets.length <= members.size) {
    const ids = await Promise.all(targets.map(({ email }) => directory.findByEmail(email)));
    return ids.some((id) => id !== null && members.has(id));
  }
  const people = await Promise.all([...members].map((id) => directory.person(id)));
  return people.some((person) => targets.some(({ email }) => sameEmail(person?.email ?? "", email)));
}

/** The groups because of which these users count as protected though nothing else protects them: Slack knows them not. */
export async function findLostGroups(
  policy: Policy,
  directory: Directory,
  targets: readonly Pick<Target, "email">[],
): Promise<readonly string[]> {
  const groups = policy.protected?.groups ?? [];
  if (groups.length === 0 || isAnyListed(policy, targets)) return [];
  return directory.unknownGroups(groups);
}

/** By what stands in the policy itself: also where Slack can't say who is in a group. */
export function isAnyListed(policy: Policy, targets: readonly Pick<Target, "email">[]): boolean {
  const { protected: shielded } = policy;
  return shielded !== null && targets.some(({ email }) => isListed(shielded, email));
}

function isListed({ emails, domains }: NonNullable<Policy["protected"]>, email: string): boolean {
  const domain = email
    .slice(email.lastIndexOf("@") + 1)
    .trim()
    .toLowerCase();
  return (
    emails.some((one) => sameEmail(one, email)) ||
    domains.some((one) => domain === one || domain.endsWith(`.${one}`))
  );
}
