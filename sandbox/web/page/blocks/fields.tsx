import type {
  Checkboxes,
  InputBlock,
  MultiSelect,
  Option,
  PlainTextElement,
  PlainTextOption,
  RadioButtons,
  Select,
} from "@slack/types";
import { type ReactElement, useId } from "react";
import type { ChosenOption, FieldValue } from "./block-host.ts";
import { ExternalSelect, MultiExternalSelect, MultiSelectField } from "./chosen-field.tsx";
import { TextObject, toPlainString } from "../text/text.tsx";
import { useWorkspace, type Workspace } from "../workspace.ts";

export type FieldElement = InputBlock["element"];

export interface FieldProps<E = FieldElement> {
  element: E;
  blockId: string;
  /** The accessible name where no visible label is tied to the field. */
  label: string;
  /** The id that a visible <label for> points to. */
  id?: string;
  describedBy?: string | undefined;
  invalid?: boolean;
  required?: boolean;
  /** Undefined until touched: then the element's initial value shows. */
  value: FieldValue | undefined;
  onChange: (value: FieldValue) => void | Promise<void>;
  /** Enter in a one-line field, for those that dispatch an action on it. */
  onEnter?: (() => void) | undefined;
}

/** Elements that are a group of boxes or buttons and need a <fieldset> with a legend rather than a label. */
export function isGroup(element: FieldElement): element is Checkboxes | RadioButtons {
  return element.type === "checkboxes" || element.type === "radio_buttons";
}

/**
 * Any input element, with native controls where there are such: they work with every keyboard, screen reader and phone.
 * The browser has none that search as one types, and none for several choices that fits a phone.
 */
export function Field(props: FieldProps): ReactElement {
  const { element } = props;
  switch (element.type) {
    case "plain_text_input":
      return element.multiline ? (
        <textarea
          {...attributesOf(props)}
          rows={4}
          maxLength={element.max_length}
          onChange={(event) => void props.onChange(event.target.value)}
        />
      ) : (
        <TextField {...props} type="text" maxLength={element.max_length} />
      );
    case "email_text_input":
      return <TextField {...props} type="email" />;
    case "url_text_input":
      return <TextField {...props} type="url" />;
    case "number_input":
      return <TextField {...props} type="number" />;
    case "external_select":
      return <ExternalSelect {...props} element={element} />;
    case "multi_external_select":
      return <MultiExternalSelect {...props} element={element} />;
    case "datepicker":
      return <TextField {...props} type="date" />;
    case "timepicker":
      return <TextField {...props} type="time" />;
    case "datetimepicker":
      return <TextField {...props} type="datetime-local" />;
    // Formatting is not kept here: what is typed or pasted is sent as its words.
    case "rich_text_input":
      return (
        <textarea
          {...attributesOf(props)}
          rows={6}
          onChange={(event) => void props.onChange(event.target.value)}
        />
      );
    case "file_input":
      return <span className="unsupported">[{element.type} is not part of this sandbox]</span>;
    case "radio_buttons":
      return <ChoiceField {...props} type="radio" choices={element.options} />;
    case "checkboxes":
      return <ChoiceField {...props} type="checkbox" choices={element.options} />;
    default:
      return <SelectField {...props} element={element} />;
  }
}

/** What an element shows before it is touched. */
export function initialValue(element: FieldElement): FieldValue {
  switch (element.type) {
    case "external_select":
      return toWhole(element.initial_option)[0] ?? "";
    case "multi_external_select":
      return (element.initial_options ?? []).flatMap(toWhole);
    case "static_select":
    case "radio_buttons":
      return element.initial_option?.value ?? "";
    case "multi_static_select":
    case "checkboxes":
      return element.initial_options?.flatMap((option) => option.value ?? []) ?? [];
    case "users_select":
      return element.initial_user ?? "";
    case "multi_users_select":
      return element.initial_users ?? [];
    case "conversations_select":
      return element.initial_conversation ?? "";
    case "multi_conversations_select":
      return element.initial_conversations ?? [];
    case "channels_select":
      return element.initial_channel ?? "";
    case "multi_channels_select":
      return element.initial_channels ?? [];
    case "datepicker":
      return element.initial_date ?? "";
    case "timepicker":
      return element.initial_time ?? "";
    case "datetimepicker":
      return element.initial_date_time ?? "";
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input":
      return element.initial_value ?? "";
    case "rich_text_input":
      return wordsOf(element.initial_value);
    default:
      return "";
  }
}

function toWhole(option: PlainTextOption | undefined): ChosenOption[] {
  return option?.value === undefined ? [] : [{ text: option.text, value: option.value }];
}

/** The words of rich text, as far as a plain field shows them. */
function wordsOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  if ("text" in value && typeof value.text === "string") return value.text;
  return "elements" in value && Array.isArray(value.elements) ? value.elements.map(wordsOf).join("") : "";
}

