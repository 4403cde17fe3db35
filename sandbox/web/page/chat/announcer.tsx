import { type ReactElement, useEffect, useRef, useState } from "react";
import type { PersonChannel, StoredMessage } from "../../../slack/types.ts";
import { unescape } from "../text/mrkdwn.ts";
import { nameOf, useWorkspace } from "../workspace.ts";

interface AnnouncerProps {
  channels: PersonChannel[];
  /** The channel in view. */
  current: string;
  me: string;
}

/**
 * Reads new messages out. Like Slack it reads the top-level text, not the blocks, and it says where a message came when
 * that is not the channel in view.
 */
export function Announcer({ channels, current, me }: AnnouncerProps): ReactElement {
  const workspace = useWorkspace();
  const known = useRef<{ me: string; seen: Set<string> }>(undefined);
  const [said, setSaid] = useState("");

  useEffect(() => {
    const all = channels.flatMap((channel) =>
      [...channel.messages, ...Object.values(channel.threads).flat()].map((message) => ({
        channel,
        message,
      })),
    );
    const before = known.current;
    known.current = { me: me, seen: new Set(all.map(({ message }) => keyOf(message))) };
    // After a switch of person everything is new; reading all that out helps no one.
    if (before?.me !== me) return;
    const fresh = all.filter(({ message }) => !before.seen.has(keyOf(message)) && message.user !== me);
    if (fresh.length === 0) return;
    setSaid(
      fresh
        .map(({ channel, message }) => {
          const place = channel.id === current ? "" : ` in ${channel.name}`;
          return `${nameOf(workspace, message.user)}${place}: ${unescape(message.text)}`;
        })
        .join(". "),
    );
  }, [channels, current, me, workspace]);

  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {said}
    </div>
  );
}

/** A message that only the reader sees changes because they wanted it to: the next page of a list. It is read again. */
function keyOf(message: StoredMessage): string {
  const version = message.ephemeralTo === undefined ? "" : `/${message.history.length}`;
  return `${message.channel}/${message.ts}${version}`;
}
