import type { ReactElement } from "react";

/** Opens and closes what stands beside the messages; a count says what in it needs a look. */
export function ToolButton(props: {
  name: string;
  count?: number;
  /** What is counted, for those who hear the button. */
  counted?: string;
  isOpen: boolean;
  onToggle: () => void;
}): ReactElement {
  const { count = 0 } = props;
  return (
    <button type="button" className="button" aria-expanded={props.isOpen} onClick={props.onToggle}>
      {props.name}
      {count > 0 && (
        <span className="tool-count">
          {count > 99 ? "99+" : count}
          <span className="visually-hidden"> {props.counted}</span>
        </span>
      )}
    </button>
  );
}
