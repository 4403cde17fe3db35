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

const header = z.strictObject({ type: z.literal("header"), ...blockId, text: plainText(150) });
const divider = z.strictObject({ type: z.literal("divider"), ...blockId });
const contextBlock = z.strictObject({
  type: z.literal("context"),
  ...blockId,
  elements: z.array(contextElement).min(1).max(10),
});
const actions = z.strictObject({
  type: z.literal("actions"),
  ...blockId,
  elements: z.array(actionElement).min(1).max(25),
});
const image = z
  .strictObject({ type: z.literal("image"), ...blockId, ...imageSource, title: plainText(2000).optional() })
  .superRefine(checkSource);
// The bot does not draw it: known, and taken as it is.
const video = z.looseObject({ type: z.literal("video"), ...blockId });

const everywhere = [section, richText, header, divider, contextBlock, actions, image, video] as const;

const table = z.strictObject({
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
});

// https://docs.slack.dev/reference/block-kit/blocks/container-block; the validator takes no rich_text in it.
const container = z
  .strictObject({
    type: z.literal("container"),
    ...blockId,
    title: plainText(150).optional(),
    rich_text_title: richText.optional(),
    subtitle: anyText(150).optional(),
    child_blocks: z
      .array(
        z.discriminatedUnion("type", [section, header, divider, contextBlock, actions, image, video, table]),
      )
      .min(1)
      .max(10),
    width: z.enum(["narrow", "standard", "wide", "full"]).optional(),
    icon: z.looseObject({ type: z.literal("image") }).optional(),
    is_collapsible: z.boolean().optional(),
    default_collapsed: z.boolean().optional(),
    has_header_divider: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    if (value.title === undefined && value.rich_text_title === undefined)
      context.addIssue({ code: "custom", message: "missing required field: title" });
    if (value.default_collapsed === true && value.is_collapsible !== true)
      context.addIssue({ code: "custom", message: "default_collapsed requires is_collapsible" });
  });

const inMessages = [
  table,
  container,
  z.strictObject({ type: z.literal("markdown"), ...blockId, text: z.string().min(1).max(12_000) }),
  z.looseObject({ type: z.literal("card"), ...blockId }),
  z.looseObject({ type: z.literal("carousel"), ...blockId }),
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
