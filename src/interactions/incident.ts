import type { MessageShortcut } from "@slack/bolt";
import type { ModalView } from "@slack/types";

import { unescapeSlack } from "../commands/parse.ts";
import { authoriseIncident } from "../commands/incident/access.ts";
import { assign, factsOf, refresh, reopen } from "../commands/incident/change.ts";
import { sayIdpDisabled } from "../commands/incident/people.ts";
import { close, type Closing } from "../commands/incident/close.ts";
import { elsewhereLines, type Elsewhere } from "../commands/incident/elsewhere.ts";
import { addNote } from "../commands/incident/note.ts";
import { toldWhere } from "../commands/incident/told.ts";
import { open } from "../commands/incident/open.ts";
import { postSummary, showSummary } from "../commands/incident/summary.ts";
import type { Asker, Deps } from "../deps.ts";
import { explain, UserError } from "../errors.ts";
import { MAX_TITLE, type Incident } from "../incidents/incident.ts";
import { findOpenIncidents, readIncident } from "../incidents/queries.ts";
import { findSubjects, MAX_SUBJECTS } from "../lookup/subjects.ts";
import { parseWhoList, whoText } from "../lookup/who-list.ts";
import { getUser } from "../lookup/who.ts";
import { readDraft } from "../requests/drafts.ts";
import { maskSecrets } from "../secrets.ts";
import { permalink } from "../slack/messages.ts";
import { modal, section } from "../views/blocks.ts";
import { changedAnswer, closedText, nameOf } from "../views/incident/answers.ts";
import {
  addToIncidentModal,
  noteModal,
  openIncidentModal,
  parseAddToIncident,
  parseNote,
  parseOpenIncident,
} from "../views/incident/forms.ts";
import { INCIDENT_ACTIONS } from "../views/incident/actions.ts";
import { confirmClose } from "../views/incident/head.ts";
import { cut, escape } from "../views/text.ts";
import { unpackParams } from "../views/screen-button.ts";
import type { Click, ClickHandler } from "./click.ts";
import { defineForm } from "./form.ts";
import { wordsOf } from "./investigate.ts";
import { openWithLoading } from "./modal.ts";

/** Buttons of an incident that show something or open a form. */
export const incidentClicks: Record<string, ClickHandler> = {
  async [INCIDENT_ACTIONS.refresh](click) {
    await authoriseIncident(click, "viewer");
    await factsOf(click.deps, click.value);
    await refresh(of(click));
  },

  async [INCIDENT_ACTIONS.note](click) {
    const { deps, triggerId, value } = click;
    await openWithLoading(deps, triggerId, "Add note", "Checking…", async () => {
      await authoriseIncident(click, "auditor");
      return noteModal((await factsOf(deps, value)).incident);
    });
  },

  async [INCIDENT_ACTIONS.readIn](click) {
    await showSummary(
      of(click),
      async (incident) => (await toldWhere(click.deps, incident)).link,
      (message) => click.reply(message),
    );
  },

  [INCIDENT_ACTIONS.open]: openFormOf,
};

/** The form of a new incident, about the user whose id the button carries, or about no one yet. */
export async function openFormOf(click: Click): Promise<void> {
  const { deps, asker, triggerId, channelId, value } = click;
  const { user = "", draft } = unpackParams(value);
  await openIncidentForm(deps, triggerId, { asker, channelId, user, title: "", draft });
}

/** Opens the form of a new incident. */
export async function openIncidentForm(
  deps: Deps,
  triggerId: string,
  of: { asker: Asker; channelId: string; user?: string; title: string; draft?: string | undefined },
): Promise<void> {
  const { asker, channelId, user = "", draft } = of;
  await openWithLoading(deps, triggerId, "Open incident", "Checking…", async () => {
    await authoriseIncident({ deps, asker }, "operator");
    const [found, typed] = await Promise.all([
      user === "" ? null : getUser(deps.cloudflare, user),
      // Theirs alone: who else presses the button types for themselves.
      draft === undefined ? null : readDraft(deps.db, draft, asker.userId),
    ]);
    return openIncidentModal({
      channelId,
      people: found === null ? "" : found.email || found.id,
      title: typed?.title ?? of.title,
      ...(typed?.severity !== undefined && { severity: typed.severity }),
    });
  });
}

/** Buttons that change an incident by themselves. */
export const incidentDecisions: Record<string, ClickHandler> = {
  async [INCIDENT_ACTIONS.take](click) {
    const incident = await assign(of(click), click.asker.userId);
    await answer(click, incident, `You own ${nameOf(incident)}`);
  },

  async [INCIDENT_ACTIONS.close](click) {
    await answerClosing(click, await close(of(click), null));
  },

  async [INCIDENT_ACTIONS.closeAnyway](click) {
    const { incident: id = "", gaps = "" } = unpackParams(click.value);
    await answerClosing(click, await close({ ...of(click), id }, gaps));
  },

  async [INCIDENT_ACTIONS.summary](click) {
    const incident = await postSummary(of(click));
    await answer(click, incident, `Posted the summary of ${nameOf(incident)}`);
  },

  [INCIDENT_ACTIONS.idpDisabled]: (click) => sayIdp(click, true),
  [INCIDENT_ACTIONS.idpNotDisabled]: (click) => sayIdp(click, false),

  async [INCIDENT_ACTIONS.reopen](click) {
    const incident = await reopen(of(click));
    await answer(click, incident, `🔴 Reopened ${nameOf(incident)}`);
  },
};

