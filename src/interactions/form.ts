import type { ModalView } from "@slack/types";

import type { Asker, Deps } from "../deps.ts";

export interface FormView {
  id: string;
  private_metadata: string;
  state: { values: unknown };
}

export interface FormInput {
  deps: Deps;
  asker: Asker;
  view: FormView;
  /** Says in the loading view how far it is; as often as one likes, shown as often as Slack allows. */
  progress(what: string): void;
}

/**
 * A modal form. `read` looks only at what was filled in, so that mistakes show beside their field at once; then
 * the form is acknowledged with a loading view, and `run` gives the view that takes its place.
 */
export interface FormHandler {
  read(view: FormView): { errors?: Record<string, string> };
  run(input: FormInput): Promise<ModalView>;
}
