import type {
  ActionsBlock,
  Button,
  ContextActionsBlock,
  Overflow,
  SectionBlock,
  WorkflowButton,
} from "@slack/types";
import { type ReactElement, useState } from "react";
import { useBlockHost } from "./block-host.ts";
import { useAsk } from "../overlays/confirm.tsx";
import { MenuButton } from "../overlays/menu.tsx";
import { Field, type FieldElement } from "./fields.tsx";
import { toPlainString } from "../text/text.tsx";

type ControlElement =
  | ActionsBlock["elements"][number]
  | ContextActionsBlock["elements"][number]
  | Exclude<NonNullable<SectionBlock["accessory"]>, { type: "image" }>;

/** An interactive element outside an input block: using it tells the app at once. */
export function Control({ element, blockId }: { element: ControlElement; blockId: string }): ReactElement {
  switch (element.type) {
    case "button":
      return <ButtonControl element={element} blockId={blockId} />;
    case "overflow":
      return <OverflowControl element={element} blockId={blockId} />;
    case "workflow_button":
      return <Unsupported element={element} />;
    case "feedback_buttons":
    case "icon_button":
      return <span className="unsupported">[{element.type} is not part of this sandbox]</span>;
    default:
      return <FieldControl element={element} blockId={blockId} />;
  }
}

function Unsupported({ element }: { element: WorkflowButton }): ReactElement {
  return (
    <span className="unsupported">
      [{toPlainString(element.text)}: workflows are not part of this sandbox]
    </span>
  );
}

function ButtonControl({ element, blockId }: { element: Button; blockId: string }): ReactElement {
  const host = useBlockHost();
  const ask = useAsk();
  const [busy, setBusy] = useState(false);

  async function press(): Promise<void> {
    if (busy || !(await ask(element.confirm))) return;
    if (element.url) window.open(element.url, "_blank", "noopener,noreferrer");
    setBusy(true);
    await host.act({ actionId: element.action_id ?? "", blockId });
    setBusy(false);
  }

  const shared = {
    className: `button ${element.style ? `button-${element.style}` : ""}`,
    // Slack reads this label out instead of the text. Here it comes after it, so that the button's name stays what one
    // sees: a person who steers by voice, and every test, asks for that.
    "aria-description": element.accessibility_label,
    "aria-busy": busy,
  };
  const label = toPlainString(element.text);
  if (element.url) {
    return (
      <a
        {...shared}
        href={element.url}
        target="_blank"
        rel="noopener noreferrer"
        onClick={(event) => {
          event.preventDefault();
          void press();
        }}
      >
        <span className="button-label">{label}</span>
        <span aria-hidden="true" className="external">
          ↗
        </span>
      </a>
    );
  }
  return (
    <button {...shared} type="button" onClick={() => void press()}>
      <span className="button-label">{label}</span>
    </button>
  );
}

/** The three dots. A choice with a url opens it, and tells the app as well. */
function OverflowControl({ element, blockId }: { element: Overflow; blockId: string }): ReactElement {
  const host = useBlockHost();
  const ask = useAsk();

  async function choose(option: Overflow["options"][number]): Promise<void> {
    if (!(await ask(element.confirm))) return;
    if (option.url) window.open(option.url, "_blank", "noopener,noreferrer");
    await host.act({ actionId: element.action_id ?? "", blockId, value: option.value ?? "" });
  }

  return (
    <MenuButton
      label="More options"
      icon="•••"
      look="button button-dots"
      align="end"
      items={element.options.map((option, index) => ({
        key: option.value ?? String(index),
        text: toPlainString(option.text),
        about: option.description && toPlainString(option.description),
        onChoose: () => void choose(option),
      }))}
    />
  );
}

/** A select, picker or group of boxes whose every change is an action. */
function FieldControl({ element, blockId }: { element: FieldElement; blockId: string }): ReactElement {
  const host = useBlockHost();
  const ask = useAsk();
  const actionId = element.action_id ?? "";
  const placeholder = "placeholder" in element ? toPlainString(element.placeholder) : "";
  return (
    <Field
      element={element}
      blockId={blockId}
      label={placeholder || actionId.replaceAll(/[_.:-]+/g, " ")}
      value={host.valueOf(blockId, actionId)}
      onChange={async (value) => {
        if ("confirm" in element && !(await ask(element.confirm))) return;
        host.setValue(blockId, actionId, value);
        await host.act({ actionId, blockId, value });
      }}
    />
  );
}
