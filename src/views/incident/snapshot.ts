import { compact } from "../../compact.ts";
import type { UserSummary } from "../../lookup/summary.ts";
import { judge, whyNothing, type Verdict } from "../../lookup/verdict.ts";
import { number, plural } from "../../pluralize.ts";
import { actions, message, section, sections, type Message } from "../blocks.ts";
import { headlineText, stepText, verdictText } from "../look-ups/verdict.ts";
import { screenButton } from "../screen-button.ts";
import { code, escape, named } from "../text.ts";

/** How someone stood when the incident heard of them first: the verdict, and the way to all the rest. */
export function snapshotReply(summary: UserSummary, canBlock: boolean): Message {
  const { id, name, email } = summary.user;
  const who = named(name, named(email, id));
  const verdict = judge(summary, summary.gatheredAt);
  const nothing = whyNothing(summary);
  return message(
    `${escape(who)}: ${headlineText(verdict)}`,
    section(
      compact(`*${escape(who)}*`, email !== "" && email !== who && code(email, 100)).join(" · "),
      nothing === null
        ? verdictText(verdict, summary)
        : `⚪ *Nothing could be read:* ${escape(nothing, 300)}.`,
      nothing === null && stepText(verdict, canBlock),
    ),
    actions("incident_snapshot", screenButton("Open summary", "user", { user: id }, `Summary of ${who}`)),
  );
}

/** The same of several people, where there are many: a line each, danger first. */
export function snapshotsReply(summaries: readonly UserSummary[]): Message {
  const told = summaries
    .map((summary) => {
      const { id, name, email } = summary.user;
      const nothing = whyNothing(summary);
      const verdict = judge(summary, summary.gatheredAt);
      const text =
        nothing === null
          ? verdictText(verdict, summary)
          : `⚪ *Nothing could be read:* ${escape(nothing, 100)}.`;
      const [mark = "", ...said] = text.split(" ");
      const who = code(named(email, named(name, id)), 80);
      return {
        level: nothing === null ? verdict.level : "unknown",
        mark,
        line: `${mark} ${who} ${said.join(" ")}`,
      };
    })
    .toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const marks = Map.groupBy(told, ({ mark }) => mark);
  const counts = [...marks].map(([mark, those]) => `${mark} ${number(those.length)}`).join(" · ");
  const title = `${plural(summaries.length, "person", "people")}: ${counts}`;
  return message(title, section(`*${title}*`), sections(told.map(({ line }) => line)));
}

const LEVELS: readonly Verdict["level"][] = ["danger", "warning", "unknown", "calm"];
