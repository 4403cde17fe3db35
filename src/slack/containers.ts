import type { ContainerBlock, KnownBlock } from "@slack/types";

import { cutMarkup, escape } from "../views/text.ts";
import { slackErrorCode } from "./clients.ts";

/** A message holds no more: https://docs.slack.dev/reference/block-kit/blocks */
const MAX_BLOCKS = 50;

/** Clients of a workspace that does not know `container` blocks yet. For as long as the process lives. */
const withoutThem = new WeakSet<object>();

/**
 * Sends blocks. A workspace that does not know containers yet refuses them with `invalid_blocks`: it gets what stands in them,
 * in place, under their titles. That is remembered of `client`, once it is clear that the containers were to blame.
 * @throws what `send` throws
 */
export async function sendUnfolding<Blocks extends readonly KnownBlock[] | undefined, Answer>(
  client: object,
  blocks: Blocks,
  send: (blocks: Blocks | KnownBlock[]) => Promise<Answer>,
): Promise<Answer> {
  if (blocks?.some(isContainer) !== true) return send(blocks);
  if (withoutThem.has(client)) return send(unfolded(blocks));
  try {
    return await send(blocks);
  } catch (error) {
    if (slackErrorCode(error) !== "invalid_blocks") throw error;
    const answer = await send(unfolded(blocks));
    withoutThem.add(client);
    return answer;
  }
}

/** The same blocks without containers: their titles and children stand in place, as many as a message holds. */
export function unfolded(blocks: readonly KnownBlock[]): KnownBlock[] {
  const all = blocks.flatMap((block) =>
    isContainer(block) ? [titleOf(block), ...block.child_blocks] : [block],
  );
  if (all.length <= MAX_BLOCKS) return all;
  return [...all.slice(0, MAX_BLOCKS - 1), textBlock("Slack shows no more in one message.")];
}

function titleOf({ title, subtitle }: ContainerBlock): KnownBlock {
  const rest = subtitle === undefined ? "" : ` · ${escape(subtitle.text)}`;
  return textBlock(`*${escape(title?.text ?? "More")}*${rest}`);
}

function textBlock(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text: cutMarkup(text, 3000), verbatim: true } };
}

function isContainer(block: KnownBlock): block is ContainerBlock {
  return block.type === "container";
}
