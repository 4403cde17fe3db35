import type { ActionName } from "../requests/plan.ts";
import { actions, section, type Message } from "./blocks.ts";
import { formButton, type FormButtonOptions } from "./form-button.ts";
import { formOf } from "./forms/index.ts";
import { escape } from "./text.ts";

/** Where a form can't be opened at once: a button that does. */
export function offerForm(action: ActionName, params: FormButtonOptions["params"]): Message {
  const { title, intro } = formOf(action);
  return {
    text: `${title}: open the form to go on`,
    blocks: [
      section(`*${escape(title)}*\n${escape(intro)}`),
      actions(
        "offer_form",
        formButton({
          text: "Open the form…",
          action,
          which: "offer",
          params,
          label: `Open the form: ${title}`,
        }),
      ),
    ],
  };
}
