import { type ReactElement, useRef } from "react";
import type { StoredView } from "../../../slack/types.ts";
import { type BlockHost, BlockHostContext } from "../blocks/block-host.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { type ActInView, useViewHost } from "../blocks/use-view-host.ts";
import { useKeptFocus } from "../overlays/use-kept-focus.ts";

/** The app's tabs: what it publishes for one person, and its conversation with them. */
export function AppTabs(props: {
  bot: string;
  current: "home" | undefined;
  onOpen: (tab: "home" | undefined) => void;
}): ReactElement {
  const tabs = [
    { name: "Home", tab: "home" as const },
    { name: "Messages", tab: undefined },
  ];
  return (
    <nav className="tabs" aria-label={props.bot}>
      {tabs.map(({ name, tab }) => (
        <button
          key={name}
          type="button"
          className="tab"
          aria-current={tab === props.current ? "page" : undefined}
          onClick={() => props.onOpen(tab)}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}

/** The view that the app published last for this person. */
export function HomeTab(props: {
  view: StoredView | undefined;
  onAct: ActInView;
  onSuggest: BlockHost["suggest"];
}): ReactElement {
  const { host } = useViewHost(props.onAct, props.onSuggest);
  const section = useRef<HTMLElement>(null);
  useKeptFocus(section);
  return (
    // oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- so that the arrow keys can scroll it
    <section ref={section} className="home message-body" aria-label="Home" tabIndex={0}>
      <div className="home-blocks">
        {props.view === undefined ? (
          <p className="home-empty" role="status">
            Nothing here yet. The app fills this tab when someone opens it.
          </p>
        ) : (
          <BlockHostContext value={host}>
            <Blocks blocks={props.view.blocks} />
          </BlockHostContext>
        )}
      </div>
    </section>
  );
}
