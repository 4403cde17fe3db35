import * as z from "zod";
import {
  accessory,
  actionElement,
  checkSource,
  contextElement,
  imageSource,
  inputElement,
} from "./elements.ts";
import { richText } from "./rich-text.ts";
import { anyText, id, plainText } from "./texts.ts";

/** Blocks and the surfaces that show them: https://docs.slack.dev/reference/block-kit/blocks */

const blockId = { block_id: id.optional() };

const section = z
  .strictObject({
    type: z.literal("section"),
    ...blockId,
    text: anyText(3000).optional(),
    fields: z.array(anyText(2000)).min(1).max(10).optional(),
    accessory: accessory.optional(),
    expand: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    if (value.text !== undefined || value.fields !== undefined) return;
    context.addIssue({ code: "custom", message: "missing required field: text" });
  });

const cell = z.discriminatedUnion("type", [
  richText,
  z.strictObject({ type: z.literal("raw_text"), text: z.string().min(1) }),
  z.strictObject({ type: z.literal("raw_number"), value: z.number(), text: z.string().min(1) }),
]);

const everywhere = [
  section,
  richText,
  z.strictObject({ type: z.literal("header"), ...blockId, text: plainText(150) }),
  z.strictObject({ type: z.literal("divider"), ...blockId }),
  z.strictObject({
    type: z.literal("context"),
    ...blockId,
    elements: z.array(contextElement).min(1).max(10),
  }),
  z.strictObject({ type: z.literal("actions"), ...blockId, elements: z.array(actionElement).min(1).max(25) }),
  z
    .strictObject({ type: z.literal("image"), ...blockId, ...imageSource, title: plainText(2000).optional() })
    .superRefine(checkSource),
  // The bot does not draw these: known, and taken as they are.
  z.looseObject({ type: z.literal("video"), ...blockId }),
] as const;

const inMessages = [
  z.strictObject({
    type: z.literal("table"),
    ...blockId,
    rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
    column_settings: z
      .array(
        z
          .strictObject({
            align: z.enum(["left", "center", "right"]).optional(),
            is_wrapped: z.boolean().optional(),
          })
          .nullable(),
      )
      .max(20)
      .optional(),
  }),
  z.strictObject({ type: z.literal("markdown"), ...blockId, text: z.string().min(1).max(12_000) }),
  z.looseObject({ type: z.literal("card"), ...blockId }),
  z.looseObject({ type: z.literal("carousel"), ...blockId }),
  z.looseObject({ type: z.literal("container"), ...blockId }),
  z.looseObject({ type: z.literal("context_actions"), ...blockId }),
  z.looseObject({ type: z.literal("data_table"), ...blockId }),
  z.looseObject({ type: z.literal("file"), ...blockId }),
  z.looseObject({ type: z.literal("plan"), ...blockId }),
  z.looseObject({ type: z.literal("task_card"), ...blockId }),
] as const;

const input = z.strictObject({
  type: z.literal("input"),
  ...blockId,
  label: plainText(2000),
  element: inputElement,
  hint: plainText(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
});

const alert = z.strictObject({
  type: z.literal("alert"),
  ...blockId,
  text: anyText(200),
  level: z.enum(["default", "info", "warning", "error", "success"]).optional(),
});

/** A message holds 50 blocks. Inputs are kept to views: a message has no way to submit them. */
export const messageBlocks = z.array(z.discriminatedUnion("type", [...everywhere, ...inMessages])).max(50);

/** A modal or a Home tab holds 100 blocks. */
export const modalBlocks = z.array(z.discriminatedUnion("type", [...everywhere, input, alert])).max(100);
export const homeBlocks = z.array(z.discriminatedUnion("type", [...everywhere, input])).max(100);
