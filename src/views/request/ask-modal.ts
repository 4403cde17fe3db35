import type { KnownBlock, ModalView } from "@slack/types";
import { z } from "zod";

import type { PlanLine } from "../../actions/define.ts";
import { formOf } from "../../actions/index.ts";
import type { AccessUser } from "../../api/cloudflare.ts";
import type { UserMessage } from "../../errors.ts";
import { ACTION_NAMES, type ActionName, type Wish, type WishFor } from "../../requests/plan.ts";
import { context, modal, section } from "../blocks.ts";
import { type FormErrors, readValues, type SubmittedForm } from "../forms/values.ts";
import {
  isWithoutTicked,
  readSeveral,
  SEVERAL,
  severalField,
  withoutField,
  type ReadSeveral,
} from "../forms/several.ts";
import { whoText } from "../../lookup/who-list.ts";
import { MAX_REASON, NO_REASON, readReason, reasonFields } from "../forms/reason.ts";
import type { Material } from "../forms/spec.ts";
import { planLine } from "../card/warnings.ts";
import { problemBlocks } from "../notice.ts";
import { clean, cut, escape, named } from "../text.ts";
import { USER_SEARCH, userChoice, userSearch } from "../forms/user-search.ts";

export const ASK_MODAL = "ask";

export interface Chosen {
  userId: string;
  email: string;
  name: string;
}

export interface AskModalProps {
  action: ActionName;
  /** null: to be picked in the form (or, for someone who is to be created, no one). */
  chosen: Chosen | null;
  /** To pick from these only: whom what was typed may mean. */
  choice?: { users: readonly AccessUser[]; now: number };
  /** What is worth knowing of whom was chosen, a few words each. */
  facts: readonly PlanLine[];
  material: Material;
  prefill: Partial<Wish>;
  reason: string;
  requireReason: boolean;
  /** As in `FormOffers`. */
  canBlock?: boolean;
  isBlocked?: boolean;
  /** Ready-made reasons of the policy. */
  reasons?: readonly string[];
  originChannel: string;
  /** Shown above a form that was sent and could not be taken; what was filled in stays. */
  problem?: UserMessage;
  /** The same where it takes more than a few words. */
  problemBlocks?: readonly KnownBlock[];
  /** Of a list with names that were not found: the draft that holds them, and whether to go on without. */
  without?: { draft: string; count: number; isTicked: boolean };
  /** Said above the fields: what was chosen in them, and why. */
  notes?: readonly KnownBlock[];
}

/** What Slack carries along with a view, in characters: https://docs.slack.dev/reference/views/modal-views */
const MAX_METADATA = 3000;

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
  /** The draft with the names that were shown as not found. */
  draft: z.string().optional(),
  /** A reason is needed, and the form can't say so by itself. */
  needsReason: z.boolean().optional(),
});
type Metadata = z.infer<typeof Metadata>;

/**
 * The form behind every subcommand that changes something: whom it is about, what exactly, and why. Where the
 * fields depend on the user, it first asks only for them.
 */
export function askModal(props: AskModalProps): ModalView {
  const { action, chosen, material, prefill, reasons = [], canBlock = false, isBlocked = false } = props;
  const offers = { canBlock, isBlocked };
  const form = formOf(action);
  const isPicking = form.about === "user" && chosen === null;
  const takesSeveral = form.takesSeveral === true;
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
    chosen:
      chosen === null
        ? null
        : { ...chosen, email: cut(chosen.email.toWellFormed(), 254), name: clean(chosen.name, 100) },
    kinds: material.kind === "risk-events" ? material.groups.map((group) => group.key) : [],
    isPicking: !showsFields,
    reason: showsFields ? "" : props.reason.toWellFormed(),
    ...(props.without !== undefined && { draft: props.without.draft }),
    ...(showsFields && reasons.length > 0 && { needsReason: props.requireReason }),
  };
  const caution = typeof form.caution === "string" ? form.caution : form.caution(offers);
  const submit = showsFields ? "Request approval" : isPicking ? "Next" : "Try again";
  return modal(
    form.title,
    [
      props.problemBlocks ?? problemBlocks(props.problem),
      section(chosen === null ? form.intro : chosenLines(chosen, props.facts)),
      isPicking &&
        (props.choice === undefined ? userSearch(takesSeveral) : userChoice(props.choice, takesSeveral)),
      isPicking && takesSeveral && severalField(typedIn(prefill)),
      isPicking && props.without !== undefined && withoutField(props.without.count, props.without.isTicked),
      showsFields && !isDeadEnd && props.notes,
      showsFields && form.fields(material, prefill, offers),
      showsFields &&
        !isDeadEnd &&
        reasonFields({ reasons, reason: props.reason, isRequired: props.requireReason }),
      context(`⚠️ ${escape(caution)}`),
    ],
    {
      callbackId: ASK_MODAL,
      metadata: packMetadata(metadata),
      submit: isDeadEnd ? null : submit,
      close: "Back",
    },
  );
}

