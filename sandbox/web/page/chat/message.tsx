import { type ReactElement, useMemo, useRef, useState } from "react";
import type { StoredMessage } from "../../../slack/types.ts";
import { Avatar } from "./avatar.tsx";
import { EditDialog } from "./edit-dialog.tsx";
import { type BlockHost, BlockHostContext, type FieldValue } from "../blocks/block-host.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { MenuButton } from "../overlays/menu.tsx";
import { formatMoment, formatTime } from "../text/slack-date.ts";
import { Mrkdwn } from "../text/text.tsx";
import { useKeptFocus } from "../overlays/use-kept-focus.ts";
import { nameOf, useWorkspace } from "../workspace.ts";

/** What one can do with a message. */
export interface MessageActions extends Pick<BlockHost, "act" | "suggest"> {
  runShortcut: (callbackId: string) => void;
  /** Adds the reader's reaction, or takes it back. */
  react: (name: string, isRemoved: boolean) => void;
  /** Of the reader's own message. */
  edit: (text: string) => void;
  remove: () => void;
}

export interface MessageProps {
  message: StoredMessage;
  /** A link led here. */
  isTarget?: boolean;
  /** Absent where there is no thread to open: inside a thread, in pictures. */
  onOpenThread?: ((ts: string) => void) | undefined;
  /** How many replies of its thread only the reader sees. */
  whispers?: number | undefined;
  /** Absent in pictures. */
  actions?: MessageActions | undefined;
}

/** One message with who wrote it, when, its blocks, and the way into its thread. */
export function MessageView(props: MessageProps): ReactElement {
  const { actions, isTarget, message, onOpenThread } = props;
  const workspace = useWorkspace();
  const host = useMessageHost(actions);
  const article = useRef<HTMLElement>(null);
  useKeptFocus(article);
  const name = nameOf(workspace, message.user);
  const person = workspace.people.find((person) => person.id === message.user);
  const isApp = message.botId !== undefined || message.user === workspace.bot.userId;
  const sentAt = Number(message.ts) * 1000;
  const time = formatTime(sentAt, workspace.reader);
  return (
    <article
      ref={article}
      tabIndex={-1}
      className={`message ${message.ephemeralTo ? "message-ephemeral" : ""} ${isTarget ? "message-target" : ""}`}
      aria-label={`${name}, ${time}`}
      data-ts={message.ts}
    >
      <Avatar name={name} color={person?.avatarColor} />
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
              <Mrkdwn source={message.text} verbatim={message.isVerbatim === true} />
            )}
          </BlockHostContext>
          {message.files?.map(({ id, name }) => (
            <p key={id}>
              📎{" "}
              <a href={`/files/${id}`} target="_blank" rel="noreferrer">
                {name}
              </a>
            </p>
          ))}
          {pinsOf(message).length > 0 && (
            <p className="message-note" aria-label={`${pinsOf(message).length} reacted with 📌`} role="img">
              📌 {pinsOf(message).length}
            </p>
          )}
          {message.edited && <span className="message-edited">(edited)</span>}
        </div>
        {!message.ephemeralTo && (
          <div className="message-foot">
            {onOpenThread && (
              <ThreadLink message={message} whispers={props.whispers ?? 0} onOpenThread={onOpenThread} />
            )}
            {actions && <MessageMenu actions={actions} message={message} />}
          </div>
        )}
      </div>
    </article>
  );
}

function ThreadLink(props: {
  message: StoredMessage;
  whispers: number;
  onOpenThread: (ts: string) => void;
}): ReactElement {
  const { message, whispers } = props;
  const count = message.replyCount;
  const said = [
    count > 0 && `${count} ${count === 1 ? "reply" : "replies"}`,
    whispers > 0 && `${whispers} only visible to you`,
  ].filter(Boolean);
  return (
    <button
      type="button"
      className={said.length === 0 ? "thread-link thread-link-empty" : "thread-link"}
      onClick={() => props.onOpenThread(message.threadTs ?? message.ts)}
    >
      {said.join(", ") || "Reply in thread"}
    </button>
  );
}

/** The reaction that notes a message of an incident. */
const PIN = "pushpin";

/** The app's message shortcuts, 📌, and of one's own message what one can do with it. */
function MessageMenu({
  actions,
  message,
}: {
  actions: MessageActions;
  message: StoredMessage;
}): ReactElement {
  const { bot, me, shortcuts } = useWorkspace();
  const [isEditing, setEditing] = useState(false);
  const isOwn = message.user === me && message.botId === undefined;
  const isPinned = pinsOf(message).includes(me);
  const pin = {
    key: PIN,
    text: isPinned ? "Remove your 📌" : "React with 📌",
    onChoose: () => actions.react(PIN, isPinned),
  };
  const own = [
    { key: "edit", text: "Edit message…", onChoose: () => setEditing(true) },
    { key: "remove", text: "Delete message", onChoose: actions.remove },
  ];
  const items = shortcuts
    .filter((shortcut) => shortcut.type === "message")
    .map(({ name, callbackId }) => ({
      key: callbackId,
      text: name,
      onChoose: () => actions.runShortcut(callbackId),
    }))
    .concat(pin, isOwn ? own : []);
  return (
    <div className="message-menu">
      <MenuButton label="More actions" icon="•••" heading={bot.name} items={items} align="end" />
      {isEditing && (
        <EditDialog text={message.text} onClose={() => setEditing(false)} onSave={actions.edit} />
      )}
    </div>
  );
}

function pinsOf({ reactions }: StoredMessage): readonly string[] {
  return reactions?.find(({ name }) => name === PIN)?.users ?? [];
}

/** Controls in a message remember what was chosen for as long as the message is on the page, as in Slack. */
function useMessageHost(actions: MessageActions | undefined): BlockHost {
  const [values, setValues] = useState<Record<string, FieldValue>>({});
  return useMemo(
    () => ({
      surface: "message",
      act: actions?.act ?? (async () => {}),
      suggest: actions?.suggest ?? (async () => ({ ok: false, options: [] })),
      valueOf: (blockId, actionId) => values[`${blockId}/${actionId}`],
      setValue: (blockId, actionId, value) => {
        setValues((before) => ({ ...before, [`${blockId}/${actionId}`]: value }));
      },
      errors: {},
    }),
    [actions, values],
  );
}
