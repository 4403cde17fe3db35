import { compact } from "../../compact.ts";
import { number, plural } from "../../pluralize.ts";
import type { ExportRequest, ExportStory } from "./story.ts";

/**
 * An export as Markdown, for people who were not there: the whole story, times in UTC. Pure, and made of the JSON's
 * story alone: who has that file can make this one again.
 */
export function exportMarkdown(story: ExportStory): string {
  const { rows, up_to, archived_before } = story.record;
  const isOne = rows.length === 1;
  return `${storyMarkdown(story)}
## Record

${compact(
  `${plural(rows.length, "row")} of the record, up to row ${up_to}, ${isOne ? "is" : "are"} in the JSON file with ${isOne ? "its hash" : "their hashes"}.`,
  archived_before !== null && `Rows before row ${archived_before} were archived and are not in it.`,
  "`npm run audit -- verify-export FILE.json FILE.md` checks both files.",
).join(" ")}
`;
}

/** The story alone, as for a canvas. Pure. */
export function storyMarkdown(story: ExportStory): string {
  const { incident, exported, people, removed, requests, entries } = story;
  const who = nameIn(story);
  const sections = [
    `# ${text(incident.title === "" ? incident.id : `${incident.title} (${incident.id})`)}`,
    `**${verdictWords(story)}**`,
    [
      `- Severity ${incident.severity}, ${incident.owner === null ? "no owner" : `owner ${who(incident.owner)}`}`,
      `- Opened ${utc(incident.opened.at)} by ${who(incident.opened.by)}`,
      ...(incident.closed === null
        ? []
        : [`- Closed ${utc(incident.closed.at)} by ${who(incident.closed.by)}`]),
      `- As of ${utc(exported.at)}, for ${who(exported.by)}`,
      "- All times are UTC",
    ].join("\n"),
    "## What happened",
    entries.map((entry) => `- ${utc(entry.at)} ${entryWords(entry, story, who)}`).join("\n"),
    `## People (${number(people.length)})`,
    table(
      ["Person", "Email", "State", "Gaps"],
      people.map((person) => [
        text(person.name),
        text(person.email || person.id),
        stateWords(person),
        text(
          person.gaps
            .map(({ words, is_required }) => `${words}${is_required ? "" : " (not required)"}`)
            .join(", ") || "none",
        ),
      ]),
    ),
    removed.length > 0 &&
      `Removed: ${removed.map(({ name, email, id }) => text(name || email || id)).join(", ")}`,
    `## Requests (${number(requests.length)})`,
    requests.length === 0 ? "None." : requests.map((one) => requestWords(one, who)).join("\n\n"),
    "## Figures",
    figures(story),
  ];
  return `${compact(...sections).join("\n\n")}\n`;
}

type Who = (id: string) => string;
type Entry = ExportStory["entries"][number];

/** A person's name where Slack said it. */
function nameIn({ names }: ExportStory): Who {
  return (id) => text(names[id] ?? id);
}

function verdictWords({ verdict, people, incident, exported }: ExportStory): string {
  const after = lasted(Date.parse(incident.closed?.at ?? exported.at) - Date.parse(incident.opened.at));
  const names = people
    .filter(({ gaps }) => gaps.some(({ is_required }) => is_required))
    .map(({ name, email, id }) => text(name || email || id))
    .join(", ");
  switch (verdict) {
    case "closed":
      return `Closed after ${after}, contained`;
    case "closed-with-gaps":
      return `Closed after ${after} with gaps left: ${names}`;
    case "contained":
      return `Contained, ${after} after it was opened`;
    case "back":
      return `Not contained after ${after}, someone signed in again: ${names}`;
    case "not-contained":
      return `Not contained after ${after}: ${names === "" ? "no one belongs to it" : names}`;
    case "unknown":
      return `Containment unknown after ${after}: can't read ${names}`;
  }
}

