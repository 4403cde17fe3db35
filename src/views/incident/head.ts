import type { ActionsBlock, Button, KnownBlock } from "@slack/types";

import { compact } from "../../compact.ts";
import type { IncidentFacts } from "../../incidents/facts.ts";
import type { Gap } from "../../incidents/gaps.ts";
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
import { formButton } from "../forms/button.ts";
import { stateWords } from "../card/card.ts";
import { screenButton } from "../screen-button.ts";
import { duration, escape, mention, when, withoutSigns } from "../text.ts";
import { INCIDENT_ACTIONS } from "./actions.ts";
import { INCIDENT_CHANNEL, incidentName, personLine, personName } from "./words.ts";

/** What of all requests is shown; the thread tells of each. */
const MAX_REQUESTS = 5;
/** Buttons of next steps: more are under each person's own summary. */
const MAX_STEPS = 5;

interface HeadProps {
  facts: IncidentFacts;
  now: number;
  /** To a request's card; null where it is not in Slack. */
  linkOf(requestId: string): string | null;
  /** To the thread, where this is shown elsewhere. */
  threadLink?: string | null;
}

/** An incident as it stands: the head of its thread, and the answer of `/zt incident show`. */
export function incidentHead({ facts, now, linkOf, threadLink }: HeadProps): Message {
  const { incident, people, requests, thread } = facts;
  const { id, title, severity, closed } = incident;
  const gaps = countGaps(facts);
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
    sections(people.map(({ person, state }) => personLine(person, state))),
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
    section(
      gaps.left + gaps.unknown === 0
        ? "*Containment gaps:* none"
        : `*Containment gaps:* ${compact(gaps.left > 0 && number(gaps.left), gaps.unknown > 0 && `${number(gaps.unknown)} unknown`).join(", ")}`,
    ),
    stepButtons(facts),
    incidentButtons(facts),
    context(
      compact(
        incidentName({ id, title: "" }),
        closed === null &&
          `${duration(now - incident.openedAt)} after it was opened, at ${when(now, "minute")}`,
        threadLink != null && `<${threadLink}|Open the thread>`,
      ).join(" · "),
    ),
  );
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

function countGaps({ people }: IncidentFacts): { left: number; unknown: number } {
  const gaps = people.flatMap(({ state }) => state.gaps);
  return {
    left: gaps.filter(({ is }) => is === "open").length,
    unknown: gaps.filter(({ is }) => is === "unknown").length,
  };
}

/** The next step of the first gap of each person, where a request does not wait already. */
function stepButtons({ people, incident }: IncidentFacts): ActionsBlock[] {
  if (incident.status === "closed") return [];
  const steps = people.flatMap(({ person, state }, index) => {
    const isAtWork = state.standing === "waiting" || state.standing === "in-progress";
    const gap = state.gaps.find(({ is }) => is === "open");
    return isAtWork || gap === undefined ? [] : [stepButton(person.target, gap, index)];
  });
  return actions("incident_steps", steps.slice(0, MAX_STEPS));
}

function stepButton(
  target: { id: string; email: string; name: string },
  { kind }: Gap,
  index: number,
): Button {
  const who = target.name === "" ? target.email : target.name;
  const which = `incident-${index}`;
  switch (kind) {
    case "sessions":
      return formButton(`Revoke ${who}…`, "revoke", which, { user: target.id }, `Request to revoke ${who}`);
    case "devices":
      return formButton(
        `Revoke devices of ${who}…`,
        "revoke-devices",
        which,
        { user: target.id },
        `Request to revoke devices of ${who}`,
      );
    case "risk":
      return screenButton(`Risk of ${who}`, "risk", { user: target.id }, `Risk events of ${who}`, which);
  }
}

function incidentButtons({ incident: { id, status } }: IncidentFacts): ActionsBlock[] {
  if (status === "closed")
    return actions(
      "incident_actions",
      button("Reopen", INCIDENT_ACTIONS.reopen, id, `Reopen ${id}`),
      button("Add note…", INCIDENT_ACTIONS.note, id, `Add a note to ${id}`),
    );
  return actions(
    "incident_actions",
    button("Refresh", INCIDENT_ACTIONS.refresh, id, `Read everyone in ${id} again`),
    button("Add note…", INCIDENT_ACTIONS.note, id, `Add a note to ${id}`),
    button("Assign to me", INCIDENT_ACTIONS.take, id, `Become the owner of ${id}`),
    button("Close", INCIDENT_ACTIONS.close, id, `Close ${id}`),
  );
}

/** What is left and has to be confirmed before the incident is closed. */
export function confirmClose(id: string, gaps: readonly string[]): Message {
  const shown = gaps.slice(0, 10).map((gap) => `• ${escape(gap, 200)}`);
  const more = gaps.length - shown.length;
  const blocks: KnownBlock[] = [
    section(
      `⚠️ *${id} is not contained: ${plural(gaps.length, "gap")} left*`,
      ...shown,
      more > 0 && `and ${number(more)} more`,
    ),
    ...actions(
      "incident_confirm",
      button("Close anyway", INCIDENT_ACTIONS.closeAnyway, id, `Close ${id} with these gaps`),
    ),
  ];
  return message(`${id} is not contained: ${plural(gaps.length, "gap")} left. Close it anyway?`, blocks);
}
