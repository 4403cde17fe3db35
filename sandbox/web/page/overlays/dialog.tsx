import { type ReactElement, type ReactNode, useEffect, useId, useRef } from "react";

/**
 * A modal dialog on the platform's own <dialog>: the rest of the page is inert, focus stays inside and returns to where
 * it was, Escape closes. The open dialog last opened is on top.
 */
export function Dialog(props: {
  title: string;
  role?: "dialog" | "alertdialog";
  size?: "small" | "medium";
  busy?: boolean;
  hidden?: boolean;
  children: ReactNode;
  footer?: ReactNode;
  onClose: () => void;
  /** With this the dialog is a form, and Enter in a field submits it. */
  onSubmit?: () => void;
}): ReactElement {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const bodyId = useId();

  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    const wanted = dialog?.querySelector<HTMLElement>(
      "[data-focus-on-load], .dialog-body :is(input, textarea, select)",
    );
    (wanted ?? dialog)?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={element}
      className={`dialog dialog-${props.size ?? "medium"} ${props.hidden ? "dialog-under" : ""}`}
      role={props.role}
      aria-labelledby={titleId}
      aria-describedby={props.role === "alertdialog" ? bodyId : undefined}
      aria-busy={props.busy ?? false}
      tabIndex={-1}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      // Chromium closes a dialog on a second Escape whatever the page says.
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        props.onClose();
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          props.onSubmit?.();
        }}
      >
        <header className="dialog-header">
          <h2 id={titleId}>{props.title}</h2>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={props.onClose}>
            <span aria-hidden="true">✕</span>
          </button>
        </header>
        <div className="dialog-body" id={bodyId}>
          {props.children}
        </div>
        {props.footer && <footer className="dialog-footer">{props.footer}</footer>}
      </form>
    </dialog>
  );
}
