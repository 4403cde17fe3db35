import { BREAK_GLASS_MODAL, REVOKE_NOW_MODAL } from "../views/request/break-glass-modal.ts";
import { REVIEW_MODAL } from "../views/request/review-modal.ts";
import { CONFIRM_MODAL, SET_UP_MODAL } from "../views/authenticator.ts";
import { CODE_MODAL } from "../views/request/code-modal.ts";
import { authenticatorClicks, authenticatorDecisions, confirmForm, setUpForm } from "./authenticator.ts";
import { breakGlassClicks, breakGlassForm, reviewForm } from "./break-glass.ts";
import { ASK_MODAL } from "../views/request/ask-modal.ts";
import { DENY_MODAL } from "../views/request/deny-modal.ts";
import { askForm } from "./ask.ts";
import { cardClicks, codeForm, decisionClicks, denyForm } from "./card.ts";
import type { ClickHandler } from "./click.ts";
import type { FormHandler } from "./form.ts";
import { ADD_TO_INCIDENT_MODAL, NOTE_MODAL, OPEN_INCIDENT_MODAL } from "../views/incident/forms.ts";
import {
  addToIncidentForm,
  incidentClicks,
  incidentDecisions,
  noteForm,
  openIncidentForms,
} from "./incident.ts";
import { revokeNowClicks, revokeNowForm } from "./revoke-now.ts";
import { watchDecisions } from "./watch.ts";
import { summaryClicks } from "./navigation.ts";

/** Every button that shows something or opens a form, by its action id. */
export const CLICKS: Record<string, ClickHandler> = {
  ...summaryClicks,
  ...cardClicks,
  ...breakGlassClicks,
  ...authenticatorClicks,
  ...incidentClicks,
  ...revokeNowClicks,
};

/** Every button that changes something by itself. */
export const DECISIONS: Record<string, ClickHandler> = {
  ...decisionClicks,
  ...authenticatorDecisions,
  ...incidentDecisions,
  ...watchDecisions,
};

/** Every form, by its callback id, with what it says while it works. */
export const FORMS: Record<string, { handler: FormHandler; title: string; working: string }> = {
  [ASK_MODAL]: { handler: askForm, title: "Asking", working: "Looking the user up and making the request…" },
  [DENY_MODAL]: { handler: denyForm, title: "Denying", working: "Denying…" },
  [CODE_MODAL]: { handler: codeForm, title: "Approve", working: "Checking the code…" },
  [SET_UP_MODAL]: { handler: setUpForm, title: "Set up authenticator", working: "Checking the code…" },
  [CONFIRM_MODAL]: { handler: confirmForm, title: "Confirm authenticator", working: "Checking…" },
  [BREAK_GLASS_MODAL]: { handler: breakGlassForm, title: "Break glass", working: "Beginning…" },
  [REVOKE_NOW_MODAL]: { handler: revokeNowForm, title: "Break glass", working: "Beginning…" },
  [OPEN_INCIDENT_MODAL]: {
    handler: openIncidentForms,
    title: "Open incident",
    working: "Looking everyone up…",
  },
  [NOTE_MODAL]: { handler: noteForm, title: "Add note", working: "Adding…" },
  [ADD_TO_INCIDENT_MODAL]: { handler: addToIncidentForm, title: "Add to incident", working: "Adding…" },
  [REVIEW_MODAL]: { handler: reviewForm, title: "Review", working: "Recording…" },
};
