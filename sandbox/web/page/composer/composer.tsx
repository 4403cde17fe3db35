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
import { MentionList, mentionId } from "./mention-list.tsx";
import { type Mentionable, useMentions } from "./use-mentions.ts";

export interface ComposerHandle {
  /** Puts a text in, ready to be sent, and the cursor behind it. */
  fill: (text: string) => void;
}

export interface ComposerProps {
  label: string;
  hint: string;
  /** Stands before the field. */
  start?: ReactNode;
  onSend: (text: string) => void;
  ref?: Ref<ComposerHandle>;
}

/**
 * Where one types. Enter sends, Shift+Enter makes a line, arrow up in an empty field brings the last text back. While
 * one types an @ and the start of a name, Enter and Tab take the mention that is offered.
 */
export function Composer({ label, hint, start, onSend, ref }: ComposerProps): ReactElement {
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const mentions = useMentions(text, caret);
  const [last, setLast] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const hintId = useId();
  const listId = useId();
  const offers = mentions.found.length > 0;
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

  function take(mention: Mentionable | undefined): void {
    if (!mention) return;
    const completed = mentions.complete(mention);
    nextCaret.current = completed.caret;
    setText(completed.text);
    setCaret(completed.caret);
  }

  /** Keys that mean something else while mentions are offered. */
  function onMentionKey(event: KeyboardEvent): boolean {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) mentions.move(step);
    else if (event.key === "Enter" || event.key === "Tab") take(mentions.found[mentions.active]);
    else if (event.key === "Escape") mentions.dismiss();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (offers && !event.shiftKey && !event.nativeEvent.isComposing && onMentionKey(event)) return;
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
          aria-controls={offers ? listId : undefined}
          aria-activedescendant={offers ? mentionId(listId, mentions.active) : undefined}
          placeholder={label}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart);
          }}
          onBlur={() => offers && mentions.dismiss()}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="button button-primary" disabled={text.trim() === ""}>
          Send
        </button>
      </div>
      {offers && <MentionList id={listId} mentions={mentions} anchor={box} onChoose={take} />}
      <span className="visually-hidden" role="status">
        {offers && `${mentions.found.length} to mention`}
      </span>
      <p className="composer-hint" id={hintId}>
        {hint}
      </p>
    </form>
  );
}
