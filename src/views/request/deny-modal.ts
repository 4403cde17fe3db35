import type { ModalView } from "@slack/types";

import type { Request } from "../../requests/request.ts";
import { modal, section } from "../blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "../forms/values.ts";
import { textInput } from "../forms/spec.ts";
import { escape, mention } from "../text.ts";

export const DENY_MODAL = "deny";

/** A denial needs a reason: the requester has to know what was missing. */
export function denyModal(request: Request, headline: string): ModalView {
  const requested = `*Requested by* ${mention(request.requesterId)}: ${escape(request.reason, 1000)}`;
  const reason = textInput({
    id: "reason",
    label: "Why not?",
    hint: "Posted in the thread and sent to the requester",
    multiline: true,
    maxLength: 1000,
  });
  return modal("Deny the request", [section(`*${escape(headline)}*`, requested), reason], {
    callbackId: DENY_MODAL,
    metadata: request.id,
    submit: "Deny",
    close: "Back",
  });
}

/** @throws ZodError when the form is not ours. */
export function parseDenyForm(view: SubmittedForm) {
  const reason = readValues(view).text("reason");
  const errors: FormErrors =
    reason === "" ? { reason: "Say why, so that the requester knows what was missing." } : {};
  return { requestId: view.private_metadata, reason, errors };
}
