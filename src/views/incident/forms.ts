import type { ModalView } from "@slack/types";
import { z } from "zod";

import type { UserMessage } from "../../errors.ts";
import {
  DEFAULT_SEVERITY,
  MAX_NOTE,
  MAX_TITLE,
  readSeverity,
  SEVERITIES,
  type Incident,
} from "../../incidents/incident.ts";
import { context, modal, plain } from "../blocks.ts";
import { readValues, type FormErrors, type SubmittedForm } from "../forms/values.ts";
import { textInput } from "../forms/spec.ts";
import { problemBlocks } from "../notice.ts";
import { escape } from "../text.ts";

export const OPEN_INCIDENT_MODAL = "incident_open_form";
export const NOTE_MODAL = "incident_note_form";
export const ADD_TO_INCIDENT_MODAL = "incident_add_form";

interface OpenFormProps {
  /** Where it was asked: a form belongs to no channel. */
  channelId: string;
  people: string;
  title: string;
  severity?: number;
  problem?: UserMessage;
}

const SEVERITY_WORDS = ["1: worst", "2: high", "3: normal", "4: low"];

/** The form of a new incident. */
export function openIncidentModal({
  channelId,
  people,
  title,
  severity = DEFAULT_SEVERITY,
  problem,
}: OpenFormProps): ModalView {
  const options = SEVERITIES.map((one, index) => ({
    value: String(one),
    text: plain(SEVERITY_WORDS[index] ?? String(one), 75),
  }));
  const initial = options.find(({ value }) => value === String(severity));
  return modal(
    "Open incident",
    [
      problemBlocks(problem),
      textInput({
        id: "people",
        label: "Who",
        hint: "Email addresses or Access user ids, separated by spaces, commas or new lines",
        initial: people,
        multiline: true,
        maxLength: 3000,
      }),
      textInput({ id: "title", label: "Title", initial: title, optional: true, maxLength: MAX_TITLE }),
      {
        type: "input",
        block_id: "severity",
        label: plain("Severity"),
        element: {
          type: "static_select",
          action_id: "severity",
          options,
          ...(initial !== undefined && { initial_option: initial }),
        },
      },
      context("⚠️ Everyone in the channel can read who is under investigation."),
    ],
    { callbackId: OPEN_INCIDENT_MODAL, metadata: channelId, submit: "Open" },
  );
}

/** @throws ZodError when the form is not ours. */
export function parseOpenIncident(view: SubmittedForm) {
  const values = readValues(view);
  const people = values.text("people");
  const errors: FormErrors = people === "" ? { people: "Name at least one person." } : {};
  return {
    channelId: view.private_metadata,
    people,
    title: values.text("title"),
    severity: readSeverity(values.choice("severity") ?? "") ?? DEFAULT_SEVERITY,
    errors,
  };
}

/** The form of a note to one incident. */
export function noteModal(
  { id, title }: Pick<Incident, "id" | "title">,
  note = "",
  problem?: UserMessage,
): ModalView {
  return modal(
    "Add note",
    [
      problemBlocks(problem),
      textInput({
        id: "note",
        label: "Note",
        hint: "Posted in the thread and kept in the audit record",
        initial: note,
        multiline: true,
        maxLength: MAX_NOTE,
      }),
      context(escape(title === "" ? id : `${id} · ${title}`)),
    ],
    { callbackId: NOTE_MODAL, metadata: id, submit: "Add" },
  );
}

/** @throws ZodError when the form is not ours. */
export function parseNote(view: SubmittedForm) {
  const note = readValues(view).text("note");
  const errors: FormErrors = note === "" ? { note: "Write something." } : {};
  return { id: view.private_metadata, note, errors };
}

/** The message that the shortcut was used on. */
const Source = z.object({
  channel: z.string(),
  ts: z.string(),
  author: z.string().optional(),
});
export type NoteSource = z.infer<typeof Source>;

interface AddFormProps {
  incidents: readonly Pick<Incident, "id" | "title">[];
  source: NoteSource;
  /** The message's words, which can be shortened. */
  text: string;
  problem?: UserMessage;
}

/** The form behind the message shortcut: to which incident, and what of the message. */
export function addToIncidentModal({ incidents, source, text, problem }: AddFormProps): ModalView {
  const options = incidents.slice(0, 100).map(({ id, title }) => ({
    value: id,
    text: plain(title === "" ? id : `${id} · ${title}`, 75),
  }));
  const [only] = options;
  return modal(
    "Add to incident",
    [
      problemBlocks(problem),
      {
        type: "input",
        block_id: "incident",
        label: plain("Incident"),
        element: {
          type: "static_select",
          action_id: "incident",
          options,
          ...(only !== undefined && options.length === 1 && { initial_option: only }),
        },
      },
      textInput({ id: "note", label: "Note", initial: text, multiline: true, maxLength: MAX_NOTE }),
    ],
    { callbackId: ADD_TO_INCIDENT_MODAL, metadata: JSON.stringify(source), submit: "Add" },
  );
}

/** @throws ZodError when the form is not ours. */
export function parseAddToIncident(view: SubmittedForm) {
  const values = readValues(view);
  const id = values.choice("incident");
  const note = values.text("note");
  const errors: FormErrors = {};
  if (id === null) errors["incident"] = "Choose one.";
  if (note === "") errors["note"] = "Write something.";
  return { id: id ?? "", note, source: Source.parse(JSON.parse(view.private_metadata)), errors };
}
