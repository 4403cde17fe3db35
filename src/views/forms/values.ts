import { z } from "zod";

import { maskSecrets } from "../../secrets.ts";
import type { FormValues } from "./spec.ts";
import { readRichText } from "../rich-text.ts";

/** A submitted form, as far as it is read. */
export interface SubmittedForm {
  private_metadata: string;
  state: { values: unknown };
}

/** What is wrong with what was filled in, by the block's id. */
export type FormErrors = Record<string, string>;

const Option = z.object({ value: z.string(), text: z.object({ text: z.string() }).optional() });
const Element = z.object({
  value: z.string().nullish(),
  rich_text_value: z.unknown().optional(),
  selected_option: Option.nullish(),
  selected_options: z.array(Option).nullish(),
});
const Blocks = z.record(z.string(), z.record(z.string(), Element));

/** The form without the credentials that somebody typed into its fields, and what these were. */
export function maskForm(form: SubmittedForm): { form: SubmittedForm; found: string[] } {
  const found = new Set<string>();
  const mask = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(mask);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        if (typeof value !== "string" || !TYPED.has(key)) return [key, mask(value)];
        const masked = maskSecrets(value);
        for (const name of masked.found) found.add(name);
        return [key, masked.text];
      }),
    );
  };
  const values = mask(form.state.values);
  return { form: { ...form, state: { values } }, found: [...found] };
}

/** Where a form's values hold what was typed: a text field's value, and the words and links of rich text. */
const TYPED: ReadonlySet<string> = new Set(["value", "text", "url"]);

/** What was filled in; `option` also tells how a chosen one was shown. @throws ZodError when the form is not ours. */
export function readValues({ state }: Pick<SubmittedForm, "state">): FormValues & {
  option(blockId: string): z.infer<typeof Option> | null;
} {
  const blocks = Blocks.parse(state.values);
  const element = (id: string) => blocks[id]?.[id];
  return {
    text: (id) => element(id)?.value?.trim() ?? "",
    rich: (id) => readRichText(element(id)?.rich_text_value),
    choice: (id) => element(id)?.selected_option?.value ?? null,
    option: (id) => element(id)?.selected_option ?? null,
    ticked: (prefix) =>
      Object.keys(blocks)
        .filter((id) => id.startsWith(prefix))
        .flatMap((id) => element(id)?.selected_options?.map((option) => option.value) ?? []),
  };
}
