import { authorise, splitByRole } from "../commands/authorise.ts";
import type { CommandContext } from "../commands/define.ts";
import type { Registry } from "../commands/registry.ts";
import type { Asker, Deps } from "../deps.ts";
import { openDirect, permalink, post } from "../slack/messages.ts";
import type { Message } from "../views/blocks.ts";
import { answeredModal, launcherModal, parseLauncher } from "../views/launcher.ts";
import { defineForm, type FormHandler, type FormInput } from "./form.ts";
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

type Launched = ReturnType<typeof parseLauncher>;

/** The global shortcut's form: runs what would have been typed. */
export function createLauncherForm(registry: Registry): FormHandler {
  const run = async ({ deps, asker }: FormInput, { subcommand, text }: Launched) => {
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
  };
  return defineForm(parseLauncher, run, ({ text }) => registry.purposeOf(text));
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
