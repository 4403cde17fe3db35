import { parseWho, type Who } from "./who.ts";

/** Whom a pasted text names, and what in it looks like an address and is none. */
export interface WhoList {
  whos: Who[];
  unreadable: string[];
}

export const MENTIONS = /<@[UW][A-Z0-9]{2,}(?:\|[^<>]*)?>/g;
/** What stands between addresses in any source they are copied from; `|` is between the two halves of Slack's links. */
const BETWEEN = /[\s,;<>()[\]{}"“”|]+/;
/** Punctuation that a sentence leaves at an address. */
const AROUND = /^['‘.:!?*_`]+|['’.:!?*_`]+$/g;

/**
 * Reads email addresses, Access users' ids and mentions out of any text: one a line, with commas, as links, with
 * names around them. Each is named once, in the order in which it came; words that are no address are left out.
 */
export function parseWhoList(text: string): WhoList {
  const mentions = [...text.matchAll(MENTIONS)].map((match) => ({ at: match.index, word: match[0] }));
  const rest = text.replaceAll(MENTIONS, (mention) => " ".repeat(mention.length));
  const words = [...mentions, ...splitWords(rest)].toSorted((a, b) => a.at - b.at);
  const whos: Who[] = [];
  const unreadable = new Set<string>();
  for (const { word } of words) {
    const who = parseWho(word);
    if (who !== null) whos.push(who);
    else if (word.includes("@")) unreadable.add(word);
  }
  return { whos: onlyFirst(whos), unreadable: [...unreadable] };
}

function splitWords(text: string): { at: number; word: string }[] {
  const words: { at: number; word: string }[] = [];
  let at = 0;
  for (const word of text.split(BETWEEN)) {
    at = text.indexOf(word, at);
    const bare = word.replace(/^mailto:/i, "").replaceAll(AROUND, "");
    if (bare !== "") words.push({ at, word: bare });
    at += word.length;
  }
  return words;
}

/** Each once, as it was named first. */
export function onlyFirst(whos: readonly Who[]): Who[] {
  return [...Map.groupBy(whos, keyOf).values()].flatMap(([first]) => first ?? []);
}

/** The same for all spellings of one address. */
export function keyOf(who: Who): string {
  switch (who.kind) {
    case "email":
      return who.email.toLowerCase();
    case "id":
      return who.id;
    case "mention":
      return who.userId;
  }
}

/** As it is typed. */
export function whoText(who: Who): string {
  switch (who.kind) {
    case "email":
      return who.email;
    case "id":
      return who.id;
    case "mention":
      return `<@${who.userId}>`;
  }
}
