import {
  type KeyboardEvent,
  type ReactElement,
  type Ref,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from "react";

export interface ComposerHandle {
  /** Puts a text in, ready to be sent, and the cursor behind it. */
  fill: (text: string) => void;
}

export interface ComposerProps {
  label: string;
  hint: string;
  onSend: (text: string) => void;
  ref?: Ref<ComposerHandle>;
}

/** Where one types. Enter sends, Shift+Enter makes a line, arrow up in an empty field brings the last text back. */
export function Composer({ label, hint, onSend, ref }: ComposerProps): ReactElement {
  const [text, setText] = useState("");
  const [last, setLast] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const hintId = useId();

  useImperativeHandle(
    ref,
    () => ({
      fill: (text) => {
        setText(text);
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

  function onKeyDown(event: KeyboardEvent): void {
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
      <div className="composer-box">
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={label}
          aria-describedby={hintId}
          placeholder={label}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="button button-primary" disabled={text.trim() === ""}>
          Send
        </button>
      </div>
      <p className="composer-hint" id={hintId}>
        {hint}
      </p>
    </form>
  );
}
