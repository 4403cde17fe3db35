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
import { MAX_TARGETS, type Target, type Wish, type WishFor } from "../requests/plan.ts";
import type { OthersSeen } from "../requests/posts.ts";
import { UnknownUsersError } from "./unknown-users.ts";

/** Whom a plan is about, and what is known of them. */
interface Subject {
  target: Target;
  evidence: UserSummary | null;
  others?: Target[];
  othersSeen?: OthersSeen;
}

export interface SubjectInput {
  wish: Wish;
  who: Who | null;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** @throws UserError when nobody is named, or somebody is not known. */
export async function findSubject(deps: Deps, input: SubjectInput): Promise<Subject> {
  const { wish, who } = input;
  if (wish.action === "revoke" && isAboutSeveral(wish)) return findSeveral(deps, wish, input);
  const created = actionOf(wish).newTarget?.(wish);
  if (created !== undefined) return { target: created, evidence: null };
  if (who === null)
    throw new UserError({
      what: "Whom is it about?",
      next: "Give an email address or an Access user's id.",
    });
  const user = await findUser(deps.cloudflare, deps.directory, who);
  const evidence = await gatherSummary(deps.cloudflare, user, deps.now());
  return { target: { id: user.id, email: user.email, name: user.name }, evidence };
}

function isAboutSeveral({ several = [], unreadable = [] }: WishFor<"revoke">): boolean {
  return several.length + unreadable.length > 0;
}

/** @throws UnknownUsersError before anybody is asked, when one of them is not known. */
async function findSeveral(
  deps: Deps,
  { several = [], unreadable = [] }: WishFor<"revoke">,
  { who, onProgress }: SubjectInput,
): Promise<Subject> {
  const whos = new Map([...(who === null ? [] : [who]), ...several].map((one) => [keyOf(one), one]));
  if (whos.size > MAX_TARGETS) throw tooMany(whos.size);
  const found = await findMany(deps.cloudflare, deps.directory, [...whos.values()], (done) =>
    onProgress?.(done, whos.size),
  );
  const { users, unknown, ambiguous } = found;
  const [named, ...others] = users;
  if (named === undefined || unknown.length + ambiguous.length + unreadable.length > 0)
    throw new UnknownUsersError(unreadable, found);
  const first = await chooseFirst(deps.cloudflare, named, others);
  const rest = users.filter((user) => user !== first);
  const now = deps.now();
  return {
    target: toTarget(first),
    evidence: await gatherSummary(deps.cloudflare, first, now),
    others: rest.map(toTarget),
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
 * few that are looked at has, or none can be read, it is the first that was named.
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
    what: `These are ${plural(count, "user")}: at most ${MAX_TARGETS} fit into one request.`,
    why: "More of them would take too long under Cloudflare's rate limit to be stopped in time.",
    next: "Ask for them in several requests.",
  });
}

function toTarget({ id, email, name }: AccessUser): Target {
  return { id, email, name };
}
