import { distance } from "fastest-levenshtein";

import type { AccessUser, Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { SharedEmailError, UnknownEmailError } from "./who.ts";

/** Access users whom a name, a part of an email or a misspelt email may mean. */
export interface Candidates {
  /** Best first. */
  users: AccessUser[];
  /** Cloudflare has more than were read. */
  isCut: boolean;
  /** All of what was typed is in the name or the email of each; false: they only look like it. */
  isMatch: boolean;
  /** A part of the search failed, so that whom it would have found is unknown. */
  isPartial: boolean;
}

/** One page of a search: a longer list helps no one to find a person. */
const PAGE_SIZE = 100;
/** A suggestion that comes later is worth less than an answer. */
const SIMILAR_WAIT_MS = 2500;
/** Shorter pieces are in too many names for one page to hold the right one. */
const MIN_PIECE = 2;

/**
 * The users whose name or email holds what was typed, in any order of its words; where there are none, those whose
 * spelling is near it.
 *
 * Cloudflare's API document says only that `search` searches the other parameters (name, email): whether it finds
 * the middle of a word, and whether it folds case or accents, is not documented. So what comes back is compared again.
 * One call where it finds someone, one more round of at most four where it does not.
 * @throws CloudflareError when the first search failed: then it is unknown whether there is such a user.
 */
export async function findByName(cloudflare: Cloudflare, typed: string): Promise<Candidates> {
  const words = wordsOf(typed);
  const found = await searchUsers(cloudflare, typed);
  const holding = found.users.filter((user) => holdsAll(user, words));
  if (holding.length > 0) {
    const users = bestFirst(holding, (user) => rankOf(user, words));
    return { users, isCut: found.isCut, isMatch: true, isPartial: false };
  }
  const longest = words.toSorted((a, b) => b.length - a.length)[0] ?? "";
  const pieces = [typed.toLowerCase(), longest, ...halvesOf(longest)].filter((piece) => piece !== typed);
  const wide = await searchAll(cloudflare, pieces);
  const all = [...found.users, ...wide.users];
  const matching = all.filter((user) => holdsAll(user, words));
  if (matching.length > 0) {
    const users = bestFirst(matching, (user) => rankOf(user, words));
    return { users, isCut: wide.isCut, isMatch: true, isPartial: wide.isPartial };
  }
  const near = nearest(all, (user) => nameDistance(user, fold(typed)));
  return { users: near, isCut: false, isMatch: false, isPartial: wide.isPartial };
}

/**
 * The users whose email is near one that no one has: a letter wrong, missing, doubled or swapped, another tag, or the
 * same name at another domain. Three searches at once, one page each: the two halves of what stands before the `@`,
 * since one mistake leaves one half as it is, and all of it, for a mistake in the domain.
 *
 * What it can't find: mistakes in both halves at once; a user past the first hundred of a common half ("jo"); and, if
 * Cloudflare searches beginnings of words only (not documented), a mistake in the first half. The account's list is
 * never scanned for it: that could take minutes.
 */
export async function findSimilar(cloudflare: Cloudflare, email: string): Promise<Candidates> {
  const [local] = splitEmail(email);
  const [first = "", second = ""] = halvesOf(local);
  const { users, isPartial } = await searchAll(cloudflare, [first, `${second}@`, `${local}@`]);
  const near = nearest(users, (user) => emailDistance(user.email, email));
  return { users: near, isCut: false, isMatch: false, isPartial };
}

/** What was typed, why it names no one user, and whom it may mean. */
export interface Choice extends Candidates {
  /** A name; an email of several users; an email that no one has. */
  kind: "name" | "shared" | "misspelt";
  typed: string;
}

/**
 * The users to choose from where findUser found several, or none but similar ones.
 * @throws the error itself when it is another one, or no one is near.
 */
export async function choiceInstead(cloudflare: Cloudflare, error: unknown): Promise<Choice> {
  if (error instanceof SharedEmailError) {
    const users = bestFirst(error.users, () => 0);
    return { kind: "shared", typed: error.email, users, isCut: false, isMatch: true, isPartial: false };
  }
  if (!(error instanceof UnknownEmailError)) throw error;
  const found = await findSimilar(cloudflare, error.email);
  if (found.users.length > 0) return { kind: "misspelt", typed: error.email, ...found };
  throw found.isPartial ? new UnknownEmailError(error.email, { isPartial: true }) : error;
}

async function searchUsers(cloudflare: Cloudflare, search: string, timeoutMs?: number) {
  const { items, perPage } = await cloudflare.accessUsers.list(
    { search, perPage: PAGE_SIZE },
    timeoutMs === undefined ? undefined : { timeoutMs },
  );
  return { users: items, isCut: items.length >= perPage };
}

/** Everyone whom one of the searches found, each once; a search that failed is told, not taken for an empty one. */
async function searchAll(cloudflare: Cloudflare, pieces: readonly string[]) {
  const worth = [...new Set(pieces)].filter((piece) => piece.length >= MIN_PIECE);
  const answers = await Promise.all(
    worth.map(async (piece) => {
      try {
        return await searchUsers(cloudflare, piece, SIMILAR_WAIT_MS);
      } catch (error) {
        if (isCloudflareFailure(error)) return null;
        throw error;
      }
    }),
  );
  const read = answers.filter((answer) => answer !== null);
  const users = new Map(read.flatMap((answer) => answer.users).map((user) => [user.id, user]));
  return {
    users: [...users.values()],
    isCut: read.some((answer) => answer.isCut),
    isPartial: read.length < answers.length,
  };
}

/** In lower case and without accents: people type jurgen for Jürgen. */
function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().trim();
}