/** All that was typed into the list, also what could not be read as an address. */
function typedIn(prefill: Partial<Wish>): string[] {
  const { several = [], unreadable = [] } = prefill as Partial<WishFor<"revoke">>;
  return [...several.map(whoText), ...unreadable];
}

/** The reason is the one long part: what is left of the room is its, counted as JSON writes quotes and line ends. */
function packMetadata(metadata: Metadata): string {
  let reason = cut(metadata.reason, MAX_REASON);
  let packed = JSON.stringify({ ...metadata, reason });
  while (packed.length > MAX_METADATA && reason !== "") {
    // One character is six at most, as \u001f is.
    reason = cut(reason, Math.max(0, reason.length - Math.ceil((packed.length - MAX_METADATA) / 6)), "");
    packed = JSON.stringify({ ...metadata, reason });
  }
  return packed;
}

function chosenLines({ userId, name, email }: Chosen, facts: readonly PlanLine[]): string[] {
  const address = email === "" ? [] : [escape(email, 254)];
  return [
    `*${escape(named(name, email || userId))}*`,
    ...address,
    ...facts.map((fact) => `• ${planLine(fact)}`),
  ];
}

/** Whom the menu was set to, with as much as it says of them. */
function readPicked(values: ReturnType<typeof readValues>): Chosen | null {
  const option = values.option(USER_SEARCH);
  return option && { userId: option.value, email: "", name: option.text?.text ?? option.value };
}

/**
 * What was filled in. `userId`: who was picked in the form, or chosen before; `wish`: null while picking, or when the
 * fields are wrong.
 * @throws ZodError when the form is not ours.
 */
export function parseAskForm(view: SubmittedForm) {
  const metadata = Metadata.parse(JSON.parse(view.private_metadata));
  const values = readValues(view);
  const form = formOf(metadata.action);
  const chosen = metadata.chosen ?? readPicked(values);
  const userId = chosen?.userId ?? null;
  const errors: FormErrors = {};
  const several = form.takesSeveral === true ? readSeveral(values) : NOBODY;
  if (!several.ok) errors[SEVERAL] = several.error;
  const isNoOneNamed = several.ok && several.several.length + several.unreadable.length === 0;
  const orPaste = form.takesSeveral === true ? ", or paste addresses below" : "";
  if (form.about === "user" && userId === null && isNoOneNamed)
    errors[USER_SEARCH] = `Pick a user from the list${orPaste}.`;
  if (metadata.isPicking) return { ...metadata, chosen, userId, wish: null, isWithout: false, errors };
  const read = form.read(values, { kinds: metadata.kinds });
  if (!read.ok) Object.assign(errors, read.errors);
  const wish = read.ok ? withSeveral(read.wish, several) : null;
  const isWithout = isWithoutTicked(values);
  const reason = readReason(values);
  if (metadata.needsReason === true && reason === "") Object.assign(errors, NO_REASON);
  return { ...metadata, chosen, userId, reason, wish, isWithout, errors };
}

const NOBODY: ReadSeveral = { ok: true, several: [], unreadable: [] };

function withSeveral(wish: Wish, read: ReadSeveral): Wish {
  if (wish.action !== "revoke" || !read.ok) return wish;
  const { several, unreadable } = read;
  return several.length + unreadable.length === 0 ? wish : { ...wish, several, unreadable };
}
