import { type ReactElement, useMemo, useState } from "react";
import type { Delivery, StoredView, SubmittedValues } from "../../../slack/types.ts";
import { type BlockHost, BlockHostContext, type FieldValue } from "../blocks/block-host.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { Dialog } from "./dialog.tsx";
import { toPlainString } from "../text/text.tsx";

type Control = Parameters<BlockHost["act"]>[0];
type Entered = Record<string, Record<string, FieldValue>>;

export interface ViewModalProps {
  view: StoredView;
  /** Only the top view shows; those below keep what was entered. */
  isTop: boolean;
  onAct: (control: Control & { values: SubmittedValues }) => Promise<void>;
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
  const [entered, setEntered] = useState<Entered>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);

  const host = useMemo<BlockHost>(
    () => ({
      surface: "view",
      // The app is told what the other inputs hold at that moment.
      act: (control) => onAct({ ...control, values: entered }),
      suggest: onSuggest,
      valueOf: (blockId, actionId) => entered[blockId]?.[actionId],
      setValue: (blockId, actionId, value) => {
        setEntered((before) => ({ ...before, [blockId]: { ...before[blockId], [actionId]: value } }));
        setErrors(({ [blockId]: _mended, ...rest }) => rest);
      },
      errors,
    }),
    [onAct, onSuggest, entered, errors],
  );

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
