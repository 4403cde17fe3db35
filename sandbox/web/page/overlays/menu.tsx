import {
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { usePlacement } from "./use-placement.ts";

export interface MenuItem {
  key: string;
  text: string;
  /** Stands below the text, smaller. */
  about?: string | undefined;
  onChoose: () => void;
}

/** A button with a menu: https://www.w3.org/WAI/ARIA/apg/patterns/menu-button. */
export function MenuButton(props: {
  label: string;
  icon: ReactNode;
  /** Classes of the button. */
  look?: string;
  /** What stands above the items. */
  heading?: string;
  items: MenuItem[];
  align?: "start" | "end";
}): ReactElement {
  /** Which end of the menu has the focus when it opens; undefined while it is closed. */
  const [from, setFrom] = useState<"first" | "last">();
  const button = useRef<HTMLButtonElement>(null);
  const menuId = useId();
  const open = from !== undefined;

  function close(): void {
    setFrom(undefined);
    button.current?.focus();
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        className={props.look ?? "icon-button"}
        aria-label={props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? menuId : undefined}
        onClick={() => setFrom(open ? undefined : "first")}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          setFrom(event.key === "ArrowDown" ? "first" : "last");
        }}
      >
        <span aria-hidden="true">{props.icon}</span>
      </button>
      {from && (
        <Menu
          {...props}
          id={menuId}
          from={from}
          button={button}
          onClose={close}
          onLeave={() => setFrom(undefined)}
        />
      )}
    </>
  );
}

function Menu(props: {
  id: string;
  label: string;
  heading?: string;
  items: MenuItem[];
  align?: "start" | "end";
  from: "first" | "last";
  button: { current: HTMLButtonElement | null };
  onClose: () => void;
  onLeave: () => void;
}): ReactElement {
  const { align = "start", button, from, items } = props;
  const list = useRef<HTMLDivElement>(null);
  usePlacement(list, button, { width: 220, align });

  useEffect(() => {
    const all = itemsOf(list.current);
    (from === "first" ? all.at(0) : all.at(-1))?.focus({ preventScroll: true });
  }, [from]);

  function onKeyDown(event: KeyboardEvent): void {
    // The menu is inside things that have their own Escape: a thread, a dialog.
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      props.onClose();
    }
    if (event.key === "Tab") props.onClose();
    const all = itemsOf(list.current);
    const at = all.findIndex((item) => item === document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all.at(next % all.length)?.focus();
  }

  return (
    <div
      ref={list}
      id={props.id}
      className="popup menu"
      role="menu"
      aria-label={props.label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        const to = event.relatedTarget;
        // A press on the button closes the menu by itself.
        if (to === button.current || (to && event.currentTarget.contains(to))) return;
        props.onLeave();
      }}
    >
      {props.heading && (
        <p className="popup-heading" aria-hidden="true">
          {props.heading}
        </p>
      )}
      {items.map((item) => (
        <button
          key={item.key}
          type="button"
          role="menuitem"
          tabIndex={-1}
          className="popup-item"
          onClick={() => {
            props.onClose();
            item.onChoose();
          }}
        >
          {item.text}
          {item.about && <span className="popup-description">{item.about}</span>}
        </button>
      ))}
    </div>
  );
}

function itemsOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}
