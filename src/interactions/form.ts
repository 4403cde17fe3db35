import type { ModalView } from "@slack/types";

import type { Asker, Deps } from "../deps.ts";
import type { Purpose } from "../slack/receiving/replay.ts";
import type { FormErrors, SubmittedForm } from "../views/forms/values.ts";

export interface FormInput {
  deps: Deps;
  /** May have lost their role since the form was opened: the handler authorises them again. */
  asker: Asker;
  /** Says in the loading view how far it is; as often as one likes, shown as often as Slack allows. */
  progress(what: string): void;
}

/**
 * Takes a submitted form: either what is wrong with what was filled in, so that it shows beside its field at once, or
 * the work to do. The form is then acknowledged with a loading view, and the work gives the view that takes its place.
 */
export type FormHandler = (
  form: SubmittedForm,
) => { errors: FormErrors } | { purpose: Purpose; run(input: FormInput): Promise<ModalView> };

/** A handler of what `parse` reads; it looks only at what was filled in. Most forms change something. */
export function defineForm<Read extends { errors: FormErrors }>(
  parse: (form: SubmittedForm) => Read,
  run: (input: FormInput, read: Read) => Promise<ModalView>,
  purposeOf: (read: Read) => Purpose = () => "change",
): FormHandler {
  return (form) => {
    const read = parse(form);
    if (Object.keys(read.errors).length > 0) return { errors: read.errors };
    return { purpose: purposeOf(read), run: (input) => run(input, read) };
  };
}
