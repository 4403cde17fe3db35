import { readOrNull } from "../actions/define.ts";
import { actionOf } from "../actions/index.ts";
import type { AccessUser, Cloudflare } from "../api/cloudflare.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { findMany } from "../lookup/many.ts";
import { gatherSummary, type UserSummary } from "../lookup/summary.ts";
import { keyOf } from "../lookup/who-list.ts";
import { findUser, type Who } from "../lookup/who.ts";
import { plural } from "../pluralize.ts";
import { cut } from "../views/text.ts";
import { MAX_TARGETS, type Target, type Wish, type WishFor } from "../requests/plan.ts";
import type { OthersSeen } from "../requests/posts.ts";
import { readBlocked } from "./blocked.ts";
import { notFoundOf, UnknownUsersError, type NotFound } from "./unknown-users.ts";

/** Whom a plan is about, and what is known of them. */
interface Subject {
  target: Target;
  evidence: UserSummary | null;
  others?: Target[];
  othersSeen?: OthersSeen;
  /** Names that were typed and not found, and that the requester goes on without. */
  leftOut?: NotFound[];
}

export interface SubjectInput {
  wish: Wish;
  who: Who | null;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** @throws UserError when no one is named, or a name was not found. */
export async function findSubject(deps: Deps, input: SubjectInput): Promise<Subject> {
  const { wish, who } = input;
  if (wish.action === "revoke" && isAboutSeveral(wish)) return findSeveral(deps, wish, input);
  const created = actionOf(wish).newTarget?.(wish);
  if (created !== undefined) return { target: created, evidence: null };
  if (who === null)
    throw new UserError({
      what: "No user was named.",
      next: "Add an email address or an Access user id.",
    });
  const user = await findUser(deps.cloudflare, deps.directory, who);
  const [summary, blocked] = await Promise.all([
    gatherSummary(deps.cloudflare, user, deps.now()),
    actionOf(wish).access === "takes" ? readBlocked(deps, user.email) : undefined,
  ]);
  return {
    target: { id: user.id, email: user.email, name: user.name },
    evidence: { ...summary, ...(blocked !== undefined && { blocked }) },
  };
}

function isAboutSeveral({ several = [], unreadable = [] }: WishFor<"revoke">): boolean {
  return several.length + unreadable.length > 0;
}

/** @throws UnknownUsersError before anything is requested, when a name was not found that may not be left out. */
async function findSeveral(
  deps: Deps,
  { several = [], unreadable = [], mayLeaveOut = [] }: WishFor<"revoke">,
  { who, onProgress }: SubjectInput,
): Promise<Subject> {
  const whos = new Map([...(who === null ? [] : [who]), ...several].map((one) => [keyOf(one), one]));
  if (whos.size > MAX_TARGETS) throw tooMany(whos.size);
  const found = await findMany(deps.cloudflare, deps.directory, [...whos.values()], (done) =>
    onProgress?.(done, whos.size),
  );
  const { users } = found;
  const [named, ...others] = users;
  const leftOut = notFoundOf(unreadable, found);
  // Only what the requester has seen is left out: a new slip of the keyboard is told first.
  const seen = new Set(mayLeaveOut.map((name) => name.toLowerCase()));
  if (named === undefined || leftOut.some(({ name }) => !seen.has(name.toLowerCase())))
    throw new UnknownUsersError(leftOut, found);
  const first = await chooseFirst(deps.cloudflare, named, others);
  const rest = users.filter((user) => user !== first);
  const now = deps.now();
  return {
    target: toTarget(first),
    evidence: await gatherSummary(deps.cloudflare, first, now),
    others: rest.map(toTarget),
    leftOut: leftOut.map(({ name, why }) => ({ name: cut(name, 254), why: cut(why, 200) })),
    othersSeen: {
      count: rest.length,
      recent: rest.filter((user) => now - (user.lastLoginAt ?? 0) < DAY_MS).length,
      devices: rest.reduce<number | null>(
        (sum, user) =>
          sum === null || user.activeDeviceCount === null ? null : sum + user.activeDeviceCount,
        0,
      ),
    },
  };
}

const MAX_CANDIDATES = 5;
const CANDIDATES_WAIT_MS = 2500;

/**
 * Who comes first and alone: that their sessions are gone proves something only if they have one. Where none of the
 * few candidates has one, or none can be read, it is the first that was named.
 */
async function chooseFirst(
  cloudflare: Cloudflare,
  named: AccessUser,
  others: readonly AccessUser[],
): Promise<AccessUser> {
  const recent = others.toSorted((a, b) => (b.lastLoginAt ?? 0) - (a.lastLoginAt ?? 0));
  const candidates = [named, ...recent.slice(0, MAX_CANDIDATES - 1)];
  const call = { timeoutMs: CANDIDATES_WAIT_MS, signal: AbortSignal.timeout(CANDIDATES_WAIT_MS) };
  const sessions = await Promise.all(
    candidates.map(({ id }) => readOrNull(cloudflare.accessUsers.activeSessions(id, call))),
  );
  return candidates.find((_user, index) => (sessions[index]?.length ?? 0) > 0) ?? named;
}

const DAY_MS = 24 * 60 * 60_000;

function tooMany(count: number): UserError {
  return new UserError({
    what: `${plural(count, "user")} are too many: one request takes at most ${MAX_TARGETS}.`,
    next: "Split them into several requests.",
  });
}

function toTarget({ id, email, name }: AccessUser): Target {
  return { id, email, name };
}
