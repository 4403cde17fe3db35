import type { ModalView } from "@slack/types";

import type { UserMessage } from "../errors.ts";
import { problemBlocks } from "./notice.ts";

/** Slack's limit for a view. */
const MAX_BLOCKS = 100;

/** For the person who typed a credential: masking it here takes it back from no one else. */
export function maskedNotice(found: readonly string[]): UserMessage {
  const isOne = found.length === 1;
  return {
    what: `You typed ${isOne ? "a credential" : "credentials"} (${found.join(", ")}): treat ${isOne ? "it" : "them"} as leaked.`,
    why: `zt-bot masked ${isOne ? "it" : "them"}, but Slack keeps what was typed in its history and logs.`,
    next: `Revoke ${isOne ? "it" : "them"} now, and delete your message if there is one.`,
  };
}

/** The view with that above all else. */
export function withMaskedNotice(view: ModalView, found: readonly string[]): ModalView {
  if (found.length === 0) return view;
  return { ...view, blocks: [...problemBlocks(maskedNotice(found)), ...view.blocks].slice(0, MAX_BLOCKS) };
}
