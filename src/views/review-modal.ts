import type { ModalView } from "@slack/types";
import { z } from "zod";

import type { UserMessage } from "../errors.ts";
import type { RequestText } from "../requests/describe.ts";
import type { Request, Review } from "../requests/request.ts";
import { aloneText } from "./alone.ts";
import { plain, section } from "./blocks.ts";
import { stateLine } from "./card.ts";
import { textInput } from "./forms/spec.ts";
import { noticeText } from "./notice.ts";
import { escape, mention } from "./text.ts";

export const REVIEW_MODAL = "review";

const MAX_NOTE = 1000;

export interface ReviewProps {
  request: Request;
  words: RequestText;
  /** What was filled in before, when the form comes back. */
  verdict?: Review["verdict"];
  note?: string;
  /** Why it comes back. */
  problem?: UserMessage;
}

const CHOICES: { value: Review["verdict"]; text: string }[] = [
  { value: "justified", text: "Justified: it could not wait" },
  { value: "not-justified", text: "Not justified" },
];

/** The form for what somebody else says of an action done alone. */
export function reviewModal({ request, words, verdict, note, problem }: ReviewProps): ModalView {
  const options = CHOICES.map(({ value, text }) => ({ value, text: plain(text, 75) }));
  const initial = options.find((option) => option.value === verdict);
  return {
    type: "modal",
    callback_id: REVIEW_MODAL,
    private_metadata: request.id,
    title: plain("Review", 24),
    submit: plain("Review", 24),
    close: plain("Back", 24),
    blocks: [
      ...(problem === undefined ? [] : [section(`⚠️ ${noticeText(problem)}`)]),
      section(`*${escape(words.headline)}*\n${stateLine(request)}`),
      section(aloneText(request)),
      section(`*Asked by* ${mention(request.requesterId)}: ${escape(request.reason, 1000)}`),
      {
        type: "input",
        block_id: "verdict",
        label: plain("Was it right to act alone?"),
        element: {
          type: "radio_buttons",
          action_id: "verdict",
          options,
          ...(initial === undefined ? {} : { initial_option: initial }),
        },
      },
      textInput({
        id: "note",
        label: "Note",
        hint: "Needed when it was not justified. Posted in the thread and sent to who did it",
        initial: note,
        multiline: true,
        optional: true,
        maxLength: MAX_NOTE,
      }),
    ],
  };
}

const Values = z.object({
  verdict: z.object({ verdict: z.object({ selected_option: z.object({ value: z.string() }).nullish() }) }),
  note: z.object({ note: z.object({ value: z.string().nullish() }) }),
});

export interface ReviewForm {
  requestId: string;
  /** null: none was chosen. */
  verdict: Review["verdict"] | null;
  note: string;
  errors: Record<string, string>;
}

/** @throws ZodError when the form is not ours. */
export function parseReviewForm(view: { private_metadata: string; state: { values: unknown } }): ReviewForm {
  const values = Values.parse(view.state.values);
  const chosen = values.verdict.verdict.selected_option?.value;
  const verdict = CHOICES.find(({ value }) => value === chosen)?.value ?? null;
  const note = values.note.note.value?.trim() ?? "";
  const errors: Record<string, string> = {};
  if (verdict === null) errors["verdict"] = "Say whether it was justified.";
  if (verdict === "not-justified" && note === "")
    errors["note"] = "Say why not: who did it has to know what should have been done.";
  if (note.length > MAX_NOTE)
    errors["note"] = `At most ${MAX_NOTE} characters fit: these are ${note.length}.`;
  return { requestId: view.private_metadata, verdict, note, errors };
}
