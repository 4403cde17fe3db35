import { type ReactElement, useLayoutEffect, useRef, useState } from "react";
import type { Exchange, Way } from "../../../inspector/journal.ts";
import { PanelHeader } from "../chat/panel-header.tsx";
import { ExchangeRow } from "./exchange-row.tsx";

const ways: Record<Way, string> = {
  "slack-to-bot": "Slack → bot",
  "bot-to-slack": "Bot → Slack",
  "bot-to-cloudflare": "Bot → Cloudflare",
};

/** Every request between the bot, Slack and Cloudflare, newest first; what broke a limit is red. */
export function InspectorPanel(props: {
  exchanges: Exchange[];
  onClear: () => void;
  /** On a phone: the panel has taken the place of the channel, and leads back to it. */
  covers: boolean;
  onClose: () => void;
}): ReactElement {
  const { covers, exchanges } = props;
  const title = useRef<HTMLHeadingElement>(null);
  const [way, setWay] = useState<Way | "all">("all");
  const [words, setWords] = useState("");
  const [brokenOnly, setBrokenOnly] = useState(false);

  useLayoutEffect(() => {
    if (covers) title.current?.focus();
  }, [covers]);

  const shown = exchanges.filter(
    (one) =>
      (way === "all" || one.way === way) && (!brokenOnly || one.broken.length > 0) && hasWords(one, words),
  );
  return (
    <aside
      className="panel inspector"
      aria-labelledby="inspector-title"
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onClose();
      }}
    >
      <PanelHeader
        id="inspector-title"
        title="Inspector"
        titleRef={title}
        covers={covers}
        closeLabel={covers ? "Back to the messages" : "Close inspector"}
        onClose={props.onClose}
      />
      <div className="inspector-filter" role="search" aria-label="Requests">
        <input
          type="search"
          aria-label="Filter requests"
          placeholder="Filter: chat.update, revoke_user, 429…"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <div className="inspector-choices">
          <select
            aria-label="Between"
            value={way}
            onChange={(event) => setWay(event.target.value as Way | "all")}
          >
            <option value="all">All requests</option>
            {Object.entries(ways).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
          <label className="inspector-check">
            <input
              type="checkbox"
              checked={brokenOnly}
              onChange={(event) => setBrokenOnly(event.target.checked)}
            />
            Broken limits
          </label>
          <button type="button" className="button" onClick={props.onClear}>
            Clear
          </button>
        </div>
      </div>
      {shown.length === 0 ? (
        <p className="panel-note">
          {exchanges.length === 0
            ? "Nothing yet. Type a command, and its requests appear here."
            : "No request fits the filter."}
        </p>
      ) : (
        <ol className="exchanges" aria-label="Requests, newest first">
          {shown.map((exchange) => (
            <ExchangeRow key={exchange.id} exchange={exchange} way={ways[exchange.way]} />
          ))}
        </ol>
      )}
    </aside>
  );
}

/** Each word occurs somewhere in what the row shows. */
function hasWords({ name, detail, status, error, broken }: Exchange, words: string): boolean {
  const text = [name, detail, status, error, ...broken].join(" ").toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
