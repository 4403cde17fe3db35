import { useEffect, useRef } from "react";
import type { Playing } from "../../../scenarios/player.ts";
import type { Route } from "../route.ts";

/** Takes the page along while a scenario is played: to the person, channel and thread of each step, once. */
export function useFollow(playing: Playing | null | undefined, go: (to: Route) => void): void {
  const last = useRef("");
  // A page that is opened after the end stays where it is.
  const isUnderWay = playing != null && playing.current < playing.steps.length;
  const isFollowing = isUnderWay && (playing.mode === "playing" || playing.isActing);
  const { user, channel, thread } = playing?.place ?? {};
  useEffect(() => {
    const place = JSON.stringify([playing?.name, user, channel, thread]);
    if (!isFollowing || place === last.current) return;
    last.current = place;
    go({ user, channel, thread });
  }, [isFollowing, playing?.name, user, channel, thread, go]);
}
