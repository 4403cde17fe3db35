import { type ReactElement, useEffect, useRef } from "react";
import type { PersonChannel, StoredMessage } from "../../../slack/types.ts";
import { Composer } from "../composer/composer.tsx";
import type { MessageActions } from "./message.tsx";
import { channelTitle } from "./sidebar.tsx";
import { Timeline } from "./timeline.tsx";
import { useWorkspace } from "../workspace.ts";

/** A thread beside its channel: the message it hangs on, then the replies. */
export function ThreadPanel(props: {
  channel: PersonChannel;
  ts: string;
  target: string | undefined;
  actionsOf: (message: StoredMessage) => MessageActions;
  onSend: (text: string) => void;
  onClose: () => void;
}): ReactElement {
  const { channel, ts } = props;
  const { bot, hearsMentions } = useWorkspace();
  const title = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    const before = document.activeElement;
    title.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const root = channel.messages.filter((message) => message.ts === ts);
  const replies = channel.threads[ts] ?? [];
  return (
    <aside
      className="panel thread"
      aria-labelledby="thread-title"
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onClose();
      }}
    >
      <header className="panel-header">
        <h2 id="thread-title" ref={title} tabIndex={-1}>
          Thread <span className="panel-place">{channelTitle(channel)}</span>
        </h2>
        <button type="button" className="icon-button" aria-label="Close thread" onClick={props.onClose}>
          <span aria-hidden="true">✕</span>
        </button>
      </header>
      <Timeline
        key={ts}
        label={`Thread in ${channelTitle(channel)}`}
        messages={[...root, ...replies.filter((reply) => reply.ts !== ts)]}
        target={props.target}
        actionsOf={props.actionsOf}
      />
      <Composer
        label="Reply to thread"
        hint={`Slash commands do not work in threads${hearsMentions ? `: mention @${bot.name} instead` : ""}.`}
        takesCommands={false}
        onSend={props.onSend}
      />
    </aside>
  );
}
