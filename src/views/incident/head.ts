import type { ActionsBlock, Button, KnownBlock } from "@slack/types";

import { compact } from "../../compact.ts";
import type { Standing } from "../../incidents/chips.ts";
import type { IncidentFacts } from "../../incidents/facts.ts";
import type { GapKind } from "../../incidents/gaps.ts";
import { number, plural } from "../../pluralize.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
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
import { firstOf } from "../fit.ts";
import { formButton } from "../forms/button.ts";
import { stateWords } from "../card/card.ts";
import { packParams, screenButton } from "../screen-button.ts";
import { duration, escape, mention, named, when, withoutSigns } from "../text.ts";
import { INCIDENT_ACTIONS, summaryButton } from "./actions.ts";
import { INCIDENT_CHANNEL, incidentName, personLine, personName } from "./words.ts";

/** What of all requests is shown; the thread tells of each. */
const MAX_REQUESTS = 5;
/** People with the buttons of their next steps: more are under each person's own summary. */
const MAX_STEPPED = 5;

interface HeadProps {
  facts: IncidentFacts;
  now: number;
  /** To a request's card; null where it is not in Slack. */
  linkOf(requestId: string): string | null;
  /** To the thread, where this is shown elsewhere. */
  threadLink?: string | null;
  /** It is a reply, in the place of a first message that was deleted. */
  isInstead?: boolean;
}

/** An incident as it stands: the head of its thread, and the answer of `/zt incident show`. */
export function incidentHead({ facts, now, linkOf, threadLink, isInstead = false }: HeadProps): Message {
  const { incident, people, requests, thread } = facts;
  const { id, title, severity } = incident;
  return message(
    `${id} ${escape(title, 120)}: ${plainState(facts)}, severity ${severity}, ${people.map(({ person }) => personName(person.target)).join(", ")}`,
    header(withoutSigns(title === "" ? id : `${title} · ${id}`)),
    section(
      stateLine(facts),
      compact(
        `Severity ${severity}`,
        incident.owner === null ? "no owner" : `owner ${mention(incident.owner)}`,
        `opened ${when(incident.openedAt)} by ${mention(incident.openedBy)}`,
      ).join(" · "),
      timesText(facts),
    ),
    thread.trouble !== null && section(troubleText(facts)),
    peopleBlocks(facts),
    people.length === 0 && section("No one belongs to it."),
    requests.length > 0 &&
      section(
        "*Open requests*",
        ...requests
          .slice(0, MAX_REQUESTS)
          .map(
            ({ request, headline }) =>
              `${request.status === "pending" ? "🟡" : "⏳"} ${escape(headline, 150)}: ${stateWords(request)} · ${linked(request, linkOf(request.id))}`,
          ),
        requests.length > MAX_REQUESTS && `and ${number(requests.length - MAX_REQUESTS)} more`,
      ),
    section(`*Containment gaps:* ${gapsText(facts)}`),
    incidentButtons(facts),
    isInstead && context("The first message of this thread was deleted: this one is kept current instead."),
    context(
      compact(
        incidentName({ id, title: "" }),
        asOf(facts, now),
        threadLink != null && `<${threadLink}|Open the thread>`,
      ).join(" · "),
    ),
  );
}

/**
 * When the oldest of what is shown of its people was read: what has happened since is unknown. Nothing is read of a closed
 * one's, which may be looked at days later.
 */
function asOf({ incident: { openedAt, closed }, people }: IncidentFacts, now: number): string {
  const at = Math.min(now, ...people.flatMap(({ person }) => person.seen?.readAt ?? []));
  if (closed !== null) return `people as of ${when(at)}`;
  return `as of ${when(at, "minute")}, ${duration(Math.max(at - openedAt, 0))} after opening`;
}

function plainState({ incident, isContained }: IncidentFacts): string {
  if (incident.status === "closed") return "closed";
  return isContained ? "contained" : "not contained";
}

