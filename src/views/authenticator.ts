import type { InputBlock, ModalView } from "@slack/types";

import type { Authenticator } from "../approvals/step-up/authenticators.ts";
import type { Offer } from "../approvals/step-up/set-up.ts";
import type { UserMessage } from "../errors.ts";
import { actions, button, context, message, modal, section, type Message } from "./blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "./forms/values.ts";
import { textInput } from "./forms/spec.ts";
import { problemBlocks } from "./notice.ts";
import { code, mention, principals, when } from "./text.ts";

/** Values are an authenticator's id, or nothing. */
export const AUTHENTICATOR_ACTIONS = {
  setUp: "authenticator_set_up",
  confirm: "authenticator_confirm",
  decline: "authenticator_decline",
} as const;

export const SET_UP_MODAL = "authenticator-set-up";
export const CONFIRM_MODAL = "authenticator-confirm";

/** Six digits, of an authenticator or read out; apps show them with a space. */
export function codeInput(
  id: string,
  label: string,
  more: { hint?: string; optional?: boolean } = {},
): InputBlock {
  return textInput({ id, label, placeholder: "123456", maxLength: 12, ...more });
}

/** The digits alone. */
export function readCode(view: SubmittedForm, id: string): string {
  return readValues(view).text(id).replaceAll(/\s/g, "");
}

export const NO_SIX_DIGITS = "Type the six digits.";

export function isSixDigits(text: string): boolean {
  return /^\d{6}$/.test(text);
}

interface StatusProps {
  effective: Authenticator | null;
  waiting: Authenticator | null;
  /** Slack ids of everyone else who has one. */
  others: readonly string[];
}

/** The answer to someone who asks about their own. */
export function authenticatorStatus({ effective, waiting, others }: StatusProps): Message {
  const head =
    effective === null
      ? "🔐 *You have no confirmed authenticator.*"
      : `🔐 *You have an authenticator* since ${when(effective.effectiveAt ?? effective.createdAt)}, ${confirmedWords(effective)}.`;
  const text =
    effective === null
      ? "An authenticator app on your phone gives the codes that some approvals need."
      : "Some approvals ask for one of its codes. Changed or lost your phone? Set up another one.";
  return message(
    head.replaceAll("*", ""),
    section(head, text),
    // Its number is in no message: the approver who confirms it has to hear it.
    waiting !== null &&
      section(
        `🟡 The one you set up ${when(waiting.createdAt)} needs another approver to confirm it. Call one and read out the number you were shown; if you no longer have it, set it up again.`,
      ),
    ...actions(
      "authenticator",
      button(
        effective === null ? "Set up…" : "Set up another…",
        AUTHENTICATOR_ACTIONS.setUp,
        "new",
        "Set up an authenticator",
      ),
    ),
    context(
      others.length === 0
        ? "No one else has an authenticator yet."
        : `Who can confirm yours: ${principals(others, 20)}`,
    ),
  );
}

function confirmedWords({ confirmedBy, userId }: Authenticator): string {
  return confirmedBy === null || confirmedBy === userId
    ? "confirmed with a code of the old one"
    : `confirmed by ${mention(confirmedBy)}`;
}

/** The secret, and the fields that prove it. It is shown here only: messages stay, and can be read by someone who steals a session. */
export function setUpModal(offer: Offer, problem?: UserMessage): ModalView {
  const { secret, uri, sealed, hasEffective } = offer;
  return modal(
    "Set up authenticator",
    [
      problemBlocks(problem),
      section(
        "*1.* In an authenticator app, add an account by hand: name *zt-bot*, time-based, 6 digits, with this key",
        code(secret.match(/.{1,4}/g)?.join(" ") ?? secret),
      ),
      section("Or, where the app takes a link, this one:", code(uri, 500)),
      context(
        "Use a phone or password manager that can't be reached through Slack. The key is shown only now.",
      ),
      codeInput("code", "2. The code the app shows now"),
      hasEffective &&
        codeInput("current", "3. A code of your current authenticator", {
          hint: "Leave it empty if you lost it: another approver then needs to confirm the new one",
          optional: true,
        }),
    ],
    { callbackId: SET_UP_MODAL, metadata: sealed, submit: "Set up", close: "Cancel" },
  );
}

