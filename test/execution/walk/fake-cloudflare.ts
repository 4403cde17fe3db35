import type { Cloudflare } from "../../../src/api/cloudflare.ts";
import {
  AbortedError,
  HttpError,
  NetworkError,
  NotFoundError,
  PermissionError,
  RateLimitedError,
  TimeoutError,
} from "../../../src/api/errors.ts";
import type { Target } from "../../../src/requests/plan.ts";
import type { Kind } from "./moves.ts";

/** What Cloudflare does with a write. "lost": nobody hears what came of it. "bug": an error of the client's own. */
export const WRITE_ANSWERS = [
  "done",
  "429",
  "refused",
  "500 done",
  "500 not done",
  "timeout done",
  "timeout not done",
  "lost done",
  "lost not done",
  "bug done",
  "bug not done",
] as const;
export type WriteAnswer = (typeof WRITE_ANSWERS)[number];

export const READ_ANSWERS = ["ok", "timeout", "404", "bug"] as const;
export type ReadAnswer = (typeof READ_ANSWERS)[number];

interface User {
  id: string;
  email: string;
  name: string;
  isThere: boolean;
}

interface Session {
  userId: string;
  nonce: string;
  issuedAt: number;
  endedAt: number | null;
}

interface Registration {
  id: string;
  userId: string;
  createdAt: number;
  revokedAt: number | null;
}

/** What reached Cloudflare, in order. */
export type Seen =
  | {
      kind: "write";
      run: number;
      userId: string;
      at: number;
      isEffective: boolean;
      answer: WriteAnswer;
      /** The process that sent it was there to read the answer. */
      isHeard: boolean;
    }
  /** At what the action changes. `shows`: null where it failed, and was only tried. */
  | { kind: "look"; run: number; userId: string; shows: "open" | "done" | null };

/** Cloudflare in memory: users, their sessions and registrations, and everything that was asked of it. */
export interface FakeCloudflare {
  users: User[];
  sessions: Session[];
  registrations: Registration[];
  seen: Seen[];
  /** What it does with the next ones; with all others as it should. */
  writeAnswers: WriteAnswer[];
  readAnswers: ReadAnswer[];
  /** So long an ended session stays in the list. */
  lagMs: number;
  logIn(userId: string): void;
  /** What was asked for is so, though not for sessions that began after the first call (epoch milliseconds). */
  isSo(userId: string, sentAt: number): boolean;
  /** The client of one process. */
  clientFor(process: {
    run: number;
    pass(): Promise<void>;
    /** Reads what a write is judged by, which is done in the moment that it goes out. */
    aboutToWrite(userId: string): Promise<() => void>;
  }): Cloudflare;
}

const CALL = { call: "a call", cfRay: "ray" } as const;

export const NEW_NAME = "Another Name";

