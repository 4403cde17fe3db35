import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

/** This near to the end counts as at the end, in CSS pixels. */
const near = 80;

/**
 * Keeps the end in sight when messages come or grow, unless the reader has scrolled up, opened something folded, or
 * followed a link.
 *
 * @param target the ts of the message that a link led to.
 */
export function useFollowedEnd(target: string | undefined): RefObject<HTMLDivElement | null> {
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const note = (): void => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < near;
    };
    const follow = (): void => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    };
    element.addEventListener("scroll", note, { passive: true });
    // Neither bubbles. To follow what the reader unfolds would take its head out of sight.
    element.addEventListener("toggle", note, { capture: true });
    element.addEventListener("load", follow, { capture: true });
    // The composer grows with what is typed, and a phone's keyboard takes half the height.
    const sizes = new ResizeObserver(follow);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", note);
      element.removeEventListener("toggle", note, { capture: true });
      element.removeEventListener("load", follow, { capture: true });
      sizes.disconnect();
    };
  }, []);

  useLayoutEffect(() => {
    const message = target && scroller.current?.querySelector(`[data-ts="${CSS.escape(target)}"]`);
    if (!message) return;
    atEnd.current = false;
    message.scrollIntoView({ block: "center" });
  }, [target]);

  // After every render, as a message may have grown; and before the browser reports a scroll, which it would measure
  // with the new message and without the step to it.
  useLayoutEffect(() => {
    if (atEnd.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  });
  return scroller;
}
