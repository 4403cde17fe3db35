import { type ReactElement, useEffect, useState } from "react";
import type { Bodies, Exchange } from "../../../inspector/journal.ts";
import { useWorkspace } from "../workspace.ts";
import { readBodies } from "./use-exchanges.ts";

/** One request: when, between whom, what, and how it went. Opened, it shows what was sent and what came back. */
export function ExchangeRow({ exchange, way }: { exchange: Exchange; way: string }): ReactElement {
  const { reader } = useWorkspace();
  const [isOpen, setIsOpen] = useState(false);
  const { at, broken, detail, error, ms, name, status } = exchange;
  return (
    <li className="exchange" data-broken={broken.length > 0 || undefined}>
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>
          <span className="exchange-way">{way}</span>
          <span className="exchange-facts">
            <span className={error === null && (status ?? 200) < 400 ? undefined : "exchange-bad"}>
              {outcomeOf(exchange)}
            </span>
            {ms !== null && ` · ${ms} ms`} ·{" "}
            <time dateTime={new Date(at).toISOString()}>
              {new Date(at).toLocaleTimeString("en-GB", { timeZone: reader.timeZone })}
            </time>
          </span>
          <span className="exchange-name">
            {name} <span className="exchange-detail">{shorten(detail)}</span>
          </span>
          {broken.length > 0 && (
            <span className="exchange-broken">
              {broken.map((limit) => (
                <span key={limit}>⚠️ {limit}</span>
              ))}
            </span>
          )}
        </summary>
        {isOpen && <ExchangeBodies key={ms} id={exchange.id} />}
      </details>
    </li>
  );
}

/** Of an id the start is enough to tell it from others. */
function shorten(detail: string): string {
  return detail.replaceAll(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{17,22}/g, "$1…");
}

/** An acknowledgement over Socket Mode has no status. */
function outcomeOf({ error, ms, status, way }: Exchange): string {
  if (ms === null) return "waiting";
  if (error !== null) return status === null || status < 300 ? error : `${status} ${error}`;
  return way === "slack-to-bot" ? "acknowledged" : String(status);
}

/** Read once: its key changes when the answer is there. */
function ExchangeBodies({ id }: { id: number }): ReactElement {
  const [bodies, setBodies] = useState<Bodies | null>();
  useEffect(() => {
    void readBodies(id).then(setBodies);
  }, [id]);
  if (bodies === undefined) return <p className="panel-note">Reading…</p>;
  if (bodies === null) return <p className="panel-note">This request is no longer kept.</p>;
  return (
    <>
      <Body title="Sent" text={bodies.request} />
      <Body title="Answer" text={bodies.response} />
    </>
  );
}

function Body({ title, text }: { title: string; text: string | null }): ReactElement {
  return (
    <>
      <h3>{title}</h3>
      {text === null || text === "" ? (
        <p className="panel-note">Nothing.</p>
      ) : (
        // oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- so that the arrow keys can scroll it
        <pre tabIndex={0} aria-label={title}>
          {text}
        </pre>
      )}
    </>
  );
}
