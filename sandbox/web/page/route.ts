import { useCallback, useSyncExternalStore } from "react";

/** Where one is: who, in which channel, in which thread. Kept in the address, so that a tab can be a person. */
export interface Route {
  user?: string | undefined;
  channel?: string | undefined;
  thread?: string | undefined;
}

export function useRoute(): [Route, (change: Route) => void] {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const params = new URLSearchParams(hash.slice(1));
  const route: Route = {
    user: params.get("as") ?? undefined,
    channel: params.get("in") ?? undefined,
    thread: params.get("thread") ?? undefined,
  };
  const go = useCallback((change: Route) => {
    const next = new URLSearchParams();
    if (change.user) next.set("as", change.user);
    if (change.channel) next.set("in", change.channel);
    if (change.thread) next.set("thread", change.thread);
    history.pushState(null, "", `#${next.toString()}`);
    // pushState tells nobody.
    dispatchEvent(new Event("hashchange"));
  }, []);
  return [route, go];
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => {
    removeEventListener("hashchange", listener);
  };
}
