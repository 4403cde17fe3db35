import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Delivery, PersonChannel, PersonState, StoredMessage } from "../../slack/types.ts";
import { Announcer } from "./announcer.tsx";
import type { BlockHost } from "./block-host.ts";
import { CloudflarePanel } from "./cloudflare-panel.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import { ConfirmProvider } from "./confirm.tsx";
import { EmptyChannel } from "./empty-channel.tsx";
import { type NoticeItem, Notices } from "./notices.tsx";
import { useRoute } from "./route.ts";
import { ChannelList, channelTitle, PeopleSwitch } from "./sidebar.tsx";
import { post, useSlackState } from "./slack-client.ts";
import { ThreadPanel } from "./thread-panel.tsx";
import { Timeline } from "./timeline.tsx";
import { browserTimeZone } from "./slack-date.ts";
import { useMatch } from "./use-match.ts";
import { useNow } from "./use-now.ts";
import { useUnread } from "./use-unread.ts";
import { ViewModal } from "./view-modal.tsx";
import { type Workspace, WorkspaceContext } from "./workspace.ts";

/** The whole page, once a person's workspace has arrived. */
export function App(): ReactElement {
  const [route] = useRoute();
  const { state, connected } = useSlackState(route.user);
  if (state === undefined) {
    return (
      <main className="waiting">
        <h1>zt-bot sandbox</h1>
        <p role="status">
          {connected ? "Opening the workspace…" : "The sandbox does not answer. Is it running?"}
        </p>
      </main>
    );
  }
  return <Client state={state} connected={connected} />;
}