function figures({ figures: all }: ExportStory): string {
  const after = (ms: number | null) => (ms === null ? "not reached" : lasted(ms));
  return table(
    ["Figure", "Value"],
    [
      ["To first containment", after(all.toFirstContainment)],
      ["To full containment", after(all.toContainment)],
      ["To close", after(all.toClose)],
      ["Containment lost", number(all.reopenings)],
      ["Requests", number(all.requests)],
      ["Verified", number(all.verified)],
      ["Not confirmed", number(all.unconfirmed)],
      ["Denied", number(all.denied)],
      ["Failed", number(all.failed)],
      ["Cancelled, expired or voided", number(all.dropped)],
      ["In progress", number(all.open)],
      ["Break-glass", number(all.breakGlass)],
      ["Notes", number(all.notes)],
    ],
  );
}

/** Whether someone is contained, which is what the policy calls required. */
function stateWords({ standing, gaps }: ExportStory["people"][number]): string {
  const required = gaps.filter(({ is_required }) => is_required);
  if (standing === "back") return "back";
  if (required.some(({ is }) => is === "open")) return "not contained";
  return required.length > 0 ? "unknown" : "contained";
}

function requestWords(request: ExportRequest, who: Who): string {
  const { id, headline, status, requested, approvals, decided, people } = request;
  return [
    `### ${id}: ${text(headline)}`,
    [
      `- Requested ${utc(requested.at)} by ${who(requested.by)}: ${text(request.reason)}`,
      ...approvals.map(({ by, at }) => `- Approved ${utc(at)} by ${who(by)}`),
      ...(request.break_glass === null
        ? []
        : [
            `- Break-glass ${utc(request.break_glass.at)} by ${who(request.break_glass.by)}: ${text(request.break_glass.reason)}`,
          ]),
      ...(decided !== null && (status === "denied" || status === "cancelled")
        ? [
            `- ${status === "denied" ? "Denied" : "Cancelled"} ${utc(decided.at)} by ${who(decided.by)}${request.decision_reason === null ? "" : `: ${text(request.decision_reason)}`}`,
          ]
        : []),
      ...callWords(request),
      ...(request.review === null
        ? []
        : [
            `- Reviewed ${utc(request.review.at)} by ${who(request.review.by)}, ${text(request.review.verdict)}: ${text(request.review.note)}`,
          ]),
      ...(status === "denied" || status === "cancelled"
        ? []
        : [`- ${outcomeWords(status, request.outcome)}`]),
      ...(people.length < 2
        ? []
        : people.map((person) => `  - ${text(person.email || person.id)}: ${personWords(person)}`)),
    ].join("\n"),
  ].join("\n\n");
}

/** Only where not all went well. */
function callWords({ calls = { sent: 0, failed: 0 } }: ExportRequest): string[] {
  if (calls.failed === 0) return [];
  return [
    `- Sent ${plural(calls.sent, "call")} to Cloudflare, ${number(calls.failed)} of which failed or had no clear answer`,
  ];
}

function personWords({ state, attempts = 0, outcome }: ExportRequest["people"][number]): string {
  const said = `${state}${seenWords(outcome)}`.replace(/^done: /, "");
  return `${said}${attempts > 1 ? ` (${number(attempts)} attempts)` : ""}`;
}

function outcomeWords(status: string, outcome: ExportRequest["outcome"]): string {
  const said = status.replace(/^./, (first) => first.toUpperCase());
  return `${said}${seenWords(outcome)}`;
}

function seenWords({ seen, verified_at, failed }: ExportRequest["outcome"]): string {
  return compact(
    seen !== null && `: ${text(seen)}`,
    seen !== null && (verified_at === null ? ", not verified" : `, verified ${utc(verified_at)}`),
    failed !== null && `: ${text(failed)}`,
  ).join("");
}

