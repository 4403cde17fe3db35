import type { KnownBlock, ModalView } from "@slack/types";

import type { AuditRow } from "../../audit/append.ts";
import type { RequestText } from "../../actions/describe.ts";
import { number } from "../../pluralize.ts";
import type { Request } from "../../requests/request.ts";
import { othersOf, targetsOf } from "../../requests/plan.ts";
import type { TargetRow } from "../../requests/targets.ts";
import { context, divider, fitSections, modal, section, sections } from "../blocks.ts";
import { firstLines } from "../fit.ts";
import { code, escape, mention, when } from "../text.ts";
import { auditWords } from "./audit-words.ts";
import { breakGlassText } from "../card/break-glass.ts";
import { targetLine } from "../card/bulk.ts";
import { knownText, stateLine } from "../card/card.ts";
import { allLeftOutBlocks } from "./unknown-users.ts";
import { effectLines, plainLines, warningLines } from "../card/warnings.ts";

/** Rows shown; the full record stays in the database. */
const MAX_ROWS = 30;

/** A view holds 100 blocks and 250 kB: this many sections of users leave room for the rest. */
const MAX_USER_SECTIONS = 60;
const MAX_LEFT_OUT_SECTIONS = 10;

/** The frozen plan as it will be carried out, and everything recorded of the request so far. */
export function detailsModal(
  request: Request,
  words: RequestText,
  trail: readonly AuditRow[],
  targets: readonly TargetRow[] = [],
): ModalView {
  const { plan } = request;
  const isSeveral = othersOf(plan).length > 0;
  // The other users have a list of their own, with how each stands.
  const options = Object.entries(plan.options).filter(([name]) => name !== "others" && name !== "leftOut");
  const simple = options
    .filter(([, value]) => !Array.isArray(value))
    .map(([name, value]) => optionText(name, value));
  const lastRows = trail.length > MAX_ROWS ? ` (the last ${MAX_ROWS} of ${trail.length})` : "";
  return modal(request.id, [
    section(`*${escape(words.headline)}*`, stateLine(request, { isSigned: request.breakGlass === null })),
    request.breakGlass !== null && section(breakGlassText(request)),
    section(
      `*Requested by* ${mention(request.requesterId)} ${when(request.createdAt, "full")}`,
      `*Reason* ${escape(request.reason, 1500)}`,
    ),
    section(warningLines(words), "*Known then*", knownText(request, request.createdAt)),
    section("*What was requested*", effectLines(words)),
    plainLines(words).map((line) => context(line)),
    section(
      `*${isSeveral ? "First target" : "Target"}* ${escape(plan.target.name)} ${code(plan.target.email, 254)}`,
      `*Access user id* ${code(plan.target.id)}`,
      `*Account* ${code(plan.accountId)}`,
      `*Options* ${simple.length === 0 ? "none" : simple.join(", ")}`,
      `*Expires* ${when(request.expiresAt, "full")}`,
      `*Plan's SHA-256* ${code(request.planHash)}`,
    ),
    options.flatMap(([name, value]) => (Array.isArray(value) ? listBlocks(name, value) : [])),
    isSeveral && userSections(request, targets),
    allLeftOutBlocks(plan, MAX_LEFT_OUT_SECTIONS),
    divider(),
    sections([`*Record*${lastRows}`, ...trail.slice(-MAX_ROWS).map((row) => rowText(row, words))]),
  ]);
}

/** Of a list in the plan, such as the chosen devices: enough for a screen, and how many more there are. */
const MAX_ITEMS = 40;

function listBlocks(name: string, items: readonly unknown[]): KnownBlock[] {
  const lines = firstLines(items, MAX_ITEMS, (item) => `• ${itemText(item)}`);
  return sections([`*${escape(name)}* (${items.length})`, ...lines]);
}

function itemText(item: unknown): string {
  if (typeof item !== "object" || item === null) return code(String(item));
  return Object.entries(item)
    .map(([name, value]) => optionText(name, value))
    .join(", ");
}

function optionText(name: string, value: unknown): string {
  return `${escape(name)}: ${code(String(value))}`;
}

/** Every user with how they stand; what does not fit is counted. */
function userSections({ plan }: Request, targets: readonly TargetRow[]): KnownBlock[] {
  const all = targetsOf(plan);
  const stateOf = new Map(targets.map((row) => [row.position, row.state]));
  const lines = all.map(({ email }, position) => targetLine(email, stateOf.get(position) ?? "waiting"));
  const more = (left: number) => `${number(left)} more don't fit here`;
  return fitSections(`*All ${all.length} users*`, lines, MAX_USER_SECTIONS, more);
}

/** Long enough for a reason. */
const MAX_EVENT = 300;

function rowText(row: AuditRow, { label }: RequestText): string {
  return `• ${when(row.at, "time")} ${mention(row.actor)}: ${escape(auditWords({ ...row, label }), MAX_EVENT)}`;
}
