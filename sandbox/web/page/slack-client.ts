import { useEffect, useState } from "react";
import type { Delivery, PersonState, SuggestedOption } from "../../slack/types.ts";
import type { Start } from "../serve.ts";
import type { ComboOption } from "./blocks/combobox.tsx";

/** A person's workspace as it is now, kept current by server-sent events. */
export interface LiveState {
  /** Of the last wanted person who has a workspace; undefined until it has arrived. */
  state: PersonState | undefined;
  connected: boolean;
  /** There is no such person. */
  refused: boolean;
}

/** @param user whose workspace to follow; none while it is undefined. */
export function useSlackState(user: string | undefined): LiveState {
  const [live, setLive] = useState<LiveState>({ state: undefined, connected: true, refused: false });
  useEffect(() => {
    if (user === undefined) return undefined;
    const events = new EventSource(`/sandbox/events?user=${encodeURIComponent(user)}`);
    events.addEventListener("state", (event: MessageEvent<string>) => {
      setLive({ state: JSON.parse(event.data) as PersonState, connected: true, refused: false });
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

/** Gets an external select's options. */
export async function askOptions(body: unknown): Promise<{ ok: boolean; options: ComboOption[] }> {
  const answer: Delivery & { options?: SuggestedOption[] } = await post("/sandbox/options", body);
  const options = (answer.options ?? []).map(({ text, value, description, group }) => ({
    option: {
      text: { type: "plain_text" as const, text, emoji: true },
      value,
      ...(description !== undefined && {
        description: { type: "plain_text" as const, text: description, emoji: true },
      }),
    },
    group,
  }));
  return { ok: answer.ok, options };
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
