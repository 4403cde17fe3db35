/** Buttons of an incident; values are its id and nothing else. */
export const INCIDENT_ACTIONS = {
  refresh: "incident_refresh",
  note: "incident_note",
  take: "incident_take",
  close: "incident_close",
  closeAnyway: "incident_close_anyway",
  reopen: "incident_reopen",
  /** Opens the form of a new one. */
  open: "incident_open",
} as const;
