import { describe, expect, it } from "vitest";
import { validateMessage, validateView } from "../../../sandbox/slack/validate.ts";

const plain = (text: string) => ({ type: "plain_text", text });
const mrkdwn = (text: string) => ({ type: "mrkdwn", text });
const long = (length: number) => "x".repeat(length);
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const section = (text = "hello") => ({ type: "section", text: mrkdwn(text) });
const button = (change = {}) => ({ type: "button", action_id: "go", text: plain("Go"), ...change });
const actions = (...elements: unknown[]) => ({ type: "actions", elements });
const option = (change = {}) => ({ text: plain("One"), value: "1", ...change });
const options = (count: number) => times(count, (i) => option({ value: String(i) }));
const select = (change = {}) => ({ type: "static_select", action_id: "s", options: options(2), ...change });
const cell = (text = "x") => ({ type: "raw_text", text });
const table = (rows: number, columns: number) => ({
  type: "table",
  rows: times(rows, () => times(columns, () => cell())),
});
const input = (element: unknown, change = {}) => ({
  type: "input",
  block_id: "b",
  label: plain("L"),
  element,
  ...change,
});
const textInput = (change = {}) => ({ type: "plain_text_input", action_id: "t", ...change });
const confirm = (change = {}) => ({
  title: plain("Sure?"),
  text: mrkdwn("It ends"),
  confirm: plain("Yes"),
  deny: plain("No"),
  ...change,
});
const modal = (change = {}) => ({
  type: "modal",
  title: plain("Title"),
  submit: plain("Send"),
  blocks: [section()],
  ...change,
});
const richText = (...elements: unknown[]) => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements }],
});
const picture = { type: "image", image_url: "https://example.com/a.png", alt_text: "a" };

function messageErrors(blocks: unknown, text: unknown = "text"): string[] {
  return validateMessage({ text, blocks }).map(
    ({ error, message, pointer }) => `${error}: ${message} at ${pointer}`,
  );
}

function viewErrors(view: unknown): string[] {
  return validateView(view).map(({ error, message, pointer }) => `${error}: ${message} at ${pointer}`);
}

