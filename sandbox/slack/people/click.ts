import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { findElement } from "../elements.ts";
import type { PlacedElement } from "../elements.ts";
import { enteredValue } from "../inputs.ts";
import type { StateValue } from "../inputs.ts";
import { messageActionPayload, viewActionPayload } from "../payloads.ts";
import type { ClickInput, Delivery } from "../types.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { readValues } from "./modal.ts";
import { findSurface, shownBlocks } from "./surface.ts";
import type { Surface } from "./surface.ts";

/** A person uses a control that is shown to them now. */
export async function clickElement(
  workspace: Workspace,
  sockets: Sockets,
  input: ClickInput,
): Promise<Delivery> {
  const surface = findSurface(workspace, input);
  if (typeof surface === "string") return { ok: false, error: surface };
  const placed = findElement(shownBlocks(surface), input.actionId, input.blockId);
  if (placed === undefined) return { ok: false, error: "no_such_element" };
  return await send(workspace, sockets, input, surface, placed);
}

/**
 * A person's client still shows a control that is gone. It is looked for in the earlier versions of the message;
 * where there is none, a button with the given value is made up, as a forged click would.
 */
export async function clickStaleElement(
  workspace: Workspace,
  sockets: Sockets,
  input: ClickInput,
): Promise<Delivery> {
  const surface = findSurface(workspace, input);
  if (typeof surface === "string") return { ok: false, error: surface };
  const versions = surface.kind === "message" ? surface.message.history.toReversed() : [];
  const placed = [{ blocks: shownBlocks(surface) }, ...versions]
    .map((version) => findElement(version.blocks, input.actionId, input.blockId))
    .find((found) => found !== undefined);
  return await send(workspace, sockets, input, surface, placed ?? madeUpButton(input));
}

async function send(
  workspace: Workspace,
  sockets: Sockets,
  input: ClickInput,
  surface: Surface,
  placed: PlacedElement,
): Promise<Delivery> {
  const chosen = choose(placed, input.value);
  if (chosen === "no_such_option") return { ok: false, error: chosen };
  if (surface.kind === "message") {
    const payload = messageActionPayload(workspace, {
      ...surface.place,
      message: surface.message,
      placed,
      chosen,
    });
    return await deliver(workspace, sockets, "interactive", payload);
  }
  const person = findPerson(workspace, input.user);
  if (person === undefined) return { ok: false, error: "user_not_found" };
  const { view } = surface;
  const { values } = readValues(view, input.values ?? {});
  const payload = viewActionPayload(workspace, { person, view, placed, chosen, values });
  return await deliver(workspace, sockets, "interactive", payload);
}

/** What was chosen, in the payload's shape; buttons have no choice. */
function choose(placed: PlacedElement, value: unknown): StateValue | "no_such_option" | undefined {
  if (placed.element.type.endsWith("button")) return undefined;
  return enteredValue(placed.element, value) ?? "no_such_option";
}

function madeUpButton(input: ClickInput): PlacedElement {
  return {
    blockId: input.blockId ?? "stale",
    blockType: "actions",
    optional: true,
    dispatches: true,
    element: {
      type: "button",
      action_id: input.actionId,
      text: { type: "plain_text", text: input.actionId, emoji: true },
      ...(typeof input.value === "string" ? { value: input.value } : {}),
    },
  };
}
