import * as z from "zod";

/** Text objects, confirm dialogs and options: https://docs.slack.dev/reference/block-kit/composition-objects */

export function plainText(max: number) {
  return z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
}

export function mrkdwn(max: number) {
  return z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
}

export function anyText(max: number) {
  return z.discriminatedUnion("type", [plainText(max), mrkdwn(max)]);
}

export const id = z.string().min(1).max(255);

export const webUrl = z
  .string()
  .max(3000)
  .refine((text) => URL.canParse(text), "must be a valid URL");

export const colorScheme = z.enum(["primary", "danger"]);

export const confirm = z.strictObject({
  title: plainText(100).optional(),
  text: anyText(300),
  confirm: plainText(30).optional(),
  deny: plainText(30).optional(),
  style: colorScheme.optional(),
});

/** An option of a select menu. */
export const plainOption = z.strictObject({
  text: plainText(75),
  value: z.string().min(1).max(75),
  description: plainText(75).optional(),
});

/** An option of checkboxes and radio buttons, which alone may use mrkdwn. */
export const richOption = z.strictObject({
  text: anyText(75),
  value: z.string().min(1).max(75),
  description: anyText(75).optional(),
});

/** An option of an overflow menu, which alone may open a URL. */
export const overflowOption = z.strictObject({ ...plainOption.shape, url: webUrl.optional() });

export const optionGroup = z.strictObject({
  label: plainText(75),
  options: z.array(plainOption).min(1).max(100),
});
