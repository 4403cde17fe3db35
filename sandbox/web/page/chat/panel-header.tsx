import type { ReactElement, RefObject } from "react";

/** The head of a panel: what it is, and the way out. Where it covers the channel the way out stands first, as "back". */
export function PanelHeader({
  id,
  title,
  place,
  titleRef,
  covers,
  closeLabel,
  onClose,
}: {
  id: string;
  title: string;
  /** Which channel it belongs to. */
  place?: string;
  /** The title takes the focus when the panel opens. */
  titleRef: RefObject<HTMLHeadingElement | null>;
  covers: boolean;
  closeLabel: string;
  onClose: () => void;
}): ReactElement {
  const way = (
    <button type="button" className="icon-button" aria-label={closeLabel} onClick={onClose}>
      <span aria-hidden="true">{covers ? "‹" : "✕"}</span>
    </button>
  );
  return (
    <header className={covers ? "panel-header panel-header-covers" : "panel-header"}>
      {covers && way}
      <h2 id={id} ref={titleRef} tabIndex={-1}>
        {title} {place && <span className="panel-place">{place}</span>}
      </h2>
      {!covers && way}
    </header>
  );
}