describe("a message", () => {
  it.each<[string, unknown]>([
    ["a section with text", section()],
    ["a section at its limit", section(long(3000))],
    [
      "a section with ten fields at their limit",
      { type: "section", fields: times(10, () => mrkdwn(long(1000))) },
    ],
    ["a header", { type: "header", text: plain(long(150)) }],
    ["a divider", { type: "divider" }],
    ["a context of ten elements", { type: "context", elements: [...times(9, () => mrkdwn("a")), picture] }],
    ["25 buttons", actions(...times(25, (i) => button({ action_id: `a${i}` })))],
    [
      "a button with everything",
      actions(
        button({
          value: long(2000),
          url: "https://example.com",
          style: "danger",
          confirm: confirm({ style: "danger" }),
          accessibility_label: long(75),
        }),
      ),
    ],
    [
      "an overflow menu",
      { ...section(), accessory: { type: "overflow", action_id: "o", options: options(5) } },
    ],
    [
      "a static select with groups",
      actions(select({ options: undefined, option_groups: [{ label: plain("G"), options: options(100) }] })),
    ],
    [
      "a static select with a choice",
      actions(
        select({
          options: options(100),
          initial_option: option({ value: "7" }),
          placeholder: plain(long(150)),
        }),
      ),
    ],
    ["an external select", actions({ type: "external_select", action_id: "e", min_query_length: 2 })],
    ["a users select", actions({ type: "users_select", action_id: "u", initial_user: "U1" })],
    [
      "a multi users select",
      { ...section(), accessory: { type: "multi_users_select", action_id: "m", max_selected_items: 3 } },
    ],
    [
      "a conversations select",
      actions({ type: "conversations_select", action_id: "c", filter: { include: ["public"] } }),
    ],
    ["a channels select", actions({ type: "channels_select", action_id: "c" })],
    [
      "checkboxes",
      actions({
        type: "checkboxes",
        action_id: "c",
        options: [option({ text: mrkdwn("*x*"), description: mrkdwn("d") })],
      }),
    ],
    [
      "radio buttons",
      actions({
        type: "radio_buttons",
        action_id: "r",
        options: options(10),
        initial_option: option({ value: "3" }),
      }),
    ],
    [
      "pickers",
      actions(
        { type: "datepicker", action_id: "d", initial_date: "2026-01-31" },
        { type: "timepicker", action_id: "t", initial_time: "22:25" },
      ),
    ],
    ["an image block", { ...picture, title: plain("t") }],
    ["an image accessory", { ...section(), accessory: picture }],
    ["a table at its limits", table(100, 20)],
    [
      "a table of rich text and numbers",
      {
        type: "table",
        column_settings: [{ align: "right" }, null],
        rows: [
          [
            richText({ type: "text", text: "a", style: { bold: true } }),
            { type: "raw_number", value: 3, text: "3" },
          ],
        ],
      },
    ],
    [
      "rich text",
      richText(
        { type: "text", text: "a" },
        { type: "user", user_id: "U1" },
        { type: "link", url: "https://example.com" },
        { type: "emoji", name: "wave" },
        { type: "date", timestamp: 1700000000, format: "{date}", fallback: "x" },
      ),
    ],
    [
      "a rich text list, quote and code",
      {
        type: "rich_text",
        elements: [
          {
            type: "rich_text_list",
            style: "bullet",
            indent: 1,
            elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "a" }] }],
          },
          { type: "rich_text_quote", elements: [{ type: "text", text: "q" }] },
          { type: "rich_text_preformatted", elements: [{ type: "text", text: "c" }] },
        ],
      },
    ],
    ["markdown", { type: "markdown", text: long(12_000) }],
    ["a field that is undefined", { ...section(), accessory: undefined }],
  ])("may hold %s", (_name, block) => {
    expect(messageErrors([block])).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    [
      "an unknown block",
      { type: "sections" },
      "invalid_blocks: unsupported type: sections at /blocks/0/type",
    ],
    [
      "a block without a type",
      { text: plain("x") },
      "invalid_blocks: missing required field: type at /blocks/0",
    ],
    [
      "an alert",
      { type: "alert", text: plain("x") },
      "invalid_blocks: unsupported type: alert at /blocks/0/type",
    ],
    ["an input", input(textInput()), "invalid_blocks: unsupported type: input at /blocks/0/type"],
    [
      "a section without text and fields",
      { type: "section" },
      "invalid_blocks: missing required field: text at /blocks/0",
    ],
    ["an empty text", section(""), "invalid_blocks: must be more than 0 characters at /blocks/0/text/text"],
    [
      "a section of 3,001 characters",
      section(long(3001)),
      "invalid_blocks: must be less than 3001 characters at /blocks/0/text/text",
    ],
    [
      "eleven fields",
      { type: "section", fields: times(11, () => plain("x")) },
      "invalid_blocks: no more than 10 items allowed at /blocks/0/fields",
    ],
    [
      "a field of 2,001 characters",
      { type: "section", fields: [plain(long(2001))] },
      "invalid_blocks: must be less than 2001 characters at /blocks/0/fields/0/text",
    ],
    [
      "a property that does not exist",
      { ...section(), color: "red" },
      "invalid_blocks: invalid additional property: color at /blocks/0",
    ],
    [
      "a header of 151 characters",
      { type: "header", text: plain(long(151)) },
      "invalid_blocks: must be less than 151 characters at /blocks/0/text/text",
    ],
    [
      "a header in mrkdwn",
      { type: "header", text: mrkdwn("x") },
      "invalid_blocks: must be one of: plain_text at /blocks/0/text/type",
    ],
    [
      "an empty context",
      { type: "context", elements: [] },
      "invalid_blocks: no fewer than 1 items allowed at /blocks/0/elements",
    ],
    [
      "a context of eleven elements",
      { type: "context", elements: times(11, () => plain("x")) },
      "invalid_blocks: no more than 10 items allowed at /blocks/0/elements",
    ],
    [
      "a button in a context",
      { type: "context", elements: [button()] },
      "invalid_blocks: unsupported type: button at /blocks/0/elements/0/type",
    ],
    [
      "26 buttons",
      actions(...times(26, (i) => button({ action_id: `a${i}` }))),
      "invalid_blocks: no more than 25 items allowed at /blocks/0/elements",
    ],
    [
      "a button with a label of 76 characters",
      actions(button({ text: plain(long(76)) })),
      "invalid_blocks: must be less than 76 characters at /blocks/0/elements/0/text/text",
    ],
    [
      "a button with a label in mrkdwn",
      actions(button({ text: mrkdwn("x") })),
      "invalid_blocks: must be one of: plain_text at /blocks/0/elements/0/text/type",
    ],
    [
      "a button with a value of 2,001 characters",
      actions(button({ value: long(2001) })),
      "invalid_blocks: must be less than 2001 characters at /blocks/0/elements/0/value",
    ],
    [
      "a button with a bad url",
      actions(button({ url: "not a url" })),
      "invalid_blocks: must be a valid URL at /blocks/0/elements/0/url",
    ],
    [
      "a button with another style",
      actions(button({ style: "default" })),
      "invalid_blocks: must be one of: primary, danger at /blocks/0/elements/0/style",
    ],
    [
      "a confirm with a title of 101 characters",
      actions(button({ confirm: confirm({ title: plain(long(101)) }) })),
      "invalid_blocks: must be less than 101 characters at /blocks/0/elements/0/confirm/title/text",
    ],
    [
      "a confirm with a text of 301 characters",
      actions(button({ confirm: confirm({ text: plain(long(301)) }) })),
      "invalid_blocks: must be less than 301 characters at /blocks/0/elements/0/confirm/text/text",
    ],
    [
      "a confirm with a button of 31 characters",
      actions(button({ confirm: confirm({ confirm: plain(long(31)) }) })),
      "invalid_blocks: must be less than 31 characters at /blocks/0/elements/0/confirm/confirm/text",
    ],
    [
      "a confirm without a text",
      actions(button({ confirm: confirm({ text: undefined }) })),
      "invalid_blocks: missing required field: text at /blocks/0/elements/0/confirm",
    ],
    [
      "an action_id of 256 characters",
      actions(button({ action_id: long(256) })),
      "invalid_blocks: must be less than 256 characters at /blocks/0/elements/0/action_id",
    ],
    [
      "a block_id of 256 characters",
      { ...section(), block_id: long(256) },
      "invalid_blocks: must be less than 256 characters at /blocks/0/block_id",
    ],
    [
      "the same action_id twice in a block",
      actions(button(), button()),
      "invalid_blocks: action_id already exists in this block at /blocks/0",
    ],
    [
      "a select of 101 options",
      actions(select({ options: options(101) })),
      "invalid_blocks: no more than 100 items allowed at /blocks/0/elements/0/options",
    ],
    [
      "a select without options",
      actions(select({ options: undefined })),
      "invalid_blocks: must have either options or option_groups at /blocks/0/elements/0",
    ],
    [
      "a select with a choice it does not offer",
      actions(select({ initial_option: option({ value: "x" }) })),
      "invalid_blocks: must match one of the options at /blocks/0/elements/0/initial_option",
    ],
    [
      "an option text of 76 characters",
      actions(select({ options: [option({ text: plain(long(76)) })] })),
      "invalid_blocks: must be less than 76 characters at /blocks/0/elements/0/options/0/text/text",
    ],
    [
      "an option value of 76 characters",
      actions(select({ options: [option({ value: long(76) })] })),
      "invalid_blocks: must be less than 76 characters at /blocks/0/elements/0/options/0/value",
    ],
    [
      "an option description of 76 characters",
      actions(select({ options: [option({ description: plain(long(76)) })] })),
      "invalid_blocks: must be less than 76 characters at /blocks/0/elements/0/options/0/description/text",
    ],
    [
      "eleven radio buttons",
      actions({ type: "radio_buttons", options: options(11) }),
      "invalid_blocks: no more than 10 items allowed at /blocks/0/elements/0/options",
    ],
    [
      "eleven checkboxes",
      actions({ type: "checkboxes", options: options(11) }),
      "invalid_blocks: no more than 10 items allowed at /blocks/0/elements/0/options",
    ],
    [
      "an overflow menu of six",
      actions({ type: "overflow", options: options(6) }),
      "invalid_blocks: no more than 5 items allowed at /blocks/0/elements/0/options",
    ],
    [
      "a placeholder of 151 characters",
      actions(select({ placeholder: plain(long(151)) })),
      "invalid_blocks: must be less than 151 characters at /blocks/0/elements/0/placeholder/text",
    ],
    [
      "a text input outside an input",
      actions(textInput()),
      "invalid_blocks: unsupported type: plain_text_input at /blocks/0/elements/0/type",
    ],
    [
      "an image without alt_text",
      { ...picture, alt_text: undefined },
      "invalid_blocks: missing required field: alt_text at /blocks/0",
    ],
    [
      "an image without a source",
      { type: "image", alt_text: "a" },
      "invalid_blocks: must have either image_url or slack_file at /blocks/0",
    ],
    [
      "a date that is none",
      actions({ type: "datepicker", initial_date: "31.1.2026" }),
      "invalid_blocks: must be a date such as 2026-01-31 at /blocks/0/elements/0/initial_date",
    ],
    [
      "a table of 101 rows",
      table(101, 1),
      "invalid_blocks: no more than 100 items allowed at /blocks/0/rows",
    ],
    [
      "a table of 21 columns",
      table(1, 21),
      "invalid_blocks: no more than 20 items allowed at /blocks/0/rows/0",
    ],
    [
      "an empty table cell",
      { type: "table", rows: [[cell("")]] },
      "invalid_blocks: must be more than 0 characters at /blocks/0/rows/0/0/text",
    ],
    [
      "a table cell in mrkdwn",
      { type: "table", rows: [[mrkdwn("x")]] },
      "invalid_blocks: unsupported type: mrkdwn at /blocks/0/rows/0/0/type",
    ],
    [
      "an empty rich text run",
      richText({ type: "text", text: "" }),
      "invalid_blocks: must be more than 0 characters at /blocks/0/elements/0/elements/0/text",
    ],
    [
      "markdown of 12,001 characters",
      { type: "markdown", text: long(12_001) },
      "invalid_blocks: must be less than 12001 characters at /blocks/0/text",
    ],
  ])("may not hold %s", (_name, block, problem) => {
    expect(messageErrors([block])).toEqual([problem]);
  });

  it.each<[string, unknown, string]>([
    [
      "51 blocks",
      times(51, () => ({ type: "divider" })),
      "invalid_blocks: no more than 50 items allowed at /blocks",
    ],
    [
      "the same block_id twice",
      [
        { ...section(), block_id: "a" },
        { ...section(), block_id: "a" },
      ],
      "invalid_blocks: block_id already exists: a at /blocks/1/block_id",
    ],
    ["two tables", [table(1, 1), table(1, 1)], "invalid_attachments: only_one_table_allowed at /blocks"],
    [
      "more than 13,200 characters in all",
      times(5, () => section(long(2700))),
      "msg_blocks_too_long: the blocks hold too much text at /blocks",
    ],
    ["blocks that are no list", section(), "invalid_blocks_format: must be an array at /blocks"],
  ])("may not have %s", (_name, blocks, problem) => {
    expect(messageErrors(blocks)).toEqual([problem]);
  });

  it("may hold 50 blocks", () => {
    expect(messageErrors(times(50, () => section()))).toEqual([]);
  });

  it("needs a text or blocks", () => {
    expect(messageErrors(undefined, "")).toEqual(["no_text: no message text provided at "]);
    expect(messageErrors([], "")).toEqual(["no_text: no message text provided at "]);
    expect(messageErrors([section()], "")).toEqual([]);
  });

  it("may have a text of 40,000 characters when posted and of 4,000 bytes when updated", () => {
    expect(validateMessage({ text: long(40_000) })).toEqual([]);
    expect(validateMessage({ text: long(40_001) })[0]?.error).toBe("msg_too_long");
    expect(validateMessage({ text: long(4000) }, "chat.update")).toEqual([]);
    expect(validateMessage({ text: "ü".repeat(2001) }, "chat.update")[0]?.error).toBe("msg_too_long");
  });

  it("is not measured as a whole when it answers a response URL", () => {
    const blocks = times(5, () => section(long(2700)));
    expect(validateMessage({ text: "x", blocks }, "response_url")).toEqual([]);
  });

  it("carries metadata of an event_type and a payload", () => {
    const problem = (metadata: unknown) => validateMessage({ text: "x", metadata })[0]?.error;
    expect(problem({ event_type: "card", event_payload: { id: "1" } })).toBeUndefined();
    expect(problem({ event_type: "card" })).toBe("invalid_metadata_format");
    expect(problem({ event_type: "card", event_payload: { id: long(16_000) } })).toBe("metadata_too_large");
  });
});

