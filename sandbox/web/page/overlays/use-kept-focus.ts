import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

const focusable = ".message-body :is(button, a[href], input, select, textarea, [tabindex='0'])";

/**
 * Keeps the focus where it was when an edit takes the focused control away: on the control that now has its name, else
 * on the one in its place, else on the message. Without it a press on "Next" would send the keyboard to the page's top.
 */
export function useKeptFocus(article: RefObject<HTMLElement | null>): void {
  const held = useRef<{ element: Element; name: string; place: number }>(undefined);

  useEffect(() => {
    const element = article.current;
    if (!element) return undefined;
    const note = ({ target }: FocusEvent): void => {
      if (!(target instanceof HTMLElement)) return;
      const place = [...element.querySelectorAll(focusable)].indexOf(target);
      held.current = place < 0 ? undefined : { element: target, name: nameOf(target), place };
    };
    const forget = ({ target }: FocusEvent): void => {
      // Some browsers say that what is being taken away loses the focus; that is the case to remember.
      if (target instanceof Element && target.isConnected && document.hasFocus()) {
        queueMicrotask(() => {
          if (target.isConnected) held.current = undefined;
        });
      }
    };
    element.addEventListener("focusin", note);
    element.addEventListener("focusout", forget);
    return () => {
      element.removeEventListener("focusin", note);
      element.removeEventListener("focusout", forget);
    };
  }, [article]);

  // After every render: the edit is in one of them.
  useLayoutEffect(() => {
    const lost = held.current;
    if (!lost || lost.element.isConnected) return;
    held.current = undefined;
    if (document.activeElement !== document.body) return;
    const controls = [...(article.current?.querySelectorAll<HTMLElement>(focusable) ?? [])];
    const next = controls.find((control) => nameOf(control) === lost.name) ?? controls[lost.place];
    (next ?? controls.at(-1) ?? article.current)?.focus({ preventScroll: true });
  });
}

function nameOf(element: Element): string {
  return element.getAttribute("aria-label") ?? element.textContent;
}