/** @throws ZodError when the form is not ours. */
export function parseSetUpForm(view: SubmittedForm) {
  const given = readCode(view, "code");
  const currentCode = readCode(view, "current");
  const errors: FormErrors = {};
  if (!isSixDigits(given)) errors["code"] = NO_SIX_DIGITS;
  if (currentCode !== "" && !isSixDigits(currentCode)) errors["current"] = NO_SIX_DIGITS;
  return { sealed: view.private_metadata, code: given, currentCode, errors };
}

/** What comes after the form. */
export function setUpDoneModal(
  { state, checkNumber }: Authenticator,
  { isTold }: { isTold: boolean },
): ModalView {
  const title = "Set up authenticator";
  if (state === "effective") {
    return modal(title, [section("✅ *Your new authenticator works now.* The old one no longer does.")]);
  }
  return modal(title, [
    section("🟡 *Almost done: another approver needs to confirm it.*"),
    section(
      `Call one of them, and read this number out: ${code(checkNumber)}`,
      "Not in Slack: they need to know it is you. It expires in a day.",
    ),
    isTold
      ? context("The approvals channel has a message with the Confirm button.")
      : section("⚠️ Can't post in the approvals channel. Set it up again later: /zt authenticator"),
  ]);
}

/** To the approvals channel. */
export function askConfirmation(
  { id, userId }: Authenticator,
  { isReplacement }: { isReplacement: boolean },
): Message {
  const what = isReplacement
    ? `${mention(userId)} set up another authenticator, without a code of the old one`
    : `${mention(userId)} set up an authenticator`;
  return message(
    `${what}: another approver needs to confirm it`,
    section(
      `🔐 *${what}.* Another approver needs to confirm it.`,
      "They read out a number to you by phone. If it wasn't them, press Decline: someone else is using their Slack account.",
    ),
    ...actions(
      "authenticator_confirmation",
      button("Confirm…", AUTHENTICATOR_ACTIONS.confirm, id, "Confirm the authenticator, with the number"),
      button("Decline", AUTHENTICATOR_ACTIONS.decline, id, "Decline the authenticator", { style: "danger" }),
    ),
  );
}

/** The same message, once someone has answered it. */
export function confirmationOver({ userId, state }: Authenticator, by: string): Message {
  const text =
    state === "effective"
      ? `🔐 ${mention(by)} confirmed the authenticator of ${mention(userId)}`
      : `⛔ ${mention(by)} declined the authenticator of ${mention(userId)}: it can't be used`;
  return message(text, section(text));
}

/** To the approvals channel: no confirmation was needed. */
export function replacedNews(userId: string): Message {
  const text = `🔐 ${mention(userId)} replaced their authenticator, with a code of the old one`;
  return message(text, section(text));
}

/** To the approvals channel. */
export function lockedNews(userId: string, until: number): Message {
  const text = `🔐 Too many wrong codes from ${mention(userId)}: locked until ${when(until, "minute")}. If it wasn't them, someone else is using their Slack account.`;
  return message(text, section(text));
}

/** To its owner. */
export function effectiveNotice(authenticator: Authenticator): Message {
  const text = `🔐 Your authenticator works now, ${confirmedWords(authenticator)}. If you didn't set one up, tell another approver at once.`;
  return message(text, section(text));
}

interface ConfirmProps {
  authenticator: Authenticator;
  takesCode: boolean;
  problem?: UserMessage;
}

export function confirmModal({ authenticator, takesCode, problem }: ConfirmProps): ModalView {
  return modal(
    "Confirm authenticator",
    [
      problemBlocks(problem),
      section(
        `*Did ${mention(authenticator.userId)} set this up?* Check by phone or in person: its codes will count as theirs.`,
      ),
      codeInput("heard", "The number they read out to you", {
        hint: "Shown to them when they set it up; not a code",
      }),
      takesCode && codeInput("code", "A code of your own authenticator"),
    ],
    { callbackId: CONFIRM_MODAL, metadata: authenticator.id, submit: "Confirm", close: "Back" },
  );
}

/** @throws ZodError when the form is not ours. */
export function parseConfirmForm(view: SubmittedForm) {
  const heard = readCode(view, "heard");
  const given = readCode(view, "code");
  const errors: FormErrors = {};
  if (!isSixDigits(heard)) errors["heard"] = NO_SIX_DIGITS;
  if (given !== "" && !isSixDigits(given)) errors["code"] = NO_SIX_DIGITS;
  return { id: view.private_metadata, heard, code: given, errors };
}
