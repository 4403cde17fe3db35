import type { ModalView } from "@slack/types";

import { authorise } from "../commands/authorise.ts";
import type { CommandContext } from "../commands/define.ts";
import type { Registry } from "../commands/registry.ts";
import type { Asker, Deps } from "../deps.ts";
import { openDirect, permalink, post } from "../slack/messages.ts";
import type { Message } from "../views/blocks.ts";
import { answeredModal } from "../views/forms/launcher.ts";
import { buildForm } from "./open-form.ts";

/**
 * Runs what would have been typed after `/zt`, authorised as if it had been, where there is no message to answer to: the
 * answer is a direct message, and a form takes the place of the modal.
 * @returns what the modal shows then. @throws UserError
 */
export async function answerDirectly(
  registry: Registry,
  { deps, asker }: { deps: Deps; asker: Asker },
  subcommand: string,
  text: string,
): Promise<ModalView> {
  let shown = answeredModal(subcommand, null);
  const context: CommandContext = {
    deps,
    asker,
    channelId: "",
    async reply(message) {
      shown = answeredModal(subcommand, await sendDirectly(deps, asker.userId, message));
    },
    async openForm(form) {
      await authorise({ deps, asker }, { name: form.action, role: "operator" });
      shown = await buildForm(deps, { asker, originChannel: "" }, form);
    },
  };
  await registry.run(context, text);
  return shown;
}

/** Answers hold tables, which Slack draws in messages only. @returns a link to the message. */
async function sendDirectly(
  { slack: { interactive } }: Deps,
  userId: string,
  message: Message,
): Promise<string | null> {
  const channel = (await openDirect(interactive, userId)) ?? userId;
  return permalink(interactive, await post(interactive, channel, message));
}
