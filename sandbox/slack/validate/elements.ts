import * as z from "zod";
import {
  mrkdwn,
  colorScheme,
  confirm,
  id,
  optionGroup,
  overflowOption,
  plainOption,
  plainText,
  richOption,
  webUrl,
} from "./texts.ts";

/** Block elements: https://docs.slack.dev/reference/block-kit/block-elements */

const actionId = { action_id: id.optional() };
const placeholder = { placeholder: plainText(150).optional() };
const focus = { focus_on_load: z.boolean().optional() };
const menu = { ...actionId, ...placeholder, ...focus, confirm: confirm.optional() };
const severalOf = { max_selected_items: z.int().min(1).optional() };
const dispatch = {
  dispatch_action_config: z
    .strictObject({
      trigger_actions_on: z
        .array(z.enum(["on_enter_pressed", "on_character_entered"]))
        .min(1)
        .max(2)
        .optional(),
    })
    .optional(),
};
const textInput = {
  ...actionId,
  ...placeholder,
  ...focus,
  ...dispatch,
  initial_value: z.string().optional(),
};
const filter = {
  filter: z
    .strictObject({
      include: z
        .array(z.enum(["im", "mpim", "private", "public"]))
        .min(1)
        .optional(),
      exclude_external_shared_channels: z.boolean().optional(),
      exclude_bot_users: z.boolean().optional(),
    })
    .optional(),
};
const conversation = { default_to_current_conversation: z.boolean().optional(), ...filter };
const answerable = { response_url_enabled: z.boolean().optional() };
const options = {
  options: z.array(plainOption).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
};
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date such as 2026-01-31");
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 22:25");

const button = z.strictObject({
  type: z.literal("button"),
  text: plainText(75),
  ...actionId,
  url: webUrl.optional(),
  value: z.string().max(2000).optional(),
  style: colorScheme.optional(),
  confirm: confirm.optional(),
  accessibility_label: z.string().max(75).optional(),
});

const overflow = z.strictObject({
  type: z.literal("overflow"),
  ...actionId,
  options: z.array(overflowOption).min(1).max(5),
  confirm: confirm.optional(),
});

const checkboxes = z
  .strictObject({
    type: z.literal("checkboxes"),
    ...actionId,
    ...focus,
    options: z.array(richOption).min(1).max(10),
    initial_options: z.array(richOption).min(1).optional(),
    confirm: confirm.optional(),
  })
  .superRefine(checkInitial);

const radioButtons = z
  .strictObject({
    type: z.literal("radio_buttons"),
    ...actionId,
    ...focus,
    options: z.array(richOption).min(1).max(10),
    initial_option: richOption.optional(),
    confirm: confirm.optional(),
  })
  .superRefine(checkInitial);

const staticSelect = z
  .strictObject({
    type: z.literal("static_select"),
    ...menu,
    ...options,
    initial_option: plainOption.optional(),
  })
  .superRefine(checkOptions)
  .superRefine(checkInitial);

const multiStaticSelect = z
  .strictObject({
    type: z.literal("multi_static_select"),
    ...menu,
    ...options,
    ...severalOf,
    initial_options: z.array(plainOption).min(1).optional(),
  })
  .superRefine(checkOptions)
  .superRefine(checkInitial);

const queryLength = { min_query_length: z.int().min(0).optional() };

const selects = [
  staticSelect,
  z.strictObject({
    type: z.literal("external_select"),
    ...menu,
    ...queryLength,
    initial_option: plainOption.optional(),
  }),
  z.strictObject({ type: z.literal("users_select"), ...menu, initial_user: id.optional() }),
  z.strictObject({
    type: z.literal("conversations_select"),
    ...menu,
    ...conversation,
    ...answerable,
    initial_conversation: id.optional(),
  }),
  z.strictObject({
    type: z.literal("channels_select"),
    ...menu,
    ...answerable,
    initial_channel: id.optional(),
  }),
] as const;

const multiSelects = [
  multiStaticSelect,
  z.strictObject({
    type: z.literal("multi_external_select"),
    ...menu,
    ...queryLength,
    ...severalOf,
    initial_options: z.array(plainOption).min(1).optional(),
  }),
  z.strictObject({
    type: z.literal("multi_users_select"),
    ...menu,
    ...severalOf,
    initial_users: z.array(id).optional(),
  }),
  z.strictObject({
    type: z.literal("multi_conversations_select"),
    ...menu,
    ...severalOf,
    ...conversation,
    initial_conversations: z.array(id).optional(),
  }),
  z.strictObject({
    type: z.literal("multi_channels_select"),
    ...menu,
    ...severalOf,
    initial_channels: z.array(id).optional(),
  }),
] as const;

