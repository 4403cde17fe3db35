import { compact } from "../../compact.ts";
import type { Note, Story, StoryRequest } from "../../incidents/summary/story.ts";
import { list, number, plural } from "../../pluralize.ts";
import { stateLine } from "../card/card.ts";
import {
  actions,
  button,
  context,
  header,
  linked,
  message,
  section,
  sections,
  type Message,
} from "../blocks.ts";
import { firstLines } from "../fit.ts";
import { duration, escape, mention, when, withoutSigns } from "../text.ts";
import { INCIDENT_ACTIONS } from "./actions.ts";
import { gapWords, incidentName, personLine, personName } from "./words.ts";

/** What fits on one message; the export holds all of it. */
const MAX = { people: 15, requests: 10, gaps: 12, notes: 5, named: 3 };

interface SummaryProps {
  story: Story;
  /** To a request's card; null where it is not in Slack. */
  linkOf(requestId: string): string | null;
  /** Who asked for it; null: it is posted by itself when the incident is closed. */
  by: string | null;
  /** To the thread, where this is shown elsewhere. */
  threadLink?: string | null;
}

/** What happened, who, what was done and approved by whom, what was verified, what is left, and the figures. */
export function incidentSummary({ story, linkOf, by, threadLink = null }: SummaryProps): Message {
  const { incident, people, removed, told, notes, gaps } = story;
  const { id, title, severity, owner, openedAt, openedBy } = incident;
  const verdict = verdictLine(story);
  return message(
    `${incidentName({ id, title })}: ${verdict.replaceAll("*", "")}`,
    header(withoutSigns(`Summary: ${title === "" ? id : `${title} · ${id}`}`)),
    section(
      verdict,
      compact(
        `Severity ${severity}`,
        owner === null ? "no owner" : `owner ${mention(owner)}`,
        `opened ${when(openedAt)} by ${mention(openedBy)}`,
        incident.closed !== null && `closed ${when(incident.closed.at)} by ${mention(incident.closed.by)}`,
      ).join(" · "),
    ),
    sections([
      `*People* (${number(people.length)})`,
      ...firstLines(people, MAX.people, doneLine),
      ...(removed.length === 0 ? [] : [`Removed: ${firstNames(removed.map((one) => personName(one)))}`]),
    ]),
    sections([
      told.length === 0 ? "*Done:* no requests" : `*Done* (${plural(told.length, "request")})`,
      // The newest are the ones that count.
      ...firstLines(told.toReversed(), MAX.requests, (one) => requestLine(one, linkOf)),
    ]),
    sections(
      gaps.length === 0
        ? ["*Open:* no gaps"]
        : [
            `*Open* (${plural(gaps.length, "gap")})`,
            ...firstLines(
              gapsByPerson(story),
              MAX.gaps,
              gapLine,
              (left) => `and ${plural(left, "more person", "more people")}`,
            ),
          ],
    ),
    notes.length > 0 &&
      sections([`*Notes* (${number(notes.length)})`, ...firstLines(notes.toReversed(), MAX.notes, noteLine)]),
    section(`*Figures*`, timesLine(story), countsLine(story)),
    threadLink !== null &&
      actions(
        "incident_summary",
        button("Post in thread", INCIDENT_ACTIONS.summary, id, `Post the summary of ${id} in its thread`),
      ),
    context(
      compact(
        `As of ${when(story.at)}`,
        by !== null && `posted for ${mention(by)}`,
        threadLink !== null && `<${threadLink}|Open the thread>`,
      ).join(" · "),
    ),
  );
}

/** The whole story in one line. */
function verdictLine(story: Story): string {
  const { verdict, concerned, people, incident, figures, at } = story;
  const after = duration((incident.closed?.at ?? at) - incident.openedAt);
  const names = firstNames(concerned.map((one) => personName(one)));
  switch (verdict) {
    case "closed":
      return `✅ *Closed after ${after}, contained*: ${plural(people.length, "person", "people")}, ${plural(figures.requests, "request")}`;
    case "closed-with-gaps":
      return `⚠️ *Closed after ${after} with gaps left*: ${names}`;
    case "contained":
      return `✅ *Contained${figures.toContainment === null ? "" : ` after ${duration(figures.toContainment)}`}*: ${plural(people.length, "person", "people")}, ${plural(figures.requests, "request")}`;
    case "back":
      return `🔴 *Not contained after ${after}*: ${backNames(story)} signed in again`;
    case "not-contained":
      return `🔴 *Not contained after ${after}*: ${names === "" ? "no one belongs to it" : `gaps left for ${names}`}`;
    case "unknown":
      return `⚪ *Containment unknown after ${after}*: no data on ${names}`;
  }
}

