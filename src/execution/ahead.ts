import { actionOf } from "../actions/index.ts";
import type { Cloudflare } from "../api/cloudflare.ts";
import type { Standing } from "../approvals/facts.ts";
import { newestVotes, type Request } from "../requests/request.ts";
import { readBefore, type Before } from "./reads.ts";

/**
 * What was read at a click serves what that click begins for so long, milliseconds; after that it is read again. The
 * permit has limits of its own.
 */
const AHEAD_MS = 2000;

/** What the click that approved a request has read for its first call; each of it is null where it did not, or is too old. */
export interface Ahead {
  before: Promise<Before> | null;
  standing: Standing | null;
}

/**
 * Between a click and the call that it leads to, Cloudflare is asked in one round: target and baseline are read while
 * the click is still being judged, and who executes the request in this process takes that over, once. Nothing is
 * decided by it here: the permit asks everything again that a reading can't know.
 */
export interface ReadAhead {
  /** Begins to read, for a click that will very likely be the last that was needed. */
  begin(request: Request): void;
  /** What the click was judged by. */
  judged(request: Pick<Request, "id">, standing: Standing): void;
  /** For who carries it out now. */
  take(request: Request): Ahead;
}

export function createReadAhead({ cloudflare, now }: { cloudflare: Cloudflare; now(): number }): ReadAhead {
  const kept = new Map<string, { at: number; before?: Promise<Before>; standing?: Standing }>();

  function isFresh({ at }: { at: number }): boolean {
    const age = now() - at;
    return age >= 0 && age <= AHEAD_MS;
  }

  function keep(id: string) {
    for (const [other, one] of kept) if (!isFresh(one)) kept.delete(other);
    const one = kept.get(id) ?? { at: now() };
    kept.set(id, one);
    return one;
  }

  return {
    begin(request) {
      const one = keep(request.id);
      if (one.before !== undefined) return;
      const client = actionOf(request.plan).isUrgent === true ? cloudflare.urgent : cloudflare;
      one.before = readBefore(client, request.plan, { evidence: request.evidence, now });
      // Heard by who takes it, and by no one where no one does.
      one.before.catch(() => {});
    },
    judged({ id }, standing) {
      keep(id).standing = standing;
    },
    take(request) {
      const one = kept.get(request.id);
      kept.delete(request.id);
      const standing = one?.standing;
      return {
        before: one !== undefined && isFresh(one) ? (one.before ?? null) : null,
        standing:
          standing !== undefined && isFresh({ at: standing.facts.gatheredAt }) && knowsAll(standing, request)
            ? standing
            : null,
      };
    },
  };
}

/** Everyone by whose word it is approved was among those who were read. */
function knowsAll({ facts: { people } }: Standing, { votes, breakGlass }: Request): boolean {
  const ids = [...newestVotes(votes).map(({ by }) => by), ...(breakGlass === null ? [] : [breakGlass.by])];
  return ids.every((id) => people.has(id));
}
