import type { RichTextBlock, RichTextText, RichTextUserMention } from "@slack/types";
import { z } from "zod";

import { compact } from "../../compact.ts";
import { MAX_NOTE } from "../../incidents/incident.ts";
import type { Request } from "../../requests/request.ts";
import { actions, context, message, section, sections, type Message } from "../blocks.ts";
import { formButton } from "../forms/button.ts";
import { blockAgain } from "../request/block-end.ts";
import { elsewhereLine } from "./answers.ts";
import { personName } from "./words.ts";
import { screenButton } from "../screen-button.ts";
import { capitalize, number, plural } from "../../pluralize.ts";
import { BLOCKED_NEXT, placeText } from "../watch.ts";
import { clean, cut, escape, mention, when, withoutSigns } from "../text.ts";

/** The messages in an incident's thread, as they are kept until they are posted. */
export const IncidentReply = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("snapshot"),
    summary: z.unknown(),
    /** The block list kept them out then. */
    isBlocked: z.boolean().optional(),
  }),
  z.object({ kind: z.literal("snapshots"), summaries: z.array(z.unknown()) }),
  z.object({
    kind: z.literal("request"),
    requestId: z.string(),
    event: z.string(),
    actor: z.string(),
    at: z.number(),
  }),
  z.object({
    kind: z.literal("note"),
    event: z.string(),
    actor: z.string(),
    at: z.number(),
    note: z.string(),
    /** Who wrote it, where someone else added it; and a link to where it was written. */
    author: z.string().optional(),
    link: z.string().optional(),
    /** It was said in this thread. */
    isHere: z.boolean().optional(),
    /** What became of it since. */
    state: z.enum(["noted", "edited", "deleted", "withdrawn"]).optional(),
  }),
  z.object({
    kind: z.literal("event"),
    event: z.string(),
    actor: z.string(),
    at: z.number(),
    owner: z.string().optional(),
    severity: z.number().optional(),
    /** Email addresses, or of people without one their ids. */
    people: z.array(z.string()).optional(),
    gaps: z.array(z.string()).optional(),
    /** The same people or gaps by names, which readers get; absent from what was stored before it was kept. */
    named: z.array(z.string()).optional(),
    /** Who is back, since when and from where; though the block list keeps them out; and who is mentioned, by Slack's ids. */
    back: z
      .object({
        id: z.string(),
        email: z.string(),
        name: z.string(),
        since: z.number(),
        isBlocked: z.boolean().optional(),
        from: z
          .object({ ip: z.string().nullable(), country: z.string().nullable(), apps: z.array(z.string()) })
          .optional(),
        ask: z.array(z.string()).optional(),
      })
      .optional(),
  }),
  // Both are drawn from what is there when they are posted. `by`: who asked for it; null: no one did.
  z.object({ kind: z.literal("summary"), by: z.string().nullable() }),
  z.object({ kind: z.literal("sign-ins") }),
  z.object({ kind: z.literal("canvas"), by: z.string(), link: z.string() }),
  /** Other open incidents about people of this one. */
  z.object({
    kind: z.literal("elsewhere"),
    others: z.array(z.object({ id: z.string(), named: z.array(z.string()) })),
  }),
]);
export type IncidentReply = z.infer<typeof IncidentReply>;

type About<Kind extends IncidentReply["kind"]> = Extract<IncidentReply, { kind: Kind }>;

interface RequestLineProps {
  reply: About<"request">;
  request: Request;
  headline: string;
  link: string | null;
}

/** One short line of a request: who did what, with a link to its card. */
export function requestReply({ reply, request, headline, link }: RequestLineProps): Message {
  const [sign, said] = eventText(reply, request);
  const what = `${escape(headline, 150)} · ${link === null ? request.id : `<${link}|${request.id}>`}`;
  const line = `${sign} ${said}: ${what}`;
  return message(
    line,
    section(line),
    reply.event === "block.ended" && actions("incident_block_over", blockAgain(request.plan.target)),
  );
}

