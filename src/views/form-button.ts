import type { Button } from "@slack/types";

import type { ActionName } from "../requests/plan.ts";
import { button } from "./blocks.ts";
import { packParams } from "./screen-button.ts";

/** Buttons that open the form of an action: `form:<action>:<which>`. */
export const FORM_PREFIX = "form:";

export interface FormButtonOptions {
  text: string;
  action: ActionName;
  /** Tells buttons to the same form in one message apart. */
  which: string;
  /** `user`: an Access user's id. `request`: an earlier one's, of which something is left. `draft`: see drafts.ts. */
  params: { user?: string; request?: string; draft?: string };
  label?: string;
  style?: "primary" | "danger";
}

export function formButton({ text, action, which, params, label, style }: FormButtonOptions): Button {
  return button({
    text,
    action: `${FORM_PREFIX}${action}:${which}`,
    value: packParams({ ...params }),
    ...(label === undefined ? {} : { label }),
    ...(style === undefined ? {} : { style }),
  });
}
