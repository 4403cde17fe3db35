import type { Incident } from "../../incidents/incident.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
import { compact } from "../../compact.ts";
import { capitalize, list, plural } from "../../pluralize.ts";
import { actions, button, message, section, type Message } from "../blocks.ts";
import { packParams, screenButton } from "../screen-button.ts";
import { escape, mention, when } from "../text.ts";
import { INCIDENT_ACTIONS, summaryButton } from "./actions.ts";
import { INCIDENT_CHANNEL, incidentName } from "./words.ts";

/** Where an incident is told, or why it is not there yet. */
export interface Told {
  link: string | null;
  trouble: string | null;
}

/** `said`: what was changed, and `also`: what is worth knowing with it, in mrkdwn. */
export function changedAnswer(
  { id }: Incident,
  said: string,
  { link, trouble }: Told,
  also: readonly string[] = [],
): Message {
  return message(
    said,
    section(`${said}${link === null ? "" : ` · <${link}|Open the thread>`}`, trouble, also),
    actions(
      "incident_changed",
      screenButton("Show", "incident", { incident: id }, `Show ${id}`),
      summaryButton(id),
    ),
  );
}

/** `⚠️ Mallory Archer is also in INC-7K3M2, which is open`, with a link to its thread; the title only where it is given. */
export function elsewhereLine(
  { id, title = "", named }: { id: string; title?: string; named: readonly string[] },
  link: string | null,
): string {
  const name = nameOf({ id, title });
  const left = named.length - MAX_NAMED;
  const whom = list([
    ...named.slice(0, MAX_NAMED).map((one) => escape(one)),
    ...(left > 0 ? [`${left} more`] : []),
  ]);
  return `⚠️ ${whom} ${named.length === 1 ? "is" : "are"} also in ${link === null ? name : `<${link}|${name}>`}, which is open`;
}

const MAX_NAMED = 5;

/** Why the thread is not in Slack, with the step that fixes it. */
export function threadTrouble(code: string): string {
  const { why, next } = describeSlackTrouble(code, INCIDENT_CHANNEL);
  return `⚠️ Not posted yet: ${why}.${next === null ? " It will be posted." : ` → ${capitalize(next)}.`}`;
}

/** To its owner, who may not look into the channel: the thread is not in Slack, or it is again (`trouble`: null). */
export function troubleNotice(
  { id, title, channel }: Incident,
  trouble: { code: string; since: number } | null,
  link: string | null,
): Message {
  const name = `*${incidentName({ id, title })}*`;
  const show = screenButton("Show", "incident", { incident: id }, `Show ${id}`);
  if (trouble === null) {
    const over = `✅ ${name}: its thread is up to date again`;
    return message(over, section(`${over}${link === null ? "" : ` · <${link}|Open the thread>`}`));
  }
  const { why, next } = describeSlackTrouble(trouble.code, INCIDENT_CHANNEL);
  const text = `⚠️ ${name}: ${why}`;
  const since = `Its thread is not up to date since ${when(trouble.since)}.`;
  return message(
    `${text}. ${since}`,
    section(
      `${text}.`,
      `${since} Nothing is lost: it is posted later.`,
      next !== null && `→ ${capitalize(next)} (<#${channel}>).`,
    ),
    actions("incident_trouble", show),
  );
}

/** Open incidents, and a few closed ones, each with a button. `hint`: what to do with them. */
export function incidentList(open: readonly Incident[], closed: readonly Incident[], hint?: string): Message {
  const shown = open.slice(0, MAX_OPEN);
  const text = open.length === 0 ? "No incident is open." : `${open.length} open`;
  return message(
    hint ?? text,
    section(hint === undefined ? `*Incidents:* ${text}` : `⚠️ ${hint}`),
    shown.flatMap((incident) => [
      section(lineOf(incident)),
      ...actions(
        `incident_${incident.id}`,
        screenButton("Show", "incident", { incident: incident.id }, `Show ${incident.id}`),
      ),
    ]),
    open.length > shown.length &&
      section(`and ${open.length - shown.length} more: /zt incident show and the id`),
    closed.length > 0 && section("*Closed*", ...closed.map(lineOf)),
    ...actions(
      "incidents_closed",
      ...closed.map(({ id }, index) =>
        screenButton(`Show ${id}`, "incident", { incident: id }, `Show ${id}`, `closed-${index}`),
      ),
    ),
    open.length === 0 &&
      hint === undefined &&
      actions(
        "incidents_none",
        button("Open incident…", INCIDENT_ACTIONS.open, packParams({ user: "" }), "Open an incident"),
      ),
  );
}

/** Two blocks each, and Slack takes 50. */
const MAX_OPEN = 20;

function lineOf({ id, title, severity, owner, openedAt, closed, containedAt }: Incident): string {
  const sign = closed !== null ? "⚪" : containedAt !== null ? "✅" : "🔴";
  return `${sign} *${incidentName({ id, title })}* · ${compact(
    `severity ${severity}`,
    owner === null ? "no owner" : `owner ${mention(owner)}`,
    closed === null ? `opened ${when(openedAt)}` : `closed ${when(closed.at)}`,
  ).join(" · ")}`;
}

/** What stays open when an incident is closed is said with it. */
export function closedText({
  incident,
  closedWith = 0,
  requests,
}: {
  incident: Incident;
  closedWith?: number;
  requests: readonly string[];
}): string {
  const gaps = closedWith === 0 ? "" : ", with gaps left";
  const open = requests.length;
  if (open === 0) return `⚪ Closed ${nameOf(incident)}${gaps}`;
  return `⚪ Closed ${nameOf(incident)}${gaps}. ${plural(open, "request is", "requests are")} not over yet: what becomes of ${open === 1 ? "it" : "them"} is told in the thread`;
}

/** `INC-7K3M2 is now severity 1` and the like need nothing but their words. */
export function nameOf({ id, title }: Pick<Incident, "id" | "title">): string {
  return title === "" ? id : `${id} (${escape(title, 120)})`;
}

/** What stands above the files of an export, in mrkdwn: with the row's hash it can be checked later, also elsewhere. */
export function exportText({
  id,
  by,
  rows,
  row,
}: {
  id: string;
  by: string;
  rows: number;
  row: { seq: number; hash: string };
}): string {
  return `📎 ${mention(by)} exported ${id}: the story and ${plural(rows, "row")} of the audit record, ending with row ${row.seq}:${row.hash.slice(0, 16)}…\nTo check the files: \`npm run audit -- verify-export ${id}.json ${id}.md\``;
}

/** Why there is no canvas, and what can be done: the ordinary summary was posted instead. */
export function canvasRefusal(code: string): string {
  switch (code) {
    case "missing_scope":
      return "⚠️ No canvas: the Slack app lacks the scope `canvases:write`. → The zt-bot administrator can add it and install the app again.";
    case "canvas_disabled_user_team":
      return "⚠️ No canvas: this workspace has canvases turned off. → A workspace admin can turn them on.";
    case "free_teams_cannot_create_non_tabbed_canvases":
    case "free_team_canvas_tab_already_exists":
    case "team_tier_cannot_create_channel_canvases":
    case "canvas_tab_creation_failed":
      return "⚠️ No canvas: this Slack plan allows one in each channel. → /zt incident export attaches the summary as a file.";
    default:
      return `⚠️ No canvas: Slack did not create it (${escape(code, 80)}). → /zt incident export attaches the summary as a file.`;
  }
}
