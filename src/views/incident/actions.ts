import type { Button } from "@slack/types";

import { button } from "../blocks.ts";

/** Buttons of an incident; values are its id, and where it is about one of its people, theirs; of gaps to confirm a digest. */
export const INCIDENT_ACTIONS = {
  refresh: "incident_refresh",
  note: "incident_note",
  take: "incident_take",
  close: "incident_close",
  closeAnyway: "incident_close_anyway",
  reopen: "incident_reopen",
  /** Someone's account is disabled at the identity provider, or is not after all. */
  idpDisabled: "incident_idp_disabled",
  idpNotDisabled: "incident_idp_not_disabled",
  /** Shows the summary to one reader, and posts it in the thread. */
  readIn: "incident_read_in",
  summary: "incident_summary",
  /** Opens the form of a new one. */
  open: "incident_open",
} as const;

/** Shows the summary to who presses it. */
export function summaryButton(id: string): Button {
  return button("Summary", INCIDENT_ACTIONS.readIn, id, `Show me the summary of ${id}`);
}