function TextField(props: FieldProps & { type: string; maxLength?: number | undefined }): ReactElement {
  const { element, type } = props;
  const isMoment = type === "datetime-local";
  const attributes = attributesOf(props);
  return (
    <input
      {...attributes}
      type={type}
      value={isMoment ? toLocalMoment(attributes.value) : attributes.value}
      maxLength={props.maxLength}
      step={element.type === "number_input" && element.is_decimal_allowed ? "any" : undefined}
      autoComplete="off"
      onChange={(event) =>
        void props.onChange(isMoment ? fromLocalMoment(event.target.value) : event.target.value)
      }
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !props.onEnter) return;
        event.preventDefault();
        props.onEnter();
      }}
    />
  );
}

function SelectField(props: FieldProps<Select | MultiSelect>): ReactElement {
  const workspace = useWorkspace();
  const { element } = props;
  const groups = choicesOf(element, workspace);
  if (isMulti(element)) {
    const choices = groups.flatMap(({ label, options }) =>
      options.map((option) => ({ option, group: label && toPlainString(label) })),
    );
    return <MultiSelectField {...props} element={element} choices={choices} />;
  }
  return (
    <select {...attributesOf(props)} onChange={(event) => void props.onChange(event.target.value)}>
      <option value="">{toPlainString(element.placeholder) || "Choose an option"}</option>
      {groups.map((group) =>
        group.label === undefined ? (
          <Options key="" options={group.options} />
        ) : (
          <optgroup key={group.label.text} label={toPlainString(group.label)}>
            <Options options={group.options} />
          </optgroup>
        ),
      )}
    </select>
  );
}

function Options({ options }: { options: PlainTextOption[] }): ReactElement {
  return (
    <>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {toPlainString(option.text)}
        </option>
      ))}
    </>
  );
}

function ChoiceField(props: FieldProps & { type: "radio" | "checkbox"; choices: Option[] }): ReactElement {
  const name = useId();
  const current = [props.value ?? initialValue(props.element)].flat();
  const isChosen = (value: string): boolean => current.includes(value);
  const choose = (value: string): FieldValue => {
    if (props.type === "radio") return value;
    const others = current.filter((each) => typeof each === "string" && each !== value) as string[];
    return isChosen(value) ? others : [...others, value];
  };
  return (
    <div
      className="choices"
      role={props.type === "radio" ? "radiogroup" : "group"}
      aria-label={props.label}
      aria-describedby={props.describedBy}
    >
      {props.choices.map((option, index) => (
        <label className="choice" key={option.value}>
          <input
            type={props.type}
            name={name}
            checked={isChosen(option.value ?? "")}
            aria-invalid={props.invalid || undefined}
            data-focus-on-load={wantsFocus(props.element) && index === 0 ? true : undefined}
            onChange={() => void props.onChange(choose(option.value ?? ""))}
          />
          <span>
            <TextObject text={option.text} />
            {option.description && (
              <span className="choice-description">
                <TextObject text={option.description} />
              </span>
            )}
          </span>
        </label>
      ))}
    </div>
  );
}

interface ChoiceGroup {
  label: PlainTextElement | undefined;
  options: PlainTextOption[];
}

function choicesOf(element: Select | MultiSelect, workspace: Workspace): ChoiceGroup[] {
  if (element.type === "static_select" || element.type === "multi_static_select") {
    return element.option_groups ?? [{ label: undefined, options: element.options ?? [] }];
  }
  const named = element.type.includes("users")
    ? workspace.people
        .filter((person) => !person.deleted && !person.isBot)
        .map((person) => [person.id, person.realName])
    : workspace.channels
        .filter((channel) => channel.kind !== "im" || element.type.includes("conversations"))
        .map((channel) => [channel.id, channel.kind === "im" ? channel.name : `#${channel.name}`]);
  return [
    {
      label: undefined,
      options: named.map(([value = "", text = ""]) => ({
        value,
        text: { type: "plain_text", text, emoji: false },
      })),
    },
  ];
}

function attributesOf(props: FieldProps) {
  const { element } = props;
  const value = props.value ?? initialValue(element);
  return {
    id: props.id,
    className: "field-control",
    "aria-label": props.id === undefined ? props.label : undefined,
    "aria-describedby": props.describedBy,
    "aria-invalid": props.invalid || undefined,
    "aria-required": props.required || undefined,
    "data-focus-on-load": wantsFocus(element) ? true : undefined,
    placeholder: "placeholder" in element ? toPlainString(element.placeholder) : undefined,
    // What is chosen whole, or several at once, has its own fields.
    value: typeof value === "object" ? "" : value,
  };
}

function isMulti(element: Select | MultiSelect): element is MultiSelect {
  return element.type.startsWith("multi_");
}

export function wantsFocus(element: FieldElement): boolean {
  return "focus_on_load" in element && (element.focus_on_load ?? false);
}

/** A datetimepicker's value is a number of seconds; the browser's own control wants local time without a zone. */
function toLocalMoment(seconds: string | number): string {
  if (seconds === "") return "";
  const date = new Date(Number(seconds) * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromLocalMoment(local: string): string | number {
  return local === "" ? "" : Math.floor(new Date(local).getTime() / 1000);
}
