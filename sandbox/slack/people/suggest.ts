import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { findElement } from "../elements.ts";
import { suggestionPayload } from "../payloads.ts";
import type { Delivery, SuggestedOption, SuggestInput } from "../types.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { findSurface, shownBlocks } from "./surface.ts";

/** What the app answers; the validator has looked at it. */
interface Suggestions {
  options?: Option[];
  option_groups?: { label: { text: string }; options: Option[] }[];
}

interface Option {
  text: { text: string };
  value: string;
  description?: { text: string };
}

/** Asks the app for an external select's options. Without an answer, or with one that breaks a limit, there are none. */
export async function askOptions(
  workspace: Workspace,
  sockets: Sockets,
  input: SuggestInput,
): Promise<Delivery & { options: SuggestedOption[] }> {
  const surface = findSurface(workspace, input);
  if (typeof surface === "string") return { ok: false, error: surface, options: [] };
  const placed = findElement(shownBlocks(surface), input.actionId, input.blockId);
  const person = findPerson(workspace, input.user);
  if (placed === undefined || person === undefined)
    return { ok: false, error: "no_such_element", options: [] };
  const from =
    surface.kind === "view"
      ? { view: surface.view }
      : { conversation: surface.place.conversation, message: surface.message };
  const payload = suggestionPayload(workspace, { person, placed, value: input.value, from });
  const delivery = await deliver(workspace, sockets, "interactive", payload);
  if (!delivery.ok) return { ...delivery, options: [] };
  return { ...delivery, options: listOptions(delivery.ack as Suggestions) };
}

function listOptions({ options = [], option_groups: groups = [] }: Suggestions): SuggestedOption[] {
  return [
    ...options.map((option) => toSuggested(option)),
    ...groups.flatMap((group) => group.options.map((option) => toSuggested(option, group.label.text))),
  ];
}

function toSuggested(option: Option, group?: string): SuggestedOption {
  return {
    text: option.text.text,
    value: option.value,
    ...(option.description === undefined ? {} : { description: option.description.text }),
    ...(group === undefined ? {} : { group }),
  };
}
