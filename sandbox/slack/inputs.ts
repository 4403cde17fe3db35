import type { AnyBlock } from "@slack/types";
import { listElements } from "./elements.ts";
import type { Element, PlacedElement } from "./elements.ts";
import { toText } from "./text/to-text.ts";

/** One control's entry in `state.values`. */
export interface StateValue {
  type: string;
  [field: string]: unknown;
}

export type StateValues = Record<string, Record<string, StateValue>>;

interface Shape {
  /** The field that carries what was entered. */
  field: string;
  many: boolean;
  /** Options are sent whole, everything else as it was entered. */
  of: "text" | "option" | "rich" | "any";
  /** The element's field with what is entered at first. */
  initial: string;
}

const shapes: Record<string, Shape> = {
  plain_text_input: { field: "value", many: false, of: "text", initial: "initial_value" },
  email_text_input: { field: "value", many: false, of: "text", initial: "initial_value" },
  url_text_input: { field: "value", many: false, of: "text", initial: "initial_value" },
  number_input: { field: "value", many: false, of: "text", initial: "initial_value" },
  rich_text_input: { field: "rich_text_value", many: false, of: "rich", initial: "initial_value" },
  datepicker: { field: "selected_date", many: false, of: "text", initial: "initial_date" },
  timepicker: { field: "selected_time", many: false, of: "text", initial: "initial_time" },
  datetimepicker: { field: "selected_date_time", many: false, of: "any", initial: "initial_date_time" },
  static_select: { field: "selected_option", many: false, of: "option", initial: "initial_option" },
  external_select: { field: "selected_option", many: false, of: "option", initial: "initial_option" },
  radio_buttons: { field: "selected_option", many: false, of: "option", initial: "initial_option" },
  overflow: { field: "selected_option", many: false, of: "option", initial: "" },
  multi_static_select: { field: "selected_options", many: true, of: "option", initial: "initial_options" },
  multi_external_select: { field: "selected_options", many: true, of: "option", initial: "initial_options" },
  checkboxes: { field: "selected_options", many: true, of: "option", initial: "initial_options" },
  users_select: { field: "selected_user", many: false, of: "text", initial: "initial_user" },
  multi_users_select: { field: "selected_users", many: true, of: "text", initial: "initial_users" },
  conversations_select: {
    field: "selected_conversation",
    many: false,
    of: "text",
    initial: "initial_conversation",
  },
  multi_conversations_select: {
    field: "selected_conversations",
    many: true,
    of: "text",
    initial: "initial_conversations",
  },
  channels_select: { field: "selected_channel", many: false, of: "text", initial: "initial_channel" },
  multi_channels_select: { field: "selected_channels", many: true, of: "text", initial: "initial_channels" },
};

/** What a control holds before anybody touched it; undefined for controls without a state (buttons). */
export function initialValue(element: Element): StateValue | undefined {
  const shape = shapes[element.type];
  if (shape === undefined || element.type === "overflow") return undefined;
  return { type: element.type, [shape.field]: element[shape.initial] ?? (shape.many ? [] : null) };
}

/**
 * What a control holds after a person entered `given`: a string, an array of strings, or a state value as Slack
 * sends it. Undefined when the control offers no such choice.
 */
export function enteredValue(element: Element, given: unknown): StateValue | undefined {
  const shape = shapes[element.type];
  if (shape === undefined) return undefined;
  if (isStateValue(given, shape.field)) return { type: element.type, [shape.field]: given[shape.field] };
  const items = shape.many ? toList(given) : [given];
  const entered = items.map((item) =>
    shape.of === "option" ? toOption(element, item) : toEntered(shape, item),
  );
  if (entered.includes(undefined)) return undefined;
  return { type: element.type, [shape.field]: shape.many ? entered : entered[0] };
}

/** The state of all controls of these blocks: what was entered where something was, else what it began with. */
export function collectState(blocks: readonly AnyBlock[], entered: StateValues): StateValues {
  const state: StateValues = {};
  for (const { blockId, element } of listElements(blocks)) {
    const value = entered[blockId]?.[element.action_id] ?? initialValue(element);
    if (value === undefined) continue;
    state[blockId] = { ...state[blockId], [element.action_id]: value };
  }
  return state;
}

/** What Slack's own client says about an input before it sends anything; undefined when it is fine. */
export function checkInput(placed: PlacedElement, value: StateValue | undefined): string | undefined {
  const { element, optional } = placed;
  const shape = shapes[element.type];
  if (shape === undefined) return undefined;
  const held = value?.[shape.field];
  const isEmpty =
    held === undefined || held === null || held === "" || (Array.isArray(held) && held.length === 0);
  if (isEmpty) return optional ? undefined : "Please complete this required field.";
  if (typeof held === "string") return checkText(element, held);
  const most = element["max_selected_items"];
  if (Array.isArray(held) && typeof most === "number" && held.length > most) {
    return `You can select up to ${most}.`;
  }
  return undefined;
}

function checkText(element: Element, text: string): string | undefined {
  const least = typeof element["min_length"] === "number" ? element["min_length"] : 0;
  // An input takes 3,000 characters where the app names no lower limit.
  const most = typeof element["max_length"] === "number" ? element["max_length"] : 3000;
  if (text.length < least) return `Please enter at least ${least} characters.`;
  if (text.length > most) return `Please enter at most ${most} characters.`;
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) {
    return "Please enter a valid email address.";
  }
  if (element.type === "url_text_input" && !URL.canParse(text)) return "Please enter a valid URL.";
  if (element.type === "number_input") return checkNumber(element, text);
  return undefined;
}

function checkNumber(element: Element, text: string): string | undefined {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) return "Please enter a number.";
  if (element["is_decimal_allowed"] !== true && !Number.isInteger(number))
    return "Please enter a whole number.";
  if (element["min_value"] !== undefined && number < Number(element["min_value"])) {
    return `Please enter ${toText(element["min_value"])} or more.`;
  }
  if (element["max_value"] !== undefined && number > Number(element["max_value"])) {
    return `Please enter ${toText(element["max_value"])} or less.`;
  }
  return undefined;
}

function isStateValue(given: unknown, field: string): given is Record<string, unknown> {
  return typeof given === "object" && given !== null && field in given;
}

function toList(given: unknown): unknown[] {
  if (Array.isArray(given)) return given;
  return given === undefined || given === null || given === "" ? [] : [given];
}

/** An empty field is null on the wire. */
function toEntered(shape: Shape, given: unknown): unknown {
  if (given === undefined || given === null || given === "") return null;
  if (shape.of === "rich") return typeof given === "string" ? toRichText(given) : given;
  return shape.of === "text" ? toText(given) : given;
}

/** What was typed or pasted without any formatting. */
function toRichText(text: string): unknown {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

function toOption(element: Element, given: unknown): unknown {
  if (given === undefined || given === null || given === "") return null;
  if (typeof given === "object") return given;
  // The app supplied these options when asked, so the element itself does not list them.
  if (element.type.endsWith("external_select")) {
    return { text: { type: "plain_text", text: toText(given), emoji: true }, value: toText(given) };
  }
  return listOptions(element).find((option) => option["value"] === given);
}

function listOptions(element: Element): Record<string, unknown>[] {
  const groups = Array.isArray(element["option_groups"]) ? element["option_groups"] : [];
  const options = Array.isArray(element["options"]) ? element["options"] : [];
  return [...options, ...groups.flatMap((group: { options: unknown[] }) => group.options)] as Record<
    string,
    unknown
  >[];
}
