import type { WebClient } from "@slack/web-api";

import type { Log } from "../log.ts";
import type { Policy } from "../policy-file.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import { readGroup } from "../slack/directory.ts";

/**
 * Says in the log which user groups of a policy Slack does not know: an id that was mistyped, or a group that was
 * deleted since. Asked again, one after another. Never rejects: each click looks by itself who is in a group.
 */
export async function checkGroups(
  { client, policy, log }: { client: WebClient; policy: Policy; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const placesOf = groupsOf(policy);
  try {
    for (const [group, places] of placesOf) {
      const isKnown = (await readGroup(client, group)) !== null;
      // The process is stopping.
      if (signal.aborted) return;
      if (isKnown) continue;
      const what = places.includes(PROTECTED)
        ? "a user group of protected people is unknown to Slack: everybody counts as protected"
        : "a user group of the policy is unknown to Slack: nobody counts as in it";
      log.warn({ group, places, next: "mend policy.yml and reload it" }, what);
    }
  } catch (error) {
    if (signal.aborted) return;
    log.warn(
      { why: slackTroubleOf(error) ?? String(error) },
      "the policy's user groups could not be looked up",
    );
  }
}

const PROTECTED = "protected.groups";

/** The groups that a policy names, each with where it stands. */
function groupsOf(policy: Policy): Map<string, string[]> {
  const named: [place: string, principals: readonly string[]][] = [
    ["operators", policy.operators],
    ["viewers", policy.viewers],
    ["approvers", policy.allApprovers],
    [PROTECTED, policy.protected?.groups ?? []],
    ["break_glass.members", policy.breakGlass?.members ?? []],
    ["break_glass.notify", policy.breakGlass?.notify ?? []],
  ];
  const placesOf = new Map<string, string[]>();
  for (const [place, principals] of named) {
    for (const id of principals.filter((one) => one.startsWith("S")))
      placesOf.set(id, [...(placesOf.get(id) ?? []), place]);
  }
  return placesOf;
}
