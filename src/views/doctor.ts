import type { Report, Row } from "../ops/doctor/results.ts";
import { actions, context, folded, message, sections, type Message } from "./blocks.ts";
import { screenButton } from "./screen-button.ts";
import { clean, code, escape, when } from "./text.ts";

/** What the doctor found: what is wrong or unknown in the open, the rest folded. `counted`: the whole in a line. */
export function doctorMessage({ rows }: Report, counted: string, now: number): Message {
  const open = rows.filter(({ status }) => status === "problem" || status === "unknown");
  const rest = rows.filter((row) => !open.includes(row));
  return message(
    [`${counted}.`, ...open.map((row) => `${row.title}: ${clean(row.what, 500)}`)].join("\n").slice(0, 3000),
    sections([`*${escape(counted)}* (${when(now, "time")})`, ...open.map(toLine)]),
    folded("What was checked", sections(rest.map(toLine))),
    context("On the server: `npm run doctor`"),
    actions("doctor", screenButton("Check again", "doctor", {}, "Check everything again", "refresh")),
  );
}

const SIGNS = { problem: "❌", unknown: "⚪", unasked: "⚪", ok: "✅" } as const;

function toLine(row: Row): string {
  const line = `${SIGNS[row.status]} *${escape(row.title)}:* ${escape(row.what, 1200)}`;
  const link = "link" in row && row.link !== undefined ? toLink(row.link) : null;
  if (row.status === "problem") return `${line}\n      → ${escape(row.fix, 600)} (${link})`;
  return link === null ? line : `${line} (${link})`;
}

/** A page, or a file of this project, which Slack can't open. */
function toLink(link: string): string {
  return /^https:\/\/[\w./?=:#-]+$/.test(link) ? `<${link}|Open>` : code(link);
}

export function doctorWaiting(): Message {
  return message("⏳ Still reading", sections(["⏳ Still reading Slack, Cloudflare and the database…"]));
}