function eventText(
  { event, actor }: About<"request">,
  request: Request,
): readonly [sign: string, said: string] {
  const by = mention(actor);
  switch (event) {
    case "request.created":
      return ["🟡", `${by} requested`];
    case "request.approved":
      return request.breakGlass === null ? ["🔵", `${by} approved`] : ["🚨", `Break-glass by ${by}`];
    case "request.denied":
      return ["⛔", `${by} denied${reasonText(request)}`];
    case "request.cancelled":
      return ["⚪", `${by} cancelled`];
    case "request.expired":
      return ["⚪", "Expired, nothing was done"];
    case "request.voided":
      return ["⚪", "Voided, nothing was done"];
    case "request.held":
      return ["⏸️", `On hold${request.held === null ? "" : ` (${escape(request.held.why, 200)})`}`];
    case "request.unknown":
      return ["⚪", "No clear answer from Cloudflare"];
    case "request.stopped":
      return ["⚪", `${by} stopped`];
    case "block.ended":
      return ["🟠", "No longer blocked, the time is up"];
    case "request.succeeded":
      return succeededText(request);
    case "request.failed":
      return ["❌", `Failed${failureText(request)}`];
    case "request.unproven":
      return ["🔴", "*The database was changed from outside zt-bot*, nothing more is sent"];
    case "request.reviewed":
      return reviewedText(request, by);
    default:
      // What a newer version wrote: nothing is claimed of it.
      return ["⚪", "Changed"];
  }
}

function reviewedText({ review }: Request, by: string): readonly [string, string] {
  if (review === null) return ["⚪", `${by} reviewed the break-glass`];
  const note = review.note === "" ? "" : ` (${escape(review.note, 200)})`;
  return review.verdict === "justified"
    ? ["☑️", `Break-glass justified, says ${by}${note}`]
    : ["🔴", `Break-glass not justified, says ${by}${note}`];
}

function succeededText({ result: { verification } }: Request): readonly [string, string] {
  if (verification === undefined) return ["⚠️", "Accepted by Cloudflare, not verified"];
  const summary = capitalize(escape(verification.summary, 200));
  return verification.confirmed
    ? ["✅", `${summary}, verified at ${when(verification.checkedAt, "minute")}`]
    : ["⚠️", `Not confirmed: ${summary}`];
}

function reasonText({ decisionReason }: Request): string {
  return decisionReason === null || decisionReason === "" ? "" : ` (${escape(decisionReason, 200)})`;
}

function failureText({ result: { failure } }: Request): string {
  return failure === undefined ? "" : ` (${escape(failure.why, 200)})`;
}

/** `📌 @alice: called her, it was not her` */
export function noteReply({ note, actor, author, link, isHere, state }: About<"note">): Message {
  const since = state === undefined ? "" : SINCE[state];
  if (isHere === true) {
    // Others may have written since: the message need not be the one above.
    const where = link === undefined || state === "deleted" ? "" : ` · <${link}|Open the message>`;
    const line = `📌 Noted by ${mention(actor)}${state === "withdrawn" ? "" : where}${since}`;
    if (state !== "withdrawn") return message(line, section(line));
    return message(
      line,
      struck({ type: "text", text: "📌 Noted by " }, { type: "user", user_id: actor }),
      section(WITHDRAWN),
    );
  }
  const by =
    author === undefined || author === actor
      ? mention(actor)
      : `${mention(author)}, added by ${mention(actor)}`;
  const source = `📌 ${link === undefined ? by : `${by} · <${link}|Open the message>`}${since}`;
  const title = `📌 Note by ${by}${since}`;
  if (state === "deleted") return message(title, section(source));
  if (state === "withdrawn")
    return message(title, section(source), struck({ type: "text", text: plainLinesOf(note) }));
  return message(
    `${title}: ${escape(note, MAX_TEXT)}`,
    sections([source, ...linesOf(note)]),
    isCut(note) && context(`The message is longer: the note has its first ${number(MAX_NOTE)} characters`),
  );
}

/** Crossed out, as one block of plain text and people. */
function struck(...elements: readonly (RichTextText | RichTextUserMention)[]): RichTextBlock {
  const style = { strike: true };
  return {
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: elements.map((one) => ({ ...one, style })) }],
  };
}

function plainLinesOf(note: string): string {
  return note
    .split("\n")
    .map((line) => withoutSigns(clean(line, 2000)))
    .join("\n");
}

const WITHDRAWN = "Withdrawn; the audit record keeps it";

const SINCE = {
  noted: "",
  edited: " · edited; the audit record keeps both versions",
  deleted: " · deleted in Slack; the audit record keeps it",
  withdrawn: " · withdrawn; the audit record keeps it",
} as const;

/** Of a message that is longer than a note can be, the note has the beginning. */
function isCut(note: string): boolean {
  return note.length >= MAX_NOTE - 1 && note.endsWith("…");
}

