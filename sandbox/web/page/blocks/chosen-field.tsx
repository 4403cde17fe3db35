import type { MultiSelect, PlainTextOption, Select } from "@slack/types";
import { type ReactElement, useState } from "react";
import { type ChosenOption, type FieldValue, useBlockHost } from "./block-host.ts";
import { Combobox, type ComboOption } from "./combobox.tsx";
import { type FieldProps, initialValue, wantsFocus } from "./fields.tsx";
import { toPlainString } from "../text/text.tsx";
import { useSuggestions } from "./use-suggestions.ts";

/** One choice out of what the app offers while one types. */
export function ExternalSelect(
  props: FieldProps<Extract<Select, { type: "external_select" }>>,
): ReactElement {
  const { element } = props;
  const { surface } = useBlockHost();
  /** Undefined while the field shows what is chosen. */
  const [query, setQuery] = useState<string>();
  const [open, setOpen] = useState(false);
  const found = useSuggestions({
    actionId: element.action_id ?? "",
    blockId: props.blockId,
    query: open ? (query ?? "") : undefined,
    least: element.min_query_length,
  });
  const [chosen] = toOptions(props.value ?? initialValue(element));

  return (
    <Combobox
      {...fieldOf(props)}
      {...found}
      text={query ?? toPlainString(chosen?.text)}
      isChosen={(value) => value === chosen?.value}
      onOpen={() => setOpen(true)}
      onType={setQuery}
      onChoose={(option) => void props.onChange(toChosen(option))}
      onClose={() => {
        // In a form an emptied field is one without a choice; in a message there is no such thing.
        if (query === "" && chosen && surface === "view") void props.onChange("");
        setQuery(undefined);
        setOpen(false);
      }}
    />
  );
}

/** Several choices, each a chip, out of what the app offers while one types. */
export function MultiExternalSelect(
  props: FieldProps<Extract<MultiSelect, { type: "multi_external_select" }>>,
): ReactElement {
  const { element } = props;
  const [query, setQuery] = useState<string>();
  const found = useSuggestions({
    actionId: element.action_id ?? "",
    blockId: props.blockId,
    query,
    least: element.min_query_length,
  });
  return (
    <ChipField
      {...props}
      {...found}
      query={query}
      onQuery={setQuery}
      chosen={toOptions(props.value ?? initialValue(element))}
      onChosen={(options) => void props.onChange(options.map(toChosen))}
    />
  );
}

/** Several choices, each a chip, out of a list that is there already; typing narrows it. */
export function MultiSelectField(props: FieldProps<MultiSelect> & { choices: ComboOption[] }): ReactElement {
  const { choices, element } = props;
  const [query, setQuery] = useState<string>();
  const wanted = (query ?? "").trim().toLowerCase();
  const options = choices.filter(({ option }) => toPlainString(option.text).toLowerCase().includes(wanted));
  const values = toValues(props.value ?? initialValue(element));
  return (
    <ChipField
      {...props}
      options={options}
      note={options.length === 0 ? "Nothing found." : ""}
      query={query}
      onQuery={setQuery}
      chosen={values.flatMap((value) => choices.find(({ option }) => option.value === value)?.option ?? [])}
      onChosen={(next) => void props.onChange(next.map((option) => option.value ?? ""))}
    />
  );
}

function ChipField(
  props: FieldProps<MultiSelect> & {
    options: ComboOption[];
    note: string;
    busy?: boolean;
    query: string | undefined;
    onQuery: (query: string | undefined) => void;
    chosen: PlainTextOption[];
    onChosen: (options: PlainTextOption[]) => void;
  },
): ReactElement {
  const { chosen, element, onChosen, onQuery } = props;
  const isChosen = (value: string): boolean => chosen.some((option) => option.value === value);
  const remove = (value: string | undefined): void => {
    onChosen(chosen.filter((option) => option.value !== value));
  };
  const most = element.max_selected_items ?? Infinity;
  const isFull = chosen.length >= most;

  return (
    <Combobox
      {...fieldOf(props)}
      isMulti
      options={props.options}
      note={isFull ? `You can select up to ${most}.` : props.note}
      busy={props.busy ?? false}
      text={props.query ?? ""}
      isChosen={isChosen}
      isDisabled={(value) => isFull && !isChosen(value)}
      onOpen={() => onQuery("")}
      onType={onQuery}
      onChoose={(option) => {
        if (isChosen(option.value ?? "")) remove(option.value);
        else onChosen([...chosen, option]);
        onQuery("");
      }}
      onClose={() => onQuery(undefined)}
      onBackspace={() => remove(chosen.at(-1)?.value)}
      chips={
        chosen.length > 0 && (
          <ul className="chips" aria-label={`${props.label}: chosen`}>
            {chosen.map((option) => (
              <li key={option.value} className="chip">
                {toPlainString(option.text)}
                <button
                  type="button"
                  aria-label={`Remove ${toPlainString(option.text)}`}
                  onClick={(event) => {
                    // The chip goes, and its button with it: the field is where one goes on.
                    event.currentTarget.closest(".combobox")?.querySelector("input")?.focus();
                    remove(option.value);
                  }}
                >
                  <span aria-hidden="true">✕</span>
                </button>
              </li>
            ))}
          </ul>
        )
      }
    />
  );
}

function fieldOf(props: FieldProps) {
  const { element } = props;
  return {
    id: props.id,
    label: props.label,
    describedBy: props.describedBy,
    invalid: props.invalid,
    required: props.required,
    focusOnLoad: wantsFocus(element),
    placeholder: ("placeholder" in element && toPlainString(element.placeholder)) || "Search…",
  };
}

function toChosen({ text, value, description }: PlainTextOption): ChosenOption {
  return { text, value: value ?? "", ...(description && { description }) };
}

function toOptions(value: FieldValue): ChosenOption[] {
  const all: unknown[] = [value].flat();
  return all.filter((each): each is ChosenOption => typeof each === "object");
}

function toValues(value: FieldValue): string[] {
  const all: unknown[] = [value].flat();
  return all.filter((each): each is string => typeof each === "string" && each !== "");
}
