import { type ReactElement, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import type { PersonChannel, StoredMessage } from "../../../slack/types.ts";
import { Composer } from "../composer/composer.tsx";
import type { MessageActions } from "./message.tsx";
import { channelTitle } from "./sidebar.tsx";
import { PanelHeader } from "./panel-header.tsx";
import { Timeline } from "./timeline.tsx";
import { useWorkspace } from "../workspace.ts";

/** A thread, beside its channel or in its place: the message it hangs on, then the replies. */
export function ThreadPanel(props: {
  channel: PersonChannel;
  ts: string;
  target: string | undefined;
  actionsOf: (message: StoredMessage) => MessageActions;
  /** On a phone: the thread has taken the place of the channel, and leads back to it. */
  covers: boolean;
  /** What Slackbot has to say, where the channel can't show it. */
  notices: ReactNode;
  onSend: (text: string) => void;
  onClose: () => void;
}): ReactElement {
  const { channel, covers, onClose, target, ts } = props;
  const { bot, hearsMentions } = useWorkspace();
  const title = useRef<HTMLHeadingElement>(null);

  const before = useRef<Element>(null);

  // Before the browser takes the focus from a channel that is covered.
  useLayoutEffect(() => {
    before.current = document.activeElement;
    title.current?.focus();
  }, []);

  // And not given back before the channel can take it again.
  useEffect(
    () => () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    },
    [],
  );

  // Wherever the focus is: a click on a text leaves it nowhere. What has its own Escape, as a menu, keeps it from here.
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) onClose();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  }, [onClose]);

  const root = channel.messages.filter((message) => message.ts === ts);
  const replies = channel.threads[ts] ?? [];
  return (
    <aside className="panel thread" aria-labelledby="thread-title">
      <PanelHeader
        id="thread-title"
        title="Thread"
        place={channelTitle(channel)}
        titleRef={title}
        covers={covers}
        closeLabel={covers ? `Back to ${channelTitle(channel)}` : "Close thread"}
        onClose={onClose}
      />
      <Timeline
        key={ts}
        label={`Thread in ${channelTitle(channel)}`}
        messages={[...root, ...replies.filter((reply) => reply.ts !== ts)]}
        // The message that the thread hangs on is in sight in the channel; here it is the newest that counts.
        target={target === ts ? undefined : target}
        actionsOf={props.actionsOf}
      />
      {props.notices}
      <Composer
        label="Reply to thread"
        hint={`Slash commands do not work in threads${hearsMentions ? `: mention @${bot.name} instead` : ""}.`}
        takesCommands={false}
        onSend={props.onSend}
      />
    </aside>
  );
}
