import { useEffect, useState } from "react";
import type { Delivery, PersonState } from "../../slack/types.ts";

/** A person's workspace as it is now, kept current by server-sent events. */
export interface LiveState {
  state: PersonState | undefined;
  connected: boolean;
}

/** @param user whose workspace to show; the first person of the workspace while it is undefined. */
export function useSlackState(user: string | undefined): LiveState {
  const [live, setLive] = useState<LiveState & { user: string | undefined }>({
    state: undefined,
    connected: true,
    user,
  });
  useEffect(() => {
    const query = user === undefined ? "" : `?user=${encodeURIComponent(user)}`;
    const events = new EventSource(`/sandbox/events${query}`);
    events.addEventListener("state", (event: MessageEvent<string>) => {
      setLive({ state: JSON.parse(event.data) as PersonState, connected: true, user });
    });
    events.addEventListener("error", () => {
      setLive((before) => ({ ...before, connected: false }));
    });
    return () => {
      events.close();
    };
  }, [user]);
  return live;
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
