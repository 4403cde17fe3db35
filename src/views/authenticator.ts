import type { InputBlock, ModalView } from "@slack/types";

import type { Authenticator } from "../approvals/step-up/authenticators.ts";
import type { Offer } from "../approvals/step-up/set-up.ts";
import type { UserMessage } from "../errors.ts";
import { actions, button, context, message, modal, section, type Message } from "./blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "./form-values.ts";
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
      ? "🔐 *You have no authenticator that counts.*"
      : `🔐 *You have an authenticator* since ${when(effective.effectiveAt ?? effective.createdAt)}, ${confirmedWords(effective)}.`;
  const text =
    effective === null
      ? "An authenticator app on your phone gives the codes that some approvals need."
      : "Approvals that need a code ask for one of its codes. To change your phone, or if you lost it, set up another one.";
  return message(
    head.replaceAll("*", ""),
    section(head, text),
    // Its number is in no message: the approver who confirms it has to hear it.
    waiting !== null &&
      section(
        `🔐 One that you set up ${when(waiting.createdAt)} waits for another approver to confirm it. Read out to them the number that you were shown then; if it is gone, set it up again.`,
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
        ? "No one else has one yet."
        : `These have one, and can confirm yours: ${principals(others, 20)}`,
    ),
  );
}

function confirmedWords({ confirmedBy, userId }: Authenticator): string {
  return confirmedBy === null || confirmedBy === userId
    ? "confirmed with a code of the one before"
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
      context("Use a phone or a password manager that no one reaches through Slack. This is shown only now."),
      codeInput("code", "2. The code that the app shows now"),
      hasEffective &&
        codeInput("current", "3. A code of the authenticator that you have", {
          hint: "Leave it empty if you no longer have that: then another approver has to confirm this one",
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
    return modal(title, [
      section("☑️ *Your new authenticator counts from now on.* The one before does not count any longer."),
    ]);
  }
  return modal(title, [
    section("🔐 *It works. Another approver has to confirm it before it counts.*"),
    section(
      `Call one of them, and read this number out: ${code(checkNumber)}`,
      "Not in Slack: they have to know that it is you. They have a day for it.",
    ),
    isTold
      ? context("They are asked in the approvals channel.")
      : section(
          "⚠️ The approvals channel could not be told. Type /zt authenticator later and set it up again.",
        ),
  ]);
}

/** To the approvals channel. */
export function askConfirmation(
  { id, userId }: Authenticator,
  { isReplacement }: { isReplacement: boolean },
): Message {
  const what = isReplacement
    ? `${mention(userId)} set up another authenticator, without a code of the one before`
    : `${mention(userId)} set up an authenticator`;
  return message(
    `${what}: another approver has to confirm it`,
    section(
      `🔐 *${what}.* Another approver has to confirm it before it counts.`,
      "Wait for their call, or call them: they read a number out to you. If it was not them, someone else is using their Slack account: press Decline.",
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
      ? `🔐 The authenticator of ${mention(userId)} counts: confirmed by ${mention(by)}`
      : `🔐 The authenticator of ${mention(userId)} was declined by ${mention(by)}: it does not count`;
  return message(text, section(text));
}

/** To the approvals channel: no confirmation was needed. */
export function replacedNews(userId: string): Message {
  const text = `🔐 ${mention(userId)} set up another authenticator, with a code of the one before`;
  return message(text, section(text));
}

/** To the approvals channel. */
export function lockedNews(userId: string, until: number): Message {
  const text = `🔐 Too many wrong codes from ${mention(userId)}: none is accepted until ${when(until, "minute")}. If it was not them, someone else is using their Slack account.`;
  return message(text, section(text));
}

/** To its owner. */
export function effectiveNotice(authenticator: Authenticator): Message {
  const text = `🔐 Your authenticator counts from now on, ${confirmedWords(authenticator)}. If you set up none, tell another approver at once.`;
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
        `*Is it ${mention(authenticator.userId)} who set it up?* Speak with them, in person or by phone. From then on, its codes are their word.`,
      ),
      codeInput("heard", "The number that they read out to you", { hint: "They were shown it; not a code" }),
      takesCode && codeInput("code", "The code that your own authenticator shows now"),
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
