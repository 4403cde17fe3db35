import { authorise, splitByRole } from "../commands/authorise.ts";
import type { Registry } from "../commands/registry.ts";
import type { Asker, Deps } from "../deps.ts";
import { launcherModal, parseLauncher } from "../views/forms/launcher.ts";
import { answerDirectly } from "./direct-answer.ts";
import { defineForm, type FormHandler, type FormInput } from "./form.ts";
import { openWithLoading } from "./modal.ts";

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
  const run = (input: FormInput, { subcommand, text }: Launched) =>
    answerDirectly(registry, input, subcommand, text);
  return defineForm(parseLauncher, run, ({ text }) => registry.purposeOf(text));
}