export function createFakeCloudflare(
  kind: Kind,
  targets: readonly Target[],
  now: () => number,
): FakeCloudflare {
  let nonces = 0;
  const fake: FakeCloudflare = {
    users: targets.map(({ id, email, name }) => ({ id, email, name, isThere: true })),
    sessions: [],
    registrations: targets.flatMap(({ id }) =>
      [1, 2].map((n) => ({ id: `${id}-${n}`, userId: id, createdAt: now() - 1e6, revokedAt: null })),
    ),
    seen: [],
    writeAnswers: [],
    readAnswers: [],
    lagMs: 0,
    logIn(userId) {
      nonces += 1;
      fake.sessions.push({ userId, nonce: `nonce-${nonces}`, issuedAt: now(), endedAt: null });
    },
    isSo(userId, sentAt) {
      const user = fake.users.find(({ id }) => id === userId);
      if (kind === "delete") return user?.isThere === false;
      if (kind === "rename") return user?.name === NEW_NAME;
      const second = Math.floor(sentAt / 1000) * 1000;
      const isOpen = fake.sessions.some(
        (one) => one.userId === userId && one.endedAt === null && one.issuedAt < second,
      );
      const isRegistered = fake.registrations.some((one) => one.userId === userId && one.revokedAt === null);
      return sentAt > 0 && !isOpen && !(kind === "revoke with devices" && isRegistered);
    },
    clientFor,
  };
  /** Which list or record shows what came of it. */
  const looksAt = kind.startsWith("revoke") ? "sessions" : "user";

  /** The same as isSo, as its lists have it. */
  function showsDone(userId: string): boolean {
    const first = fake.seen.find((one) => one.kind === "write" && one.userId === userId);
    const isStillListed = fake.sessions.some(
      (one) => one.userId === userId && one.endedAt !== null && one.endedAt + fake.lagMs > now(),
    );
    return (
      fake.isSo(userId, first?.kind === "write" ? first.at : now()) &&
      !(looksAt === "sessions" && isStillListed)
    );
  }

  function endAll(userId: string, devices: boolean): void {
    for (const one of fake.sessions) if (one.userId === userId) one.endedAt ??= now();
    if (!devices) return;
    for (const one of fake.registrations) if (one.userId === userId) one.revokedAt ??= now();
  }

  function clientFor({ run, pass, aboutToWrite }: Parameters<FakeCloudflare["clientFor"]>[0]): Cloudflare {
    async function read<T>(
      what: "sessions" | "user" | "other",
      userId: string,
      answer: () => T,
      canBe404 = false,
    ): Promise<T> {
      await pass();
      const how = fake.readAnswers.shift() ?? "ok";
      const is404 = how === "404" && canBe404;
      const shows = how === "timeout" || how === "bug" || is404 ? null : showsDone(userId) ? "done" : "open";
      if (what === looksAt) fake.seen.push({ kind: "look", run, userId, shows });
      if (how === "timeout") throw new TimeoutError({ ...CALL, applied: "no", timeoutMs: 10_000 });
      if (how === "bug") throw new TypeError("a bug");
      if (is404) throw new NotFoundError({ ...CALL, applied: "no", status: 404, codes: [] });
      const value = answer();
      await pass();
      return value;
    }

    async function write(
      userId: string,
      isCurrent: (() => boolean) | undefined,
      effect: () => void,
    ): Promise<{ cfRay: string; status: number }> {
      await pass();
      const judge = await aboutToWrite(userId);
      if (isCurrent?.() === false) throw new AbortedError({ ...CALL, applied: "no" });
      judge();
      const answer = fake.writeAnswers.shift() ?? "done";
      const isThere = fake.users.some((one) => one.id === userId && one.isThere);
      const isEffective = isThere && answer.endsWith("done") && !answer.endsWith("not done");
      const seen: Seen = { kind: "write", run, userId, at: now(), isEffective, answer, isHeard: false };
      fake.seen.push(seen);
      if (isEffective) effect();
      await pass();
      seen.isHeard = true;
      if (!isThere) throw new NotFoundError({ ...CALL, applied: "no", status: 404, codes: [12135] });
      const [how] = answer.split(" ");
      if (how === "429") throw new RateLimitedError({ ...CALL, applied: "no", retryAt: now() + 5000 });
      if (how === "refused")
        throw new PermissionError({ ...CALL, applied: "no", status: 403, permission: "Write", codes: [] });
      if (how === "500")
        throw new HttpError({ ...CALL, applied: "maybe", status: 500, codes: [], messages: [] });
      if (how === "timeout") throw new TimeoutError({ ...CALL, applied: "maybe", timeoutMs: 10_000 });
      if (how === "lost") throw new NetworkError({ ...CALL, applied: "maybe", code: "ECONNRESET" });
      if (how === "bug") throw new TypeError("a bug");
      return { cfRay: "ray", status: 200 };
    }

    function find(id: string): User {
      const user = fake.users.find((one) => one.id === id && one.isThere);
      if (user === undefined)
        throw new NotFoundError({ ...CALL, applied: "no", status: 404, codes: [12135] });
      return { ...user };
    }

    const byEmail = (email: string) => fake.users.filter((one) => one.isThere && one.email === email);

    const client = {
      accountId: "account",
      serverTime: (at: number) => at,
      budget: { msUntilRoom: () => 0, estimateMs: () => 0 },
      accessUsers: {
        get: (id: string) => read("user", id, () => find(id), true),
        findByEmail: (email: string) => read("other", "", () => byEmail(email)),
        confirmGone: ({ id, email }: { id: string; email: string }) =>
          read("user", id, () => {
            if (fake.users.some((one) => one.id === id && one.isThere)) return "there";
            const [other] = byEmail(email);
            return other === undefined ? "gone" : { other };
          }),
        activeSessions: (id: string) =>
          read("sessions", id, () =>
            fake.sessions
              .filter(
                (one) => one.userId === id && (one.endedAt === null || one.endedAt + fake.lagMs > now()),
              )
              .map((one) => ({ ...one, expiresAt: now() + 1e7 })),
          ),
        update: (id: string, { name }: { name: string }, call?: { isCurrent?: () => boolean }) =>
          write(id, call?.isCurrent, () => {
            for (const user of fake.users) if (user.id === id) user.name = name;
          }),
        remove: (id: string, call?: { isCurrent?: () => boolean }) =>
          write(id, call?.isCurrent, () => {
            for (const user of fake.users) if (user.id === id) user.isThere = false;
            endAll(id, true);
          }),
      },
      devices: {
        async *iterateRegistrations({ userIds, status }: { userIds: string[]; status: string }) {
          const [userId = ""] = userIds;
          yield* await read("other", userId, () =>
            fake.registrations
              .filter((one) => one.userId === userId && (status !== "active" || one.revokedAt === null))
              .map((one) => ({ ...one, deletedAt: null })),
          );
        },
      },
      organizations: {
        revokeUser: (
          { userUid, devices }: { userUid: string; devices: boolean },
          call?: { isCurrent?: () => boolean },
        ) => write(userUid, call?.isCurrent, () => endAll(userUid, devices)),
      },
    };
    return { ...client, bulk: client, urgent: client } as unknown as Cloudflare;
  }

  for (const { id } of targets) fake.logIn(id);
  for (const session of fake.sessions) session.issuedAt -= 1e6;
  return fake;
}
