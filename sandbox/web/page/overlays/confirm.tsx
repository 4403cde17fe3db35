import type { ConfirmationDialog } from "@slack/types";
import { createContext, type ReactElement, type ReactNode, useCallback, useContext, useState } from "react";
import { Dialog } from "./dialog.tsx";
import { TextObject, toPlainString } from "../text/text.tsx";

type Ask = (confirm: ConfirmationDialog | undefined) => Promise<boolean>;

const AskContext = createContext<Ask>(async () => true);

/** Asks for a confirmation if the control wants one; true means go on. */
export function useAsk(): Ask {
  return useContext(AskContext);
}

interface Question {
  confirm: ConfirmationDialog;
  answer: (yes: boolean) => void;
}

export function ConfirmProvider({ children }: { children: ReactNode }): ReactElement {
  const [question, setQuestion] = useState<Question>();
  const ask = useCallback<Ask>((confirm) => {
    if (confirm === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      setQuestion({
        confirm,
        answer: (yes) => {
          setQuestion(undefined);
          resolve(yes);
        },
      });
    });
  }, []);
  return (
    <AskContext value={ask}>
      {children}
      {question && <ConfirmDialog {...question} />}
    </AskContext>
  );
}

function ConfirmDialog({ confirm, answer }: Question): ReactElement {
  return (
    <Dialog
      title={toPlainString(confirm.title)}
      role="alertdialog"
      size="small"
      onClose={() => {
        answer(false);
      }}
      footer={
        <>
          <button type="button" className="button" onClick={() => answer(false)}>
            {toPlainString(confirm.deny) || "Cancel"}
          </button>
          <button
            type="button"
            // Slack gives the button no focus: Enter must not confirm what was not read.
            className={confirm.style === "danger" ? "button button-danger" : "button button-primary"}
            onClick={() => answer(true)}
          >
            {toPlainString(confirm.confirm) || "Yes"}
          </button>
        </>
      }
    >
      <TextObject text={confirm.text} />
    </Dialog>
  );
}
