import type { InputBlock, KnownBlock } from "@slack/types";

import type { Registration } from "../../api/cloudflare.ts";
import type { RiskEventGroup } from "../../lookup/facts.ts";
import type { RegistrationState } from "../../lookup/registrations.ts";
import { plain } from "../blocks.ts";
import { cut } from "../text.ts";

/** What a form shows of Cloudflare's state, read before it is drawn. */
/** `now`, epoch milliseconds: labels hold no moment in the reader's zone, but how long ago it was. */
export type Material =
  | { kind: "none" }
  | { kind: "registrations"; state: RegistrationState; registrations: readonly Registration[]; now: number }
  | { kind: "risk-events"; groups: readonly RiskEventGroup[]; now: number };

/** What a submitted form says of one action, or what is wrong, by block id. */
export type ReadForm<Wish> = { ok: true; wish: Wish } | { ok: false; errors: Record<string, string> };

/** What the installation has, beside the action itself. */
export interface FormOffers {
  /** The policy names a block list, and whom the form is about is not known to be kept out by it. */
  canBlock: boolean;
  /** The list keeps them out already. */
  isBlocked: boolean;
}

/** The fields of one action's form: drawing and reading stand together, so that their ids can't drift apart. */
export interface FormSpec<Wish> {
  /** At most 24 characters: Slack's limit for a modal's title. */
  title: string;
  intro: string;
  caution: string | ((offers: FormOffers) => string);
  /** "user": the form is about an Access user. "nobody-yet": about someone who is to be created. */
  about: "user" | "nobody-yet";
  /** While no one is chosen, the form also takes a pasted list of users. */
  takesSeveral?: boolean;
  material: "none" | "active-registrations" | "revoked-registrations" | "all-registrations" | "risk-events";
  fields(material: Material, prefill: Partial<Wish>, offers: FormOffers): KnownBlock[];
  /** `hidden` is what travelled with the form: the keys of the `kinds` of risk events, by their position. */
  read(values: FormValues, hidden: { kinds: readonly string[] }): ReadForm<Wish>;
}

export function defineForm<Wish>(spec: FormSpec<Wish>): FormSpec<Wish> {
  return spec;
}

/** A submitted form's values by block id: every element's action id is its block's. */
export interface FormValues {
  text(blockId: string): string;
  /** The words of a rich text field. */
  rich(blockId: string): string;
  /** The chosen option of a menu or of radio buttons, or null. */
  choice(blockId: string): string | null;
  /** The ticked options of all blocks whose id begins so. */
  ticked(blockIdPrefix: string): string[];
}

export interface TextInputOptions {
  id: string;
  label: string;
  hint?: string;
  placeholder?: string;
  initial?: string | undefined;
  multiline?: boolean;
  optional?: boolean;
  maxLength?: number;
}

/** A text field. Its element's action id is the block's. */
export function textInput(options: TextInputOptions): InputBlock {
  const { id, label, hint, placeholder, initial, maxLength } = options;
  return {
    type: "input",
    block_id: id,
    optional: options.optional === true,
    label: plain(label, 150),
    ...(hint === undefined ? {} : { hint: plain(hint, 150) }),
    element: {
      type: "plain_text_input",
      action_id: id,
      multiline: options.multiline === true,
      ...(maxLength === undefined ? {} : { max_length: maxLength }),
      ...(placeholder === undefined ? {} : { placeholder: plain(placeholder, 150) }),
      ...(initial === undefined || initial === ""
        ? {}
        : { initial_value: cut(initial.toWellFormed(), maxLength ?? 3000) }),
    },
  };
}

export interface CheckboxOption {
  value: string;
  text: string;
  description?: string;
  isTicked: boolean;
}

/** Up to ten options: Slack's limit for one group. */
export function checkboxes(id: string, label: string, options: readonly CheckboxOption[]): InputBlock {
  const all = options.slice(0, 10).map(({ value, text, description, isTicked }) => ({
    isTicked,
    option: {
      value: cut(value, 75, ""),
      text: plain(text, 75),
      ...(description === undefined || description === "" ? {} : { description: plain(description, 75) }),
    },
  }));
  const ticked = all.filter((one) => one.isTicked).map((one) => one.option);
  return {
    type: "input",
    block_id: id,
    optional: true,
    label: plain(label, 150),
    element: {
      type: "checkboxes",
      action_id: id,
      options: all.map((one) => one.option),
      ...(ticked.length === 0 ? {} : { initial_options: ticked }),
    },
  };
}
