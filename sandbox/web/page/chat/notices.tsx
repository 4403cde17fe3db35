import type { ReactElement } from "react";
import { Avatar } from "./avatar.tsx";

export interface NoticeItem {
  at: string;
  text: string;
}

/** What Slackbot says to one person when the app did not answer or a thing cannot be done. */
export function Notices(props: {
  notices: NoticeItem[];
  onDismiss: (notice: NoticeItem) => void;
}): ReactElement {
  return (
    <div className="notices" role="alert">
      {props.notices.map((notice) => (
        <div className="notice" key={`${notice.at} ${notice.text}`}>
          <Avatar name="Slackbot" color="#4a4a4a" />
          <div>
            <p className="message-note">Only visible to you</p>
            <p className="message-head">
              <strong className="message-name">Slackbot</strong>
            </p>
            <p>{notice.text}</p>
          </div>
          <button
            type="button"
            className="icon-button"
            aria-label="Dismiss notice"
            onClick={() => props.onDismiss(notice)}
          >
            <span aria-hidden="true">✕</span>
          </button>
        </div>
      ))}
    </div>
  );
}