const pickers = [
  z.strictObject({ type: z.literal("datepicker"), ...menu, initial_date: date.optional() }),
  z.strictObject({
    type: z.literal("timepicker"),
    ...menu,
    initial_time: time.optional(),
    timezone: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("datetimepicker"),
    ...actionId,
    ...focus,
    confirm: confirm.optional(),
    initial_date_time: z.int().min(1_000_000_000).max(9_999_999_999).optional(),
  }),
] as const;

const workflowButton = z.strictObject({
  type: z.literal("workflow_button"),
  ...actionId,
  text: plainText(75),
  workflow: z.looseObject({}),
  style: colorScheme.optional(),
  accessibility_label: z.string().max(75).optional(),
  confirm: confirm.optional(),
});

const richTextInput = z.strictObject({
  type: z.literal("rich_text_input"),
  ...actionId,
  ...placeholder,
  ...focus,
  ...dispatch,
  initial_value: z.looseObject({}).optional(),
});

const plainTextInput = z.strictObject({
  type: z.literal("plain_text_input"),
  ...textInput,
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
});

const numberInput = z.strictObject({
  type: z.literal("number_input"),
  ...textInput,
  is_decimal_allowed: z.boolean(),
  min_value: z.string().optional(),
  max_value: z.string().optional(),
});

/** The image element and the image block name their picture the same way. */
export const imageSource = {
  image_url: webUrl.optional(),
  slack_file: z.strictObject({ id: z.string().optional(), url: z.string().optional() }).optional(),
  alt_text: z.string().max(2000),
};

const image = z.strictObject({ type: z.literal("image"), ...imageSource }).superRefine(checkSource);

/** What may stand beside the text of a section. */
export const accessory = z.discriminatedUnion("type", [
  button,
  overflow,
  checkboxes,
  radioButtons,
  image,
  workflowButton,
  ...selects,
  ...multiSelects,
  ...pickers,
]);

/** What an actions block may hold. */
export const actionElement = z.discriminatedUnion("type", [
  button,
  overflow,
  checkboxes,
  radioButtons,
  workflowButton,
  richTextInput,
  ...selects,
  ...multiSelects,
  ...pickers,
]);

/** What an input block may hold. */
export const inputElement = z.discriminatedUnion("type", [
  plainTextInput,
  numberInput,
  z.strictObject({ type: z.literal("email_text_input"), ...textInput }),
  z.strictObject({ type: z.literal("url_text_input"), ...textInput }),
  z.strictObject({
    type: z.literal("file_input"),
    ...actionId,
    filetypes: z.array(z.string()).optional(),
    max_files: z.int().min(1).max(10).optional(),
  }),
  richTextInput,
  checkboxes,
  radioButtons,
  ...selects,
  ...multiSelects,
  ...pickers,
]);

export const contextElement = z.discriminatedUnion("type", [image, plainText(3000), mrkdwn(3000)]);

/** An image has exactly one source. */
export function checkSource(
  value: { image_url?: unknown; slack_file?: unknown },
  context: z.core.$RefinementCtx,
): void {
  if ((value.image_url === undefined) === (value.slack_file === undefined)) {
    context.addIssue({ code: "custom", message: "must have either image_url or slack_file" });
  }
}

function checkOptions(
  value: { options?: unknown; option_groups?: unknown },
  context: z.core.$RefinementCtx,
): void {
  if ((value.options === undefined) === (value.option_groups === undefined)) {
    context.addIssue({ code: "custom", message: "must have either options or option_groups" });
  }
}

interface Choices {
  options?: { value: string }[] | undefined;
  option_groups?: { options: { value: string }[] }[] | undefined;
  initial_option?: { value: string } | undefined;
  initial_options?: { value: string }[] | undefined;
}

/** What is chosen at first must be one of the options, word for word. */
function checkInitial(value: Choices, context: z.core.$RefinementCtx): void {
  const offered = [
    ...(value.options ?? []),
    ...(value.option_groups ?? []).flatMap((group) => group.options),
  ];
  const initial = [...(value.initial_options ?? []), ...(value.initial_option ? [value.initial_option] : [])];
  const words = new Set(offered.map((option) => JSON.stringify(option)));
  if (initial.every((option) => words.has(JSON.stringify(option)))) return;
  const field = value.initial_option === undefined ? "initial_options" : "initial_option";
  context.addIssue({ code: "custom", path: [field], message: "must match one of the options" });
}
