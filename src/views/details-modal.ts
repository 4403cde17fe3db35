import type { KnownBlock, ModalView } from "@slack/types";

import type { AuditRow } from "../audit/append.ts";
import type { RequestText } from "../requests/describe.ts";
import type { Request } from "../requests/request.ts";
import { context, divider, plain, section, sections } from "./blocks.ts";
import { stateLine } from "./card.ts";
import { code, escape, mention, when } from "./text.ts";

/** Rows shown; the full record stays in the database. */
const MAX_ROWS = 30;

/** The frozen plan as it will be carried out, and everything recorded of the request so far. */
export function detailsModal(request: Request, words: RequestText, trail: readonly AuditRow[]): ModalView {
  const { plan } = request;
  const options = Object.entries(plan.options);
  const simple = options
    .filter(([, value]) => !Array.isArray(value))
    .map(([name, value]) => optionText(name, value));
  const shown = trail.slice(-MAX_ROWS);
  return {
    type: "modal",
    title: plain(request.id, 24),
    close: plain("Close", 24),
    blocks: [
      section(`*${escape(words.headline)}*\n${stateLine(request)}`),
      section(
        [
          `*Target* ${escape(plan.target.name)} ${code(plan.target.email, 254)}`,
          `*Access user id* ${code(plan.target.id)}`,
          `*Account* ${code(plan.accountId)}`,
          `*Options* ${simple.length === 0 ? "none" : simple.join(", ")}`,
          `*Asked by* ${mention(request.requesterId)} ${when(request.createdAt, "full")}`,
          `*Expires* ${when(request.expiresAt, "full")}`,
          `*Plan's SHA-256* ${code(request.planHash)}`,
        ].join("\n"),
      ),
      ...options.flatMap(([name, value]) => (Array.isArray(value) ? listBlocks(name, value) : [])),
      divider(),
      ...sections([
        `*Recorded so far*${trail.length > MAX_ROWS ? ` (the last ${MAX_ROWS} of ${trail.length})` : ""}`,
        ...shown.map(rowText),
      ]),
      context("Every line was written before or together with what it tells of."),
    ],
  };
}

/** Of a list in the plan, such as the chosen devices: enough for a screen, and how many more there are. */
const MAX_ITEMS = 40;

function listBlocks(name: string, items: readonly unknown[]): KnownBlock[] {
  const left = items.length - MAX_ITEMS;
  return sections([
    `*${escape(name)}* (${items.length})`,
    ...items.slice(0, MAX_ITEMS).map((item) => `• ${itemText(item)}`),
    ...(left > 0 ? [`and ${left} more`] : []),
  ]);
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

function rowText(row: AuditRow): string {
  return `• ${when(row.at, "time")} ${escape(row.event, 100)}, ${mention(row.actor)}`;
}
