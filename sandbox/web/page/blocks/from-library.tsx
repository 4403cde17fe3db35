import type { KnownBlock } from "@slack/types";
import type { ReactElement } from "react";
import { Message, type Block as LibraryBlock, type MessageProps } from "slack-blocks-to-jsx";
import { ChannelMention, DateText, Emoji, GroupMention, Link, UserMention } from "../text/text.tsx";

/** Our own mentions, links, dates and emoji inside what the library draws. */
const hooks: NonNullable<MessageProps["hooks"]> = {
  user: ({ id, name }) => <UserMention id={id} label={name} />,
  channel: ({ id, name }) => <ChannelMention id={id} label={name} />,
  usergroup: ({ id, name }) => <GroupMention id={id} label={name} />,
  link: ({ href, children }) => <Link url={href}>{children}</Link>,
  emoji: ({ name }) => <Emoji name={name} />,
  date: ({ timestamp, format, link, fallback }) => (
    <DateText timestamp={Number(timestamp)} format={format} link={link ?? undefined} fallback={fallback} />
  ),
};

/** One block as slack-blocks-to-jsx draws it. */
export function FromLibrary({ block }: { block: KnownBlock }): ReactElement {
  // The library has its own types for the same wire format, a little different.
  const blocks = [block as unknown as LibraryBlock];
  return <Message withoutWrapper logo="" name="" blocks={blocks} hooks={hooks} />;
}