async function answerClosing(click: Click, closing: Closing): Promise<void> {
  const { incident, left, requests } = closing;
  if (left !== null) return click.reply(confirmClose(incident.id, left, requests));
  await answer(click, incident, closedText(closing));
}

async function sayIdp(click: Click, isDisabled: boolean): Promise<void> {
  const { incident: id = "", user = "" } = unpackParams(click.value);
  const { incident, who } = await sayIdpDisabled({ ...of(click), id }, user, isDisabled);
  const said = isDisabled ? "Disabled at the IdP" : "Not disabled at the IdP";
  await answer(click, incident, `☑️ ${said}, as you say: ${escape(who, 254)}`);
}

function of({ deps, asker, value }: Click) {
  return { deps, asker, id: value };
}

async function answer({ deps, reply }: Click, incident: Incident, said: string): Promise<void> {
  await reply(changedAnswer(incident, said, await toldWhere(deps, incident)));
}

/** The form of a new incident. Nothing that was typed is lost where it can't be opened. */
export const openIncidentForms = defineForm(parseOpenIncident, async ({ deps, asker }, form) => {
  const { channelId, people, title, severity } = form;
  try {
    const { whos, unreadable } = parseWhoList(people);
    if (unreadable.length > 0)
      throw new UserError({
        what: `Can't read ${unreadable.join(", ")} as an email address.`,
        next: "Check the spelling.",
      });
    const { incident, elsewhere } = await open(deps, asker, { whos, title, severity, channelId });
    await deps.engine.threadPublished(incident.id);
    return doneModal(deps, incident, `🔴 Opened *${nameOf(incident)}*`, elsewhere);
  } catch (error) {
    const problem = explain(deps.log, error, "form could not be taken");
    return openIncidentModal({ channelId, people, title, severity, problem });
  }
});

export const noteForm = defineForm(parseNote, async ({ deps, asker }, { id, note }) => {
  try {
    const incident = await addNote({ deps, asker, id }, { note });
    return await doneModal(deps, incident, `📌 Noted in ${nameOf(incident)}`);
  } catch (error) {
    return noteModal({ id, title: "" }, note, explain(deps.log, error, "form could not be taken"));
  }
});

/** The message shortcut "Add to incident": picks one of those that are open. */
export async function addToIncident(deps: Deps, asker: Asker, shortcut: MessageShortcut): Promise<void> {
  await openWithLoading(deps, shortcut.trigger_id, "Add to incident", "Checking…", async () => {
    await authoriseIncident({ deps, asker }, "auditor");
    const incidents = await findOpenIncidents(deps.db);
    const { message, channel } = shortcut;
    if (incidents.length === 0) {
      await authoriseIncident({ deps, asker }, "operator");
      return openIncidentModal({ channelId: channel.id, ...(await readMessageAsIncident(deps, message)) });
    }
    const source = {
      channel: channel.id,
      ts: message.ts,
      ...(message.user !== undefined && { author: message.user }),
    };
    const { text } = maskSecrets(message.text ?? wordsOf(message));
    return addToIncidentModal({ incidents, source, text });
  });
}

/** What a new incident about a message begins with: its first line, and the people whom it names. */
async function readMessageAsIncident(
  { directory }: Deps,
  message: MessageShortcut["message"],
): Promise<{ people: string; title: string }> {
  const words = wordsOf(message);
  const people = await Promise.all(
    findSubjects(words)
      .slice(0, MAX_SUBJECTS)
      .map(async (who) =>
        who.kind === "mention" ? ((await directory.person(who.userId))?.email ?? "") : whoText(who),
      ),
  );
  const typed = unescapeSlack(maskSecrets(message.text || words).text);
  const [title = ""] = typed.split("\n").filter((line) => line.trim() !== "");
  return {
    people: [...new Set(people.filter((one) => one !== ""))].join("\n"),
    title: cut(title.trim(), MAX_TITLE),
  };
}

export const addToIncidentForm = defineForm(
  parseAddToIncident,
  async ({ deps, asker }, { id, note, source }) => {
    try {
      const link = await permalink(deps.slack.interactive, source);
      const told = { ...source, ...(link !== null && { link }) };
      const incident = await addNote({ deps, asker, id }, { note, source: told, isTyped: true });
      return await doneModal(deps, incident, `📌 Noted in ${nameOf(incident)}`);
    } catch (error) {
      const problem = explain(deps.log, error, "form could not be taken");
      const chosen = await readIncident(deps.db, id);
      const incidents = [...(chosen === null ? [] : [chosen]), ...(await findOpenIncidents(deps.db))];
      const each = [...new Map(incidents.map((one) => [one.id, one])).values()];
      return addToIncidentModal({ incidents: each, source, text: note, problem });
    }
  },
);

async function doneModal(
  deps: Deps,
  incident: Incident,
  said: string,
  elsewhere: readonly Elsewhere[] = [],
): Promise<ModalView> {
  const [{ link, trouble }, also] = await Promise.all([
    toldWhere(deps, incident),
    elsewhereLines(deps, elsewhere),
  ]);
  return modal("Incident", [section(said, link !== null && `<${link}|Open the thread>`, trouble, also)]);
}
