import { useEffect, useRef, useState } from "react";
import { type Suggest, useBlockHost } from "./block-host.ts";
import type { ComboOption } from "./combobox.tsx";

/** Slack's own: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select */
const defaultLeast = 3;
/** A pause in typing, in milliseconds. */
const pauseMs = 120;

export interface Suggestions {
  options: ComboOption[];
  busy: boolean;
  /** What to say where there is nothing to choose. */
  note: string;
}

/**
 * What the app offers for the words typed so far.
 *
 * @param props.query undefined while no one is looking.
 * @param props.least how many characters the app wants before it is asked.
 */
export function useSuggestions(props: {
  actionId: string;
  blockId: string;
  query: string | undefined;
  least: number | undefined;
}): Suggestions {
  const { actionId, blockId, query, least = defaultLeast } = props;
  const suggest = useLatest(useBlockHost().suggest);
  const [found, setFound] = useState<{ query: string; options: ComboOption[] | undefined }>();
  const isEnough = query !== undefined && query.length >= least;

  useEffect(() => {
    if (!isEnough) return undefined;
    let wanted = true;
    const ask = async (): Promise<void> => {
      const answer = await suggest.current({ actionId, blockId, value: query });
      if (wanted) setFound({ query, options: answer.ok ? answer.options : undefined });
    };
    const timer = setTimeout(() => void ask(), query === "" ? 0 : pauseMs);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [actionId, blockId, isEnough, query, suggest]);

  if (!isEnough) {
    const note = `Type at least ${least} ${least === 1 ? "character" : "characters"} to search.`;
    return { options: [], busy: false, note };
  }
  if (found?.query !== query) return { options: [], busy: true, note: "Searching…" };
  if (!found.options) return { options: [], busy: false, note: "The choices could not be loaded." };
  return { options: found.options, busy: false, note: found.options.length === 0 ? "Nothing found." : "" };
}

/** What was rendered last, for effects that must not start over when it is made again. */
function useLatest(value: Suggest): { readonly current: Suggest } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
