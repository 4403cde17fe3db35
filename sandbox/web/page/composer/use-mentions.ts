import { useState } from "react";
import { useWorkspace, type Workspace } from "../workspace.ts";

const most = 8;

export interface Mentionable {
  /** What is typed after the @. */
  handle: string;
  name: string;
  about: string;
}

export interface Mentions {
  found: Mentionable[];
  active: number;
  move: (step: number) => void;
  dismiss: () => void;
  /** The text with this mention in place of what was typed of it, and where the cursor goes. */
  complete: (mention: Mentionable) => { text: string; caret: number };
}

/** Who could be meant by the @word that the cursor stands behind. Nobody once the word is a whole handle. */
export function useMentions(text: string, caret: number): Mentions {
  const workspace = useWorkspace();
  const [active, setActive] = useState(0);
  /** Where the word began that one does not want completed. */
  const [dismissed, setDismissed] = useState<number>();
  const [, before = "", typed] = /^(|[\s\S]*[\s(])@([\w.-]*)$/.exec(text.slice(0, caret)) ?? [];
  if (typed === undefined && dismissed !== undefined) setDismissed(undefined);
  const isWanted = typed !== undefined && dismissed !== before.length;
  const found = isWanted ? findMentions(workspace, typed) : [];
  const at = Math.min(active, Math.max(found.length - 1, 0));

  return {
    found,
    active: at,
    move: (step) => setActive((at + step + found.length) % Math.max(found.length, 1)),
    dismiss: () => setDismissed(before.length),
    complete({ handle }) {
      setActive(0);
      const start = `${before}@${handle} `;
      return { text: start + text.slice(caret).replace(/^ /, ""), caret: start.length };
    },
  };
}

function findMentions(workspace: Workspace, typed: string): Mentionable[] {
  const wanted = typed.toLowerCase();
  const all = listMentionables(workspace);
  // Enter sends what is complete.
  if (all.some(({ handle }) => handle.toLowerCase() === wanted)) return [];
  return all
    .filter(({ handle, name }) =>
      [handle, ...name.split(" ")].some((word) => word.toLowerCase().startsWith(wanted)),
    )
    .slice(0, most);
}

function listMentionables({ bot, me, people, userGroups }: Workspace): Mentionable[] {
  return [
    { handle: bot.name, name: bot.name, about: "app" },
    ...people
      .filter((person) => !person.deleted && !person.isBot)
      .map(({ id, name, realName }) => ({ handle: name, name: realName, about: id === me ? "you" : "" })),
    ...userGroups.map(({ handle }) => ({ handle, name: handle, about: "user group" })),
  ];
}
