import { Fragment, type ReactElement } from "react";
import type { StoredMessage } from "../../../slack/types.ts";
import { type MessageActions, MessageView } from "./message.tsx";
import { formatDay } from "../text/slack-date.ts";
import { useWorkspace } from "../workspace.ts";
import { useFollowedEnd } from "./use-followed-end.ts";

/** Messages, oldest first, with a line between days. Follows new messages while one looks at the end. */
export function Timeline(props: {
  label: string;
  messages: StoredMessage[];
  /** The message to bring into sight, if it is one of these. */
  target: string | undefined;
  onOpenThread?: ((ts: string) => void) | undefined;
  /** By the ts of the message they hang on, how many replies only the reader sees. */
  whispers?: Record<string, number> | undefined;
  actionsOf: (message: StoredMessage) => MessageActions;
}): ReactElement {
  const { reader } = useWorkspace();
  const scroller = useFollowedEnd(props.target);
  const days = props.messages.map((message) => formatDay(Number(message.ts) * 1000, reader));
  return (
    // oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- so that the arrow keys can scroll it
    <div className="timeline" ref={scroller} role="log" aria-live="off" aria-label={props.label} tabIndex={0}>
      {props.messages.map((message, index) => (
        <Fragment key={`${message.ts}-${message.ephemeralTo ?? ""}`}>
          {days[index] !== days[index - 1] && (
            <div className="day">
              <span>{days[index]}</span>
            </div>
          )}
          <MessageView
            message={message}
            isTarget={message.ts === props.target}
            onOpenThread={props.onOpenThread}
            whispers={props.whispers?.[message.ts]}
            actions={props.actionsOf(message)}
          />
        </Fragment>
      ))}
    </div>
  );
}
