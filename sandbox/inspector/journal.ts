/** The requests between the bot, Slack and Cloudflare as the inspector shows them: the last few hundred, secrets masked. */
import { maskName, maskBody } from "./mask.ts";

/** Who sent it to whom. */
export type Way = "slack-to-bot" | "bot-to-slack" | "bot-to-cloudflare";

/** A request as it sets out. */
export interface Started {
  way: Way;
  /** What it is, in one word or two: `chat.update`, `/zt`, `GET users.list`. */
  name: string;
  /** What tells it from others of that name: the text after the command, the path, the channel. */
  detail: string;
  request: unknown;
}

/** How it ended. */
export interface Ended {
  /** Absent where there is none: Socket Mode, or a connection that was cut. */
  status?: number;
  /** Why it failed, in the sender's or the receiver's own word. */
  error?: string;
  response?: unknown;
  /** What of Slack's and Cloudflare's limits it broke. */
  broken?: string[];
  /** Milliseconds, where the end is not now. */
  ms?: number;
}

/** Told of each request by an emulator; what it gives back is told how that one ended, once. */
export type Observe = (started: Started) => (ended: Ended) => void;

/** One row of the inspector. */
export interface Exchange {
  id: number;
  way: Way;
  name: string;
  detail: string;
  /** Epoch milliseconds. */
  at: number;
  /** Null while there is no answer. */
  ms: number | null;
  status: number | null;
  error: string | null;
  broken: string[];
}

/** What a row shows when it is opened: JSON, cut where it is long. */
export interface Bodies {
  request: string;
  response: string | null;
}

export interface Journal {
  observe: Observe;
  /** Newest first. */
  list(): Exchange[];
  /** Undefined for one that is no longer kept. */
  bodies(id: number): Bodies | undefined;
  /** Moves on with every change, so that a reader can tell that there is nothing new. */
  version(): number;
  clear(): void;
}

const KEPT = 500;

/**
 * @param secrets tokens and keys of this sandbox, masked wherever they occur.
 * @param kept how many requests are kept; older ones are forgotten.
 */
export function createJournal(
  secrets: readonly string[],
  { kept = KEPT, now = Date.now }: { kept?: number; now?: () => number } = {},
): Journal {
  let rows: (Exchange & Bodies)[] = [];
  let lastId = 0;
  let version = 0;
  return {
    observe({ way, name, detail, request }) {
      const startedAt = performance.now();
      const row: Exchange & Bodies = {
        id: (lastId += 1),
        way,
        name: maskName(name, secrets),
        detail: maskName(detail, secrets),
        at: now(),
        ms: null,
        status: null,
        error: null,
        broken: [],
        request: maskBody(request, secrets),
        response: null,
      };
      rows.push(row);
      if (rows.length > kept) rows = rows.slice(-kept);
      version += 1;
      return ({ status, error, response, broken = [], ms }) => {
        if (row.ms !== null) return;
        row.ms = Math.round(ms ?? performance.now() - startedAt);
        row.status = status ?? null;
        row.error = error ?? null;
        row.broken = broken.map((one) => maskName(one, secrets));
        row.response = response === undefined ? null : maskBody(response, secrets);
        version += 1;
      };
    },
    list: () => rows.toReversed().map(({ request: _request, response: _response, ...row }) => row),
    bodies(id) {
      const row = rows.find((one) => one.id === id);
      return row && { request: row.request, response: row.response };
    },
    version: () => version,
    clear() {
      rows = [];
      version += 1;
    },
  };
}