/** Line by line as it was written, and nothing but text; each fits into a block. */
function linesOf(note: string): string[] {
  return note.split("\n").flatMap((line) => {
    const whole = escape(line, MAX_ESCAPED * MAX_NOTE);
    return whole.length <= MAX_BLOCK ? [whole] : piecesOf(line).map((piece) => escape(piece, MAX_BLOCK));
  });
}

const MAX_BLOCK = 3000;
/** What Slack advises for notifications is less than 4,000 characters. */
const MAX_TEXT = 3500;
/** `&` becomes `&amp;`. */
const MAX_ESCAPED = 5;

/** Each fits into a block, whatever stands in it. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  for (let rest = line; rest !== ""; rest = rest.slice(pieces.at(-1)?.length))
    pieces.push(cut(rest, MAX_BLOCK / MAX_ESCAPED, ""));
  return pieces;
}

/** The summary is a canvas. */
export function canvasReply({ by, link }: About<"canvas">): Message {
  const line = `${mention(by)} wrote <${link}|the summary as a canvas>`;
  return message(line, section(line));
}

/** Other open incidents about people of this one, with links to their threads. */
export function elsewhereReply(
  { others }: About<"elsewhere">,
  linkOf: (id: string) => string | null,
): Message {
  const lines = others.map((other) => elsewhereLine(other, linkOf(other.id)));
  return message(lines.join("\n"), sections(lines));
}

/** A change of the incident itself. */
export function eventReply(reply: About<"event">): Message {
  const [line, rest = []] = changeText(reply);
  const ask = reply.back?.ask ?? [];
  return message(
    line,
    sections(
      compact(
        line,
        reply.back?.isBlocked === true && BLOCKED_NEXT,
        ask.length > 0 && ask.map(mention).join(" "),
        ...rest,
      ),
    ),
    reply.back !== undefined &&
      actions(
        "incident_back",
        formButton("Revoke again…", "revoke", "back", { user: reply.back.id }, `Revoke ${reply.back.email}`),
        screenButton("Open summary", "user", { user: reply.back.id }, `Summary of ${reply.back.email}`),
      ),
  );
}

/** More are listed below the line, so that none is left out. */
const MAX_NAMED = 5;
/** As many on a line as fit into a block. */
const NAMES_A_LINE = 10;

/** What is said in a line, and what is listed below it. */
type Change = readonly [line: string, rest?: string[]];

function aboutPeople(said: string, people: readonly string[]): Change {
  const names = people.map((one) => escape(one, 280));
  if (names.length <= MAX_NAMED) return [`${said} ${names.join(", ")}`];
  const lines = Array.from({ length: Math.ceil(names.length / NAMES_A_LINE) }, (_, index) =>
    names.slice(index * NAMES_A_LINE, (index + 1) * NAMES_A_LINE).join(", "),
  );
  return [`${said} ${plural(names.length, "person", "people")}:`, lines];
}

function changeText({ event, actor, owner, severity, named: names, ...reply }: About<"event">): Change {
  const by = mention(actor);
  const { back } = reply;
  const people = names ?? reply.people ?? [];
  const gaps = names ?? reply.gaps ?? [];
  const who = people.map((one) => escape(one, 280)).join(", ");
  switch (event) {
    case "incident.assigned":
      return [owner === actor ? `${by} took over` : `${by} assigned it to ${mention(owner ?? "")}`];
    case "incident.severity":
      return [`${by} set severity ${severity ?? "?"}`];
    case "incident.added":
      return aboutPeople(`${by} added`, people);
    case "incident.removed":
      return aboutPeople(`${by} removed`, people);
    case "incident.idp-disabled":
      return [`${by} says that ${who} is disabled at the IdP`];
    case "incident.idp-not-disabled":
      return [`${by} says that ${who} is not disabled at the IdP`];
    case "incident.back":
      return [
        back === undefined
          ? "🚨 *Back*"
          : `🚨 *${names?.[0] === undefined ? personName(back) : escape(names[0])} signed in again* at ${when(back.since, "minute")}${back.from === undefined ? "" : placeText(back.from)}, after the revocation`,
      ];
    case "incident.contained":
      return ["✅ *Contained:* no required gaps are left"];
    case "incident.not-contained":
      return ["🔴 *No longer contained:* see the gaps above"];
    case "incident.closed":
      return gaps.length === 0
        ? [`⚪ *Closed* by ${by}`]
        : [`⚪ *Closed* by ${by}, with gaps left:`, gaps.map((gap) => `• ${escape(gap, 400)}`)];
    case "incident.reopened":
      return [`🔴 *Reopened* by ${by}`];
    default:
      return [`${by}: ${escape(event, 60)}`];
  }
}
