import type { WebClient } from "@slack/web-api";
import PQueue from "p-queue";

import { rulesFor } from "../approvals/rules.ts";
import { readRequest } from "../requests/repository.ts";
import type { Request } from "../requests/request.ts";
import { slackErrorCode, slackTroubleOf } from "../slack/clients.ts";
import type { Directory, Person } from "../slack/directory.ts";
import { permalink, type MessagePlace } from "../slack/messages.ts";
import { noteHome, readHomes } from "../store/homes.ts";
import { homeView, unreadHome } from "../views/home.ts";
import { gatherHome, type HomeDeps } from "./facts.ts";

/** Slack does not say when someone leaves their Home: so long after it was opened it is kept up to date. */
const OPEN_MS = 30 * 60_000;
/** And at most for so many people, those who opened it last. */
const MAX_OPEN = 50;
/** Changes that come together are shown together. */
const GATHER_MS = 500;
/** Each Home that follows a change has so long for itself: Slack takes about 100 views a minute, for modals as well. */
const EACH_MS = 600;
const AT_ONCE = 4;
/** What Slack did not take for now is tried once more after this. */
const RETRY_MS = 5000;

/** Everyone's App Home. Nothing here rejects: a Home that is not up to date keeps nothing else from happening. */
export interface Home {
  /** Someone opened theirs: shows it, and keeps it up to date for a while. */
  opened(userId: string): Promise<void>;
  /** Shows one person's as things stand now. */
  refresh(userId: string): Promise<void>;
  /** A request has changed, or, without one, something that concerns everyone: shown soon to whom it concerns. */
  changed(requestId?: string): void;
  /** Begins nothing more and waits for what runs. */
  stop(): Promise<void>;
}

export function createHome(deps: HomeDeps): Home {
  const { db, log, now } = deps;
  const queue = new PQueue({ concurrency: AT_ONCE });
  /** By user: what runs, whether it is out of date by now, and how Slack is asked who they are. */
  const running = new Map<string, { done: Promise<void>; isStale: boolean; person: Directory["person"] }>();
  const changes = new Set<string>();
  let isForAll = false;
  let timer: NodeJS.Timeout | undefined;
  /** Not before this are changes shown again. */
  let quietUntil = 0;
  const people = createPeople(deps.directory.person);
  const links = createLinks(deps.slack.interactive);
  const retries = new Map<string, NodeJS.Timeout>();
  let isStopped = false;

  /** `person`: how Slack is asked who someone is. */
  function show(userId: string, person: Directory["person"]): Promise<void> {
    const current = running.get(userId);
    if (current !== undefined) {
      current.isStale = true;
      // What they did themselves is shown as Slack has them now, also when it comes while a change is being shown.
      if (person === people.read) current.person = person;
      return current.done;
    }
    const run = { done: Promise.resolve(), isStale: false, person };
    running.set(userId, run);
    run.done = queue.add(async () => {
      do {
        run.isStale = false;
        await publish(userId, run.person);
      } while (run.isStale);
      running.delete(userId);
    });
    return run.done;
  }

  const refresh = (userId: string): Promise<void> => show(userId, people.read);

  async function publish(userId: string, person: Directory["person"], isRetry = false): Promise<void> {
    if (isStopped) return;
    clearTimeout(retries.get(userId));
    retries.delete(userId);
    const directory = { ...deps.directory, person };
    const view = await gatherHome({ ...deps, directory, linkTo: links }, userId).then(
      homeView,
      (error: unknown) => {
        log.warn({ err: error, userId }, "can't read what App Home shows");
        return unreadHome();
      },
    );
    try {
      await deps.slack.interactive.views.publish({ user_id: userId, view });
    } catch (error) {
      if (slackErrorCode(error) === "not_enabled") {
        log.warn({ userId }, "Slack shows no App Home: paste manifest.yml into the app's settings again");
      } else if (!isRetry && LATER.has(slackTroubleOf(error) ?? "")) {
        retries.set(
          userId,
          setTimeout(() => void queue.add(() => publish(userId, person, true)), RETRY_MS),
        );
      } else {
        log.warn({ err: error, userId }, "App Home not published");
      }
    }
  }

  async function showChanges(): Promise<void> {
    timer = undefined;
    const ids = [...changes];
    const everyone = isForAll;
    changes.clear();
    isForAll = false;
    try {
      const open = await readHomes(db, now() - OPEN_MS, MAX_OPEN);
      if (open.length === 0) return;
      const requests = await Promise.all(ids.map((id) => readRequest(db, id)));
      const about = everyone ? null : await Promise.all(requests.map((request) => concerned(request)));
      const shown = open.filter((userId) => about?.some((isAbout) => isAbout(userId)) ?? true);
      quietUntil = performance.now() + shown.length * EACH_MS;
      for (const userId of shown) void show(userId, people.remembered);
    } catch (error) {
      log.warn({ err: error }, "unknown whose App Home to bring up to date");
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
      const wait = Math.max(GATHER_MS, quietUntil - performance.now());
      timer ??= setTimeout(() => void queue.add(showChanges), wait);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const retry of retries.values()) clearTimeout(retry);
      await queue.onIdle();
    },
  };
}

/**
 * Who someone is: read by their own doing, and remembered for what follows changes, so that this takes none of the calls
 * that clicks are authorised with. What a Home shows is no authority.
 */
function createPeople(ask: Directory["person"]): Record<"read" | "remembered", Directory["person"]> {
  const known = new Map<string, Person | null>();
  const read = async (userId: string): Promise<Person | null> => {
    const person = await ask(userId);
    if (known.size > 10 * MAX_OPEN) known.clear();
    known.set(userId, person);
    return person;
  };
  return {
    read,
    remembered: (userId) => {
      const person = known.get(userId);
      return person === undefined ? read(userId) : Promise.resolve(person);
    },
  };
}

/** Links to messages, each asked for once: they stay the same. */
function createLinks(slack: WebClient): (place: MessagePlace) => Promise<string | null> {
  const known = new Map<string, string>();
  return async (place) => {
    const key = `${place.channel}:${place.ts}`;
    const link = known.get(key) ?? (await permalink(slack, place));
    if (known.size > 1000) known.clear();
    if (link !== null) known.set(key, link);
    return link;
  };
}

/** Slack asks to wait, had an older version in mind, or did not answer. */
const LATER: ReadonlySet<string> = new Set(["ratelimited", "hash_conflict", "unreachable", "internal_error"]);
