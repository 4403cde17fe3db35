import { type ReactElement, useMemo, useState } from "react";
import type { StoredMessage } from "../../slack/types.ts";
import { Avatar } from "./avatar.tsx";
import { type BlockHost, BlockHostContext, type FieldValue } from "./block-host.ts";
import { Blocks } from "./blocks.tsx";
import { formatMoment, formatTime } from "./slack-date.ts";
import { Mrkdwn } from "./text.tsx";
import { nameOf, useWorkspace } from "./workspace.ts";

export interface MessageProps {
  message: StoredMessage;
  /** A link led here. */
  isTarget?: boolean;
  /** Absent where there is no thread to open: inside a thread, in pictures. */
  onOpenThread?: ((ts: string) => void) | undefined;
  onAct: BlockHost["act"];
}

/** One message with who wrote it, when, its blocks, and the way into its thread. */
export function MessageView({ message, isTarget, onOpenThread, onAct }: MessageProps): ReactElement {
  const workspace = useWorkspace();
  const host = useMessageHost(onAct);
  const name = nameOf(workspace, message.user);
  const person = workspace.people.find((person) => person.id === message.user);
  const isApp = message.botId !== undefined || message.user === workspace.bot.userId;
  const sentAt = Number(message.ts) * 1000;
  const time = formatTime(sentAt, workspace.reader);
  return (
    <article
      className={`message ${message.ephemeralTo ? "message-ephemeral" : ""} ${isTarget ? "message-target" : ""}`}
      aria-label={`${name}, ${time}`}
      data-ts={message.ts}
    >
      <Avatar name={name} colour={person?.avatarColor} />
      <div className="message-main">
        {message.ephemeralTo && <p className="message-note">Only visible to you</p>}
        <p className="message-head">
          <strong className="message-name">{name}</strong>
          {isApp && <span className="badge">APP</span>}
          <time
            className="message-time"
            dateTime={new Date(sentAt).toISOString()}
            title={formatMoment(sentAt, workspace.reader)}
          >
            {time}
          </time>
        </p>
        <div className="message-body">
          <BlockHostContext value={host}>
            {message.blocks.length > 0 ? (
              <Blocks blocks={message.blocks} />
            ) : (
              <Mrkdwn source={message.text} />
            )}
          </BlockHostContext>
          {message.edited && <span className="message-edited">(edited)</span>}
        </div>
        {onOpenThread && !message.ephemeralTo && <ThreadLink message={message} onOpenThread={onOpenThread} />}
      </div>
    </article>
  );
}

function ThreadLink(props: { message: StoredMessage; onOpenThread: (ts: string) => void }): ReactElement {
  const { message } = props;
  const count = message.replyCount;
  return (
    <button
      type="button"
      className={count === 0 ? "thread-link thread-link-empty" : "thread-link"}
      onClick={() => props.onOpenThread(message.threadTs ?? message.ts)}
    >
      {count === 0 ? "Reply in thread" : `${count} ${count === 1 ? "reply" : "replies"}`}
    </button>
  );
}

/** Controls in a message remember what was chosen for as long as the message is on the page, as in Slack. */
function useMessageHost(act: BlockHost["act"]): BlockHost {
  const [values, setValues] = useState<Record<string, FieldValue>>({});
  return useMemo(
    () => ({
      surface: "message",
      act,
      valueOf: (blockId, actionId) => values[`${blockId}/${actionId}`],
      setValue: (blockId, actionId, value) => {
        setValues((before) => ({ ...before, [`${blockId}/${actionId}`]: value }));
      },
      errors: {},
    }),
    [act, values],
  );
}
