import type { Request } from "../../requests/request.ts";
import { context, linked, message, section, type Message } from "../blocks.ts";
import { cutMarkup, mention } from "../text.ts";

/** In place of a direct message that Slack does not deliver: its first line, to the person it is for. */
export function mentionedMessage(userId: string, { text }: Message, code: string): Message {
  const said = `${mention(userId)} ${cutMarkup(text, 2900)}`;
  const fix =
    code === "messages_tab_disabled"
      ? " To fix it, paste manifest.yml into the Slack app's settings again."
      : "";
  return message(said, section(said), context(`zt-bot can't send you direct messages.${fix}`));
}

/** In place of a reply that the thread does not take: the reply, with the way to the card. */
export function besideThreadMessage(
  request: Pick<Request, "id">,
  { text, blocks }: Message,
  link: string | null,
): Message {
  return message(text, ...blocks, context(`The thread takes no replies: ${linked(request, link)}`));
}
