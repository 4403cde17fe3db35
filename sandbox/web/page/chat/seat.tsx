import { type ReactElement, type ReactNode, type RefObject, useCallback, useEffect } from "react";
import type { PersonChannel, PersonState, StoredMessage } from "../../../slack/types.ts";
import { Composer, type ComposerHandle } from "../composer/composer.tsx";
import { ConfirmProvider } from "../overlays/confirm.tsx";
import { AppTabs, HomeTab } from "./home-tab.tsx";
import { EmptyChannel } from "./empty-channel.tsx";
import { MenuButton } from "../overlays/menu.tsx";
import type { MessageActions } from "./message.tsx";
import { Notices } from "./notices.tsx";
import { channelTitle } from "./sidebar.tsx";
import { askOptions } from "../slack-client.ts";
import { ThreadPanel } from "./thread-panel.tsx";
import { Timeline } from "./timeline.tsx";
import { useDeliveries } from "./use-deliveries.ts";
import { ViewModal } from "../overlays/view-modal.tsx";

export interface SeatProps {
  state: PersonState;
  connected: boolean;
  channel: PersonChannel | undefined;
  thread: string | undefined;
  /** The message that a link led to. */
  target: string | undefined;
  composer: RefObject<ComposerHandle | null>;
  /** The bot's Home, or the channel's messages. */
  tab: "home" | undefined;
  isPhone: boolean;
  /** A panel has taken the place of the channel: on a phone there is room for one. */
  isCovered: boolean;
  /** Buttons at the head of the channel for what can be open beside it. */
  tools: ReactNode;
  onOpenThread: (ts: string | undefined) => void;
  onOpenTab: (tab: "home" | undefined) => void;
}

/** What belongs to one person: the channel in view, the thread, open modals, and everything they send. */
export function Seat(props: SeatProps): ReactElement {
  const { channel, composer, isPhone, state, tab, thread } = props;
  const me = state.me.id;
  const { notices: noticeItems, deliver, dismiss } = useDeliveries(state);
  const notices = <Notices notices={noticeItems} onDismiss={dismiss} />;

  const hasTabs = channel?.kind === "im" && state.hasHome;
  useEffect(() => {
    if (hasTabs) void deliver("/sandbox/home", { user: me, tab: tab ?? "messages" });
  }, [hasTabs, deliver, me, tab]);

  function send(text: string, threadTs?: string): void {
    if (channel === undefined) return;
    const place = { user: me, channel: channel.id };
    const [, command, rest = ""] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
    if (command === undefined) {
      void deliver("/sandbox/message", { ...place, text, ...(threadTs && { threadTs }) });
    } else if (threadTs === undefined) {
      void deliver("/sandbox/command", { ...place, command, text: rest });
    } else {
      deliver.note(`${command} is not supported in threads. Sorry!`);
    }
  }

  const actionsOf = useCallback(
    ({ channel, ts }: StoredMessage): MessageActions => {
      const place = { user: me, channel, ts };
      return {
        act: async (control) => {
          await deliver("/sandbox/action", { ...place, ...control });
        },
        suggest: (asked) => askOptions({ ...place, ...asked }),
        runShortcut: (callbackId) => void deliver("/sandbox/shortcut", { ...place, callbackId }),
        react: (name, isRemoved) => void deliver("/sandbox/reaction", { ...place, name, isRemoved }),
        edit: (text) => void deliver("/sandbox/edit", { ...place, text }),
        remove: () => void deliver("/sandbox/remove", place),
      };
    },
    [deliver, me],
  );

  const title = channel ? channelTitle(channel) : "No channel";
  const globalShortcuts = state.shortcuts
    .filter((shortcut) => shortcut.type === "global")
    .map(({ name, callbackId }) => ({
      key: callbackId,
      text: name,
      onChoose: () => void deliver("/sandbox/shortcut", { user: me, callbackId }),
    }));
  const command = state.commands[0]?.command ?? "/zt";
  return (
    <ConfirmProvider>
      <main className="main" inert={props.isCovered}>
        <header className="channel-header">
          <h2>{title}</h2>
          {!props.connected && <span className="offline">Reconnecting…</span>}
          <div className="tools">{props.tools}</div>
        </header>
        {hasTabs && <AppTabs bot={state.bot.name} current={tab} onOpen={props.onOpenTab} />}
        {tab === "home" ? (
          <HomeTab
            key={me}
            view={state.home}
            onAct={async (control) => {
              await deliver("/sandbox/action", { user: me, viewId: state.home?.id, ...control });
            }}
            onSuggest={(asked) => askOptions({ user: me, viewId: state.home?.id, ...asked })}
          />
        ) : channel === undefined || channel.messages.length === 0 ? (
          <EmptyChannel title={title} command={command} onTry={(text) => composer.current?.fill(text)} />
        ) : (
          <Timeline
            key={channel.id}
            label={`Messages in ${title}`}
            messages={channel.messages}
            target={props.target}
            onOpenThread={props.onOpenThread}
            whispers={countWhispers(channel)}
            actionsOf={actionsOf}
          />
        )}
        {!props.isCovered && notices}
        {tab !== "home" && (
          <Composer
            ref={composer}
            label={`Message ${title}`}
            hint={`Enter sends. A line that starts with ${command} goes to the bot.`}
            takesCommands
            onSend={send}
            start={
              globalShortcuts.length > 0 && (
                <MenuButton label="Shortcuts" icon="⚡" heading={state.bot.name} items={globalShortcuts} />
              )
            }
          />
        )}
      </main>
      {channel && thread && (
        <ThreadPanel
          channel={channel}
          ts={thread}
          target={props.target}
          actionsOf={actionsOf}
          covers={isPhone}
          notices={props.isCovered && notices}
          onSend={(text) => send(text, thread)}
          onClose={() => props.onOpenThread(undefined)}
        />
      )}
      {state.views.map((view, index) => (
        <ViewModal
          key={view.id}
          view={view}
          isTop={index === state.views.length - 1}
          onAct={async (control) => {
            await deliver("/sandbox/action", { user: me, viewId: view.id, ...control });
          }}
          onSuggest={(asked) => askOptions({ user: me, viewId: view.id, ...asked })}
          onSubmit={(values) => deliver("/sandbox/submit", { user: me, viewId: view.id, values })}
          onClose={() => void deliver("/sandbox/close-view", { user: me, viewId: view.id })}
        />
      ))}
    </ConfirmProvider>
  );
}

/** Replies that only this person sees, by the thread they are in. */
function countWhispers(channel: PersonChannel): Record<string, number> {
  return Object.fromEntries(
    Object.entries(channel.threads).map(([ts, replies]) => [
      ts,
      replies.filter((reply) => reply.ephemeralTo !== undefined).length,
    ]),
  );
}