function Client({ state, connected }: { state: PersonState; connected: boolean }): ReactElement {
  const [route, go] = useRoute();
  const [drawerOpen, setDrawerOpen] = useState(false);
  const isPhone = useMatch("(max-width: 760px)");
  const isWide = useMatch("(min-width: 1480px)");
  const [cloudflareOpen, setCloudflareOpen] = useState(() => matchMedia("(min-width: 1200px)").matches);
  const composer = useRef<ComposerHandle>(null);
  const now = useNow();
  const me = state.me.id;
  const channel = state.channels.find((channel) => channel.id === route.channel) ?? state.channels[0];
  const unread = useUnread(state, channel?.id);
  const { notices, deliver, dismiss } = useDeliveries(state);

  const workspace = useMemo<Workspace>(
    () => ({
      reader: { timeZone: state.me.tz ?? browserTimeZone(), now },
      me,
      people: state.people,
      bot: state.bot,
      channels: state.channels,
    }),
    [state, me, now],
  );

  useEffect(() => {
    document.title = channel ? `${channelTitle(channel)} · ${state.team.name}` : state.team.name;
  }, [channel, state.team.name]);

  function send(text: string, threadTs?: string): void {
    if (channel === undefined) return;
    const slash = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
    if (slash && threadTs !== undefined) {
      deliver.note(`${slash[1]} is not supported in threads. Sorry!`);
    } else if (slash?.[1] !== undefined && !state.commands.includes(slash[1])) {
      deliver.note(`${slash[1]} is not a valid command. Try ${state.commands.join(", ")}.`);
    } else if (slash) {
      void deliver("/sandbox/command", {
        user: me,
        channel: channel.id,
        command: slash[1],
        text: slash[2] ?? "",
      });
    } else {
      void deliver("/sandbox/message", {
        user: me,
        channel: channel.id,
        text,
        ...(threadTs && { threadTs }),
      });
    }
  }

  const actOn = useCallback(
    (message: StoredMessage): BlockHost["act"] =>
      async (control) => {
        await deliver("/sandbox/action", { user: me, channel: message.channel, ts: message.ts, ...control });
      },
    [deliver, me],
  );

  const openThread = (ts: string | undefined): void => {
    if (ts && !isWide) setCloudflareOpen(false);
    go({ user: me, channel: channel?.id, thread: ts });
  };
  const toggleCloudflare = (): void => {
    if (!cloudflareOpen && !isWide) go({ user: me, channel: channel?.id });
    setCloudflareOpen(!cloudflareOpen);
  };
  const investigate = (email: string): void => {
    if (isPhone) setCloudflareOpen(false);
    // On a phone the composer is hidden behind the panel until the next render.
    requestAnimationFrame(() => composer.current?.fill(`${state.commands[0] ?? "/zt"} user ${email}`));
  };

  const view = state.views.at(-1);
  return (
    <WorkspaceContext value={workspace}>
      <ConfirmProvider>
        <div className="client">
          <header className="topbar">
            <button
              type="button"
              className="icon-button menu-button"
              aria-label="Channel list"
              aria-expanded={drawerOpen}
              aria-controls="channels"
              onClick={() => setDrawerOpen(!drawerOpen)}
            >
              <span aria-hidden="true">☰</span>
            </button>
            <h1>{state.team.name}</h1>
            <PeopleSwitch
              state={state}
              onSwitch={(user) => go({ user, channel: channelFor(state, channel, user) })}
            />
          </header>
          <nav
            id="channels"
            className="sidebar"
            aria-label="Channels"
            data-open={drawerOpen}
            onKeyDown={(event) => {
              if (event.key === "Escape") setDrawerOpen(false);
            }}
          >
            <ChannelList
              channels={state.channels}
              current={channel?.id}
              unread={unread}
              onSelect={(id) => {
                setDrawerOpen(false);
                go({ user: me, channel: id });
              }}
            />
          </nav>
          <main className="main">
            {channel && (
              <>
                <header className="channel-header">
                  <h2>{channelTitle(channel)}</h2>
                  {!connected && <span className="offline">Reconnecting…</span>}
                  <button
                    type="button"
                    className="button"
                    aria-expanded={cloudflareOpen}
                    onClick={toggleCloudflare}
                  >
                    Cloudflare
                  </button>
                </header>
                {channel.messages.length === 0 ? (
                  <EmptyChannel
                    title={channelTitle(channel)}
                    command={state.commands[0] ?? "/zt"}
                    onTry={(text) => composer.current?.fill(text)}
                  />
                ) : (
                  <Timeline
                    key={`${me}/${channel.id}`}
                    label={`Messages in ${channelTitle(channel)}`}
                    messages={channel.messages}
                    onOpenThread={openThread}
                    onAct={actOn}
                  />
                )}
                <Notices notices={notices} onDismiss={dismiss} />
                <Composer
                  ref={composer}
                  label={`Message ${channelTitle(channel)}`}
                  hint={`Enter sends. A line that starts with ${state.commands[0] ?? "/"} goes to the bot.`}
                  onSend={send}
                />
              </>
            )}
          </main>
          {channel && route.thread && (
            <ThreadPanel
              channel={channel}
              ts={route.thread}
              onAct={actOn}
              onSend={(text) => send(text, route.thread)}
              onClose={() => openThread(undefined)}
            />
          )}
          {cloudflareOpen && <CloudflarePanel onInvestigate={investigate} onClose={toggleCloudflare} />}
        </div>
        <Announcer channels={state.channels} current={channel?.id ?? ""} me={me} />
        {view && (
          <ViewModal
            key={view.id}
            view={view}
            onAct={async (control) => {
              await deliver("/sandbox/action", { user: me, viewId: view.id, ...control });
            }}
            onSubmit={(values) => deliver("/sandbox/submit", { user: me, viewId: view.id, values })}
            onClose={() => void deliver("/sandbox/close-view", { user: me, viewId: view.id })}
          />
        )}
      </ConfirmProvider>
    </WorkspaceContext>
  );
}

/** A channel stays open when one becomes another person; a direct message belongs to one person alone. */
function channelFor(
  state: PersonState,
  channel: PersonChannel | undefined,
  user: string,
): string | undefined {
  if (channel === undefined || user === state.me.id) return channel?.id;
  return channel.kind === "im" ? undefined : channel.id;
}

interface Deliver {
  (path: string, body: unknown): Promise<Delivery>;
  /** Says something as Slackbot, without the server. */
  note(text: string): void;
}

/** Errors that Slack itself reports: those arrive with the person's state, as notices. */
const saidBySlack = new Set(["operation_timeout", "dispatch_failed", "validation_errors"]);

const errorTexts: Record<string, string> = {
  no_such_element: "That button is not there any more. The message has changed.",
  sandbox_unreachable: "The sandbox does not answer. Is it still running?",
};

function useDeliveries(state: PersonState): {
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
      const error = delivery.error ?? "unknown_error";
      if (!delivery.ok && !delivery.errors && !saidBySlack.has(error))
        note(errorTexts[error] ?? `Error: ${error}`);
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
