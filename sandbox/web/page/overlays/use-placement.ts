import { type RefObject, useEffect, useLayoutEffect } from "react";

const gap = 4;
const edge = 8;
/** Below this, and with more room above, a list opens upwards. */
const enough = 220;
const mostHeight = 340;

interface Wish {
  /** At least this wide, in CSS pixels, or as wide as the anchor. */
  width?: number;
  align?: "start" | "end";
}

/**
 * Puts an open list at its anchor, over everything else, on the side that has the room. Fixed to the window, because
 * the dialogs and timelines it opens in would cut it off.
 *
 * @param props.popup the list's own element, while there is one.
 */
export function usePlacement(
  popup: RefObject<HTMLElement | null>,
  anchor: RefObject<HTMLElement | null>,
  { width = 0, align = "start" }: Wish = {},
): void {
  // After every render: what stands above the anchor may have grown.
  useLayoutEffect(() => {
    place(popup.current, anchor.current, width, align);
  });

  useEffect(() => {
    const again = (): void => place(popup.current, anchor.current, width, align);
    addEventListener("scroll", again, { capture: true, passive: true });
    addEventListener("resize", again);
    // A phone's keyboard takes room without a resize of the window.
    visualViewport?.addEventListener("resize", again);
    return () => {
      removeEventListener("scroll", again, { capture: true });
      removeEventListener("resize", again);
      visualViewport?.removeEventListener("resize", again);
    };
  }, [popup, anchor, width, align]);
}

function place(
  popup: HTMLElement | null,
  anchor: HTMLElement | null,
  least: number,
  align: "start" | "end",
): void {
  if (!popup || !anchor) return;
  const at = anchor.getBoundingClientRect();
  const below = (visualViewport?.height ?? innerHeight) - at.bottom - gap - edge;
  const above = at.top - gap - edge;
  const opensUp = below < enough && above > below;
  const width = Math.min(Math.max(at.width, least), innerWidth - 2 * edge);
  const start = align === "start" ? at.left : at.right - width;
  Object.assign(popup.style, {
    left: `${Math.max(edge, Math.min(start, innerWidth - width - edge))}px`,
    width: `${width}px`,
    maxHeight: `${Math.min(mostHeight, opensUp ? above : below)}px`,
    top: opensUp ? "auto" : `${at.bottom + gap}px`,
    bottom: opensUp ? `${innerHeight - at.top + gap}px` : "auto",
  });
}