function backNames({ people }: Story): string {
  const back = people.filter(({ state }) => state.standing === "back");
  return firstNames(back.map(({ person }) => personName(person.target)));
}

function firstNames(names: readonly string[]): string {
  const left = names.length - MAX.named;
  return list([...names.slice(0, MAX.named), ...(left > 0 ? [`${number(left)} more`] : [])]);
}

/** What was done about someone: what is left of them stands below, with whether it is required. */
function doneLine({ person, state }: Story["people"][number]): string {
  const chips = state.chips.filter(({ kind }) => kind !== "open" && kind !== "unknown");
  const nothing = state.gaps.length === 0 ? "nothing open" : "not revoked";
  return personLine(person, { standing: state.standing, isContained: false, chips }, nothing);
}

type Gaps = Story["gaps"];

/** Who has required ones first. */
function gapsByPerson({ gaps }: Story): Gaps[] {
  const rank = (ofOne: Gaps) => Number(ofOne.some(({ isRequired }) => isRequired));
  return [...Map.groupBy(gaps, ({ target }) => target).values()].toSorted((a, b) => rank(b) - rank(a));
}

/** `• Dana: 1 session open (not required: high risk)` */
function gapLine(ofOne: Gaps): string {
  const words = (isRequired: boolean) =>
    ofOne.filter((one) => one.isRequired === isRequired).map(({ gap }) => gapWords(gap));
  const [required, others] = [words(true), words(false)];
  return compact(
    `• ${ofOne[0] === undefined ? "" : personName(ofOne[0].target)}:`,
    required.length > 0 && required.join(", "),
    others.length > 0 && (required.length > 0 ? `(not required: ${others.join(", ")})` : others.join(", ")),
    others.length > 0 && required.length === 0 && "(not required)",
  ).join(" ");
}

/** `✅ *Revoked 3 sessions*, verified at 12:22 · approved by @Bob · ZT-…: Revoke all sessions of …, requested by @Alice` */
function requestLine({ request, headline }: StoryRequest, linkOf: SummaryProps["linkOf"]): string {
  const [state = ""] = stateLine(request, { max: 120 }).split("\n");
  const asked = `requested by ${mention(request.requesterId)} ${when(request.createdAt, "minute")}`;
  return `${state} · ${linked(request, linkOf(request.id))}: ${escape(headline, 100)}, ${asked}`;
}

function noteLine({ at, by, text }: Note): string {
  return `📌 ${mention(by)} ${when(at, "minute")}: ${escape(text, 200)}`;
}

function timesLine({ figures, incident }: Story): string {
  const { toFirstContainment, toContainment, toClose, reopenings } = figures;
  return compact(
    toFirstContainment === null
      ? "no containment verified"
      : `first containment after ${duration(toFirstContainment)}`,
    toContainment === null ? "not fully contained" : `full containment after ${duration(toContainment)}`,
    reopenings > 0 && `containment lost ${reopenings === 1 ? "once" : `${number(reopenings)} times`}`,
    incident.closed !== null && toClose !== null && `closed after ${duration(toClose)}`,
  )
    .join(" · ")
    .replace(/^./, (first) => first.toUpperCase());
}

function countsLine({ figures }: Story): string {
  const { requests, verified, unconfirmed, denied, failed, dropped, open, breakGlass, notes } = figures;
  return compact(
    plural(requests, "request"),
    `${number(verified)} verified`,
    unconfirmed > 0 && `${number(unconfirmed)} not confirmed`,
    `${number(denied)} denied`,
    `${number(failed)} failed`,
    dropped > 0 && `${number(dropped)} cancelled or expired`,
    open > 0 && `${number(open)} in progress`,
    breakGlass > 0 && `${number(breakGlass)} by break-glass`,
    notes > 0 && plural(notes, "note"),
  ).join(" · ");
}
