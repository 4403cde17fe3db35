/** How fast a request about several users goes, and what that says of the rest. Pure but for the clock it is given. */
export interface Pace {
  /** Milliseconds that one user, and one look, took lately when several are under way; null: not measured yet. */
  beginMs: number | null;
  lookMs: number | null;
  /** When the last user was begun, epoch milliseconds. */
  begunAt: number;
}

/** A new measurement counts half: latency changes while a request runs for minutes. */
export function paceAfter(before: number | null, measured: number): number {
  return before === null ? measured : (before + measured) / 2;
}

/** About what a user, and a look, take with a near Cloudflare. */
const GUESS = { beginMs: 200, lookMs: 70 };

export interface Work {
  waiting: number;
  /** Called for, and not seen to be done. */
  unverified: number;
  /** Calls that beginning a user takes, with the first look; and another look. */
  callsToBegin: number;
  callsToLook: number;
  /** Until Cloudflare showed the first user as done, in milliseconds and looks. */
  lagMs: number;
  looks: number;
}

/** The first user's wall time as the share of one user when `lanes` are under way, ten at a time. */
export function shareOf(ms: number, size: number, lanes: number): number {
  return (ms * Math.ceil(size / lanes)) / size;
}

/**
 * Milliseconds until all are done: as fast as it went so far, no faster than the budget of calls, and not before
 * Cloudflare shows the last one.
 * @param estimateMs how long the budget makes so many calls take, with one at least every `msEach`
 */
export function estimateLeftMs(
  { waiting, unverified, callsToBegin, callsToLook, lagMs, looks }: Work,
  { beginMs, lookMs, begunAt }: Pace,
  now: number,
  estimateMs: (calls: number, msEach: number) => number,
): number {
  const begin = beginMs ?? GUESS.beginMs;
  const look = lookMs ?? Math.min(GUESS.lookMs, begin);
  const begunMs = estimateMs(waiting * callsToBegin, begin / callsToBegin);
  // The list lags: who is begun early shows at the next look, the last ones after as many as the first user took.
  const looksEach = looks <= 1 ? 0 : begunMs > lagMs ? 1 : looks - 1;
  const looksLeft = (waiting * looksEach + unverified) * callsToLook;
  const calls = waiting * callsToBegin + looksLeft;
  const workMs = waiting * begin + (looksLeft / callsToLook) * look;
  const allMs = calls === 0 ? 0 : estimateMs(calls, workMs / calls);
  const shownMs = waiting > 0 ? begunMs + lagMs : unverified > 0 ? begunAt + lagMs - now : 0;
  return Math.max(allMs, shownMs, 0);
}
