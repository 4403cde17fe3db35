import type { PlainTextOption } from "@slack/types";
import {
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { toPlainString } from "../text/text.tsx";
import { usePlacement } from "../overlays/use-placement.ts";

export interface ComboOption {
  option: PlainTextOption;
  /** The label of the group it is in. */
  group?: string | undefined;
}

export interface ComboboxProps {
  id?: string | undefined;
  label: string;
  describedBy?: string | undefined;
  invalid?: boolean | undefined;
  required?: boolean | undefined;
  focusOnLoad?: boolean;
  placeholder: string;
  /** What stands in the field. */
  text: string;
  options: ComboOption[];
  /** Said in place of options: what to type, that a search runs, that it found nothing. */
  note: string;
  busy?: boolean;
  isChosen: (value: string) => boolean;
  /** Options that can't be chosen now. */
  isDisabled?: (value: string) => boolean;
  /** Chosen several at once: the list stays open. */
  isMulti?: boolean;
  /** What was chosen, before the field. */
  chips?: ReactNode;
  onOpen: () => void;
  onType: (text: string) => void;
  onChoose: (option: PlainTextOption) => void;
  /** The list has closed, with or without a choice. */
  onClose: () => void;
  /** Backspace in an empty field. */
  onBackspace?: () => void;
}

/**
 * A field with a list of choices that follows what one types:
 * https://www.w3.org/WAI/ARIA/apg/patterns/combobox (list autocomplete). Focus stays in the field; Escape closes the
 * list and nothing else.
 */
export function Combobox(props: ComboboxProps): ReactElement {
  const { options, isMulti = false } = props;
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const listId = useId();
  const popup = useRef<HTMLDivElement>(null);
  usePlacement(popup, field, { width: 240 });
  const shows = open && options.length > 0;
  const active = shows ? Math.min(wanted, options.length - 1) : -1;
  const optionId = (index: number): string => `${listId}-${index}`;

  useEffect(() => {
    // Only the list scrolls: scrollIntoView would take the page along.
    const option = popup.current?.querySelector<HTMLElement>("[data-active]");
    const list = popup.current;
    if (!option || !list) return;
    if (option.offsetTop < list.scrollTop) list.scrollTop = option.offsetTop;
    const below = option.offsetTop + option.offsetHeight - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
  });

  function openList(): void {
    if (open) return;
    setOpen(true);
    setWanted(0);
    props.onOpen();
  }

  function closeList(): void {
    if (!open) return;
    setOpen(false);
    props.onClose();
  }

  function choose({ option }: ComboOption): void {
    if (props.isDisabled?.(option.value ?? "")) return;
    props.onChoose(option);
    if (!isMulti) closeList();
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    const chosen = options[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return openList();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setWanted((active + step + options.length) % Math.max(options.length, 1));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (chosen && !event.nativeEvent.isComposing) choose(chosen);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      closeList();
    } else if (event.key === "Backspace" && props.text === "") {
      props.onBackspace?.();
    }
  }

  return (
    <div className="combobox">
      {props.chips}
      <input
        ref={field}
        id={props.id}
        className="field-control"
        type="text"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={shows}
        aria-controls={shows ? listId : undefined}
        aria-activedescendant={active >= 0 ? optionId(active) : undefined}
        aria-label={props.id === undefined ? props.label : undefined}
        aria-describedby={props.describedBy}
        aria-invalid={props.invalid || undefined}
        aria-required={props.required || undefined}
        aria-busy={props.busy || undefined}
        data-focus-on-load={props.focusOnLoad || undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder={props.placeholder}
        value={props.text}
        onClick={openList}
        onFocus={(event) => event.target.select()}
        onBlur={closeList}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          openList();
          setWanted(0);
          props.onType(event.target.value);
        }}
      />
      {open && (
        <div
          ref={popup}
          className="popup"
          // A press must not take the focus from the field.
          onMouseDown={(event) => event.preventDefault()}
        >
          {shows && (
            <div
              role="listbox"
              id={listId}
              aria-label={props.label}
              aria-multiselectable={isMulti || undefined}
            >
              {toGroups(options).map((group) => (
                <Group key={group.label ?? ""} label={group.label}>
                  {group.options.map(({ index, choice }) => (
                    <OptionRow
                      key={choice.option.value}
                      id={optionId(index)}
                      option={choice.option}
                      active={index === active}
                      chosen={props.isChosen(choice.option.value ?? "")}
                      disabled={props.isDisabled?.(choice.option.value ?? "") ?? false}
                      onPoint={() => setWanted(index)}
                      onChoose={() => choose(choice)}
                    />
                  ))}
                </Group>
              ))}
            </div>
          )}
          {props.note && (
            <p className="popup-note" aria-hidden="true">
              {props.note}
            </p>
          )}
        </div>
      )}
      <span className="visually-hidden" role="status">
        {open && (props.note || `${options.length} ${options.length === 1 ? "choice" : "choices"}`)}
      </span>
    </div>
  );
}

function Group({ label, children }: { label: string | undefined; children: ReactNode }): ReactElement {
  if (label === undefined) return <>{children}</>;
  return (
    <div role="group" aria-label={label}>
      <p className="popup-heading" aria-hidden="true">
        {label}
      </p>
      {children}
    </div>
  );
}

function OptionRow(props: {
  id: string;
  option: PlainTextOption;
  active: boolean;
  chosen: boolean;
  disabled: boolean;
  onPoint: () => void;
  onChoose: () => void;
}): ReactElement {
  const { option } = props;
  return (
    // The keyboard's way to an option is the field's.
    // oxlint-disable-next-line jsx_a11y/click-events-have-key-events, jsx_a11y/interactive-supports-focus
    <div
      id={props.id}
      className="popup-item"
      role="option"
      aria-selected={props.chosen}
      aria-disabled={props.disabled || undefined}
      data-active={props.active || undefined}
      onMouseMove={props.onPoint}
      onClick={props.onChoose}
    >
      <span>{toPlainString(option.text)}</span>
      {option.description && <span className="popup-description">{toPlainString(option.description)}</span>}
    </div>
  );
}

interface ShownGroup {
  label: string | undefined;
  options: { index: number; choice: ComboOption }[];
}

/** Neighbors of one group under its label; the index counts through all of them. */
function toGroups(options: ComboOption[]): ShownGroup[] {
  const groups: ShownGroup[] = [];
  for (const [index, choice] of options.entries()) {
    const last = groups.at(-1);
    if (last && last.label === choice.group) last.options.push({ index, choice });
    else groups.push({ label: choice.group, options: [{ index, choice }] });
  }
  return groups;
}
