import type { RiskLevel } from "../api/cloudflare.ts";

/** Something of a person who is watched. Times are epoch milliseconds, by Cloudflare's clock. */
export type WatchEvent =
  /** Access let them in: so many times from one address. `country` is the session's, where Cloudflare said it. */
  | {
      kind: "signed-in";
      at: number;
      ip: string | null;
      country: string | null;
      /** Names of applications, else their domains. */
      apps: string[];
      count: number;
    }
  /** An open session that no sign-in in the log explains. */
  | { kind: "session"; at: number; apps: string[] }
  /** Access refused them many times within a few minutes. */
  | { kind: "denials"; at: number; to: number; count: number; ips: string[]; apps: string[] }
  /** A device registered with WARP; `at` is null where Cloudflare does not say when. */
  | { kind: "registration"; at: number | null; name: string | null }
  | {
      kind: "risk";
      at: number | null;
      level: RiskLevel | null;
      before: RiskLevel | null;
      events: number | null;
    };

/** Who is watched. */
export interface Watched {
  id: string;
  email: string;
  name: string;
}

/** What a thread tells of a watch. Ids in `ask` are Slack's: who is mentioned. */
export type WatchNews =
  /** `id` is that of the event, for the button that says it was expected. */
  | {
      kind: "returned";
      id: string;
      who: Watched;
      event: WatchEvent;
      ask: readonly string[];
      expected?: Expected;
      /** They got in though the block list keeps them out. */
      isBlocked?: true;
    }
  | { kind: "expected"; who: Watched; event: WatchEvent; expected: Expected }
  /** Sign-ins can't be read since then, by what Cloudflare answers; and that they can be again. */
  | { kind: "watch-blind"; since: number; why: string }
  | { kind: "watch-sees"; since: number; missed: readonly Gap[] }
  | WatchEnded;

export interface Expected {
  by: string;
  at: number;
}

/** A time of which sign-ins were not read. */
export interface Gap {
  from: number;
  to: number;
  why: string;
}

export interface WatchEnded {
  kind: "watch-ended";
  /** How long it was, milliseconds. */
  lasted: number;
  people: number;
  /** Of whom a sign-in was seen. */
  back: number;
  /** What was not read meanwhile. */
  missed: readonly Gap[];
  /** Who stopped it; the request whose thread goes on with it. */
  stoppedBy?: string;
  replacedBy?: string;
}
