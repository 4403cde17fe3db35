import type { ModalView } from "@slack/types";
import { z } from "zod";

import type { UserMessage } from "../errors.ts";
import type { RequestText } from "../requests/describe.ts";
import type { Request } from "../requests/request.ts";
import { mrkdwn, plain, section } from "./blocks.ts";
import { textInput } from "./forms/spec.ts";
import { graveLines, plainLines } from "./grave.ts";
import { noticeText } from "./notice.ts";
import { escape, mention } from "./text.ts";

export const BREAK_GLASS_MODAL = "break-glass";

/** Both are checked again when it is submitted. */
export const MIN_REASON = 15;
const MAX_REASON = 1000;

export interface BreakGlassProps {
  request: Request;
  words: RequestText;
  /** What was typed before, when the form comes back. */
  reason?: string;
  /** Why it comes back. */
  problem?: UserMessage;
}

/** The form to act alone: what will happen, who is told of it, and why it can't wait. */
export function breakGlassModal({ request, words, reason, problem }: BreakGlassProps): ModalView {
  return {
    type: "modal",
    callback_id: BREAK_GLASS_MODAL,
    private_metadata: request.id,
    title: plain("Break glass", 24),
    submit: plain("Do it alone", 24),
    close: plain("Back", 24),
    blocks: [
      ...(problem === undefined ? [] : [section(`⚠️ ${noticeText(problem)}`)]),
      // Slack draws every submit button alike: the danger has to be said.
      {
        type: "alert",
        level: "error",
        text: mrkdwn("*This happens at once, and nobody else has to agree.*"),
      },
      section(
        [
          `*${escape(words.headline)}*`,
          ...graveLines(words),
          ...words.effects.map((effect) => `• ${escape(effect)}`),
          ...plainLines(words),
        ].join("\n"),
      ),
      section(
        `*Asked by* ${mention(request.requesterId)}: ${escape(request.reason, 1000)}\n📣 Everybody whom the policy names is told *at once*, with your name and your reason. An approver who had no part in it *reviews it afterwards*; until then you can't act alone again.`,
      ),
      textInput({
        id: "reason",
        label: "Why can't it wait for an approver?",
        hint: `At least ${MIN_REASON} characters. It is posted, sent to everybody who is told, and stays in the record`,
        initial: reason,
        multiline: true,
        maxLength: MAX_REASON,
      }),
    ],
  };
}

const Values = z.object({ reason: z.object({ reason: z.object({ value: z.string().nullish() }) }) });

export interface BreakGlassForm {
  requestId: string;
  reason: string;
  errors: Record<string, string>;
}

/** @throws ZodError when the form is not ours. */
export function parseBreakGlassForm(view: {
  private_metadata: string;
  state: { values: unknown };
}): BreakGlassForm {
  const reason = Values.parse(view.state.values).reason.reason.value?.trim() ?? "";
  return { requestId: view.private_metadata, reason, errors: problemsOf(reason) };
}

function problemsOf(reason: string): Record<string, string> {
  if (reason.length < MIN_REASON)
    return {
      reason: `Say it in at least ${MIN_REASON} characters: whoever reviews it knows only what stands here.`,
    };
  if (reason.length > MAX_REASON)
    return { reason: `At most ${MAX_REASON} characters fit: these are ${reason.length}.` };
  return {};
}
