import { type ReactElement, useState } from "react";
import type { Delivery, StoredView, SubmittedValues } from "../../../slack/types.ts";
import { type BlockHost, BlockHostContext } from "../blocks/block-host.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { type ActInView, useViewHost } from "../blocks/use-view-host.ts";
import { Dialog } from "./dialog.tsx";
import { toPlainString } from "../text/text.tsx";

export interface ViewModalProps {
  view: StoredView;
  /** Only the top view shows; those below keep what was entered. */
  isTop: boolean;
  onAct: ActInView;
  onSuggest: BlockHost["suggest"];
  onSubmit: (values: SubmittedValues) => Promise<Delivery>;
  onClose: () => void;
}

/** A view of a person's stack as a dialog. Entered values live as long as the view, updates included. */
export function ViewModal({
  view,
  isTop,
  onAct,
  onSuggest,
  onSubmit,
  onClose,
}: ViewModalProps): ReactElement {
  const { host, entered, setErrors } = useViewHost(onAct, onSuggest);
  const [busy, setBusy] = useState(false);

  async function submit(): Promise<void> {
    if (busy || !view.submit) return;
    setBusy(true);
    const delivery = await onSubmit(entered);
    setBusy(false);
    if (!delivery.errors) return;
    setErrors(delivery.errors);
    focusFirstInvalid();
  }

  const submitLabel = view.submit ? toPlainString(view.submit) : "";
  return (
    <Dialog
      title={toPlainString(view.title)}
      busy={busy}
      hidden={!isTop}
      onClose={onClose}
      onSubmit={() => void submit()}
      footer={
        <>
          <button type="button" className="button" onClick={onClose}>
            {view.close ? toPlainString(view.close) : "Cancel"}
          </button>
          {submitLabel && (
            <button type="submit" className="button button-primary" aria-busy={busy}>
              {submitLabel}
            </button>
          )}
        </>
      }
    >
      <BlockHostContext value={host}>
        <div
          // A link to a message is followed by looking at it, and the dialog would cover it.
          onClick={(event) => {
            if (event.target instanceof Element && event.target.closest('a[href^="#"]')) onClose();
          }}
        >
          <Blocks blocks={view.blocks} />
        </div>
      </BlockHostContext>
    </Dialog>
  );
}

function focusFirstInvalid(): void {
  // The errors are on the page only after the next render.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>("dialog[open] [aria-invalid=true]")?.focus();
  });
}
