import { type ReactElement, type RefObject, useRef } from "react";
import type { Mentionable, Mentions } from "./use-mentions.ts";
import { usePlacement } from "../overlays/use-placement.ts";

/** The choices while one types a mention. The focus stays in the field, which points at the active one. */
export function MentionList(props: {
  id: string;
  mentions: Mentions;
  anchor: RefObject<HTMLElement | null>;
  onChoose: (mention: Mentionable) => void;
}): ReactElement {
  const { found, active } = props.mentions;
  const popup = useRef<HTMLDivElement>(null);
  usePlacement(popup, props.anchor);
  return (
    <div ref={popup} className="popup" onMouseDown={(event) => event.preventDefault()}>
      <div role="listbox" id={props.id} aria-label="Mentions">
        {found.map((mention, index) => (
          // The keyboard's way to an option is the field's.
          // oxlint-disable-next-line jsx_a11y/click-events-have-key-events, jsx_a11y/interactive-supports-focus
          <div
            key={mention.handle}
            id={mentionId(props.id, index)}
            className="popup-item popup-item-row"
            role="option"
            aria-selected={index === active}
            data-active={index === active || undefined}
            onMouseMove={() => index !== active && props.mentions.move(index - active)}
            onClick={() => props.onChoose(mention)}
          >
            <strong>@{mention.handle}</strong>
            {mention.name !== mention.handle && <span>{mention.name}</span>}
            {mention.about && <span className="popup-description">{mention.about}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}

export function mentionId(listId: string, index: number): string {
  return `${listId}-${index}`;
}
