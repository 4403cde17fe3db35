import type { AnyBlock } from "@slack/types";
import { newShortId } from "./ids.ts";

/** A control as it came over the wire: the validator has looked at it, so its fields are what Block Kit says. */
export interface Element {
  type: string;
  action_id: string;
  [field: string]: unknown;
}

export interface PlacedElement {
  blockId: string;
  blockType: string;
  element: Element;
  /** For an input block: whether it may be left empty, and whether a change is sent at once. */
  optional: boolean;
  dispatches: boolean;
}

type SweepWork = Record<string, unknown>;

/** Gives every block a block_id and every control an action_id, as Slack does. Returns a copy. */
export function assignIds(blocks: readonly unknown[]): AnyBlock[] {
  const copy = structuredClone(blocks) as SweepWork[];
  for (const block of copy) {
    if (typeof block["block_id"] !== "string") block["block_id"] = newShortId();
    for (const element of controlsOf(block)) {
      if (typeof element["action_id"] !== "string") element["action_id"] = newShortId();
    }
  }
  return copy as unknown as AnyBlock[];
}

/** Every control of these blocks, in the order in which they are shown. */
export function listElements(blocks: readonly AnyBlock[]): PlacedElement[] {
  return (blocks as unknown as SweepWork[]).flatMap((block) =>
    controlsOf(block).map((element) => ({
      blockId: String(block["block_id"]),
      blockType: String(block["type"]),
      element: element as Element,
      optional: block["optional"] === true,
      dispatches: block["type"] !== "input" || block["dispatch_action"] === true,
    })),
  );
}

/** The control with this action_id (and block_id, when it is told); the first when several have it. */
export function findElement(
  blocks: readonly AnyBlock[],
  actionId: string,
  blockId?: string,
): PlacedElement | undefined {
  return listElements(blocks).find(
    (placed) =>
      placed.element.action_id === actionId && (blockId === undefined || placed.blockId === blockId),
  );
}

function controlsOf(block: SweepWork): SweepWork[] {
  switch (block["type"]) {
    case "section":
      return list([block["accessory"]]).filter((element) => element["type"] !== "image");
    case "actions":
    case "context_actions":
      return list(block["elements"]);
    case "input":
      return list([block["element"]]);
    case "card":
      return list(block["actions"]);
    case "carousel":
      return list(block["elements"]).flatMap((card) => list(card["actions"]));
    case "container":
      return list(block["child_blocks"]).flatMap(controlsOf);
    default:
      return [];
  }
}

function list(value: unknown): SweepWork[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each): each is SweepWork => typeof each === "object" && each !== null);
}
