import type { Registry } from "../commands/registry.ts";
import { UserError } from "../errors.ts";
import { modal, type Message } from "../views/blocks.ts";
import { HOME_ACTIONS } from "../views/home.ts";
import type { ClickHandler } from "./click.ts";
import { answerDirectly } from "./direct-answer.ts";
import { openLauncher } from "./launcher.ts";
import { openWithLoading } from "./modal.ts";

/** What the App Home does beside the buttons of the cards. */
export function createHomeClicks(registry: Registry): Record<string, ClickHandler> {
  return {
    async [HOME_ACTIONS.search]({ deps, asker, value, triggerId }) {
      await openWithLoading(deps, triggerId, "Look up", "Looking them up…", () => {
        const typed = value.trim();
        if (typed === "") throw new UserError(NO_ONE);
        return answerDirectly(registry, { deps, asker }, "user", `user ${typed}`);
      });
    },

    async [HOME_ACTIONS.launcher]({ deps, asker, triggerId }) {
      await openLauncher(registry, deps, asker, triggerId);
    },

    async [HOME_ACTIONS.help]({ deps, asker, triggerId }) {
      await openWithLoading(deps, triggerId, "Help", "One moment…", async () => {
        const said: Message[] = [];
        const reply = (message: Message): Promise<void> => Promise.resolve(void said.push(message));
        const openForm = (): Promise<void> => Promise.resolve();
        await registry.run({ deps, asker, channelId: "", reply, openForm }, "help");
        return modal(
          "Help",
          said.flatMap(({ blocks }) => blocks),
        );
      });
    },
  };
}

const NO_ONE = {
  what: "There is nothing to look up.",
  next: "Type an email address or a name, then press Enter.",
};
