/** Buttons of an incident; values are its id, and where it is about one of its people, theirs. */
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
  /** Opens the form of a new one. */
  open: "incident_open",
} as const;
