import type { ModalView } from "@slack/types";

import type { UserMessage } from "../errors.ts";
import { problemBlocks } from "./notice.ts";

/** Slack's limit for a view. */
const MAX_BLOCKS = 100;

/** Told to who typed a credential: masking it here takes it back from nobody else. */
export function maskedNotice(found: readonly string[]): UserMessage {
  const isOne = found.length === 1;
  return {
    what: `What you typed held ${isOne ? "a credential" : "credentials"}, which zt-bot has masked: ${found.join(", ")}.`,
    why: "Nothing of it is stored or posted here. But it went through Slack, which keeps it in its history and logs.",
    next: `Revoke ${isOne ? "it" : "them"} now, and delete your message if it was in one.`,
  };
}

/** The view with that above all else. */
export function withMaskedNotice(view: ModalView, found: readonly string[]): ModalView {
  if (found.length === 0) return view;
  return { ...view, blocks: [...problemBlocks(maskedNotice(found)), ...view.blocks].slice(0, MAX_BLOCKS) };
}
