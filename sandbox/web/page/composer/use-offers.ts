import { useState } from "react";
import { useWorkspace } from "../workspace.ts";
import { findCommands, findMentions, type Offer, type OfferList } from "./offers.ts";

export interface Offers extends Pick<OfferList, "title" | "note"> {
  found: Offer[];
  /** The offer that Enter takes; undefined while it takes none. */
  active: number | undefined;
  /** Makes another offer the active one, by its place or by steps from the present one. */
  choose: (place: number) => void;
  move: (step: number) => void;
  dismiss: () => void;
  /** The text with this offer in place of what was typed of it, and where the cursor goes. */
  complete: (offer: Offer) => { text: string; caret: number };
}

/** What completes the word that the cursor stands behind. Nothing once it is whole, or after Escape. */
export function useOffers(text: string, caret: number, takesCommands: boolean): Offers {
  const workspace = useWorkspace();
  const [chosen, setChosen] = useState<number>();
  /** The list that is not wanted. */
  const [dismissed, setDismissed] = useState<string>();
  const before = text.slice(0, caret);
  const list =
    findMentions(workspace, before) ?? (takesCommands ? findCommands(workspace, before) : undefined);
  const key = list && `${list.title} ${list.start}`;
  if (key === undefined && (dismissed !== undefined || chosen !== undefined)) {
    setDismissed(undefined);
    setChosen(undefined);
  }
  const found = list === undefined || key === dismissed ? [] : list.offers;
  const wanted = chosen ?? (list?.isTyped === true ? 0 : undefined);
  const active = wanted === undefined || found.length === 0 ? undefined : Math.min(wanted, found.length - 1);

  return {
    title: list?.title ?? "",
    ...(list?.note !== undefined && { note: list.note }),
    found,
    active,
    choose: setChosen,
    move: (step) => {
      const next = active === undefined ? (step > 0 ? 0 : -1) : active + step;
      setChosen((next + found.length) % Math.max(found.length, 1));
    },
    dismiss: () => setDismissed(key),
    complete({ insert }) {
      setChosen(undefined);
      const start = `${text.slice(0, list?.start ?? 0)}${insert}`;
      return { text: start + text.slice(caret).replace(/^ /, ""), caret: start.length };
    },
  };
}
