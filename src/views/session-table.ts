import type { RichTextBlock, TableBlock } from "@slack/types";

import type { ActiveSession } from "../api/cloudflare.ts";
import { clean } from "./text.ts";

/**
 * Sessions as a table, soonest to expire first: applications, since, until. Pass them sorted; `max` rows are
 * drawn and the caller says how many are left out.
 */
export function sessionTable(sessions: readonly ActiveSession[], max: number): TableBlock {
  return {
    type: "table",
    column_settings: [{ is_wrapped: true }, {}, {}],
    rows: [
      ["Apps", "Since", "Until"].map((title) => ({ type: "raw_text" as const, text: title })),
      ...sessions
        .slice(0, max)
        .map((session) => [
          { type: "raw_text" as const, text: appNames(session) },
          dateCell(session.issuedAt),
          dateCell(session.expiresAt),
        ]),
    ],
  };
}

/** The first three applications of a session by name, and how many more. */
export function appNames(session: ActiveSession): string {
  const names = session.apps.map((app) => clean(app.name ?? app.hostname ?? "unnamed app", 40));
  if (names.length === 0) return "no app yet";
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} +${names.length - 3}` : shown;
}

/** A moment in the reader's own zone; raw text cannot hold one. */
function dateCell(at: number | null): RichTextBlock | { type: "raw_text"; text: string } {
  if (at === null) return { type: "raw_text", text: "not said" };
  return {
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [
          {
            type: "date",
            timestamp: Math.floor(at / 1000),
            format: "{date_short_pretty} {time}",
            fallback: `${new Date(at).toISOString().slice(5, 16).replace("T", " ")} UTC`,
          },
        ],
      },
    ],
  };
}
