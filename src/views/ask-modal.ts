import type { InputBlock, KnownBlock, ModalView } from "@slack/types";
import { z } from "zod";

import type { UserMessage } from "../errors.ts";
import type { ActionName, RevokeOptions } from "../requests/plan.ts";
import { context, plain, section } from "./blocks.ts";
import { noticeText } from "./notice.ts";
import { cut, escape, named } from "./text.ts";

export const ASK_MODAL = "ask";

/** Matches the limit that is checked when it is submitted. */
const MAX_REASON = 1000;

const WORDS: Record<ActionName, { title: string; intro: string; caution: string }> = {
  revoke: {
    title: "Revoke sessions",
    intro: "Asks the approvers to end all Access sessions of a user.",
    caution: "Not a ban: the user can log in again after about a minute if your policies allow it.",
  },
  "reset-risk": {
    title: "Reset risk score",
    intro: "Asks the approvers to set a user's risk score back to low.",
    caution:
      "This can give access back: policies that block by risk score stop blocking, also in Okta where it is linked.",
  },
};

const OPTIONS = {
  devices: {
    text: "Also revoke their devices",
    description: "Every device registration; a new log-in registers again",
  },
  warpReauth: {
    text: "Also make WARP re-authenticate",
    description: "Where Gateway policies enforce a client session",
  },
};

export interface AskModalProps {
  action: ActionName;
  /** Chosen before (by a button under a summary), or to be typed. */
  subject:
    | { kind: "typed"; text: string }
    | { kind: "chosen"; userId: string; email: string; name: string; facts: readonly string[] };
  options: Partial<RevokeOptions>;
  reason: string | undefined;
  requireReason: boolean;
  originChannel: string;
  /** Shown above a form that was sent and could not be taken; what was filled in stays. */
  problem?: UserMessage;
}

/** Travels with the form. Ids only, and all of it is checked again: a form is no authority. */
const Metadata = z.object({
  action: z.enum(["revoke", "reset-risk"]),
  originChannel: z.string(),
  chosen: z.object({ userId: z.string(), email: z.string(), name: z.string() }).optional(),
});

export function askModal(props: AskModalProps): ModalView {
  const { action, subject } = props;
  const words = WORDS[action];
  const metadata: z.infer<typeof Metadata> = {
    action,
    originChannel: props.originChannel,
    ...(subject.kind === "chosen"
      ? { chosen: { userId: subject.userId, email: subject.email, name: cut(subject.name, 100) } }
      : {}),
  };
  return {
    type: "modal",
    callback_id: ASK_MODAL,
    private_metadata: JSON.stringify(metadata),
    title: plain(words.title, 24),
    submit: plain("Ask approvers", 24),
    close: plain("Back", 24),
    blocks: [
      ...(props.problem === undefined ? [] : [section(`⚠️ ${noticeText(props.problem)}`)]),
      ...subjectBlocks(subject, words.intro),
      ...(action === "revoke" ? [optionsBlock(props.options)] : []),
      reasonBlock(props.reason, props.requireReason),
      context(`⚠️ ${words.caution}`),
    ],
  };
}

function subjectBlocks(subject: AskModalProps["subject"], intro: string): KnownBlock[] {
  if (subject.kind === "chosen") {
    return [
      section(
        `*${escape(named(subject.name, subject.email))}*\n${escape(subject.email)}${subject.facts.map((fact) => `\n• ${escape(fact)}`).join("")}`,
      ),
    ];
  }
  return [
    section(intro),
    {
      type: "input",
      block_id: "who",
      label: plain("Who"),
      hint: plain("An e-mail address or an Access user's id"),
      element: {
        type: "plain_text_input",
        action_id: "who",
        placeholder: plain("name@example.com"),
        ...(subject.text === "" ? {} : { initial_value: cut(subject.text, 300) }),
      },
    },
  ];
}

function optionsBlock(options: Partial<RevokeOptions>): InputBlock {
  const all = (["devices", "warpReauth"] as const).map((name) => ({
    name,
    option: {
      value: name,
      text: plain(OPTIONS[name].text, 75),
      description: plain(OPTIONS[name].description, 75),
    },
  }));
  const initial = all.filter(({ name }) => options[name] === true).map(({ option }) => option);
  return {
    type: "input",
    block_id: "options",
    optional: true,
    label: plain("Also"),
    element: {
      type: "checkboxes",
      action_id: "options",
      options: all.map(({ option }) => option),
      ...(initial.length === 0 ? {} : { initial_options: initial }),
    },
  };
}

function reasonBlock(reason: string | undefined, isRequired: boolean): InputBlock {
  return {
    type: "input",
    block_id: "reason",
    optional: !isRequired,
    label: plain("Reason"),
    hint: plain("Approvers decide by it, and it stays in the record"),
    element: {
      type: "plain_text_input",
      action_id: "reason",
      multiline: true,
      max_length: MAX_REASON,
      placeholder: plain("What happened, and where is the evidence?"),
      ...(reason === undefined || reason === "" ? {} : { initial_value: cut(reason, MAX_REASON) }),
    },
  };
}

const Values = z.object({
  who: z.object({ who: z.object({ value: z.string().nullish() }) }).optional(),
  options: z
    .object({ options: z.object({ selected_options: z.array(z.object({ value: z.string() })).nullish() }) })
    .optional(),
  reason: z.object({ reason: z.object({ value: z.string().nullish() }) }).optional(),
});

export interface AskForm {
  action: ActionName;
  originChannel: string;
  chosen: { userId: string; email: string; name: string } | null;
  /** As typed; "" when somebody was chosen. */
  who: string;
  options: RevokeOptions;
  reason: string;
}

/** What was filled in. @throws ZodError when the form is not ours. */
export function parseAskForm(view: { private_metadata: string; state: { values: unknown } }): AskForm {
  const metadata = Metadata.parse(JSON.parse(view.private_metadata));
  const values = Values.parse(view.state.values);
  const ticked = new Set(values.options?.options.selected_options?.map((option) => option.value));
  return {
    action: metadata.action,
    originChannel: metadata.originChannel,
    chosen: metadata.chosen ?? null,
    who: values.who?.who.value?.trim() ?? "",
    options: { devices: ticked.has("devices"), warpReauth: ticked.has("warpReauth") },
    reason: values.reason?.reason.value?.trim() ?? "",
  };
}
