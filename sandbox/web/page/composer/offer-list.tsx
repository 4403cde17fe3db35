import { type ReactElement, type RefObject, useEffect, useRef } from "react";
import { usePlacement } from "../overlays/use-placement.ts";
import type { Offer } from "./offers.ts";
import type { Offers } from "./use-offers.ts";

/** The choices while one types. The focus stays in the field, which points at the active one. */
export function OfferList(props: {
  id: string;
  offers: Offers;
  anchor: RefObject<HTMLElement | null>;
  onChoose: (offer: Offer) => void;
}): ReactElement {
  const { found, active, note, title } = props.offers;
  const popup = useRef<HTMLDivElement>(null);
  usePlacement(popup, props.anchor);

  useEffect(() => {
    if (active !== undefined)
      popup.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <div ref={popup} className="popup" onMouseDown={(event) => event.preventDefault()}>
      {note && (
        <p className="popup-heading" aria-hidden="true">
          {note}
        </p>
      )}
      <div role="listbox" id={props.id} aria-label={title}>
        {found.map((offer, index) => (
          // The keyboard's way to an option is the field's.
          // oxlint-disable-next-line jsx_a11y/click-events-have-key-events, jsx_a11y/interactive-supports-focus
          <div
            key={offer.label}
            id={offerId(props.id, index)}
            className="popup-item popup-item-row"
            role="option"
            aria-selected={index === active}
            data-active={index === active || undefined}
            onMouseMove={() => index !== active && props.offers.choose(index)}
            onClick={() => props.onChoose(offer)}
          >
            <strong>{offer.label}</strong>
            {offer.name && <span>{offer.name}</span>}
            {offer.about && <span className="popup-description">{offer.about}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}

export function offerId(listId: string, index: number): string {
  return `${listId}-${index}`;
}
