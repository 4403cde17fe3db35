import { useEffect, useState } from "react";
import type { Delivery, PersonState } from "../../slack/types.ts";
import type { Start } from "../serve.ts";

/** The control API's state; with the handles of user groups where it has them. */
export type ShownState = PersonState & { userGroups?: { id: string; handle: string }[] };

/** A person's workspace as it is now, kept current by server-sent events. */
export interface LiveState {
  /** Of the person last asked for who has a workspace; undefined until it has arrived. */
  state: ShownState | undefined;
  connected: boolean;
  /** There is no such person. */
  refused: boolean;
}

/** @param user whose workspace to follow; nobody's while it is undefined. */
export function useSlackState(user: string | undefined): LiveState {
  const [live, setLive] = useState<LiveState>({ state: undefined, connected: true, refused: false });
  useEffect(() => {
    if (user === undefined) return undefined;
    const events = new EventSource(`/sandbox/events?user=${encodeURIComponent(user)}`);
    events.addEventListener("state", (event: MessageEvent<string>) => {
      setLive({ state: JSON.parse(event.data) as ShownState, connected: true, refused: false });
    });
    events.addEventListener("error", () => {
      // The browser tries a lost connection again by itself; an answer that is no stream it takes as final.
      const refused = events.readyState === EventSource.CLOSED;
      setLive((before) => ({ ...before, connected: false, refused }));
    });
    return () => {
      events.close();
    };
  }, [user]);
  return live;
}

/** Who one is when the address does not say. */
export function useStart(): Start | undefined {
  const [start, setStart] = useState<Start>();
  useEffect(() => {
    void readStart().then(setStart);
  }, []);
  return start;
}

async function readStart(): Promise<Start | undefined> {
  try {
    const response = await fetch("start.json");
    return (await response.json()) as Start;
  } catch {
    return undefined;
  }
}

/** POSTs to the control API. A server that does not answer is a delivery that failed, not an exception. */
export async function post(path: string, body: unknown): Promise<Delivery> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Partial<Delivery>;
    return { ...answer, ok: answer.ok ?? response.ok };
  } catch {
    return { ok: false, error: "sandbox_unreachable" };
  }
}
