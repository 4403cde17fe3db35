import type { WebClient } from "@slack/web-api";

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
  /** The members of user ids and user groups (`U…`, `S…`) together. */
  members(principals: readonly string[]): Promise<Set<string>>;
  /** The Slack user with this e-mail, or null. */
  findByEmail(email: string): Promise<string | null>;
}

const FRESH_MS = 30_000;

export function createDirectory(client: WebClient, now: () => number): Directory {
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
  const group = remember(now, FRESH_MS, async (groupId: string): Promise<string[]> => {
    const { users } = await client.usergroups.users.list({ usergroup: groupId });
    return users ?? [];
  });
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
      const groups = await Promise.all(principals.filter((id) => id.startsWith("S")).map((id) => group(id)));
      return new Set([...principals.filter((id) => !id.startsWith("S")), ...groups.flat()]);
    },
  };
}
