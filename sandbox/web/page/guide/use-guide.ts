import { useCallback, useEffect, useState } from "react";
import type { GuideState } from "../../../scenarios/player.ts";
import { post } from "../slack-client.ts";

const playingMs = 500;
const idleMs = 3_000;

/** What the guide can be asked for; see scenarios/control.ts. */
export type AskGuide = (wish: Record<string, unknown>) => void;

/** The guide as it stands, read again while the page is in sight; undefined until it has arrived. */
export function useGuide(): { guide: GuideState | undefined; ask: AskGuide } {
  const [guide, setGuide] = useState<GuideState>();
  const refresh = useCallback(() => {
    void readGuide().then((read) => {
      if (read) setGuide(read);
    });
  }, []);
  const isPlaying = guide !== undefined && guide.playing !== null;
  useEffect(() => {
    refresh();
    const timer = setInterval(
      () => {
        if (document.visibilityState === "visible") refresh();
      },
      isPlaying ? playingMs : idleMs,
    );
    return () => {
      clearInterval(timer);
    };
  }, [isPlaying, refresh]);
  const ask = useCallback<AskGuide>(
    (wish) => {
      void post("/sandbox/guide", wish).then(refresh);
    },
    [refresh],
  );
  return { guide, ask };
}

async function readGuide(): Promise<GuideState | undefined> {
  try {
    const response = await fetch("/sandbox/guide");
    return response.ok ? ((await response.json()) as GuideState) : undefined;
  } catch {
    // The next reading may do better; until then the last one stands.
    return undefined;
  }
}
