import { type ReactElement, useState } from "react";
import { Dialog } from "../overlays/dialog.tsx";

/** What one's own message says, to be changed. */
export function EditDialog(props: {
  text: string;
  onClose: () => void;
  onSave: (text: string) => void;
}): ReactElement {
  const [text, setText] = useState(props.text);
  const save = () => {
    if (text.trim() === "") return;
    props.onSave(text);
    props.onClose();
  };
  return (
    <Dialog
      title="Edit message"
      size="small"
      onClose={props.onClose}
      onSubmit={save}
      footer={
        <>
          <button type="button" className="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={text.trim() === ""}>
            Save
          </button>
        </>
      }
    >
      <textarea
        aria-label="Message"
        rows={4}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </Dialog>
  );
}
