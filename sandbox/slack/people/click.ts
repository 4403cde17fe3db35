import type { AnyBlock } from "@slack/types";
import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { findElement } from "../elements.ts";
import type { PlacedElement } from "../elements.ts";
import { enteredValue } from "../inputs.ts";
import type { StateValue } from "../inputs.ts";
import { findVisible } from "../messages.ts";
import { messageActionPayload, suggestionPayload, viewActionPayload } from "../payloads.ts";
import type { ClickInput, Delivery, StoredMessage, StoredView, SuggestInput } from "../types.ts";
import { findView } from "../views.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { readValues } from "./modal.ts";
import { findPlace } from "./place.ts";
import type { Place } from "./place.ts";

/** Where the control is: in a message, or in a modal or a Home tab. */
type Surface = { kind: "message"; place: Place; message: StoredMessage } | { kind: "view"; view: StoredView };

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

/** Asks the app for an external select's options; those without an answer get none. */
export async function askOptions(
  workspace: Workspace,
  sockets: Sockets,
  input: SuggestInput,
): Promise<Delivery & { options: { text: string; value: string }[] }> {
  const surface = findSurface(workspace, input);
  if (typeof surface === "string") return { ok: false, error: surface, options: [] };
  const placed = findElement(shownBlocks(surface), input.actionId, input.blockId);
  const person = findPerson(workspace, input.user);
  if (placed === undefined || person === undefined)
    return { ok: false, error: "no_such_element", options: [] };
  const from = surface.kind === "view" ? { view: surface.view } : { message: surface.message };
  const payload = suggestionPayload(workspace, { person, placed, value: input.value, ...from });
  const delivery = await deliver(workspace, sockets, "interactive", payload);
  const ack = delivery.ack as { options?: { text: { text: string }; value: string }[] } | undefined;
  const options = (ack?.options ?? []).map((option) => ({ text: option.text.text, value: option.value }));
  return { ...delivery, options };
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

function findSurface(workspace: Workspace, input: ClickInput | SuggestInput): Surface | string {
  if (input.viewId !== undefined) {
    const view = findView(workspace, input.viewId);
    return view === undefined || view.user !== input.user ? "no_such_element" : { kind: "view", view };
  }
  const place = findPlace(workspace, input.user, input.channel ?? "");
  if (typeof place === "string") return place;
  const message = findVisible(workspace, input.user, place.conversation.id, input.ts ?? "");
  return message === undefined ? "no_such_element" : { kind: "message", place, message };
}

function shownBlocks(surface: Surface): AnyBlock[] {
  return surface.kind === "message" ? surface.message.blocks : surface.view.blocks;
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
