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
    "## Figures",
    figures(story),
    `## People (${number(people.length)})`,
    table(
      ["Person", "Email", "State", "Open"],
      people.map(({ name, email, id, standing, gaps }) => [
        text(name || email || id),
        text(email || id),
        standing,
        text(
          gaps
            .map(({ words, is_required }) => `${words}${is_required ? "" : " (not required)"}`)
            .join(", ") || "nothing",
        ),
      ]),
    ),
    removed.length > 0 &&
      `Removed: ${removed.map(({ name, email, id }) => text(name || email || id)).join(", ")}`,
    `## Requests (${number(requests.length)})`,
    requests.length === 0 ? "None." : requests.map((one) => requestWords(one, who)).join("\n\n"),
    "## Story",
    entries.map((entry) => `- ${utc(entry.at)} ${entryWords(entry, who)}`).join("\n"),
  ];
  return `${compact(...sections).join("\n\n")}\n`;
}

type Who = (id: string) => string;

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
        : people.map(
            ({ email, id: personId, state, outcome }) =>
              `  - ${text(email || personId)}: ${state}${seenWords(outcome)}`,
          )),
    ].join("\n"),
  ].join("\n\n");
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

function entryWords({ kind, actor, requestId, data }: ExportStory["entries"][number], who: Who): string {
  const by = who(actor);
  const { event, note, state, author, people, gaps, owner, severity, reason } = data;
  if (kind === "note") {
    const written = typeof author === "string" && author !== actor ? `${who(author)} (added by ${by})` : by;
    if (state === "deleted") return `${written} wrote a note that was deleted`;
    if (state === "withdrawn") return `${written} wrote a note that was taken back`;
    return `${written} noted${state === "edited" ? " (edited)" : ""}: ${text(String(note))}`;
  }
  if (event === "incident.back" && Array.isArray(people))
    return `${by}: ${people.map((one) => text(String(one))).join(", ")} signed in again after the revocation`;
  const what = String(event === "request.created" ? "requested" : event)
    .replace(/^(?:incident|request)\./, "")
    .replaceAll("-", " ");
  const more = compact(
    requestId,
    typeof owner === "string" && `to ${who(owner)}`,
    typeof severity === "number" && String(severity),
    Array.isArray(people) && people.length > 0 && people.map((one) => text(String(one))).join(", "),
    Array.isArray(gaps) && gaps.length > 0 && `gaps left: ${gaps.map((one) => text(String(one))).join("; ")}`,
    typeof reason === "string" && reason !== "" && text(reason),
  );
  return `${by}: ${what}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
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
