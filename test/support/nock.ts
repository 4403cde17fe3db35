import nock from "nock";
import { afterEach, beforeEach } from "vitest";

/** A watch over the network that fails closed: every request must be expected, every expectation used. */
export interface NetworkWatch {
  /** Ends the watch. Throws, with what to do about it, for a request not expected or a mock not used. */
  verify(): void;
}

export interface WatchOptions {
  /** Let requests to this machine through, for tests that also run a server of their own. */
  loopback?: boolean;
}

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[?::1\]?)(?::\d+)?$/;

/**
 * Watches every HTTP request from now on. nock answers an unmatched request with an error or a 501, either of
 * which careful code may swallow, so the watch keeps a list of its own.
 */
export function watchNetwork({ loopback = false }: WatchOptions = {}): NetworkWatch {
  const unmatched = new Set<string>();
  const onNoMatch = (request: unknown): void => {
    if (!(request instanceof Request)) {
      unmatched.add("a request nock could not describe");
      return;
    }
    if (loopback && LOOPBACK.test(new URL(request.url).host)) return;
    unmatched.add(`${request.method} ${request.url}`);
  };
  if (!nock.isActive()) nock.activate();
  nock.cleanAll();
  nock.disableNetConnect();
  if (loopback) nock.enableNetConnect(LOOPBACK);
  nock.emitter.on("no match", onNoMatch);
  return {
    verify() {
      const unused = nock.pendingMocks();
      nock.emitter.off("no match", onNoMatch);
      nock.abortPendingRequests();
      nock.cleanAll();
      nock.enableNetConnect();
      nock.restore();
      const problems = describeProblems([...unmatched], unused);
      if (problems !== null) throw new Error(problems);
    },
  };
}

/** Call once at the top of a test file: each of its tests fails on an unmatched request and on an unused mock. */
export function useNock(options?: WatchOptions): void {
  let watch: NetworkWatch | undefined;
  beforeEach(() => {
    watch = watchNetwork(options);
  });
  afterEach(() => {
    watch?.verify();
  });
}

function describeProblems(unmatched: string[], unused: string[]): string | null {
  if (unmatched.length === 0 && unused.length === 0) return null;
  const asked = unmatched.map(
    (request) =>
      `Unexpected request: ${request}\n` +
      "  Mend: mock exactly this (method, path, query, body) before the code runs, or stop the code asking.",
  );
  const idle = unused.map(
    (mock) =>
      `Unused mock: ${mock}\n` +
      "  Mend: delete the mock, or find out why the code does not make this request as mocked.",
  );
  return ["The requests made are not the requests expected.", ...asked, ...idle].join("\n");
}
