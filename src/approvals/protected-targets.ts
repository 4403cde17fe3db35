import type { Target } from "../requests/plan.ts";
import type { Policy } from "../policy-file.ts";
import type { Directory, GroupReading } from "../slack/directory.ts";

/** `unknown`: Slack could not say, neither now nor within the last hour. */
export type Protected = "protected" | "not-protected" | "unknown";

/** Who of a request's targets is protected, as the policy and Slack stand now. */
export interface Protection {
  /** By the targets' addresses, in lower case. */
  of: ReadonlyMap<string, Protected>;
  /** The groups because of which all of them count as protected, and nothing else does it: Slack does not know them. */
  lostGroups: readonly string[];
  /** For the record: what Slack answered where it could not say all of it; null: it did. */
  unchecked: string | null;
}

type About = readonly Pick<Target, "email">[];

/**
 * Whether each of these users is protected: by address, by domain (with what is under it), or as a member of a Slack
 * user group. While Slack does not know one of those groups, no one can say whom it protects, and everyone counts as
 * protected: that takes more approvals, and keeps no one from containing anything. Pass all users of a request at once:
 * what Slack has to be asked is then the least. Never rejects for what Slack answers.
 */
export async function readProtection(
  policy: Pick<Policy, "protected">,
  directory: Pick<Directory, "readGroups">,
  targets: About,
): Promise<Protection> {
  const unlisted = targets.filter(({ email }) => !isListed(policy, email)).map(({ email }) => email);
  const groups = policy.protected?.groups ?? [];
  const isAsked = groups.length > 0 && unlisted.length > 0;
  const reading = isAsked ? await directory.readGroups(groups, unlisted) : null;
  return judgeProtection(policy, reading, targets);
}

/** `reading`: of the policy's groups; null where none had to be read. */
export function judgeProtection(
  policy: Pick<Policy, "protected">,
  reading: GroupReading | null,
  targets: About,
): Protection {
  const addresses = new Set(reading?.addresses.values());
  const isEveryMemberKnown = [...(reading?.members ?? [])].every((id) => reading?.addresses.has(id));
  const judge = (email: string): Protected => {
    if (isListed(policy, email)) return "protected";
    if (reading === null) return "not-protected";
    const holder = reading.holders.get(email);
    if (reading.lost.length > 0 || addresses.has(email)) return "protected";
    if (typeof holder === "string" && reading.members.has(holder)) return "protected";
    return reading.isWhole && (holder !== undefined || isEveryMemberKnown) ? "not-protected" : "unknown";
  };
  const of = new Map(targets.map(({ email }) => [keyOf(email), judge(keyOf(email))]));
  const trouble =
    reading?.trouble ?? ([...of.values()].includes("unknown") ? "not all addresses are shown" : null);
  return {
    of,
    lostGroups: targets.some(({ email }) => isListed(policy, email)) ? [] : (reading?.lost ?? []),
    unchecked: trouble === null ? null : `protected groups: ${trouble}`,
  };
}

/** Whether one of these users, who are among those it was read for, is this. Of others no one knows. */
export function isAny({ of }: Protection, targets: About, what: Protected): boolean {
  return targets.some(({ email }) => (of.get(keyOf(email)) ?? "unknown") === what);
}

/**
 * Whether a request that is about to be made needs the approvals of protected people. Where no one can say, it does,
 * unless it is urgent: that is looked at again before it is carried out.
 */
export function countsAsProtected(protection: Protection, targets: About, isUrgent: boolean): boolean {
  return isAny(protection, targets, "protected") || (!isUrgent && isAny(protection, targets, "unknown"));
}

/** Why these count as protected, for the middle of a sentence. */
export function describeProtection(protection: Protection, targets: About): string {
  const { lostGroups } = protection;
  if (lostGroups.length > 0)
    return `everyone counts as protected while Slack does not know ${namesOfGroups(lostGroups)}`;
  if (isAny(protection, targets, "protected")) return "the target is protected";
  return `everyone counts as protected while ${UNREAD}`;
}

export const UNREAD = "Slack can't say who is in the protected groups";

function keyOf(email: string): string {
  return email.trim().toLowerCase();
}

/** By what stands in the policy itself. */
export function isListed({ protected: shielded }: Pick<Policy, "protected">, email: string): boolean {
  if (shielded === null) return false;
  const address = keyOf(email);
  const domain = address.slice(address.lastIndexOf("@") + 1);
  return (
    shielded.emails.some((one) => keyOf(one) === address) ||
    shielded.domains.some((one) => domain === one || domain.endsWith(`.${one}`))
  );
}

/** Groups by their ids: Slack has no names for them. */
export function namesOfGroups(ids: readonly string[]): string {
  return `the user ${ids.length === 1 ? "group" : "groups"} ${ids.join(" and ")}`;
}
