import type { AnyBlock } from "@slack/types";
import { findVisible } from "../messages.ts";
import type { StoredMessage, StoredView } from "../types.ts";
import { findView } from "../views.ts";
import type { Workspace } from "../workspace.ts";
import { findPlace } from "./place.ts";
import type { Place } from "./place.ts";

/** Where a control is: in a message, or in a modal or a Home tab. */
export type Surface =
  | { kind: "message"; place: Place; message: StoredMessage }
  | { kind: "view"; view: StoredView };

/** What this person has in front of them; a string is why they have not. */
export function findSurface(
  workspace: Workspace,
  input: { user: string; channel?: string; ts?: string; viewId?: string },
): Surface | string {
  if (input.viewId !== undefined) {
    const view = findView(workspace, input.viewId);
    return view === undefined || view.user !== input.user ? "no_such_element" : { kind: "view", view };
  }
  const place = findPlace(workspace, input.user, input.channel ?? "");
  if (typeof place === "string") return place;
  const message = findVisible(workspace, input.user, place.conversation.id, input.ts ?? "");
  return message === undefined ? "no_such_element" : { kind: "message", place, message };
}

export function shownBlocks(surface: Surface): AnyBlock[] {
  return surface.kind === "message" ? surface.message.blocks : surface.view.blocks;
}
