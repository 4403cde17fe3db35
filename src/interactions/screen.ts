import { authorise } from "../commands/authorise.ts";
import type { Registry } from "../commands/registry.ts";
import { UserError } from "../errors.ts";
import { parseScreenAction, unpackParams } from "../views/screen-button.ts";
import type { Click } from "./click.ts";

/** A button that leads to a subcommand's screen: the role is asked again, and what it shows is read anew. */
export async function showScreen(
  registry: Registry,
  actionId: string,
  { deps, asker, value, reply }: Click,
): Promise<void> {
  const { screen: name, inPlace } = parseScreenAction(actionId);
  const command = registry.find(name);
  if (command?.screen === undefined) {
    throw new UserError({
      what: "This button leads nowhere any more.",
      why: "It is from another version of zt-bot.",
      next: "Type the command again: /zt help lists them all.",
    });
  }
  await authorise({ deps, asker }, command);
  await reply(await command.screen(deps, unpackParams(value), asker), { replaceOriginal: inPlace });
}
