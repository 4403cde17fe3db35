import type { InputBlock } from "@slack/types";
import { type ReactElement, type ReactNode, useId } from "react";
import { type FieldValue, useBlockHost } from "./block-host.ts";
import { Field, initialValue, isGroup } from "./fields.tsx";
import { toPlainString } from "../text/text.tsx";

/** A labelled input of a modal, with its hint and what is wrong with it. */
export function InputBlockView({ block }: { block: InputBlock }): ReactElement {
  const host = useBlockHost();
  const id = useId();
  const blockId = block.block_id ?? "";
  const actionId = block.element.action_id ?? "";
  const error = host.errors[blockId];
  const described =
    [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const dispatches = block.dispatch_action ?? false;
  const act = (value: FieldValue): void => void host.act({ actionId, blockId, value });

  const field = (
    <Field
      element={block.element}
      blockId={blockId}
      label={toPlainString(block.label)}
      id={id}
      describedBy={described}
      invalid={error !== undefined}
      required={!block.optional}
      value={host.valueOf(blockId, actionId)}
      onChange={(value) => {
        host.setValue(blockId, actionId, value);
        if (dispatches && !isTyped(block)) act(value);
      }}
      onEnter={
        dispatches && isTyped(block)
          ? () => act(host.valueOf(blockId, actionId) ?? initialValue(block.element))
          : undefined
      }
    />
  );
  return (
    <div className={error === undefined ? "input-block" : "input-block input-block-invalid"}>
      {isGroup(block.element) ? (
        <div className="input-label" aria-hidden="true">
          <LabelText block={block} />
        </div>
      ) : (
        <label className="input-label" htmlFor={id}>
          <LabelText block={block} />
        </label>
      )}
      {field}
      {block.hint && (
        <p className="input-hint" id={`${id}-hint`}>
          {toPlainString(block.hint)}
        </p>
      )}
      {error !== undefined && (
        <p className="input-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

function LabelText({ block }: { block: InputBlock }): ReactNode {
  return (
    <>
      {toPlainString(block.label)}
      {block.optional && <span className="input-optional"> (optional)</span>}
    </>
  );
}

/** Whether one types into it, so that an action is dispatched on Enter rather than on each change. */
function isTyped(block: InputBlock): boolean {
  return /text_input|number_input/.test(block.element.type);
}
