import type { PlainTextElement } from "@slack/types";
import { createContext, useContext } from "react";
import type { ComboOption } from "./combobox.tsx";

/** What was chosen in an external select. Only the app knows its text, so it travels whole. */
export interface ChosenOption {
  text: PlainTextElement;
  value: string;
  description?: PlainTextElement;
}

/** A datetimepicker holds seconds since the epoch; what holds several choices is an array. */
export type FieldValue = string | number | string[] | ChosenOption | ChosenOption[];

/** Asks the app what an external select offers for the words typed so far. */
export type Suggest = (asked: {
  actionId: string;
  blockId: string;
  value: string;
}) => Promise<{ ok: boolean; options: ComboOption[] }>;

/**
 * What the blocks stand in: a message, or a view (a modal or the Home tab). Controls in a message act at once; inputs of
 * a view keep their value there until it is submitted.
 */
export interface BlockHost {
  surface: "message" | "view";
  /** Tells the app that a control was used. Resolves when the app has acknowledged it. */
  act: (control: { actionId: string; blockId: string; value?: FieldValue }) => Promise<void>;
  suggest: Suggest;
  /** What a person has entered so far, undefined for an input not yet touched. */
  valueOf: (blockId: string, actionId: string) => FieldValue | undefined;
  setValue: (blockId: string, actionId: string, value: FieldValue) => void;
  /** What is wrong with an input block, by block_id. */
  errors: Record<string, string>;
}

export const BlockHostContext = createContext<BlockHost>({
  surface: "message",
  act: async () => {},
  suggest: async () => ({ ok: false, options: [] }),
  valueOf: () => undefined,
  setValue: () => {},
  errors: {},
});

export function useBlockHost(): BlockHost {
  return useContext(BlockHostContext);
}
