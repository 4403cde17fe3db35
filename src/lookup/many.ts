import PQueue from "p-queue";

import type { AccessUser, Cloudflare } from "../api/cloudflare.ts";
import { orNull } from "../api/errors.ts";
import type { Directory } from "../slack/directory.ts";
import { keyOf, whoText } from "./who-list.ts";
import type { Who } from "./who.ts";

export interface FoundMany {
  /** Each once, in the order in which they were named. */
  users: AccessUser[];
  /** Names of no Access user, as they were typed. */
  unknown: string[];
  /** Addresses that several Access users have: only an id tells them apart. */
  ambiguous: { email: string; ids: string[] }[];
}

const CONCURRENCY = 6;

/** From so many names on, reading the whole list of users may need fewer calls than searching for each. */
const LIST_FROM = 20;
const PAGE_SIZE = 1000;
/** The list is read when that needs at most this part of the calls. */
const WORTH = 1 / 10;

type Candidates = { label: string; users: readonly AccessUser[] };

/**
 * Finds many Access users, as bulk calls: people's own lookups go first.
 * @param onProgress how many are looked up so far.
 */
export async function findMany(
  cloudflare: Cloudflare,
  directory: Directory,
  whos: readonly Who[],
  onProgress: (done: number) => void = () => {},
): Promise<FoundMany> {
  const known = whos.length < LIST_FROM ? null : await readAll(cloudflare.bulk, whos.length);
  const queue = new PQueue({ concurrency: CONCURRENCY });
  let done = 0;
  const found = await queue.addAll(
    whos.map((who) => async () => {
      const candidates = await findCandidates(cloudflare.bulk, directory, who, known);
      done += 1;
      onProgress(done);
      return candidates;
    }),
  );
  return sortOut(found);
}

function sortOut(found: readonly Candidates[]): FoundMany {
  const users = new Map<string, AccessUser>();
  const unknown: string[] = [];
  const ambiguous: FoundMany["ambiguous"] = [];
  for (const { label, users: candidates } of found) {
    const [user, ...others] = candidates;
    // Without an address a user can't be revoked: the call names the user by it.
    if (user === undefined || user.email === "") unknown.push(label);
    else if (others.length > 0) ambiguous.push({ email: label, ids: candidates.map((one) => one.id) });
    else users.set(user.id, user);
  }
  return { users: [...users.values()], unknown, ambiguous };
}

async function findCandidates(
  cloudflare: Cloudflare,
  directory: Directory,
  who: Who,
  known: ReadonlyMap<string, AccessUser[]> | null,
): Promise<Candidates> {
  switch (who.kind) {
    case "id":
      return { label: who.id, users: [(await orNull(cloudflare.accessUsers.get(who.id))) ?? []].flat() };
    case "email":
      return { label: who.email, users: await findByEmail(cloudflare, who.email, known) };
    case "mention": {
      const person = await directory.person(who.userId);
      if (person === null || person.email === null) return { label: whoText(who), users: [] };
      return { label: person.email, users: await findByEmail(cloudflare, person.email, known) };
    }
  }
}

/** Users missing from the list that was read are searched for: they may be new, or the list was cut short. */
async function findByEmail(
  cloudflare: Cloudflare,
  email: string,
  known: ReadonlyMap<string, AccessUser[]> | null,
): Promise<readonly AccessUser[]> {
  return known?.get(keyOf({ kind: "email", email })) ?? (await cloudflare.accessUsers.findByEmail(email));
}

/** All users of the account by address, where reading them all is the cheaper way; null where it is not. */
async function readAll(
  cloudflare: Cloudflare,
  names: number,
): Promise<ReadonlyMap<string, AccessUser[]> | null> {
  const first = await cloudflare.accessUsers.list({ perPage: PAGE_SIZE });
  if (first.totalPages === null || first.totalPages > Math.max(1, names * WORTH)) return null;
  const all = [...first.items];
  for (let page = 2; page <= first.totalPages; page += 1) {
    all.push(...(await cloudflare.accessUsers.list({ perPage: PAGE_SIZE, page })).items);
  }
  // A list that was cut can't prove that an address is one user's alone.
  if (first.totalCount !== null && all.length < first.totalCount) return null;
  return Map.groupBy(all, (user) => user.email.toLowerCase());
}
