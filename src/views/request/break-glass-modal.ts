import type { ModalView } from "@slack/types";

import type { UserMessage } from "../../errors.ts";
import type { RequestText } from "../../actions/describe.ts";
import type { Request } from "../../requests/request.ts";
import { codeInput, isSixDigits, NO_SIX_DIGITS, readCode } from "../authenticator.ts";
import { modal, mrkdwn, section } from "../blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "../forms/values.ts";
import { MAX_REASON } from "../forms/reason.ts";
import { textInput } from "../forms/spec.ts";
import { packParams, unpackParams } from "../screen-button.ts";
import { problemBlocks } from "../notice.ts";
import { escape, mention } from "../text.ts";
import { nowText } from "../card/break-glass.ts";
import { effectLines, plainLines, warningLines } from "../card/warnings.ts";

export const BREAK_GLASS_MODAL = "break-glass";
/** The same for what no one has requested yet: it is requested and done at once. */
export const REVOKE_NOW_MODAL = "revoke-now";

/** Both are checked again when it is submitted. */
const MIN_REASON = 15;

interface FormProps {
  words: RequestText;
  /** It needs a code from the authenticator of the person who acts. */
  takesCode: boolean;
  /** What was typed before, when the form comes back. */
  reason?: string;
  /** Why it comes back. */
  problem?: UserMessage;
}

/** The break-glass form: what will happen, who is told of it, and why it can't wait. */
export function breakGlassModal({ request, ...props }: FormProps & { request: Request }): ModalView {
  return drawForm(props, {
    requested: `*Requested by* ${mention(request.requesterId)}: ${escape(request.reason, 1000)}`,
    form: {
      callbackId: BREAK_GLASS_MODAL,
      metadata: request.id,
      submit: nowText(request),
      close: "Back",
    },
  });
}

/** Of someone who was seen to come back: revoked at once, with one form. Ids only. */
export interface RevokeNow {
  eventId: string;
  channelId: string;
}

/** The same where no one has requested it yet. */
export function revokeNowModal({ of, ...props }: FormProps & { of: RevokeNow }): ModalView {
  const metadata = packParams({ ...of });
  const submit = nowText({ plan: { action: "revoke" } });
  return drawForm(props, {
    requested: null,
    form: { callbackId: REVOKE_NOW_MODAL, metadata, submit, close: "Back" },
  });
}

function drawForm(
  { words, takesCode, reason, problem }: FormProps,
  { requested, form }: { requested: string | null; form: Parameters<typeof modal>[2] },
): ModalView {
  return modal(
    "Break-glass",
    [
      problemBlocks(problem),
      // Slack draws every submit button alike: the danger has to be said.
      {
        type: "alert",
        level: "error",
        text: mrkdwn("*This happens at once, without approval.*"),
      },
      section(`*${escape(words.headline)}*`, warningLines(words), effectLines(words), plainLines(words)),
      section(
        requested,
        "📣 Everyone named in the policy is told *at once*, with your name and reason. Until another approver reviews it, you can't use break-glass again.",
      ),
      textInput({
        id: "reason",
        label: "Why can't it wait for an approver?",
        hint: `At least ${MIN_REASON} characters. Everyone who is told reads it`,
        initial: reason,
        multiline: true,
        maxLength: MAX_REASON,
      }),
      takesCode && codeInput("code", "Code from your authenticator"),
    ],
    form,
  );
}

/** @throws ZodError when the form is not ours. */
export function parseRevokeNowForm(view: SubmittedForm) {
  const { requestId: _packed, ...typed } = parseBreakGlassForm(view);
  const { eventId = "", channelId = "" } = unpackParams(view.private_metadata);
  return { of: { eventId, channelId }, ...typed };
}

/** @throws ZodError when the form is not ours. */
export function parseBreakGlassForm(view: SubmittedForm) {
  const reason = readValues(view).text("reason");
  const code = readCode(view, "code");
  const errors: FormErrors = {};
  if (code !== "" && !isSixDigits(code)) errors["code"] = NO_SIX_DIGITS;
  if (reason.length < MIN_REASON)
    errors["reason"] = `Use at least ${MIN_REASON} characters: the reviewer knows only what you write here.`;
  if (reason.length > MAX_REASON)
    errors["reason"] = `At most ${MAX_REASON} characters fit: these are ${reason.length}.`;
  return { requestId: view.private_metadata, reason, code, errors };
}
