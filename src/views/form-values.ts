import { z } from "zod";

import type { FormValues } from "./forms/spec.ts";
import { readRichText } from "./rich-text.ts";

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
