import type { Authenticator } from "../../../src/approvals/step-up/authenticators.ts";
import {
  askConfirmation,
  authenticatorStatus,
  confirmationOver,
  confirmModal,
  effectiveNotice,
  lockedNews,
  replacedNews,
  setUpDoneModal,
  setUpModal,
} from "../../../src/views/authenticator.ts";
import { BOB, CAROL, DAVE, HOUR, MINUTE, NOW } from "../story.ts";

const WAITING: Authenticator = {
  id: "a1",
  userId: DAVE,
  state: "waiting",
  createdAt: NOW - 5 * MINUTE,
  effectiveAt: null,
  confirmedBy: null,
  checkNumber: "428 117",
  message: null,
};
const CONFIRMED: Authenticator = {
  ...WAITING,
  state: "effective",
  createdAt: NOW - 100 * HOUR,
  effectiveAt: NOW - 99 * HOUR,
  confirmedBy: BOB,
};
const REPLACED: Authenticator = { ...CONFIRMED, confirmedBy: DAVE };
const OFFER = {
  secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  uri: "otpauth://totp/zt-bot:dave%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=zt-bot",
  sealed: "sealed",
  hasEffective: false,
};

/** `/zt authenticator`, and what follows from it. */
export const AUTHENTICATOR = {
  none: authenticatorStatus({ effective: null, waiting: null, others: [] }),
  waiting: authenticatorStatus({ effective: null, waiting: WAITING, others: [BOB, CAROL] }),
  confirmed: authenticatorStatus({ effective: CONFIRMED, waiting: null, others: [BOB] }),
  replaced: authenticatorStatus({ effective: REPLACED, waiting: null, others: [BOB] }),
  "set-up": setUpModal(OFFER),
  "set-up-another": setUpModal({ ...OFFER, hasEffective: true }),
  "set-up-again": setUpModal(OFFER, {
    what: "This is not the new entry's code.",
    next: "Type the six digits that it shows now. If they are right, set your phone's clock to automatic.",
  }),
  "set-up-done": setUpDoneModal(WAITING, { isTold: true }),
  "set-up-done-not-posted": setUpDoneModal(WAITING, { isTold: false }),
  "set-up-replaced": setUpDoneModal(REPLACED, { isTold: true }),
  "ask-confirmation": askConfirmation(WAITING, { isReplacement: false }),
  "ask-confirmation-replacement": askConfirmation(WAITING, { isReplacement: true }),
  confirm: confirmModal({ authenticator: WAITING, takesCode: false }),
  "confirm-with-a-code-again": confirmModal({
    authenticator: WAITING,
    takesCode: true,
    problem: { what: "That is not the number.", next: "Call them again." },
  }),
  "confirmation-over": confirmationOver(CONFIRMED, BOB),
  "confirmation-declined": confirmationOver({ ...WAITING, state: "declined" }, BOB),
  "news-replaced": replacedNews(DAVE),
  "news-locked": lockedNews(DAVE, NOW + 15 * MINUTE),
  "to-its-owner": effectiveNotice(CONFIRMED),
};
