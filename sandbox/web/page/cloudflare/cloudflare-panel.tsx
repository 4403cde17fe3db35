import { type ReactElement, useLayoutEffect, useRef, useState } from "react";
import { CloudflareFaults } from "./cloudflare-faults.tsx";
import { CloudflareUsers } from "./cloudflare-users.tsx";
import { PanelHeader } from "../chat/panel-header.tsx";
import { post } from "../slack-client.ts";
import { useWorld, type WorldSummary } from "./world-client.ts";

/** Does something to the emulator and says how it went: `done` if it worked, else the reason. */
export type ActOnWorld = (path: string, body: unknown, done: string) => Promise<void>;

/** The other side of the sandbox: who is in the Cloudflare account, what to do to them, and the requests it got. */
export function CloudflarePanel(props: {
  onInvestigate: (email: string) => void;
  /** On a phone: the panel has taken the place of the channel, and leads back to it. */
  covers: boolean;
  onClose: () => void;
}): ReactElement {
  const title = useRef<HTMLHeadingElement>(null);
  const { world, refresh } = useWorld();
  const [said, setSaid] = useState("");

  const { covers } = props;
  useLayoutEffect(() => {
    if (covers) title.current?.focus();
  }, [covers]);

  async function act(path: string, body: unknown, done: string): Promise<void> {
    const answer = await post(path, body);
    setSaid(answer.ok ? done : `That failed: ${answer.error ?? "no reason given"}`);
    refresh();
  }

  return (
    <aside
      className="panel cloudflare"
      aria-labelledby="cloudflare-title"
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onClose();
      }}
    >
      <PanelHeader
        id="cloudflare-title"
        title="Cloudflare"
        titleRef={title}
        covers={props.covers}
        closeLabel={props.covers ? "Back to the messages" : "Close Cloudflare panel"}
        onClose={props.onClose}
      />
      <p className="panel-said" role="status">
        {said}
      </p>
      <div className="panel-body">
        {world === undefined ? (
          <p className="panel-note">Waiting for the emulator…</p>
        ) : (
          <>
            <CloudflareUsers users={world.users} onInvestigate={props.onInvestigate} act={act} />
            <CloudflareFaults faults={world.faults} act={act} />
            <Requests requests={world.requests} />
          </>
        )}
      </div>
    </aside>
  );
}

function Requests({ requests }: { requests: WorldSummary["requests"] }): ReactElement {
  const newestFirst = requests.toReversed();
  return (
    <details className="panel-section" open>
      <summary>
        <h3>Last requests</h3>
      </summary>
      {newestFirst.length === 0 ? (
        <p className="panel-note">None yet.</p>
      ) : (
        // oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- so that the arrow keys can scroll it
        <ol className="requests" tabIndex={0} aria-label="Last requests, newest first">
          {newestFirst.map((request, index) => (
            <li key={`${request.at}-${newestFirst.length - index}`}>
              <span className="request-method">{request.method}</span>
              <span className="request-path">{toShortPath(request)}</span>
              <span
                className={request.status !== null && request.status < 400 ? "request-good" : "request-bad"}
              >
                {request.status ?? "…"}
              </span>
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}

/** The account's id is the same in every path and says nothing; of other ids the start is enough to tell them apart. */
function toShortPath({ path, query }: WorldSummary["requests"][number]): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}=${each}`),
  );
  const short = path.replace(/^\/accounts\/[^/]+/, "");
  const whole = parameters.length === 0 ? short : `${short}?${parameters.join("&")}`;
  return whole.replaceAll(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{17,22}/g, "$1…");
}
