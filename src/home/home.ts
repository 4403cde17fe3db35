import PQueue from "p-queue";

import { rulesFor } from "../approvals/rules.ts";
import { readRequest } from "../requests/repository.ts";
import type { Request } from "../requests/request.ts";
import { slackErrorCode, slackTroubleOf } from "../slack/clients.ts";
import { noteHome, readHomes } from "../store/homes.ts";
import { homeView, unreadHome } from "../views/home.ts";
import { gatherHome, type HomeDeps } from "./facts.ts";

/** Slack does not say when somebody leaves their Home: so long after it was opened it is kept up to date. */
const OPEN_MS = 30 * 60_000;
/** And at most for so many people, those who opened it last. */
const MAX_OPEN = 50;
/** Changes that come together are shown together. */
const GATHER_MS = 500;
const AT_ONCE = 4;
/** What Slack did not take for now is tried once more after this. */
const RETRY_MS = 5000;

/** Everybody's App Home. Nothing here rejects: a Home that is not up to date keeps nothing else from happening. */
export interface Home {
  /** Somebody opened theirs: shows it, and keeps it up to date for a while. */
  opened(userId: string): Promise<void>;
  /** Shows somebody's as things stand now. */
  refresh(userId: string): Promise<void>;
  /** A request has changed, or, without one, something that concerns everybody: shown soon to whom it concerns. */
  changed(requestId?: string): void;
  /** Begins nothing more and waits for what runs. */
  stop(): Promise<void>;
}

export function createHome(deps: HomeDeps): Home {
  const { db, log, now } = deps;
  const queue = new PQueue({ concurrency: AT_ONCE });
  /** By user: what runs, and whether it is out of date by now. */
  const running = new Map<string, { done: Promise<void>; isStale: boolean }>();
  const changes = new Set<string>();
  let isForAll = false;
  let timer: NodeJS.Timeout | undefined;
  const retries = new Map<string, NodeJS.Timeout>();
  let isStopped = false;

  function refresh(userId: string): Promise<void> {
    const current = running.get(userId);
    if (current !== undefined) {
      current.isStale = true;
      return current.done;
    }
    const run = { done: Promise.resolve(), isStale: false };
    running.set(userId, run);
    run.done = queue.add(async () => {
      do {
        run.isStale = false;
        await publish(userId);
      } while (run.isStale && !isStopped);
      running.delete(userId);
    });
    return run.done;
  }

  async function publish(userId: string, isRetry = false): Promise<void> {
    if (isStopped) return;
    clearTimeout(retries.get(userId));
    retries.delete(userId);
    const view = await gatherHome(deps, userId).then(homeView, (error: unknown) => {
      log.warn({ err: error, userId }, "App Home could not be read");
      return unreadHome();
    });
    try {
      await deps.slack.interactive.views.publish({ user_id: userId, view });
    } catch (error) {
      if (slackErrorCode(error) === "not_enabled") {
        log.warn({ userId }, "Slack shows no App Home: paste manifest.yml into the app's settings again");
      } else if (!isRetry && LATER.has(slackTroubleOf(error) ?? "")) {
        retries.set(
          userId,
          setTimeout(() => void queue.add(() => publish(userId, true)), RETRY_MS),
        );
      } else {
        log.warn({ err: error, userId }, "App Home not published");
      }
    }
  }

  async function showChanges(): Promise<void> {
    timer = undefined;
    const ids = [...changes];
    const everybody = isForAll;
    changes.clear();
    isForAll = false;
    try {
      const people = await readHomes(db, now() - OPEN_MS, MAX_OPEN);
      if (people.length === 0) return;
      const requests = await Promise.all(ids.map((id) => readRequest(db, id)));
      const about = everybody ? null : await Promise.all(requests.map((request) => concerned(request)));
      for (const userId of people)
        if (about === null || about.some((isAbout) => isAbout(userId))) void refresh(userId);
    } catch (error) {
      log.warn({ err: error }, "nobody knows whose App Home to bring up to date");
    }
  }

  /** Whom a request concerns: who made it, who may decide it, and who acted on it. */
  async function concerned(request: Request | null): Promise<(userId: string) => boolean> {
    if (request === null) return () => false;
    const approvers = await deps.directory.members(rulesFor(deps.policy.current(), request).approvers);
    return (userId) =>
      userId === request.requesterId || userId === request.breakGlass?.by || approvers.has(userId);
  }

  return {
    async opened(userId) {
      const noted = noteHome(db, userId, now(), now() - OPEN_MS).catch((error: unknown) =>
        log.warn({ err: error, userId }, "open App Home not noted: it is not kept up to date"),
      );
      await Promise.all([refresh(userId), noted]);
    },
    refresh,
    changed(requestId) {
      if (isStopped) return;
      if (requestId === undefined) isForAll = true;
      else changes.add(requestId);
      timer ??= setTimeout(() => void queue.add(showChanges), GATHER_MS);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const retry of retries.values()) clearTimeout(retry);
      await queue.onIdle();
    },
  };
}

/** Slack asks to wait, had an older version in mind, or did not answer. */
const LATER: ReadonlySet<string> = new Set(["ratelimited", "hash_conflict", "unreachable", "internal_error"]);
