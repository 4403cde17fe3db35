import {
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  type Ref,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useWorkspace } from "../workspace.ts";
import { OfferList, offerId } from "./offer-list.tsx";
import type { Offer } from "./offers.ts";
import { useOffers } from "./use-offers.ts";

export interface ComposerHandle {
  /** Puts a text in, ready to be sent, and the cursor behind it. */
  fill: (text: string) => void;
  focus: () => void;
}

export interface ComposerProps {
  label: string;
  hint: string;
  /** Whether slash commands work here, and are suggested. */
  takesCommands: boolean;
  /** Stands before the field. */
  start?: ReactNode;
  onSend: (text: string) => void;
  ref?: Ref<ComposerHandle>;
}

/**
 * Where one types. Enter sends, Shift+Enter makes a line, arrow up in an empty field brings the last text back. While
 * one types an @ and the start of a name, or a slash command, Enter and Tab take what is offered.
 */
export function Composer({ label, hint, takesCommands, start, onSend, ref }: ComposerProps): ReactElement {
  const { commands } = useWorkspace();
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const offers = useOffers(text, caret, takesCommands);
  const [last, setLast] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const hintId = useId();
  const listId = useId();
  const isOffering = offers.found.length > 0;
  const command = takesCommands
    ? commands.find((one) => text === one.command || text.startsWith(`${one.command} `))
    : undefined;
  /** Where the cursor goes once the text that was put in is there. */
  const nextCaret = useRef<number>(undefined);

  useLayoutEffect(() => {
    if (nextCaret.current === undefined) return;
    field.current?.setSelectionRange(nextCaret.current, nextCaret.current);
    nextCaret.current = undefined;
  });

  useImperativeHandle(
    ref,
    () => ({
      fill: (text) => {
        setText(text);
        setCaret(text.length);
        field.current?.focus();
      },
      focus: () => field.current?.focus(),
    }),
    [],
  );

  function send(): void {
    const content = text.trim();
    if (content === "") return;
    setLast(content);
    setText("");
    onSend(content);
  }

  function take(offer: Offer): void {
    const completed = offers.complete(offer);
    nextCaret.current = completed.caret;
    setText(completed.text);
    setCaret(completed.caret);
  }

  /** Keys that mean something else while there are offers. */
  function onOfferKey(event: KeyboardEvent): boolean {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const active = offers.active === undefined ? undefined : offers.found[offers.active];
    if (step !== undefined) offers.move(step);
    else if ((event.key === "Enter" || event.key === "Tab") && active) take(active);
    else if (event.key === "Escape") offers.dismiss();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isOffering && !event.shiftKey && !event.nativeEvent.isComposing && onOfferKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
    if (event.key === "ArrowUp" && text === "" && last !== "") {
      event.preventDefault();
      setText(last);
    }
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="composer-box" ref={box}>
        {start}
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={label}
          aria-describedby={hintId}
          aria-autocomplete="list"
          aria-controls={isOffering ? listId : undefined}
          aria-activedescendant={offers.active === undefined ? undefined : offerId(listId, offers.active)}
          placeholder={label}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart);
          }}
          onBlur={() => isOffering && offers.dismiss()}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="button button-primary" disabled={text.trim() === ""}>
          Send
        </button>
      </div>
      {isOffering && <OfferList id={listId} offers={offers} anchor={box} onChoose={take} />}
      <span className="visually-hidden" role="status">
        {isOffering && `${offers.title}: ${offers.found.length}`}
      </span>
      <p className="composer-hint" id={hintId}>
        {command ? `${command.command} ${command.usageHint ?? ""}: ${command.description}` : hint}
      </p>
    </form>
  );
}
