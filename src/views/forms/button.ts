import type { Button } from "@slack/types";

import { formOf } from "../../actions/index.ts";
import type { ActionName } from "../../requests/plan.ts";
import { actions, button, message, section, type Message } from "../blocks.ts";
import { packParams } from "../screen-button.ts";
import { escape } from "../text.ts";

/** Buttons that open the form of an action: `form:<action>:<which>`. */
export const FORM_PREFIX = "form:";

/** `user`: an Access user's id. `request`: an earlier one's, of which something is left. `draft`: see drafts.ts. */
export interface FormParams {
  user?: string;
  request?: string;
  draft?: string;
  /** "yes": filled in as the verdict on that user recommends. */
  advice?: string;
}

/** `which` tells buttons to the same form in one message apart. */
export function formButton(
  text: string,
  action: ActionName,
  which: string,
  params: FormParams,
  label: string,
  style?: "danger",
): Button {
  return button(text, `${FORM_PREFIX}${action}:${which}`, packParams({ ...params }), label, { style });
}

/** Where a form can't be opened at once: a button that does. */
export function offerForm(action: ActionName, params: FormParams): Message {
  const { title, intro } = formOf(action);
  const open = formButton("Open the form…", action, "offer", params, `Open the form: ${title}`);
  return message(
    `${title}: open the form to go on`,
    section(`*${escape(title)}*`, escape(intro)),
    actions("offer_form", open),
  );
}
