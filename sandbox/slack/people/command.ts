import { deliver } from "../delivery/deliver.ts";
import type { Sockets } from "../delivery/socket.ts";
import { commandPayload } from "../payloads.ts";
import { escapeSlashText } from "../text/slash-text.ts";
import type { CommandInput, Delivery } from "../types.ts";
import { addNotice } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { findPlace } from "./place.ts";

/** A person types a slash command. Resolves once the app has acked, or Slack has given up on it. */
export async function runCommand(
  workspace: Workspace,
  sockets: Sockets,
  input: CommandInput,
): Promise<Delivery> {
  const place = findPlace(workspace, input.user, input.channel);
  if (typeof place === "string") return { ok: false, error: place };
  const command = input.command ?? workspace.options.commands[0]?.command ?? "";
  if (workspace.options.commands.every((one) => one.command !== command)) {
    addNotice(workspace, input.user, `${command} is not a valid command.`);
    return { ok: false, error: "invalid_command" };
  }
  const text = escapeSlashText(workspace, input.text.trim());
  return await deliver(
    workspace,
    sockets,
    "slash_commands",
    commandPayload(workspace, { ...place, command, text }),
  );
}
