import type { WebClient } from "@slack/web-api";
import PQueue from "p-queue";

import type { Log } from "../log/log.ts";
import { memoize, shareInFlight } from "../memoize.ts";
import { isSlackFailure, isSlackRateLimit, slackErrorCode, slackTroubleOf } from "./clients.ts";

/** What an authorization needs to know of a person in Slack. */
export interface Person {
  id: string;
  /** Their workspace; in an Enterprise organization any one of theirs. Whether they belong here: membership.ts. */
  teamId: string | null;
  /** In an Enterprise organization, every workspace they are a member of. */
  teams?: readonly string[];
  /** That organization. */
  enterpriseId?: string;
  name: string;
  email: string | null;
  isBot: boolean;
  isDeactivated: boolean;
  /** Guests (single- and multi-channel). */
  isGuest: boolean;
  /** From another organization, and in no channel with this workspace: Slack does not say it of the others. */
  isStranger: boolean;
}

/** What is known of who is in some groups, as far as Slack could be read; addresses are in lower case. */
export interface GroupReading {
  /** Of the groups, those that Slack does not know. */
  lost: readonly string[];
  /** Members of the others. */
  members: ReadonlySet<string>;
  /** The members of every group are known. */
  isWhole: boolean;
  /** The address of each member, by Slack id; null: they have none. Absent: not known. */
  addresses: ReadonlyMap<string, string | null>;
  /** Who has one of the addresses asked for; null: no one in Slack. Absent: unknown. */
  holders: ReadonlyMap<string, string | null>;
  /** What Slack answered in place of something: see slackTroubleOf. null: everything was read. */
  trouble: string | null;
}

/**
 * Who is who in Slack. A person is read again each time, as who was deactivated or became a guest must not decide
 * anything at the next click; groups are remembered for less than a minute. An address says nothing of that, and is
 * remembered for longer.
 */
export interface Directory {
  /** As Slack has them now; null when it does not know the id. */
  person(userId: string): Promise<Person | null>;
  /** The members of user ids and user groups (`U…`, `S…`) together. A group that Slack does not know has none. */
  members(principals: readonly string[]): Promise<Set<string>>;
  /** Of these, the user groups that Slack does not know: deleted since, or never there. */
  unknownGroups(principals: readonly string[]): Promise<string[]>;
  /**
   * What Slack last said, however long ago, without asking: to begin early with what will very likely be needed. No
   * one is judged by it.
   */
  last: {
    /** null: not known, or none. */
    email(userId: string): string | null;
    /** Whether this was one of those ids, or a member of one of those groups. */
    isAmong(userId: string, principals: readonly string[]): boolean;
  };
  /** The Slack user with this email, or null. */
  findByEmail(email: string): Promise<string | null>;
  /**
   * What it takes to tell who among these addresses belongs to a member of these user groups, with as few calls as
   * possible. Where Slack can't say now, as it said up to an hour ago. Never rejects for what Slack answers.
   */
  readGroups(groups: readonly string[], emails: readonly string[]): Promise<GroupReading>;
}

const FRESH_MS = 30_000;
/** An address is believed for this long without asking. */
const ADDRESS_MS = 10 * 60_000;
/** And this long where Slack can't be asked. */
const LAST_KNOWN_MS = 60 * 60_000;
const AT_ONCE = 5;

/**
 * Slack's answers that say for sure that no one is in a group: there is none of this id, or none at all in this
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

/** A person as Slack has them now; null when it does not know the id. @throws what else Slack answered. */
export async function readPerson(client: WebClient, userId: string): Promise<Person | null> {
  try {
    const { user } = await client.users.info({ user: userId });
    if (user === undefined) return null;
    const { teams, enterprise_id: enterpriseId } = user.enterprise_user ?? {};
    return {
      id: userId,
      teamId: user.team_id ?? null,
      ...(teams !== undefined && { teams }),
      ...(enterpriseId !== undefined && { enterpriseId }),
      name: user.real_name ?? user.profile?.real_name ?? user.name ?? userId,
      email: user.profile?.email ?? null,
      isBot: user.is_bot === true || userId === "USLACKBOT",
      isDeactivated: user.deleted === true,
      isGuest: user.is_restricted === true || user.is_ultra_restricted === true,
      isStranger: user.is_stranger === true,
    };
  } catch (error) {
    if (slackErrorCode(error) === "user_not_found") return null;
    throw error;
  }
}

