import { useCallback, useSyncExternalStore } from "react";

/** Where one is: who, in which channel, in which thread. Kept in the address, so that a tab can be a person. */
export interface Route {
  user?: string | undefined;
  channel?: string | undefined;
  thread?: string | undefined;
  /** In the bot's conversation: its Home instead of its messages. */
  tab?: "home" | undefined;
  /** The message a link led to. */
  message?: string | undefined;
}

export function useRoute(): [Route, (change: Route) => void] {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const params = new URLSearchParams(hash.slice(1));
  const route: Route = {
    user: params.get("as") ?? undefined,
    channel: params.get("in") ?? undefined,
    thread: params.get("thread") ?? undefined,
    tab: params.get("tab") === "home" ? "home" : undefined,
    message: params.get("message") ?? undefined,
  };
  const go = useCallback((change: Route) => {
    history.pushState(null, "", toHash(change));
    // pushState fires no event.
    dispatchEvent(new Event("hashchange"));
  }, []);
  return [route, go];
}

/** An address within the page. */
export function toHash(route: Route): string {
  const params = new URLSearchParams();
  if (route.user) params.set("as", route.user);
  if (route.channel) params.set("in", route.channel);
  if (route.thread) params.set("thread", route.thread);
  if (route.tab) params.set("tab", route.tab);
  if (route.message) params.set("message", route.message);
  return `#${params.toString()}`;
}

/** Where a message's permalink leads within this workspace; undefined for any other url. */
export function readPermalink(url: string, domain: string): Route | undefined {
  const start = `https://${domain}.slack.com/archives/`;
  if (!url.startsWith(start)) return undefined;
  const found = /^(\w+)\/p(\d+)(\d{6})(?:\?thread_ts=([\d.]+))?/.exec(url.slice(start.length));
  if (!found) return undefined;
  const [, channel, seconds, micros, thread] = found;
  return { channel, thread, message: `${seconds}.${micros}` };
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => {
    removeEventListener("hashchange", listener);
  };
}