function wordsOf(text: string): string[] {
  return fold(text).split(/\s+/).filter(Boolean);
}

function splitEmail(email: string): [local: string, domain: string] {
  const folded = fold(email);
  const at = folded.lastIndexOf("@");
  return at === -1 ? [folded, ""] : [folded.slice(0, at), folded.slice(at + 1)];
}

/** Without the letter between them: two swapped letters in the middle leave the first half as it is. */
function halvesOf(text: string): string[] {
  const middle = Math.floor(text.length / 2) + 1;
  return [text.slice(0, Math.max(MIN_PIECE, middle - 1)), text.slice(middle)];
}

function holdsAll({ name, email }: AccessUser, words: readonly string[]): boolean {
  const held = `${fold(name)}\n${fold(email)}`;
  return words.length > 0 && words.every((word) => held.includes(word));
}

/** 0: a word of the name, or what stands before the `@`, is exactly what was typed; 1: one begins with it. */
function rankOf(user: AccessUser, words: readonly string[]): number {
  const parts = partsOf(user);
  if (words.every((word) => parts.includes(word))) return 0;
  return words.every((word) => parts.some((part) => part.startsWith(word))) ? 1 : 2;
}

function partsOf({ name, email }: AccessUser): string[] {
  const [local] = splitEmail(email);
  return [...wordsOf(name), ...local.split(/[._+-]/), local, fold(email)].filter(Boolean);
}

function nameDistance(user: AccessUser, typed: string): number {
  const parts = [...partsOf(user), fold(user.name)];
  return nearEnough(Math.min(...parts.map((part) => distance(part, typed))), typed.length);
}

function emailDistance(email: string, typed: string): number {
  const [local, domain] = splitEmail(email);
  const [typedLocal, typedDomain] = splitEmail(typed);
  // The same person with another tag, or at another of the company's domains.
  const isSame = withoutTag(local) === withoutTag(typedLocal);
  const far = isSame ? 0 : distance(local, typedLocal);
  if (isSame && domain !== typedDomain) return 1;
  if (domain === typedDomain) return nearEnough(far, typedLocal.length);
  return nearEnough(far + distance(domain, typedDomain), typedLocal.length);
}

function withoutTag(local: string): string {
  return local.replace(/\+.*$/, "");
}

/** Two mistakes, in a short word one: with more it is another word. */
function nearEnough(far: number, length: number): number {
  return far <= (length < 6 ? 1 : 2) ? far : Number.POSITIVE_INFINITY;
}

function nearest(users: readonly AccessUser[], far: (user: AccessUser) => number): AccessUser[] {
  const measured = new Map(users.map((user) => [user, far(user)]));
  const near = users.filter((user) => Number.isFinite(measured.get(user)));
  return bestFirst(near, (user) => measured.get(user) ?? Number.POSITIVE_INFINITY);
}

/** Of those that are as good, the one who signed in last. */
function bestFirst(users: readonly AccessUser[], rank: (user: AccessUser) => number): AccessUser[] {
  return users.toSorted((a, b) => rank(a) - rank(b) || (b.lastLoginAt ?? 0) - (a.lastLoginAt ?? 0));
}
