import { useCallback, useEffect, useState } from "react";
import type { ExchangeList } from "../../../inspector/control.ts";
import type { Bodies, Exchange } from "../../../inspector/journal.ts";
import { post } from "../slack-client.ts";

const openMs = 1_000;
const closedMs = 3_000;

const none: Exchange[] = [];

/**
 * The last requests between bot, Slack and Cloudflare, newest first, read again while the page is in sight: often while
 * they are looked at, now and then for the badge.
 */
export function useExchanges(isOpen: boolean): { exchanges: Exchange[]; clear: () => void } {
  const [list, setList] = useState<ExchangeList>();
  const refresh = useCallback(() => {
    void readList().then(setList);
  }, []);
  useEffect(() => {
    refresh();
    const timer = setInterval(
      () => {
        if (document.visibilityState === "visible") refresh();
      },
      isOpen ? openMs : closedMs,
    );
    return () => {
      clearInterval(timer);
    };
  }, [isOpen, refresh]);
  const clear = useCallback(() => {
    void post("/sandbox/exchanges/clear", {}).then(refresh);
  }, [refresh]);
  return { exchanges: list?.exchanges ?? none, clear };
}

/** What was read last, by the version that the server is asked for news since. */
let known: ExchangeList | undefined;

async function readList(): Promise<ExchangeList | undefined> {
  try {
    const response = await fetch(`/sandbox/exchanges?since=${known?.version ?? ""}`);
    const answer = response.ok ? ((await response.json()) as ExchangeList) : undefined;
    if (answer?.exchanges !== undefined) known = answer;
  } catch {
    // The next reading may do better; until then the last one stands.
  }
  return known;
}

/** Both bodies of one request; null where it is no longer kept, or the sandbox does not answer. */
export async function readBodies(id: number): Promise<Bodies | null> {
  try {
    const response = await fetch(`/sandbox/exchanges/${id}`);
    return response.ok ? ((await response.json()) as Bodies) : null;
  } catch {
    return null;
  }
}
