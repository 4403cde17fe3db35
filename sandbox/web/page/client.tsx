import { type ReactElement, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { PersonChannel, PersonState } from "../../slack/types.ts";
import type { Start } from "../serve.ts";
import { Announcer } from "./chat/announcer.tsx";
import { CloudflarePanel } from "./cloudflare/cloudflare-panel.tsx";
import { GuidePanel } from "./guide/guide-panel.tsx";
import { useFollow } from "./guide/use-follow.ts";
import { useGuide } from "./guide/use-guide.ts";
import { InspectorPanel } from "./inspector/inspector-panel.tsx";
import { useExchanges } from "./inspector/use-exchanges.ts";
import { ToolButton } from "./tool-button.tsx";
import type { ComposerHandle } from "./composer/composer.tsx";
import { useRoute } from "./route.ts";
import { Seat } from "./chat/seat.tsx";
import { ChannelList, channelTitle, PeopleSwitch } from "./chat/sidebar.tsx";
import { browserTimeZone } from "./text/slack-date.ts";
import { useMatch } from "./use-match.ts";
import { useNow } from "./use-now.ts";
import { useUnread } from "./chat/use-unread.ts";
import { type Workspace, WorkspaceContext } from "./workspace.ts";

/** What can be open beside the messages, one at a time. */
type Tool = "cloudflare" | "inspector";

/**
 * The frame around a person's seat: who one is, the channels, and Cloudflare's side.
 *
 * @param props.wanted who one wants to be; the state is still the former person's for a moment after a switch.
 */
export function Client(props: {
  state: PersonState;
  connected: boolean;
  wanted: string;
  start: Start | undefined;
}): ReactElement {
  const { state, wanted } = props;
  const [route, go] = useRoute();
  const [drawerOpen, setDrawerOpen] = useState(false);
  const [tool, setTool] = useState<Tool | undefined>(() =>
    matchMedia("(min-width: 1200px)").matches ? "cloudflare" : undefined,
  );
  const isPhone = useMatch("(max-width: 760px)");
  const isWide = useMatch("(min-width: 1640px)");
  const composer = useRef<ComposerHandle>(null);
  const me = state.me.id;
  const channel = findChannel(state, route.channel ?? props.start?.channel);
  const tab = channel?.kind === "im" && state.hasHome ? route.tab : undefined;
  const unread = useUnread(state, tab === "home" ? undefined : channel?.id);
  const unreadTotal = [...unread.values()].reduce((sum, count) => sum + count, 0);
  const workspace = useWorkspaceOf(state, props.start);

  useEffect(() => {
    const place = channel ? `${channelTitle(channel)} · ${state.team.name}` : state.team.name;
    document.title = unreadTotal > 0 ? `(${unreadTotal}) ${place}` : place;
  }, [channel, state.team.name, unreadTotal]);

  useEffect(() => {
    if (document.activeElement === document.body) focusComposer(composer);
  }, []);

  const openThread = (ts: string | undefined): void => go({ user: me, channel: channel?.id, thread: ts });
  // Where there is room for one panel only, a thread covers the other until it is closed.
  const shown = isWide || route.thread === undefined ? tool : undefined;
  const toggle = (next: Tool): void => {
    if (shown === undefined && !isWide) openThread(undefined);
    setTool(shown === next ? undefined : next);
  };
  const close = (): void => setTool(undefined);
  const { exchanges, clear } = useExchanges(shown === "inspector");
  const { guide, ask } = useGuide();
  const playing = guide?.playing ?? null;
  // Opened and closed by hand; until then it shows itself where a scenario is played.
  const [guideWanted, setGuideWanted] = useState<boolean>();
  const guideShows = guide !== undefined && (guideWanted ?? playing !== null);
  useFollow(playing, go);
  const isThere =
    playing === null ||
    (me === playing.place.user &&
      channel?.id === playing.place.channel &&
      (playing.place.thread === undefined || route.thread === playing.place.thread));
  const brokenCount = exchanges.filter(({ broken }) => broken.length > 0).length;
  const isCovered = isPhone && (shown !== undefined || route.thread !== undefined);
  const investigate = (email: string): void => {
    // The bot's Home has no composer, and a covered one can't take the focus.
    flushSync(() => {
      if (isPhone) close();
      if (tab === "home") go({ user: me, channel: channel?.id });
    });
    composer.current?.fill(`${state.commands[0]?.command ?? "/zt"} user ${email}`);
  };

  return (
    <WorkspaceContext value={workspace}>
      <div className="client">
        <header className="topbar">
          <button type="button" className="button skip" onClick={() => composer.current?.focus()}>
            Skip to the message field
          </button>
          <button
            type="button"
            className="icon-button menu-button"
            aria-label={unreadTotal > 0 ? `Channel list, ${unreadTotal} new` : "Channel list"}
            aria-expanded={drawerOpen}
            aria-controls="channels"
            onClick={() => setDrawerOpen(!drawerOpen)}
          >
            <span aria-hidden="true">☰</span>
            {unreadTotal > 0 && <span className="menu-unread" />}
          </button>
          <h1>{state.team.name}</h1>
          <PeopleSwitch
            people={state.people}
            current={wanted}
            onSwitch={(user) => go({ user, channel: shared(channel) })}
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
              // Also while the state is still the former person's: a quick click must not undo the switch.
              go({ user: wanted, channel: id });
              focusComposer(composer);
            }}
          />
        </nav>
        {drawerOpen && <div className="scrim" aria-hidden="true" onClick={() => setDrawerOpen(false)} />}
        {me === wanted ? (
          <Seat
            key={me}
            state={state}
            connected={props.connected}
            channel={channel}
            thread={route.thread}
            target={route.message}
            composer={composer}
            tab={tab}
            isPhone={isPhone}
            isCovered={isCovered}
            tools={
              <>
                <ToolButton name="Guide" isOpen={guideShows} onToggle={() => setGuideWanted(!guideShows)} />
                <ToolButton
                  name="Inspector"
                  count={brokenCount}
                  counted="over a limit"
                  isOpen={shown === "inspector"}
                  onToggle={() => toggle("inspector")}
                />
                <ToolButton
                  name="Cloudflare"
                  isOpen={shown === "cloudflare"}
                  onToggle={() => toggle("cloudflare")}
                />
              </>
            }
            onOpenThread={openThread}
            onOpenTab={(next) => go({ user: me, channel: channel?.id, tab: next })}
          />
        ) : (
          // What the former person saw must not pass for what the next one sees.
          <main className="main" aria-busy="true" />
        )}
        {guideShows && (
          <GuidePanel
            guide={guide}
            ask={(wish) => {
              // Who uses it wants to see it, also when nothing is played any longer.
              setGuideWanted(true);
              ask(wish);
            }}
            isThere={isThere}
            onGo={() => go({ ...playing?.place })}
            onFill={(text) => composer.current?.fill(text)}
            onClose={() => setGuideWanted(false)}
          />
        )}
        {shown === "cloudflare" && (
          <CloudflarePanel covers={isPhone} onInvestigate={investigate} onClose={close} />
        )}
        {shown === "inspector" && (
          <InspectorPanel exchanges={exchanges} onClear={clear} covers={isPhone} onClose={close} />
        )}
      </div>
      <Announcer channels={state.channels} current={channel?.id ?? ""} me={me} />
    </WorkspaceContext>
  );
}

/** Where one goes on typing, as in Slack. On a touch screen it would bring up the keyboard over half of the messages. */
function focusComposer(composer: RefObject<ComposerHandle | null>): void {
  if (matchMedia("(hover: hover)").matches) composer.current?.focus();
}

function useWorkspaceOf(state: PersonState, start: Start | undefined): Workspace {
  const now = useNow();
  return useMemo(
    () => ({
      reader: { timeZone: state.me.tz ?? browserTimeZone(), now },
      me: state.me.id,
      domain: state.team.domain,
      people: state.people,
      bot: state.bot,
      channels: state.channels,
      userGroups: state.userGroups,
      commands: state.commands,
      subcommands: start?.subcommands ?? [],
      shortcuts: state.shortcuts,
      hearsMentions: state.hearsMentions,
    }),
    [state, start, now],
  );
}

function findChannel(state: PersonState, id: string | undefined): PersonChannel | undefined {
  return state.channels.find((channel) => channel.id === id) ?? state.channels[0];
}

/** A channel stays open when one becomes another person; a direct message belongs to one person alone. */
function shared(channel: PersonChannel | undefined): string | undefined {
  return channel?.kind === "im" ? undefined : channel?.id;
}
