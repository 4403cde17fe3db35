import { useMemo, useState } from "react";
import type { SubmittedValues } from "../../../slack/types.ts";
import type { BlockHost, FieldValue } from "./block-host.ts";

type Entered = Record<string, Record<string, FieldValue>>;

export type ActInView = (
  control: Parameters<BlockHost["act"]>[0] & { values: SubmittedValues },
) => Promise<void>;

/** The host of a view's blocks, a modal's or a Home tab's. What is entered lives as long as the view, updates included. */
export function useViewHost(
  onAct: ActInView,
  onSuggest: BlockHost["suggest"],
): { host: BlockHost; entered: Entered; setErrors: (errors: Record<string, string>) => void } {
  const [entered, setEntered] = useState<Entered>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const host = useMemo<BlockHost>(
    () => ({
      surface: "view",
      // The app is told what the other inputs hold at that moment.
      act: (control) => onAct({ ...control, values: entered }),
      suggest: onSuggest,
      valueOf: (blockId, actionId) => entered[blockId]?.[actionId],
      setValue: (blockId, actionId, value) => {
        setEntered((before) => ({ ...before, [blockId]: { ...before[blockId], [actionId]: value } }));
        setErrors(({ [blockId]: _fixed, ...rest }) => rest);
      },
      errors,
    }),
    [onAct, onSuggest, entered, errors],
  );
  return { host, entered, setErrors };
}
