import type { ModalView } from "@slack/types";

import { authorise, splitByRole } from "../commands/authorise.ts";
import type { Registry } from "../commands/registry.ts";
import type { Asker, Deps } from "../deps.ts";
import { permalink } from "../slack/messages.ts";
import type { Message } from "../views/blocks.ts";
import { answeredModal, launcherModal, parseLauncher } from "../views/launcher.ts";
import type { FormHandler } from "./form.ts";
import { openWithLoading } from "./modal.ts";
import { buildForm } from "./open-form.ts";

/** The global shortcut: a form to choose from what the asker may do. Who may do nothing is told whom to ask. */
export async function openLauncher(
  registry: Registry,
  deps: Deps,
  asker: Asker,
  triggerId: string,
): Promise<void> {
  await openWithLoading(deps, triggerId, "Zero Trust", "One moment…", async () => {
    await authorise({ deps, asker }, { name: "user", role: "viewer" });
    return launcherModal((await splitByRole({ deps, asker }, registry.all)).usable);
  });
}

/** The global shortcut's form: runs what would have been typed. */
export function createLauncherForm(registry: Registry): FormHandler {
  return {
    read(view) {
      return parseLauncher(view).subcommand === null
        ? { errors: { subcommand: "Choose what you want to do." } }
        : {};
    },
    async run({ deps, asker, view }) {
      const { text, subcommand } = parseLauncher(view);
      let shown: ModalView | undefined;
      const context = {
        deps,
        asker,
        channelId: "",
        async reply(message: Message) {
          shown = answeredModal(subcommand ?? "", await sendDirectly(deps, asker.userId, message));
        },
        async openForm(form: Parameters<typeof buildForm>[2]) {
          await authorise({ deps, asker }, { name: form.action, role: "operator" });
          shown = await buildForm(deps, { asker, originChannel: "" }, form);
        },
      };
      await registry.run(context, text);
      return shown ?? answeredModal(subcommand ?? "", null);
    },
  };
}

/** Answers hold tables, which Slack draws in messages only. @returns a link to the message. */
async function sendDirectly(
  { slack }: Deps,
  userId: string,
  { text, blocks }: Message,
): Promise<string | null> {
  const { channel } = await slack.interactive.conversations.open({ users: userId });
  const posted = await slack.interactive.chat.postMessage({
    channel: channel?.id ?? userId,
    text,
    blocks,
    unfurl_links: false,
    unfurl_media: false,
  });
  return permalink(slack.interactive, { channel: posted.channel ?? "", ts: posted.ts ?? "" });
}
