import { type ReactElement, useLayoutEffect, useRef, useState } from "react";
import { CloudflareFaults } from "./cloudflare-faults.tsx";
import { CloudflareUsers } from "./cloudflare-users.tsx";
import { PanelHeader } from "../chat/panel-header.tsx";
import { post } from "../slack-client.ts";
import { useWorld } from "./world-client.ts";

/** Does something to the emulator and says how it went: `done` if it worked, else the reason. */
export type ActOnWorld = (path: string, body: unknown, done: string) => Promise<void>;

/** The other side of the sandbox: who is in the Cloudflare account and what to do to them. */
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
          </>
        )}
      </div>
    </aside>
  );
}
