import type { ModalView } from "@slack/types";
import { z } from "zod";

import { context, plain, section } from "./blocks.ts";
import { textInput } from "./forms/spec.ts";
import { USER_SEARCH } from "./ask-modal.ts";
import { escape } from "./text.ts";

export const LAUNCHER_MODAL = "launcher";

/** What the launcher needs to know of a subcommand. */
export interface LauncherEntry {
  name: string;
  group: string;
  summary: string;
}

/** The global shortcut's form: a subcommand, whom it is about, and whatever else one would type. */
export function launcherModal(commands: readonly LauncherEntry[]): ModalView {
  const groups = [...Map.groupBy(commands, (command) => command.group)];
  return {
    type: "modal",
    callback_id: LAUNCHER_MODAL,
    title: plain("Zero Trust", 24),
    submit: plain("Go", 24),
    close: plain("Close", 24),
    blocks: [
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
      {
        type: "input",
        block_id: USER_SEARCH,
        optional: true,
        label: plain("Who"),
        hint: plain("Type two letters of a name or an e-mail address"),
        element: {
          type: "external_select",
          action_id: USER_SEARCH,
          min_query_length: 2,
          placeholder: plain("Search Access users"),
        },
      },
      textInput({
        id: "more",
        label: "More",
        hint: "Whatever you would type after it, such as --devices",
        optional: true,
        maxLength: 1000,
      }),
      context("Look-ups are answered in your messages with zt-bot; changes open their form here."),
    ],
  };
}

const Values = z.object({
  subcommand: z.object({
    subcommand: z.object({ selected_option: z.object({ value: z.string() }).nullish() }),
  }),
  [USER_SEARCH]: z.object({
    [USER_SEARCH]: z.object({ selected_option: z.object({ value: z.string() }).nullish() }),
  }),
  more: z.object({ more: z.object({ value: z.string().nullish() }) }),
});

/** The words that would have been typed. @throws ZodError when the form is not ours. */
export function parseLauncher(view: { state: { values: unknown } }): {
  subcommand: string | null;
  text: string;
} {
  const values = Values.parse(view.state.values);
  const subcommand = values.subcommand.subcommand.selected_option?.value ?? null;
  const who = values[USER_SEARCH][USER_SEARCH].selected_option?.value ?? "";
  const more = values.more.more.value?.trim() ?? "";
  return { subcommand, text: [subcommand, who, more].filter(Boolean).join(" ") };
}

/** Said in the form's place when the answer went to the person's own messages. */
export function answeredModal(name: string, link: string | null): ModalView {
  return {
    type: "modal",
    title: plain("Zero Trust", 24),
    close: plain("Done", 24),
    blocks: [
      section(
        `The answer to *${escape(name)}* is in ${link === null ? "your messages with zt-bot" : `<${link}|your messages with zt-bot>`}.`,
      ),
    ],
  };
}
