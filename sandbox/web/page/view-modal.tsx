import type { AnyBlock, InputBlock } from "@slack/types";
import { type ReactElement, useMemo, useState } from "react";
import type { Delivery, StoredView, SubmittedValues } from "../../slack/types.ts";
import { type BlockHost, BlockHostContext, type FieldValue } from "./block-host.ts";
import { Blocks } from "./blocks.tsx";
import { Dialog } from "./dialog.tsx";
import { initialValue } from "./fields.tsx";
import { toPlainString } from "./text.tsx";

type Entered = Record<string, Record<string, FieldValue>>;

export interface ViewModalProps {
  view: StoredView;
  onAct: BlockHost["act"];
  onSubmit: (values: SubmittedValues) => Promise<Delivery>;
  onClose: () => void;
}

/** The top view of a person's stack as a dialog. Entered values live as long as the view, updates included. */
export function ViewModal({ view, onAct, onSubmit, onClose }: ViewModalProps): ReactElement {
  const [entered, setEntered] = useState<Entered>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);

  const host = useMemo<BlockHost>(
    () => ({
      surface: "view",
      act: onAct,
      valueOf: (blockId, actionId) => entered[blockId]?.[actionId],
      setValue: (blockId, actionId, value) => {
        setEntered((before) => ({ ...before, [blockId]: { ...before[blockId], [actionId]: value } }));
        setErrors(({ [blockId]: _mended, ...rest }) => rest);
      },
      errors,
    }),
    [onAct, entered, errors],
  );

  async function submit(): Promise<void> {
    if (busy || !view.submit) return;
    const missing = findMissing(view.blocks, entered);
    setErrors(missing);
    if (Object.keys(missing).length > 0) {
      focusFirstInvalid();
      return;
    }
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
        <Blocks blocks={view.blocks} />
      </BlockHostContext>
    </Dialog>
  );
}

/** What Slack itself refuses before it tells the app: an empty required input, something that is no email. */
function findMissing(blocks: readonly unknown[], entered: Entered): Record<string, string> {
  const inputs = (blocks as AnyBlock[]).filter((block): block is InputBlock => block.type === "input");
  return Object.fromEntries(
    inputs.flatMap((block) => {
      const blockId = block.block_id ?? "";
      const value = entered[blockId]?.[block.element.action_id ?? ""] ?? initialValue(block.element);
      const problem = findProblem(block, value);
      return problem === undefined ? [] : [[blockId, problem]];
    }),
  );
}

function findProblem(block: InputBlock, value: FieldValue): string | undefined {
  const isEmpty = value.length === 0 || (typeof value === "string" && value.trim() === "");
  if (isEmpty) return block.optional ? undefined : "Please complete this required field.";
  if (block.element.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(String(value))) {
    return "Please enter a valid email address.";
  }
  const least = block.element.type === "plain_text_input" ? (block.element.min_length ?? 0) : 0;
  return value.length < least ? `Please enter at least ${least} characters.` : undefined;
}

function focusFirstInvalid(): void {
  // The errors are on the page only after the next render.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>("dialog[open] [aria-invalid=true]")?.focus();
  });
}
