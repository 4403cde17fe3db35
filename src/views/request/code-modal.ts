import type { ModalView } from "@slack/types";

import type { RequestText } from "../../actions/describe.ts";
import type { UserMessage } from "../../errors.ts";
import type { Request } from "../../requests/request.ts";
import { codeInput, isSixDigits, NO_SIX_DIGITS, readCode } from "../authenticator.ts";
import { modal, section } from "../blocks.ts";
import type { FormErrors, SubmittedForm } from "../forms/values.ts";
import { problemBlocks } from "../notice.ts";
import { escape, mention } from "../text.ts";
import { plainLines, warningLines } from "../card/warnings.ts";

export const CODE_MODAL = "approve-with-code";

interface CodeProps {
  request: Request;
  words: RequestText;
  /** Why it comes back. */
  problem?: UserMessage;
}

/** An approval that needs a code: what it is about, and the code. */
export function codeModal({ request, words, problem }: CodeProps): ModalView {
  return modal(
    "Approve",
    [
      problemBlocks(problem),
      section(`*${escape(words.headline)}*`, warningLines(words), plainLines(words)),
      section(`*Requested by* ${mention(request.requesterId)}: ${escape(request.reason, 1000)}`),
      codeInput("code", "Code from your authenticator"),
    ],
    { callbackId: CODE_MODAL, metadata: request.id, submit: "Approve", close: "Back" },
  );
}

/** @throws ZodError when the form is not ours. */
export function parseCodeForm(view: SubmittedForm) {
  const code = readCode(view, "code");
  const errors: FormErrors = isSixDigits(code) ? {} : { code: NO_SIX_DIGITS };
  return { requestId: view.private_metadata, code, errors };
}
