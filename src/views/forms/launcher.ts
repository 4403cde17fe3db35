import type { ModalView } from "@slack/types";

import { context, modal, plain, section } from "../blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "./values.ts";
import { textInput } from "./spec.ts";
import type { HelpEntry } from "../help.ts";
import { escape } from "../text.ts";
import { USER_SEARCH, userSearch } from "./user-search.ts";

export const LAUNCHER_MODAL = "launcher";

/** The global shortcut's form: a subcommand, whom it is about, and what else one would type. */
export function launcherModal(commands: readonly Pick<HelpEntry, "name" | "group" | "summary">[]): ModalView {
  const groups = [...Map.groupBy(commands, (command) => command.group)];
  return modal(
    "Zero Trust",
    [
      {
        type: "input",
        block_id: "subcommand",
        label: plain("What"),
        element: {
          type: "static_select",
          action_id: "subcommand",
          placeholder: plain("Choose"),
          option_groups: groups.map(([group, entries]) => ({
            label: plain(group, 75),
            options: entries
              .slice(0, 100)
              .map(({ name, summary }) => ({ value: name, text: plain(`${name}: ${summary}`, 75) })),
          })),
        },
      },
      userSearch(true),
      textInput({
        id: "more",
        label: "More",
        hint: "What you would type after it, such as --devices",
        optional: true,
        maxLength: 1000,
      }),
      context("Look-ups answer in your messages with zt-bot. Actions open their form here."),
    ],
    { callbackId: LAUNCHER_MODAL, submit: "Go" },
  );
}

/** The words that would have been typed. @throws ZodError when the form is not ours. */
export function parseLauncher(view: SubmittedForm) {
  const values = readValues(view);
  const subcommand = values.choice("subcommand") ?? "";
  const words = [subcommand, values.choice(USER_SEARCH), values.text("more")];
  const errors: FormErrors = subcommand === "" ? { subcommand: "Choose what you want to do." } : {};
  return { subcommand, text: words.filter(Boolean).join(" "), errors };
}

/** Said in the form's place when the answer went to the person's own messages. */
export function answeredModal(name: string, link: string | null): ModalView {
  const place = "your messages with zt-bot";
  const where = link === null ? place : `<${link}|${place}>`;
  return modal("Zero Trust", [section(`The answer to *${escape(name)}* is in ${where}.`)], { close: "Done" });
}
