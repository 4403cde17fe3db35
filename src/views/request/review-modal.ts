import type { ModalView } from "@slack/types";

import type { UserMessage } from "../../errors.ts";
import type { RequestText } from "../../actions/describe.ts";
import type { Request, Review } from "../../requests/request.ts";
import { modal, plain, section } from "../blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "../forms/values.ts";
import { textInput } from "../forms/spec.ts";
import { problemBlocks } from "../notice.ts";
import { escape, mention } from "../text.ts";
import { breakGlassText } from "../card/break-glass.ts";
import { stateLine } from "../card/card.ts";

export const REVIEW_MODAL = "review";

const MAX_NOTE = 1000;

interface ReviewProps {
  request: Request;
  words: RequestText;
  /** What was filled in before, when the form comes back. */
  verdict?: Review["verdict"];
  note?: string;
  /** Why it comes back. */
  problem?: UserMessage;
}

const CHOICES: { value: Review["verdict"]; text: string }[] = [
  { value: "justified", text: "Justified: it couldn't wait" },
  { value: "not-justified", text: "Not justified" },
];

/** The form in which another approver reviews a break-glass action. */
export function reviewModal({ request, words, verdict, note, problem }: ReviewProps): ModalView {
  const options = CHOICES.map(({ value, text }) => ({ value, text: plain(text, 75) }));
  const initial = options.find((option) => option.value === verdict);
  return modal(
    "Review",
    [
      problemBlocks(problem),
      section(`*${escape(words.headline)}*`, stateLine(request, { isSigned: false })),
      section(breakGlassText(request)),
      section(`*Requested by* ${mention(request.requesterId)}: ${escape(request.reason, 1000)}`),
      {
        type: "input",
        block_id: "verdict",
        label: plain("Was break-glass right?"),
        element: {
          type: "radio_buttons",
          action_id: "verdict",
          options,
          ...(initial !== undefined && { initial_option: initial }),
        },
      },
      textInput({
        id: "note",
        label: "Note",
        hint: "Needed if not justified. Posted in the thread and sent to the person who did it",
        initial: note,
        multiline: true,
        optional: true,
        maxLength: MAX_NOTE,
      }),
    ],
    { callbackId: REVIEW_MODAL, metadata: request.id, submit: "Review", close: "Back" },
  );
}

/** `verdict`: null where none was chosen. @throws ZodError when the form is not ours. */
export function parseReviewForm(view: SubmittedForm) {
  const values = readValues(view);
  const verdict = CHOICES.find(({ value }) => value === values.choice("verdict"))?.value ?? null;
  const note = values.text("note");
  const errors: FormErrors = {};
  if (verdict === null) errors["verdict"] = "Choose one.";
  if (verdict === "not-justified" && note === "")
    errors["note"] = "Say why not, so that they know what to do next time.";
  if (note.length > MAX_NOTE)
    errors["note"] = `At most ${MAX_NOTE} characters fit: these are ${note.length}.`;
  return { requestId: view.private_metadata, verdict, note, errors };
}
