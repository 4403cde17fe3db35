import type { ModalView } from "@slack/types";
import { z } from "zod";

import type { Request } from "../requests/request.ts";
import { plain, section } from "./blocks.ts";
import { escape, mention } from "./text.ts";

export const DENY_MODAL = "deny";

/** A denial needs a reason: who asked has to know what was missing. */
export function denyModal(request: Request, headline: string): ModalView {
  return {
    type: "modal",
    callback_id: DENY_MODAL,
    private_metadata: request.id,
    title: plain("Deny the request", 24),
    submit: plain("Deny", 24),
    close: plain("Back", 24),
    blocks: [
      section(
        `*${escape(headline)}*\nasked by ${mention(request.requesterId)}: ${escape(request.reason, 1000)}`,
      ),
      {
        type: "input",
        block_id: "reason",
        label: plain("Why not?"),
        hint: plain("Posted in the thread and sent to who asked"),
        element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: 1000 },
      },
    ],
  };
}

const Values = z.object({ reason: z.object({ reason: z.object({ value: z.string() }) }) });

/** @throws ZodError when the form is not ours. */
export function parseDenyForm(view: { private_metadata: string; state: { values: unknown } }): {
  requestId: string;
  reason: string;
} {
  return {
    requestId: view.private_metadata,
    reason: Values.parse(view.state.values).reason.reason.value.trim(),
  };
}
