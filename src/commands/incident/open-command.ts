import { setTimeout as sleep } from "node:timers/promises";

import type { Button } from "@slack/types";

import type { AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { MAX_TITLE, readSeverity, SEVERITIES } from "../../incidents/incident.ts";
import { parseWho } from "../../lookup/who.ts";
import { saveDraft } from "../../requests/drafts.ts";
import { button, type Message } from "../../views/blocks.ts";
import { INCIDENT_ACTIONS } from "../../views/incident/actions.ts";
import { changedAnswer, nameOf } from "../../views/incident/answers.ts";
import { packParams } from "../../views/screen-button.ts";
import { cut } from "../../views/text.ts";
import { defineCommand, type CommandContext } from "../define.ts";
import { unescapeSlack } from "../parse.ts";
import { seal, type AnyCommand } from "../registry.ts";
import { replyAbout } from "./access.ts";
import { elsewhereLines } from "./elsewhere.ts";
import { open } from "./open.ts";
import { toldWhere } from "./told.ts";

const sealed = seal(
  defineCommand({
    name: "incident open",
    group: "Respond",
    summary: "open an incident",
    examples: [],
    role: "operator",
    changes: true,
    calls: ["list users", "get user"],
    args: {
      who: { kind: "whos", summary: "email addresses, names, Access users' ids or @mentions" },
      title: { kind: "text", summary: "what it is about" },
      severity: { kind: "text", takes: "1-4", summary: "1 is the worst" },
    },
    async run(context, { who, title = "", severity }) {
      if (who.length === 0) {
        if (context.openIncidentForm === undefined)
          throw new UserError({
            what: "No one was named.",
            next: 'Use /zt incident open mallory@example.com "title".',
          });
        return context.openIncidentForm({ title });
      }
      const { deps, asker, channelId } = context;
      const chosen = severity === undefined ? null : readSeverity(severity);
      if (severity !== undefined && chosen === null) throw noSeverity(severity);
      const input = { whos: who, title, channelId, ...(chosen !== null && { severity: chosen }) };
      return openedAnswer(deps, await open(deps, asker, input));
    },
  }),
  openButtons,
);

/** Buttons that open the form of a new incident with one of these users in it, and what else was typed. */
async function openButtons(
  { deps, asker }: CommandContext,
  users: readonly AccessUser[],
  { title, severity }: Readonly<Record<string, unknown>>,
): Promise<Button[]> {
  const chosen = typeof severity === "string" ? readSeverity(severity) : null;
  const typed = {
    ...(typeof title === "string" && { title }),
    ...(chosen !== null && { severity: chosen }),
  };
  const draft =
    Object.keys(typed).length === 0 || users.length === 0
      ? {}
      : {
          draft: await saveDraft(deps.db, asker.userId, deps.now(), {
            users: [],
            devices: false,
            warpReauth: false,
            reason: "",
            ...typed,
          }),
        };
  return users.map((user, index) =>
    button(
      "Choose…",
      `${INCIDENT_ACTIONS.open}:${index}`,
      packParams({ user: user.id, ...draft }),
      `Open an incident about ${user.email || user.id}`,
    ),
  );
}

/** Answers with a link to the thread, which has a few seconds to be there. */
async function openedAnswer(
  deps: Deps,
  { incident, elsewhere }: Awaited<ReturnType<typeof open>>,
): Promise<Message> {
  await Promise.race([deps.engine.threadPublished(incident.id), sleep(THREAD_WAIT_MS, null, { ref: false })]);
  const [told, also] = await Promise.all([toldWhere(deps, incident), elsewhereLines(deps, elsewhere)]);
  return changedAnswer(incident, `🔴 Opened *${nameOf(incident)}*`, told, also);
}

const THREAD_WAIT_MS = 4000;

/** `/zt incident open <who>… ["title"]`: the words that are no one are the title. */
export const openCommand: Pick<AnyCommand, "parseAndRun"> = {
  async parseAndRun(context, words) {
    const channel = context.deps.policy.current().incidents.channel ?? context.channelId;
    const reply = await replyAbout(context, channel);
    await sealed.parseAndRun({ ...context, reply }, withTitle(words));
  },
};

/** Words that name no one, behind or before those that do, are the title. */
function withTitle(words: readonly string[]): string[] {
  const end = words.findIndex((word) => /^[-—–]+\p{L}/u.test(word));
  const [said, flags] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end)];
  const isSomeone = (word: string) =>
    word.split(/[,;]+/).some((part) => parseWho(part) !== null || /[^@]@./.test(part));
  const people = said.filter(isSomeone);
  const title = said.filter((word) => !isSomeone(word)).join(" ");
  if (people.length === 0) {
    // Words alone may be a name, to be searched for; a title in quotes is none.
    const quoted = said.filter((word) => /\s/.test(word));
    const name = said.filter((word) => !/\s/.test(word));
    if (quoted.length === 0) return [...words];
    if (name.length > 0) return [...name, `--title=${cut(quoted.join(" "), MAX_TITLE)}`, ...flags];
  }
  return title === "" || flags.some((flag) => /^[-—–]+title\b/i.test(flag))
    ? [...people, ...flags]
    : [...people, `--title=${cut(title, MAX_TITLE)}`, ...flags];
}

/** The error for what can't be read as a severity. */
export function noSeverity(word: string): UserError {
  const shown = cut(unescapeSlack(word), 40);
  return new UserError({
    what: shown === "" ? "The severity is missing." : `Can't read "${shown}" as a severity.`,
    next: `Use ${SEVERITIES.join(", ")}; 1 is the worst.`,
  });
}
