import type { InputBlock, KnownBlock, ModalView } from "@slack/types";
import { z } from "zod";

import type { UserMessage } from "../errors.ts";
import { ACTION_NAMES, type ActionName, type Wish, type WishFor } from "../requests/plan.ts";
import { context, plain, section } from "./blocks.ts";
import { formOf } from "./forms/index.ts";
import { readSeveral, SEVERAL, severalField, type ReadSeveral } from "./forms/several.ts";
import { textInput, type FormValues, type Material } from "./forms/spec.ts";
import { noticeText } from "./notice.ts";
import { readRichText } from "./rich-text.ts";
import { clean, cut, escape, named } from "./text.ts";

export const ASK_MODAL = "ask";

/** The menu that searches Access users as one types. */
export const USER_SEARCH = "who";

/** Matches the limit that is checked when it is submitted. */
const MAX_REASON = 1000;

export interface Chosen {
  userId: string;
  email: string;
  name: string;
}

export interface AskModalProps {
  action: ActionName;
  /** null: to be picked in the form (or, for somebody who is to be created, nobody). */
  chosen: Chosen | null;
  /** What is worth knowing of whom was chosen, a few words each. */
  facts: readonly string[];
  material: Material;
  prefill: Partial<Wish>;
  reason: string;
  requireReason: boolean;
  originChannel: string;
  /** Shown above a form that was sent and could not be taken; what was filled in stays. */
  problem?: UserMessage;
  /** The same where it takes more than a few words. */
  problemBlocks?: readonly KnownBlock[];
  /** Said above the fields: what was chosen in them, and why. */
  notes?: readonly KnownBlock[];
}

/** Travels with the form. Ids and names only, and all of it is checked again: a form is no authority. */
const Metadata = z.object({
  action: z.enum(ACTION_NAMES),
  originChannel: z.string(),
  chosen: z.object({ userId: z.string(), email: z.string(), name: z.string() }).nullable(),
  /** The keys of the kinds of risk events shown, in order. */
  kinds: z.array(z.string()),
  /** The fields were not shown: the rest of the form follows. */
  isPicking: z.boolean(),
  /** What was typed before the user was picked. */
  reason: z.string(),
});
type Metadata = z.infer<typeof Metadata>;

/**
 * The form behind every subcommand that changes something: whom it is about, what exactly, and why. Where the
 * fields depend on the user, it first asks only for them.
 */
export function askModal(props: AskModalProps): ModalView {
  const { action, chosen, material, prefill } = props;
  const form = formOf(action);
  const isPicking = form.about === "user" && chosen === null;
  // What the fields are made of is not read before the user is known, and may be unreadable afterwards.
  const showsFields = form.material === "none" || material.kind !== "none";
  const isDeadEnd =
    !isPicking &&
    form.material !== "none" &&
    material.kind === "registrations" &&
    material.registrations.length === 0;
  const metadata: Metadata = {
    action,
    originChannel: props.originChannel,
    chosen: chosen === null ? null : { ...chosen, name: clean(chosen.name, 100) },
    kinds: material.kind === "risk-events" ? material.groups.map((group) => group.key) : [],
    isPicking: !showsFields,
    // More than fits into the field would not fit into what Slack carries along either.
    reason: showsFields ? "" : cut(props.reason.toWellFormed(), MAX_REASON),
  };
  return {
    type: "modal",
    callback_id: ASK_MODAL,
    private_metadata: JSON.stringify(metadata),
    title: plain(form.title, 24),
    ...(isDeadEnd ? {} : { submit: plain(submitText(showsFields, isPicking), 24) }),
    close: plain("Back", 24),
    blocks: [
      ...(props.problemBlocks ??
        (props.problem === undefined ? [] : [section(`⚠️ ${noticeText(props.problem)}`)])),
      ...(chosen === null ? [section(form.intro)] : [section(chosenText(chosen, props.facts))]),
      ...(isPicking ? [userSearch(form.takesSeveral === true)] : []),
      ...(isPicking && form.takesSeveral === true
        ? [severalField((prefill as Partial<WishFor<"revoke">>).several ?? [])]
        : []),
      ...(showsFields && !isDeadEnd ? (props.notes ?? []) : []),
      ...(showsFields ? form.fields(material, prefill) : []),
      ...(showsFields && !isDeadEnd ? [reasonBlock(props.reason, props.requireReason)] : []),
      context(`⚠️ ${escape(form.caution)}`),
    ],
  };
}

