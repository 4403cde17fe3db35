import { useMemo, useState } from "react";
import type { Delivery, PersonState } from "../../../slack/types.ts";
import type { NoticeItem } from "./notices.tsx";
import { post } from "../slack-client.ts";

export interface Deliver {
  /** POSTs what a person did, and tells them if it could not even be sent. */
  (path: string, body: unknown): Promise<Delivery>;
  /** Says something as Slackbot, without the server. */
  note: (text: string) => void;
}

/** What went wrong before the app was reached. What Slack says about the app's answer arrives with the person's state. */
const refusals: Record<string, string> = {
  no_such_element: "That is no longer there: the message has changed.",
  no_such_option: "That choice is no longer there: the message has changed.",
  no_such_shortcut: "That shortcut no longer exists.",
  message_not_found: "That message no longer exists.",
  view_not_found: "That window is already closed.",
  channel_not_found: "You are not in that channel.",
  account_inactive: "Your account is deactivated.",
  sandbox_unreachable: "The sandbox does not answer. Is it still running?",
};

/** The way to the server, and what Slackbot has to say about it: newest last, three at most. */
export function useDeliveries(state: PersonState): {
  notices: NoticeItem[];
  deliver: Deliver;
  dismiss: (notice: NoticeItem) => void;
} {
  const [own, setOwn] = useState<NoticeItem[]>([]);
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const [openedAt] = useState(() => new Date().toISOString());

  const deliver = useMemo(() => {
    const note = (text: string): void => {
      setOwn((before) => [...before, { at: new Date().toISOString(), text }]);
    };
    const send = async (path: string, body: unknown): Promise<Delivery> => {
      const delivery = await post(path, body);
      const refusal = delivery.error === undefined ? undefined : refusals[delivery.error];
      if (!delivery.ok && refusal !== undefined) note(refusal);
      return delivery;
    };
    return Object.assign(send, { note });
  }, []);

  const notices = [...state.notices.filter((notice) => notice.at >= openedAt), ...own]
    .filter((notice) => !dismissed.has(notice.at + notice.text))
    .slice(-3);
  return {
    notices,
    deliver,
    dismiss: (notice) => {
      setDismissed((before) => new Set([...before, notice.at + notice.text]));
    },
  };
}
