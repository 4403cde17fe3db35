import type { WebClient } from "@slack/web-api";

import type { Log } from "../log.ts";
import { remember, shareInFlight } from "../remember.ts";
import { isSlackRateLimit, slackErrorCode } from "./clients.ts";

/** What an authorisation needs to know of somebody in Slack. */
export interface Person {
  id: string;
  teamId: string | null;
  name: string;
  email: string | null;
  isBot: boolean;
  isDeactivated: boolean;
  /** Guests (single- and multi-channel). */
  isGuest: boolean;
  /** From another organisation, by way of a shared channel. */
  isStranger: boolean;
}

/**
 * Who is who in Slack. A person is asked for anew each time, as who was deactivated or became a guest must not
 * decide anything at the next click; groups and addresses are remembered for less than a minute.
 */
export interface Directory {
  /** As Slack has them now; null when it does not know the id. */
  person(userId: string): Promise<Person | null>;
  /** The members of user ids and user groups (`U…`, `S…`) together. A group that Slack does not know has none. */
  members(principals: readonly string[]): Promise<Set<string>>;
  /** Of these, the user groups that Slack does not know: deleted since, or never there. */
  unknownGroups(principals: readonly string[]): Promise<string[]>;
  /** The Slack user with this e-mail, or null. */
  findByEmail(email: string): Promise<string | null>;
}

const FRESH_MS = 30_000;

/**
 * Slack's answers that say for sure that nobody is in a group: there is none of this id, or none at all in this
 * workspace. https://docs.slack.dev/reference/methods/usergroups.users.list
 */
const NO_GROUP: ReadonlySet<string | null> = new Set(["no_such_subteam", "plan_upgrade_required"]);

/** The members of a user group; null when Slack does not know it. @throws what else Slack answered. */
export async function readGroup(client: WebClient, groupId: string): Promise<readonly string[] | null> {
  try {
    const { users } = await client.usergroups.users.list({ usergroup: groupId });
    return users ?? [];
  } catch (error) {
    if (NO_GROUP.has(slackErrorCode(error))) return null;
    throw error;
  }
}

export function createDirectory(client: WebClient, now: () => number, log: Log): Directory {
  const lastSeen = new Map<string, { at: number; person: Person }>();
  const person = shareInFlight(async (userId: string): Promise<Person | null> => {
    try {
      const { user } = await client.users.info({ user: userId });
      if (user === undefined) return null;
      const person = {
        id: userId,
        teamId: user.team_id ?? null,
        name: user.real_name ?? user.profile?.real_name ?? user.name ?? userId,
        email: user.profile?.email ?? null,
        isBot: user.is_bot === true || userId === "USLACKBOT",
        isDeactivated: user.deleted === true,
        isGuest: user.is_restricted === true || user.is_ultra_restricted === true,
        isStranger: (user as { is_stranger?: boolean }).is_stranger === true,
      };
      if (lastSeen.size > 1000) lastSeen.clear();
      lastSeen.set(userId, { at: now(), person });
      return person;
    } catch (error) {
      if (slackErrorCode(error) === "user_not_found") return null;
      // Somebody else's flood of calls must not hold up a click; what was seen this minute may still be believed.
      const seen = lastSeen.get(userId);
      if (isSlackRateLimit(error) && seen !== undefined && now() - seen.at < FRESH_MS) return seen.person;
      throw error;
    }
  });
  // 20 calls a minute are allowed for groups; a group's members are the same for every click of a busy minute.
  const group = remember(now, FRESH_MS, async (groupId: string) => {
    const members = await readGroup(client, groupId);
    // One group that is gone must not keep those from deciding who are named beside it.
    if (members === null)
      log.warn({ groupId }, "Slack does not know this user group: nobody counts as in it");
    return members;
  });
  const groupsAmong = (principals: readonly string[]): string[] =>
    principals.filter((id) => id.startsWith("S"));
  const byEmail = remember(now, FRESH_MS, async (email: string): Promise<string | null> => {
    try {
      const { user } = await client.users.lookupByEmail({ email });
      return user?.id ?? null;
    } catch (error) {
      if (slackErrorCode(error) === "users_not_found") return null;
      throw error;
    }
  });
  return {
    person,
    findByEmail: (email) => byEmail(email.toLowerCase()),
    async members(principals) {
      const groups = await Promise.all(groupsAmong(principals).map(group));
      return new Set([
        ...principals.filter((id) => !id.startsWith("S")),
        ...groups.flatMap((members) => members ?? []),
      ]);
    },
    async unknownGroups(principals) {
      const ids = groupsAmong(principals);
      const groups = await Promise.all(ids.map(group));
      return ids.filter((_id, index) => groups[index] === null);
    },
  };
}