describe("a modal", () => {
  it.each<[string, unknown]>([
    ["100 blocks", modal({ blocks: times(100, () => section()) })],
    ["private_metadata of 3,000 characters", modal({ private_metadata: long(3000) })],
    ["an alert", modal({ blocks: [{ type: "alert", text: mrkdwn(long(200)), level: "warning" }] })],
    [
      "a text input",
      modal({
        blocks: [
          input(
            textInput({
              multiline: true,
              min_length: 3,
              max_length: 3000,
              initial_value: "x",
              focus_on_load: true,
            }),
            { hint: plain("h"), optional: true },
          ),
        ],
      }),
    ],
    ["an email input", modal({ blocks: [input({ type: "email_text_input", action_id: "e" })] })],
    ["a url input", modal({ blocks: [input({ type: "url_text_input", action_id: "e" })] })],
    [
      "a number input",
      modal({
        blocks: [input({ type: "number_input", is_decimal_allowed: false, min_value: "1", max_value: "9" })],
      }),
    ],
    [
      "checkboxes",
      modal({ blocks: [input({ type: "checkboxes", options: options(2) }, { dispatch_action: true })] }),
    ],
    [
      "a multi users select",
      modal({ blocks: [input({ type: "multi_users_select", initial_users: ["U1"] })] }),
    ],
    ["no submit when there is no input", modal({ submit: undefined })],
  ])("may hold %s", (_name, view) => {
    expect(viewErrors(view)).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["no view at all", undefined, "invalid_arguments: must be a valid object at /view"],
    ["another type", { type: "dialog" }, "invalid_arguments: unsupported type: dialog at /view/type"],
    ["no title", modal({ title: undefined }), "invalid_arguments: missing required field: title at /view"],
    ["no blocks", modal({ blocks: undefined }), "invalid_arguments: missing required field: blocks at /view"],
    [
      "a title of 25 characters",
      modal({ title: plain(long(25)) }),
      "invalid_arguments: must be less than 25 characters at /view/title/text",
    ],
    [
      "a submit of 25 characters",
      modal({ submit: plain(long(25)) }),
      "invalid_arguments: must be less than 25 characters at /view/submit/text",
    ],
    [
      "a close of 25 characters",
      modal({ close: plain(long(25)) }),
      "invalid_arguments: must be less than 25 characters at /view/close/text",
    ],
    [
      "private_metadata of 3,001 characters",
      modal({ private_metadata: long(3001) }),
      "invalid_arguments: must be less than 3001 characters at /view/private_metadata",
    ],
    [
      "a callback_id of 256 characters",
      modal({ callback_id: long(256) }),
      "invalid_arguments: must be less than 256 characters at /view/callback_id",
    ],
    [
      "101 blocks",
      modal({ blocks: times(101, () => section()) }),
      "invalid_arguments: no more than 100 items allowed at /view/blocks",
    ],
    [
      "an input without submit",
      modal({ submit: undefined, blocks: [input(textInput())] }),
      "invalid_arguments: missing required field: submit at /view",
    ],
    [
      "an input without a label",
      modal({ blocks: [input(textInput(), { label: undefined })] }),
      "invalid_arguments: missing required field: label at /view/blocks/0",
    ],
    [
      "a label of 2,001 characters",
      modal({ blocks: [input(textInput(), { label: plain(long(2001)) })] }),
      "invalid_arguments: must be less than 2001 characters at /view/blocks/0/label/text",
    ],
    [
      "a button in an input",
      modal({ blocks: [input(button())] }),
      "invalid_arguments: unsupported type: button at /view/blocks/0/element/type",
    ],
    [
      "an alert of 201 characters",
      modal({ blocks: [{ type: "alert", text: plain(long(201)) }] }),
      "invalid_arguments: must be less than 201 characters at /view/blocks/0/text/text",
    ],
    [
      "a table",
      modal({ blocks: [table(1, 1)] }),
      "invalid_arguments: unsupported type: table at /view/blocks/0/type",
    ],
    [
      "the same block_id twice",
      modal({ blocks: [input(textInput()), input(textInput())] }),
      "invalid_arguments: block_id already exists: b at /view/blocks/1/block_id",
    ],
    [
      "two inputs that take the focus",
      modal({
        blocks: [
          input(textInput({ focus_on_load: true })),
          input(textInput({ focus_on_load: true }), { block_id: "c" }),
        ],
      }),
      "invalid_arguments: only one element can have focus_on_load at /view/blocks",
    ],
    [
      "a number input that does not say whether it takes decimals",
      modal({ blocks: [input({ type: "number_input" })] }),
      "invalid_arguments: missing required field: is_decimal_allowed at /view/blocks/0/element",
    ],
    [
      "a min_length over 3,000",
      modal({ blocks: [input(textInput({ min_length: 3001 }))] }),
      "invalid_arguments: must be at most 3000 at /view/blocks/0/element/min_length",
    ],
  ])("may not have %s", (_name, view, problem) => {
    expect(viewErrors(view)).toEqual([problem]);
  });
});

describe("a Home tab", () => {
  it("may hold inputs without a submit, and no alert", () => {
    expect(viewErrors({ type: "home", blocks: [input(textInput())] })).toEqual([]);
    expect(viewErrors({ type: "home", blocks: [{ type: "alert", text: plain("x") }] })).toHaveLength(1);
  });
});
