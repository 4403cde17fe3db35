import { useState } from "react";
import type { PersonChannel, PersonState } from "../../../slack/types.ts";

/** How many messages of a channel a person has not had in view, by the channel's id; those with none are left out. */
export type Unread = ReadonlyMap<string, number>;

/**
 * Counts for each person apart: what Alice has read, Bob has not. What was there when the page opened counts as read
 * for everyone, and so does what a person wrote.
 *
 * @param current the id of the channel in view; undefined while no channel's messages are.
 */
export function useUnread(state: PersonState, current: string | undefined): Unread {
  const me = state.me.id;
  const [openedAt] = useState(() => state.channels.map(newestOf).toSorted().at(-1) ?? "");
  /** The newest message that was in view, by person and channel. */
  const [seen, setSeen] = useState<Record<string, string>>({});
  const here = `${me}/${current}`;
  const inView = state.channels.find((channel) => channel.id === current);
  const newest = inView && newestOf(inView);
  if (newest !== undefined && (seen[here] ?? "") < newest) setSeen({ ...seen, [here]: newest });

  const counts = state.channels
    .filter((channel) => channel.id !== current)
    .map((channel) => {
      const last = seen[`${me}/${channel.id}`] ?? openedAt;
      const fresh = channel.messages.filter((message) => message.ts > last && message.user !== me);
      return [channel.id, fresh.length] as const;
    });
  return new Map(counts.filter(([, count]) => count > 0));
}

function newestOf(channel: PersonChannel): string {
  return channel.messages.at(-1)?.ts ?? "";
}