function submitText(showsFields: boolean, isPicking: boolean): string {
  if (showsFields) return "Ask approvers";
  return isPicking ? "Next" : "Try again";
}

function chosenText({ name, email }: Chosen, facts: readonly string[]): string {
  return `*${escape(named(name, email))}*${email === "" ? "" : `\n${escape(email, 254)}`}${facts.map((fact) => `\n• ${escape(fact)}`).join("")}`;
}

function userSearch(isOptional: boolean): InputBlock {
  return {
    type: "input",
    block_id: USER_SEARCH,
    ...(isOptional ? { optional: true } : {}),
    label: plain("Who"),
    hint: plain("Type two letters of a name or an e-mail address"),
    element: {
      type: "external_select",
      action_id: USER_SEARCH,
      min_query_length: 2,
      placeholder: plain("Search Access users"),
    },
  };
}

function reasonBlock(reason: string, isRequired: boolean): KnownBlock {
  return textInput({
    id: "reason",
    label: "Reason",
    hint: "Approvers decide by it, and it stays in the record",
    placeholder: "What happened, and where is the evidence?",
    initial: reason,
    multiline: true,
    optional: !isRequired,
    maxLength: MAX_REASON,
  });
}

const Option = z.object({ value: z.string(), text: z.object({ text: z.string() }).optional() });
const Values = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      value: z.string().nullish(),
      rich_text_value: z.unknown().optional(),
      selected_option: Option.nullish(),
      selected_options: z.array(Option).nullish(),
    }),
  ),
);

function readValues(raw: unknown): FormValues {
  const blocks = Values.parse(raw);
  const element = (id: string) => blocks[id]?.[id];
  return {
    text: (id) => element(id)?.value?.trim() ?? "",
    rich: (id) => readRichText(element(id)?.rich_text_value),
    choice: (id) => element(id)?.selected_option?.value ?? null,
    ticked: (prefix) =>
      Object.keys(blocks)
        .filter((id) => id.startsWith(prefix))
        .flatMap((id) => element(id)?.selected_options?.map((option) => option.value) ?? []),
  };
}

/** Whom the menu was set to, with as much as it says of them. */
function readPicked(raw: unknown): Chosen | null {
  const option = Values.parse(raw)[USER_SEARCH]?.[USER_SEARCH]?.selected_option;
  return option == null ? null : { userId: option.value, email: "", name: option.text?.text ?? option.value };
}

export interface AskForm extends Omit<Metadata, "isPicking"> {
  /** The fields were not shown so far. */
  isPicking: boolean;
  /** The id of the user that was picked in the form, or chosen before. */
  userId: string | null;
  /** null while picking, or when the fields are wrong. */
  wish: Wish | null;
  errors: Record<string, string>;
}

/** What was filled in. @throws ZodError when the form is not ours. */
export function parseAskForm(view: { private_metadata: string; state: { values: unknown } }): AskForm {
  const metadata = Metadata.parse(JSON.parse(view.private_metadata));
  const values = readValues(view.state.values);
  const form = formOf(metadata.action);
  const chosen = metadata.chosen ?? readPicked(view.state.values);
  const userId = chosen?.userId ?? null;
  const errors: Record<string, string> = {};
  const several = form.takesSeveral === true ? readSeveral(values) : NOBODY;
  if (!several.ok) errors[SEVERAL] = several.error;
  const isNobodyNamed = several.ok && several.several.length + several.unreadable.length === 0;
  if (form.about === "user" && userId === null && isNobodyNamed)
    errors[USER_SEARCH] =
      form.takesSeveral === true
        ? "Pick somebody from the list, or paste addresses below."
        : "Pick somebody from the list.";
  if (metadata.isPicking) return { ...metadata, chosen, userId, wish: null, errors };
  const read = form.read(values, { kinds: metadata.kinds });
  return {
    ...metadata,
    chosen,
    userId,
    reason: values.text("reason"),
    wish: read.ok ? withSeveral(read.wish, several) : null,
    errors: read.ok ? errors : { ...errors, ...read.errors },
  };
}

const NOBODY: ReadSeveral = { ok: true, several: [], unreadable: [] };

function withSeveral(wish: Wish, read: ReadSeveral): Wish {
  if (wish.action !== "revoke" || !read.ok) return wish;
  const { several, unreadable } = read;
  return several.length + unreadable.length === 0 ? wish : { ...wish, several, unreadable };
}