export function createDirectory(client: WebClient, now: () => number, log: Log): Directory {
  const lastSeen = createMemory<Person>(now);
  const addresses = createMemory<string | null>(now);
  const holders = createMemory<string | null>(now);
  const groupMembers = createMemory<readonly string[] | null>(now);
  const person = shareInFlight(async (userId: string): Promise<Person | null> => {
    try {
      const person = await readPerson(client, userId);
      if (person === null) {
        addresses.set(userId, null);
        return null;
      }
      lastSeen.set(userId, person);
      // Everyone has one; where Slack doesn't show it, it is unknown.
      const email = person.email?.trim().toLowerCase() ?? (person.isBot ? null : undefined);
      if (email !== undefined) addresses.set(userId, email);
      return person;
    } catch (error) {
      // Somebody else's flood of calls must not hold up a click; what was seen this minute may still be believed.
      const seen = lastSeen.get(userId, FRESH_MS);
      if (isSlackRateLimit(error) && seen !== undefined) return seen;
      throw error;
    }
  });
  // 20 calls a minute are allowed for groups; a group's members are the same for every click of a busy minute.
  const group = memoize(now, FRESH_MS, async (groupId: string) => {
    const members = await readGroup(client, groupId);
    // One group that is gone must not keep those from deciding who are named beside it.
    if (members === null)
      log.warn({ groupId }, "Slack does not know this user group: no one counts as in it");
    groupMembers.set(groupId, members);
    return members;
  });
  const groupsAmong = (principals: readonly string[]): string[] =>
    principals.filter((id) => id.startsWith("S"));
  const byEmail = memoize(now, FRESH_MS, async (email: string): Promise<string | null> => {
    const id = await lookUp(client, email);
    holders.set(email, id);
    return id;
  });
  return {
    person,
    last: {
      email: (userId) => addresses.get(userId, Number.POSITIVE_INFINITY) ?? null,
      isAmong: (userId, principals) =>
        principals.some(
          (id) => id === userId || groupMembers.get(id, Number.POSITIVE_INFINITY)?.includes(userId) === true,
        ),
    },
    findByEmail: (email) => byEmail(email.toLowerCase()),
    async members(principals) {
      const groups = await Promise.all(groupsAmong(principals).map((id) => group(id)));
      return new Set([
        ...principals.filter((id) => !id.startsWith("S")),
        ...groups.flatMap((members) => members ?? []),
      ]);
    },
    async unknownGroups(principals) {
      const ids = groupsAmong(principals);
      const groups = await Promise.all(ids.map((id) => group(id)));
      return ids.filter((_id, index) => groups[index] === null);
    },
    async readGroups(groups, wanted) {
      let trouble: string | null = null;
      const tolerate = (error: unknown): void => {
        if (!isSlackFailure(error)) throw error;
        trouble ??= slackTroubleOf(error) ?? "no answer";
      };
      const emails = [...new Set(wanted.map((email) => email.trim().toLowerCase()))];
      const lists = await Promise.all(
        groups.map((id) =>
          group(id).catch((error: unknown) => {
            tolerate(error);
            return groupMembers.get(id, LAST_KNOWN_MS);
          }),
        ),
      );
      const members = new Set(lists.flatMap((list) => list ?? []));
      const unread = [...members].filter((id) => addresses.get(id, ADDRESS_MS) === undefined);
      const unasked = emails.filter((email) => holders.get(email, ADDRESS_MS) === undefined);
      // Of users.info Slack allows twice as many a minute as of users.lookupByEmail.
      const isFewer = unasked.length * 2 <= unread.length;
      await (isFewer ? eachOf(unasked, byEmail) : eachOf(unread, person)).catch(tolerate);
      return {
        lost: groups.filter((_id, index) => lists[index] === null),
        members,
        isWhole: !lists.includes(undefined),
        addresses: addresses.among(members, LAST_KNOWN_MS),
        holders: holders.among(emails, LAST_KNOWN_MS),
        trouble,
      };
    },
  };
}

async function lookUp(client: WebClient, email: string): Promise<string | null> {
  try {
    const { user } = await client.users.lookupByEmail({ email });
    return user?.id ?? null;
  } catch (error) {
    if (slackErrorCode(error) === "users_not_found") return null;
    throw error;
  }
}

/** What was read, by its key, and when. */
function createMemory<Value>(now: () => number) {
  const known = new Map<string, { at: number; value: Value }>();
  /** What was read within this time; undefined: nothing. */
  const get = (key: string, maxAgeMs: number): Value | undefined => {
    const one = known.get(key);
    return one === undefined || now() - one.at >= maxAgeMs ? undefined : one.value;
  };
  return {
    get,
    set(key: string, value: Value): void {
      if (known.size > 10_000) known.clear();
      known.set(key, { at: now(), value });
    },
    among(keys: Iterable<string>, maxAgeMs: number): Map<string, Value> {
      const all = [...keys].map((key) => [key, get(key, maxAgeMs)] as const);
      return new Map(all.filter((one): one is readonly [string, Value] => one[1] !== undefined));
    },
  };
}

/** A few at once; after one that fails no further one is begun. @throws the first failure. */
async function eachOf(items: readonly string[], work: (item: string) => Promise<unknown>): Promise<void> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  let failure: unknown;
  const doOne = (item: string) => async () => {
    if (failure === undefined) await work(item).catch((error: unknown) => (failure ??= error));
  };
  await queue.addAll(items.map(doOne));
  if (failure !== undefined) throw failure;
}