function stateLine({ incident, isContained, people }: IncidentFacts): string {
  if (incident.closed !== null)
    return `⚪ *Closed* ${when(incident.closed.at)} by ${mention(incident.closed.by)}${isContained ? "" : ", with gaps left"}`;
  if (isContained)
    return `✅ *Contained*${incident.containedAt === null ? "" : ` since ${when(incident.containedAt, "minute")}`}`;
  const isBack = people.some(({ state }) => state.standing === "back");
  return isBack ? "🔴 *Not contained: someone signed in again*" : "🔴 *Not contained*";
}

/** `First containment after 12 min · contained after 25 min` */
function timesText({ incident: { openedAt, firstContainedAt, containedAt, closed } }: IncidentFacts): string {
  return compact(
    firstContainedAt === null
      ? "No containment verified yet"
      : `First containment after ${duration(firstContainedAt - openedAt)}`,
    containedAt !== null && `contained after ${duration(containedAt - openedAt)}`,
    closed !== null && `closed after ${duration(closed.at - openedAt)}`,
  ).join(" · ");
}

function troubleText({ thread }: IncidentFacts): string {
  const { why, next } = describeSlackTrouble(thread.trouble?.code ?? "", INCIDENT_CHANNEL);
  return `⚠️ *The thread is not up to date:* ${why}.${next === null ? "" : ` → ${next}`}`;
}

/** `3 open, 1 unknown, 2 required` */
function gapsText({ people, required }: IncidentFacts): string {
  const gaps = people.flatMap(({ state }) => state.gaps);
  if (gaps.length === 0) return "none";
  const left = gaps.filter(({ is }) => is === "open").length;
  const unknown = gaps.length - left;
  return compact(
    left > 0 && `${number(left)} open`,
    unknown > 0 && `${number(unknown)} unknown`,
    requiredText(gaps.filter(({ kind }) => required.includes(kind)).length, gaps.length),
  ).join(", ");
}

function requiredText(required: number, all: number): string {
  if (all === 1) return required === 1 ? "required" : "not required";
  if (required === 0) return "none required";
  return required === all ? "all required" : `${number(required)} required`;
}

type Shown = IncidentFacts["people"][number];

/** Whom someone has to act on comes first, then what is under way; of whom nothing required is left is last. */
const PRESSING: readonly Standing[] = ["back", "open", "unknown", "waiting", "in-progress"];

function rankOf({ state: { standing, isContained } }: Shown): number {
  return standing === "contained" || (standing === "open" && isContained)
    ? PRESSING.length + Number(standing === "contained")
    : PRESSING.indexOf(standing);
}

/** A line for everyone, the most pressing first; below the first of them, the next step of each of their gaps. */
function peopleBlocks({ people, incident: { id, status } }: IncidentFacts): KnownBlock[] {
  const sorted = people.toSorted((a, b) => rankOf(a) - rankOf(b));
  const steps = new Map(
    status === "closed"
      ? []
      : sorted.flatMap((one, index) => {
          const buttons = stepButtons(id, one, index);
          return buttons.length === 0 ? [] : [[one, buttons] as const];
        }),
  );
  const stepped = new Set([...steps.keys()].slice(0, MAX_STEPPED));
  const left = steps.size - stepped.size;
  const blocks: KnownBlock[] = [];
  let lines: string[] = [];
  for (const one of sorted) {
    lines.push(personLine(one.person, one.state));
    if (!stepped.has(one)) continue;
    blocks.push(...sections(lines), ...actions(`incident_steps_${blocks.length}`, ...(steps.get(one) ?? [])));
    lines = [];
  }
  blocks.push(...sections(lines));
  if (left > 0)
    blocks.push(context(`→ Next steps for ${plural(left, "more person", "more people")}: \`/zt user\``));
  return blocks;
}

