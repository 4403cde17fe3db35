import { useState } from "react";
import type { PersonState } from "../../../slack/types.ts";

/** Channels with messages this person has not had in view. What was there when the page opened counts as read. */
export function useUnread(state: PersonState, current: string | undefined): ReadonlySet<string> {
  const [seen, setSeen] = useState<Record<string, string>>({});
  const newest = Object.fromEntries(
    state.channels.map((channel) => [`${state.me.id}/${channel.id}`, channel.messages.at(-1)?.ts ?? ""]),
  );
  const here = `${state.me.id}/${current}`;
  const newlySeen = Object.entries(newest).filter(
    ([key, ts]) => seen[key] === undefined || (key === here && seen[key] !== ts),
  );
  if (newlySeen.length > 0) setSeen({ ...seen, ...Object.fromEntries(newlySeen) });

  return new Set(
    state.channels
      .map((channel) => channel.id)
      .filter((id) => {
        const key = `${state.me.id}/${id}`;
        return key !== here && (newest[key] ?? "") > (seen[key] ?? newest[key] ?? "");
      }),
  );
}
