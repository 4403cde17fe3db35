import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { findMessage } from "../messages.ts";
import { globalShortcutPayload, messageShortcutPayload } from "../payloads.ts";
import type { Delivery, GlobalShortcutInput, MessageShortcutInput, SlackShortcut } from "../types.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { findPlace } from "./place.ts";

/** What Slack's manifest would refuse: https://docs.slack.dev/reference/app-manifest. Throws with the first one. */
export function checkShortcuts(shortcuts: SlackShortcut[]): void {
  if (shortcuts.length > 10) throw new Error(`An app has at most 10 shortcuts, not ${shortcuts.length}.`);
  for (const { name, callbackId } of shortcuts) {
    if (name.length > 24) throw new Error(`A shortcut's name has at most 24 characters: ${name}`);
    if (callbackId.length > 255) throw new Error(`A callback_id has at most 255 characters: ${callbackId}`);
  }
}

/** A person chooses a shortcut in a message's menu. Ephemeral messages have none. */
export async function runMessageShortcut(
  workspace: Workspace,
  sockets: Sockets,
  input: MessageShortcutInput,
): Promise<Delivery> {
  if (!hasShortcut(workspace, "message", input.callbackId)) return { ok: false, error: "no_such_shortcut" };
  const place = findPlace(workspace, input.user, input.channel);
  if (typeof place === "string") return { ok: false, error: place };
  const message = findMessage(workspace, place.conversation.id, input.ts);
  if (message === undefined) return { ok: false, error: "message_not_found" };
  const payload = messageShortcutPayload(workspace, { ...place, message, callbackId: input.callbackId });
  return await deliver(workspace, sockets, "interactive", payload);
}

/** A person chooses a shortcut beside the composer. */
export async function runGlobalShortcut(
  workspace: Workspace,
  sockets: Sockets,
  input: GlobalShortcutInput,
): Promise<Delivery> {
  if (!hasShortcut(workspace, "global", input.callbackId)) return { ok: false, error: "no_such_shortcut" };
  const person = findPerson(workspace, input.user);
  if (person === undefined) return { ok: false, error: "user_not_found" };
  if (person.deleted === true) return { ok: false, error: "account_inactive" };
  const payload = globalShortcutPayload(workspace, person, input.callbackId);
  return await deliver(workspace, sockets, "interactive", payload);
}

function hasShortcut(workspace: Workspace, type: SlackShortcut["type"], callbackId: string): boolean {
  const { shortcuts = [] } = workspace.options;
  return shortcuts.some((shortcut) => shortcut.type === type && shortcut.callbackId === callbackId);
}
