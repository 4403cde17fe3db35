/** How fast a request about several users goes, and what that says of the rest. Pure. */
export interface Pace {
  /**
   * Milliseconds from beginning one user to the end of the first look, and of one later look, as lately measured with
   * others under way beside it; null: not measured yet.
   */
  beginMs: number | null;
  lookMs: number | null;
}

/** So many users are under way at the same time. */
export const LANES = 4;
/** So many are begun in a round; the next round begins when all of them have been. */
export const BEGIN_SIZE = 10;

/** About what beginning a user takes with a near Cloudflare; a later look is one of its three round trips. */
const GUESSED_BEGIN_MS = 600;
const ROUND_TRIPS = 3;

/**
 * A new measurement counts half: latency changes while a request runs for minutes. One round that stalled says little
 * of the rest: it makes the pace half as slow again at most.
 */
export function paceAfter(before: number | null, measured: number): number {
  return before === null ? measured : (before + Math.min(measured, 2 * before)) / 2;
}

/** What one user took in a round of `users` that took `ms`. */
export function eachOf(ms: number, users: number): number {
  return ms / turnsOf(users);
}

/** How often each lane is used for so many users. */
function turnsOf(users: number): number {
  return Math.ceil(users / LANES);
}

export interface Work {
  waiting: number;
  /** Called for, and not seen to be done. */
  unverified: number;
  /** Calls that beginning a user takes, with the first look; and another look. */
  callsToBegin: number;
  callsToLook: number;
  /** Until Cloudflare showed the first user as done, milliseconds; 0: at the first look. */
  lagMs: number;
  /** Until the last one of the unverified is looked at, milliseconds. */
  lookInMs: number;
}

/**
 * Milliseconds until all are done: as fast as it went so far, no faster than the budget of calls, and not before
 * the last one is looked at, which for those who wait is as long after their call as Cloudflare took to show the first.
 * @param estimateMs how long the budget makes so many calls take, with one at least every `msEach`
 */
export function estimateLeftMs(
  { waiting, unverified, callsToBegin, callsToLook, lagMs, lookInMs }: Work,
  { beginMs, lookMs }: Pace,
  estimateMs: (calls: number, msEach: number) => number,
): number {
  const begin = beginMs ?? GUESSED_BEGIN_MS;
  const look = lookMs ?? begin / ROUND_TRIPS;
  const beginTurns = Math.floor(waiting / BEGIN_SIZE) * turnsOf(BEGIN_SIZE) + turnsOf(waiting % BEGIN_SIZE);
  const beginWorkMs = beginTurns * begin;
  const beginCalls = waiting * callsToBegin;
  const looks = unverified + (lagMs > 0 ? waiting : 0);
  const begunMs = within(estimateMs, beginCalls, beginWorkMs);
  const allMs = within(estimateMs, beginCalls + looks * callsToLook, beginWorkMs + turnsOf(looks) * look);
  const lastLookMs = lagMs > 0 && waiting > 0 ? begunMs + lagMs : unverified > 0 ? lookInMs : 0;
  return Math.max(allMs, looks === 0 ? 0 : lastLookMs + look);
}

function within(
  estimateMs: (calls: number, msEach: number) => number,
  calls: number,
  workMs: number,
): number {
  return calls === 0 ? 0 : estimateMs(calls, workMs / calls);
}

/**
 * When the others are looked at again, milliseconds after the look before: first as late as Cloudflare showed the first
 * user, so that one more look is enough for most, and after as long again for those it was too early for; then seldom,
 * as each look at hundreds costs as many calls.
 * @param inAllMs how long what was done may take to show
 * @param lagMs as in `Work`
 */
export function lookDelays(inAllMs: number, lagMs: number): number[] {
  const soon = [lagMs, 2 * lagMs].filter((at) => at > 0 && at < inAllMs);
  const seldom = [inAllMs / 8, inAllMs / 2, inAllMs].filter((at) => at > 2 * lagMs || at === inAllMs);
  const times = [...soon, ...seldom];
  return times.map((at, index) => Math.ceil(at - (times[index - 1] ?? 0)));
}
