import type { MrkdwnElement, PlainTextElement } from "@slack/types";
import { Fragment, type ReactElement, type ReactNode } from "react";
import { findEmoji } from "./emoji.tsx";
import { type Inline, type Paragraph, parseMrkdwn, parsePlainText } from "./mrkdwn.ts";
import { readPermalink, toHash } from "../route.ts";
import { formatMoment, formatSlackDate } from "./slack-date.ts";
import { nameOf, useWorkspace } from "../workspace.ts";

/** A text object of a block: mrkdwn or plain_text. */
export function TextObject({ text }: { text: MrkdwnElement | PlainTextElement }): ReactElement {
  if (text.type === "plain_text") return <PlainText text={text} />;
  return <Mrkdwn source={text.text} verbatim={text.verbatim === true} />;
}

export function Mrkdwn(props: { source: string; verbatim: boolean }): ReactElement {
  const { source, verbatim } = props;
  return (
    <>
      {parseMrkdwn(source, { verbatim }).map((paragraph, index) => (
        // A text is parsed again whenever it changes, so a place in it is as good a key as any.
        // oxlint-disable-next-line react/no-array-index-key
        <ParagraphView key={index} paragraph={paragraph} />
      ))}
    </>
  );
}

function PlainText({ text }: { text: PlainTextElement }): ReactElement {
  return (
    <span className="plain-text">
      <Inlines inlines={parsePlainText(text.text, text.emoji ?? true)} />
    </span>
  );
}

/** Emoji names as characters, for places that take nothing but a string: titles, options, accessible names. */
export function toPlainString(text: PlainTextElement | undefined): string {
  if (text === undefined) return "";
  return parsePlainText(text.text, text.emoji ?? true)
    .map((inline) => {
      if (inline.kind === "emoji") return findEmoji(inline.name) ?? `:${inline.name}:`;
      return inline.kind === "text" ? inline.text : "";
    })
    .join("");
}

function ParagraphView({ paragraph }: { paragraph: Paragraph }): ReactElement {
  const content = <Inlines inlines={paragraph.children} />;
  if (paragraph.kind === "preformatted") return <pre>{content}</pre>;
  if (paragraph.kind === "quote") return <blockquote>{content}</blockquote>;
  return <div className="paragraph">{content}</div>;
}

function Inlines({ inlines }: { inlines: Inline[] }): ReactElement {
  return (
    <>
      {inlines.map((inline, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- see Mrkdwn
        <Fragment key={index}>
          <InlineView inline={inline} />
        </Fragment>
      ))}
    </>
  );
}

function InlineView({ inline }: { inline: Inline }): ReactElement {
  switch (inline.kind) {
    case "text":
      return <>{inline.text}</>;
    case "bold":
      return (
        <strong>
          <Inlines inlines={inline.children} />
        </strong>
      );
    case "italic":
      return (
        <em>
          <Inlines inlines={inline.children} />
        </em>
      );
    case "strike":
      return (
        <s>
          <Inlines inlines={inline.children} />
        </s>
      );
    case "code":
      return (
        <code>
          <Inlines inlines={inline.children} />
        </code>
      );
    case "link":
      return (
        <Link url={inline.url}>
          <Inlines inlines={inline.children} />
        </Link>
      );
    case "user":
      return <UserMention id={inline.id} label={inline.label} />;
    case "channel":
      return <ChannelMention id={inline.id} label={inline.label} />;
    case "group":
      return <GroupMention id={inline.id} label={inline.label} />;
    case "broadcast":
      return <span className="mention mention-me">@{inline.range}</span>;
    case "date":
      return <DateText {...inline} />;
    case "emoji":
      return <Emoji name={inline.name} />;
  }
}

/** A link elsewhere opens its own tab; one to a message of this workspace leads there. */
export function Link({ url, children }: { url: string; children: ReactNode }): ReactElement {
  const { domain, me } = useWorkspace();
  const place = readPermalink(url, domain);
  if (place) return <a href={toHash({ user: me, ...place })}>{children}</a>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

export function UserMention({ id, label }: { id: string; label: string | undefined }): ReactElement {
  const workspace = useWorkspace();
  return (
    <span className={id === workspace.me ? "mention mention-me" : "mention"}>
      @{nameOf(workspace, id, label)}
    </span>
  );
}

export function ChannelMention({ id, label }: { id: string; label: string | undefined }): ReactElement {
  const channel = useWorkspace().channels.find((channel) => channel.id === id);
  return <span className="mention">#{channel?.name ?? label ?? id}</span>;
}

export function GroupMention({ id, label }: { id: string; label: string | undefined }): ReactElement {
  const group = useWorkspace().userGroups.find((group) => group.id === id);
  return <span className="mention">@{group?.handle ?? label?.replace(/^@/, "") ?? id}</span>;
}

export function Emoji({ name }: { name: string }): ReactElement {
  const character = findEmoji(name);
  if (character === undefined) return <>:{name}:</>;
  return (
    <span className="emoji" role="img" aria-label={name.replaceAll("_", " ")} title={`:${name}:`}>
      {character}
    </span>
  );
}

/** A date in the reader's zone; the tooltip says the zone. */
export function DateText(props: {
  timestamp: number;
  format: string;
  link: string | undefined;
  fallback: string;
}): ReactElement {
  const { reader } = useWorkspace();
  if (!Number.isFinite(props.timestamp)) return <>{props.fallback}</>;
  const moment = props.timestamp * 1000;
  const time = (
    <time dateTime={new Date(moment).toISOString()} title={formatMoment(moment, reader)}>
      {formatSlackDate(props.timestamp, props.format, reader)}
    </time>
  );
  if (!props.link) return time;
  return <Link url={props.link}>{time}</Link>;
}