function entryWords({ kind, actor, requestId, data }: Entry, { requests }: ExportStory, who: Who): string {
  const by = who(actor);
  if (kind === "note") return noteWords(data, actor, who);
  const request = requestId === null ? undefined : requests.find(({ id }) => id === requestId);
  if (request !== undefined) return requestEntryWords(String(data["event"]), request, by);
  const { event, people, gaps, owner, severity } = data;
  const names = Array.isArray(people) ? people.map((one) => text(String(one))).join(", ") : "";
  switch (event) {
    case "incident.opened":
      return `${by} opened the incident`;
    case "incident.assigned":
      return owner === actor ? `${by} took over` : `${by} assigned it to ${who(String(owner))}`;
    case "incident.severity":
      return `${by} set severity ${String(severity)}`;
    case "incident.added":
      return `${by} added ${names}`;
    case "incident.removed":
      return `${by} removed ${names}`;
    case "incident.note-edited":
      return `${by} edited a note`;
    case "incident.note-deleted":
      // Slack does not say by whom.
      return "A note was deleted in Slack";
    case "incident.note-withdrawn":
      return `${by} withdrew a note`;
    case "incident.note-restored":
      return `${by} restored a note`;
    case "incident.idp-disabled":
      return `${by} says that ${names} is disabled at the IdP`;
    case "incident.idp-not-disabled":
      return `${by} says that ${names} is not disabled at the IdP`;
    case "incident.back":
      return `${names} signed in again after the revocation`;
    case "incident.contained":
      return "Contained: no required gaps are left";
    case "incident.not-contained":
      return "No longer contained";
    case "incident.closed":
      return `${by} closed the incident${Array.isArray(gaps) && gaps.length > 0 ? ` with gaps left: ${gaps.map((one) => text(String(one))).join("; ")}` : ""}`;
    case "incident.reopened":
      return `${by} reopened the incident`;
    case "incident.summarized":
      return `${by} posted the summary`;
    case "incident.exported":
      return `${by} exported the incident`;
    case "messages.trouble":
      return `Nothing could be posted in the thread (${text(String(data["reason"]))})`;
    case "messages.recovered":
      return "The thread was up to date again";
    default:
      return `${by}: ${text(String(event))}`;
  }
}

function noteWords({ note, state, author }: Entry["data"], actor: string, who: Who): string {
  const by = who(actor);
  const written = typeof author === "string" && author !== actor ? `${who(author)} (added by ${by})` : by;
  if (state === "deleted") return `${written} noted a message that was deleted in Slack`;
  if (state === "withdrawn") return `${written} noted a message, and it was withdrawn`;
  return `${written} noted${state === "edited" ? " (edited)" : ""}: ${text(String(note))}`;
}

function requestEntryWords(
  event: string,
  { id, headline, outcome, ...request }: ExportRequest,
  by: string,
): string {
  const why = (reason: string | null) => (reason === null || reason === "" ? "" : `: ${text(reason)}`);
  switch (event) {
    case "request.created":
      return `${by} requested ${id}: ${text(headline)}`;
    case "request.approved":
      return request.break_glass === null ? `${by} approved ${id}` : `${by} used break-glass for ${id}`;
    case "request.denied":
      return `${by} denied ${id}${why(request.decision_reason)}`;
    case "request.cancelled":
      return `${by} cancelled ${id}${why(request.decision_reason)}`;
    case "request.expired":
      return `${id} expired: nothing was done`;
    case "request.voided":
      return `${id} was voided: nothing was done`;
    case "request.held":
      return `${id} was put on hold`;
    case "request.unknown":
      return `${id}: no clear answer from Cloudflare`;
    case "request.stopped":
      return `${by} stopped ${id}`;
    case "request.succeeded":
      return `${id} succeeded${outcome.seen === null ? "" : `: ${text(outcome.seen)}, ${outcome.verified_at === null ? "not verified" : "verified"}`}`;
    case "request.failed":
      return `${id} failed${why(outcome.failed)}`;
    case "block.ended":
      return `${id}: no longer blocked, the time is up`;
    default:
      return `${by}: ${text(event)} ${id}`;
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** One line of untrusted text as Markdown: nothing of it formats, links or ends a table's cell. */
function text(raw: string): string {
  return (
    raw
      .toWellFormed()
      .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
      .trim()
      .replaceAll(/[\\`*_[\]<>|~&$]/g, (sign) => `\\${sign}`)
      // A bare address would become a link.
      .replaceAll(/(?<=[a-z]):(?=\/\/)|(?<=www)\./gi, (sign) => `\\${sign}`)
  );
}

/** `2026-03-14 13:02:31` */
function utc(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

/** Hours and minutes as they were: nothing here is read at a glance. */
function lasted(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${number(hours)} h ${minutes % 60} min`;
}