/** The next step of each gap, the most pressing first; none of a request while one is waiting or in progress. */
function stepButtons(id: string, { person, state }: Shown, index: number): Button[] {
  const isAtWork = state.chips.some(({ kind }) => kind === "waiting" || kind === "in-progress");
  const of = { id, target: person.target, which: `incident-${index}` };
  // Who is on the list already is not put on it again: what is missing is a rule in Cloudflare.
  const open = state.gaps.filter((gap) => gap.is === "open" && !(gap.kind === "block" && gap.isUnenforced));
  const kinds = new Set(open.map(({ kind }) => kind));
  // One revocation ends both.
  if (kinds.has("back")) kinds.delete("sessions");
  const next = isAtWork ? [] : [...kinds].map((kind) => stepButton(kind, of));
  const idp = state.gaps.find(({ kind }) => kind === "idp");
  return compact(
    ...next,
    person.seen !== null &&
      idp?.is === "unknown" &&
      idpButton("Mark disabled at IdP", INCIDENT_ACTIONS.idpDisabled, of),
    person.idpDisabled !== null && idpButton("Mark not disabled", INCIDENT_ACTIONS.idpNotDisabled, of),
  );
}

interface StepOf {
  id: string;
  target: { id: string; email: string; name: string };
  which: string;
}

function stepButton(kind: GapKind, { id, target, which }: StepOf): Button {
  const who = nameOf(target);
  const params = { user: target.id };
  switch (kind) {
    case "back":
      return formButton("Revoke again…", "revoke", which, params, `Request to revoke ${who} again`);
    case "sessions":
      return formButton("Revoke…", "revoke", which, params, `Request to revoke ${who}`);
    case "block":
      return formButton("Block…", "block", which, params, `Request to block ${who}`);
    case "idp":
      return button("Check the IdP again", INCIDENT_ACTIONS.refresh, id, `Read everyone in ${id} again`);
    case "devices":
      return formButton(
        "Revoke devices…",
        "revoke-devices",
        which,
        params,
        `Request to revoke devices of ${who}`,
      );
    case "risk":
      return screenButton("Risk", "risk", params, `Risk events of ${who}`, which);
  }
}

function idpButton(text: string, action: string, { id, target }: StepOf): Button {
  return button(text, action, packParams({ incident: id, user: target.id }), `${text}: ${nameOf(target)}`);
}

function nameOf({ name, email, id }: StepOf["target"]): string {
  return named(name, named(email, id));
}

function incidentButtons({ incident: { id, status } }: IncidentFacts): ActionsBlock[] {
  if (status === "closed")
    return actions(
      "incident_actions",
      button("Reopen", INCIDENT_ACTIONS.reopen, id, `Reopen ${id}`),
      button("Add note…", INCIDENT_ACTIONS.note, id, `Add a note to ${id}`),
      summaryButton(id),
    );
  return actions(
    "incident_actions",
    button("Refresh", INCIDENT_ACTIONS.refresh, id, `Read everyone in ${id} again`),
    button("Add note…", INCIDENT_ACTIONS.note, id, `Add a note to ${id}`),
    button("Assign to me", INCIDENT_ACTIONS.take, id, `Become the owner of ${id}`),
    button("Close", INCIDENT_ACTIONS.close, id, `Close ${id}`),
    summaryButton(id),
  );
}

/**
 * What is left and has to be confirmed before the incident is closed. `digest`: of these gaps. `requests`: what those about
 * its people are for that are not over.
 */
export function confirmClose(
  id: string,
  { named: gaps, digest }: { named: readonly string[]; digest: string },
  requests: readonly string[],
): Message {
  const blocks: KnownBlock[] = [
    ...sections([
      `⚠️ *${id} is not contained: ${plural(gaps.length, "gap")} left*`,
      ...gaps.map((gap) => `• ${escape(gap, 400)}`),
      ...(requests.length === 0
        ? []
        : [
            `⏳ *Not over yet:* ${firstOf(
              requests.map((one) => escape(one, 150)),
              MAX_REQUESTS,
            )}. What becomes of ${requests.length === 1 ? "it" : "them"} is told in the thread.`,
          ]),
    ]),
    ...actions(
      "incident_confirm",
      button(
        "Close anyway",
        INCIDENT_ACTIONS.closeAnyway,
        packParams({ incident: id, gaps: digest }),
        `Close ${id} with these gaps`,
      ),
    ),
  ];
  return message(`${id} is not contained: ${plural(gaps.length, "gap")} left. Close it anyway?`, blocks);
}
